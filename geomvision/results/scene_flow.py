"""How points move in space between two frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import numbers
from ..cameras import Array, StereoRig
from ..images import Float32, Mask
from .maps import Disparity, Flow
from .run import Run

#: Farther away is nothing, metres.
MOST_M = 1e30


@dataclass(frozen=True, kw_only=True, eq=False)
class SceneFlow:
    """Motion of points in metres: of every pixel of an image, or of a cloud.

    `points0` lie in the (left) camera's frame at the time of frame 0, ``points0 + motion`` in its frame at the time of
    frame 1: how the camera itself moved is part of `motion` (`geometry.independent_motion` takes it out). NaN alone
    means no estimate; a point may be known whose motion is not.
    """

    #: (H, W, 3) or (N, 3), metres.
    points0: Float32
    #: Of the same shape, metres.
    motion: Float32
    #: What it was made of, where it was made of images: disparity of frame 0; that of the same points in frame 1, at
    #: the pixels of frame 0; and optical flow. Pixels.
    disparity0: Disparity | None = None
    disparity1: Disparity | None = None
    flow: Flow | None = None
    run: Run | None = None

    def __post_init__(self) -> None:
        points0, motion = (_points(getattr(self, name), name) for name in ("points0", "motion"))
        if points0.shape != motion.shape:
            raise ValueError(f"points0 has shape {points0.shape}, motion {motion.shape}; they must be equal")
        motion[np.isnan(points0[..., 0])] = np.nan
        object.__setattr__(self, "points0", points0)
        object.__setattr__(self, "motion", motion)
        for name in ("disparity0", "disparity1", "flow"):
            each = getattr(self, name)
            if each is not None and each.size != points0.shape[:-1]:
                raise ValueError(f"{name} has size {each.size}; the points have {points0.shape[:-1]}")

    @classmethod
    def of_maps(cls, disparity0: Disparity, disparity1: Disparity, flow: Flow, rig: StereoRig) -> Self:
        """From maps that are all at the pixels of frame 0, of the rectified rig's size; nothing is tested.

        Points that frame 0's right image does not show are left out.
        """
        start = rig.left.pixel_grid()
        seen = disparity0.px if disparity0.occluded is None else np.where(disparity0.occluded, np.nan, disparity0.px)
        points0 = _unprojected(start, seen, rig)
        motion = (_unprojected(start + flow.px, disparity1.px, rig) - points0).astype(np.float32)
        return cls(
            points0=points0.astype(np.float32), motion=motion, disparity0=disparity0, disparity1=disparity1, flow=flow
        )

    @property
    def valid(self) -> Mask:
        """Where motion is known, bool (H, W) or (N,)."""
        return ~np.isnan(self.motion[..., 0])

    @property
    def density(self) -> float:
        """Share of points whose motion is known, 0…1; 0 of no points."""
        return float(self.valid.mean()) if self.valid.size else 0.0

    @property
    def points1(self) -> Float32:
        """Where the points are at the time of frame 1, in the camera's frame of that time, metres."""
        return np.asarray(self.points0 + self.motion)


def _unprojected(pixels: Array, disparity: Float32, rig: StereoRig) -> Array:
    """Points in the left camera's frame, metres; NaN where d + doffs ≤ 0, and for what float32 cannot hold."""
    shifted = disparity.astype(np.float64) + rig.doffs_px
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(shifted > 0, rig.left.fx * rig.baseline_m / shifted, np.nan)
    points = rig.left.unproject(pixels, z)
    points[(np.abs(points) > MOST_M).any(axis=-1)] = np.nan
    return points


def _points(values: ArrayLike, name: str) -> Float32:
    """As float32; NaN in one coordinate is NaN in all."""
    given = numbers("", name, values)
    if given.ndim not in (2, 3) or given.shape[-1] != 3:
        raise ValueError(f"{name} has shape {given.shape}; it must be (H, W, 3) or (N, 3)")
    with np.errstate(over="ignore"):
        points = given.astype(np.float32, copy=True)
    if np.isinf(points).any():
        raise ValueError(f"{name} holds infinities; use NaN where there is no estimate")
    points[np.isnan(points).any(axis=-1)] = np.nan
    return points
