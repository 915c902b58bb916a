"""Nets of methods in files of ONNX, torch.export and TorchScript, each compared with its method before it stays."""

from ._exporting import TOLERANCE, Exported, export
from ._forms import FORMS, opened
from ._plans import ExportError, unexportable

__all__ = ["FORMS", "TOLERANCE", "ExportError", "Exported", "export", "opened", "unexportable"]
