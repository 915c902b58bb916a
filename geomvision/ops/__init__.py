"""The kernels' Python face: numpy in, numpy out; torch in, torch out (see `_dispatch` for how)."""

from .soft_argmin import soft_argmin
from .warping import warp

__all__ = ["soft_argmin", "warp"]
