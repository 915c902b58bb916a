"""The kernels' Python face: numpy in, numpy out; torch in, torch out (see `_dispatch` for how)."""

from .propagate_planes import propagate_planes
from .soft_argmin import soft_argmin
from .warping import warp

__all__ = ["propagate_planes", "soft_argmin", "warp"]
