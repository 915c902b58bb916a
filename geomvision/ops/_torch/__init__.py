"""The ops as torch operators `torch.ops.geomvision.NAME`. Importing this registers them all; needs torch."""

from .local_correlation import local_correlation
from .soft_argmin import soft_argmin

__all__ = ["local_correlation", "soft_argmin"]
