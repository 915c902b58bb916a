"""Eigen's split of KITTI to 80 m in Garg's crop (Eigen et al., NeurIPS 2014; Garg et al., ECCV 2016)."""

from __future__ import annotations

from typing import ClassVar

from ._garg import GargCrop


class EigenGarg80(GargCrop):
    """The errors of `Depth` over true depths of 1 mm to 80 m inside Garg's crop; estimates are clipped to that range.

    The truth is whatever the sample has: in most papers one projected scan, with returns that the camera does not see
    (`geomvision.geometry.visible_returns` removes them), in others KITTI's improved depth. ``SqRel`` is Eigen's,
    in metres; ``SqErrRel`` divides by the squared depth.
    """

    name: ClassVar[str] = "eigen_garg80"
    cap_m: ClassVar[float] = 80.0
