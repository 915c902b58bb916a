"""The kernels' Python face: numpy in, numpy out."""

from .warping import warp

__all__ = ["warp"]
