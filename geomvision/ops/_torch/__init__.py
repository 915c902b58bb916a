"""The ops as torch operators `torch.ops.geomvision.NAME`. Importing this registers them all; needs torch."""

from .propagate_planes import propagate_planes
from .soft_argmin import soft_argmin

__all__ = ["propagate_planes", "soft_argmin"]
