"""The kernels' Python face: numpy in, numpy out; torch in, torch out (see `_dispatch` for how)."""

from .local_correlation import local_correlation
from .soft_argmin import soft_argmin
from .warping import warp

__all__ = ["local_correlation", "soft_argmin", "warp"]
