"""The ops as torch operators `torch.ops.geomvision.NAME`. Importing this registers them all; needs torch."""

from .soft_argmin import soft_argmin

__all__ = ["soft_argmin"]
