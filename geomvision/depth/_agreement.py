"""Which estimates other frames' own depth confirms, and their mean (Merrell et al., ICCV 2007)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..cameras import Array, Camera, CameraModel
from ..images import Float32
from ._sweep import Swept

#: Frames that must agree for each that differs.
MAJORITY = 1.5


@dataclass(frozen=True, eq=False)
class Witness:
    """Another frame: what it found, its camera, and where it stands, T_witness_reference."""

    found: Swept
    camera: CameraModel
    T: Array


@dataclass(frozen=True, eq=False)
class Confirmed:
    """Inverse depth (H, W), NaN where it is not confirmed, and how many frames agree with it and differ from it.

    `mean` is that of the reference's estimate and those that agree, confirmed or not.
    """

    q: Float32
    mean: Float32
    agree: NDArray[np.uint8]
    differ: NDArray[np.uint8]


def confirmed(found: Swept, rays: Float32, witnesses: Sequence[Witness], tolerance: float, speckle: int) -> Confirmed:
    """What one frame at least, and three for two that differ, saw where the reference has it, and its mean.

    The reference's points are projected into each frame and compared with the inverse depth of the nearest pixel;
    frames agree within `tolerance` steps of the hypotheses. Those that see nothing there have no say.

    Args:
        found: the reference's own sweep.
        rays: (3, H, W), the reference's.
        witnesses: the others.
        tolerance: in steps of the coarser of two sweeps.
        speckle: regions of fewer pixels are removed, neighbours of which differ by two steps at most.
    """
    agree, differ = (np.zeros(found.q.shape, np.uint8) for _ in range(2))
    ratios = np.ones(found.q.shape, np.float32)
    for witness in witnesses:
        there, expected = _met(found.q, rays, witness)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            off = np.abs(there - expected) / np.float32(max(found.step, witness.found.step))
            ratio = there / expected
        near = off <= tolerance
        agree += near
        differ += off > tolerance
        ratios += np.where(near, ratio, np.float32(0.0))
    mean = found.q * ratios / (1 + agree.astype(np.float32))
    q = mean.copy()
    q[(agree == 0) | (agree < MAJORITY * differ)] = np.nan
    at = ops.speckle(q / np.float32(found.step), size=speckle, range=2.0)
    q[np.isnan(at)] = np.nan
    return Confirmed(q, mean, agree, differ)


def _met(q: Float32, rays: Float32, witness: Witness) -> tuple[Float32, Float32]:
    """The inverse depth that a witness has where it sees each point, NaN where none, and the one expected there."""
    T, camera = witness.T.astype(np.float32), witness.camera
    seen = [T[i, 0] * rays[0] + T[i, 1] * rays[1] + T[i, 2] * rays[2] + T[i, 3] * q for i in range(3)]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        x, y = (np.rint(each) for each in _pixels(camera, seen))
        expected = q / seen[2]
    known = (x >= 0) & (x < camera.width) & (y >= 0) & (y < camera.height) & (seen[2] > 0)
    found = np.full(q.shape, np.nan, np.float32)
    found[known] = witness.found.q[y[known].astype(np.intp), x[known].astype(np.intp)]
    return found, expected


def _pixels(camera: CameraModel, seen: list[Float32]) -> tuple[Float32, Float32]:
    """Columns and rows where points are seen; a camera without a lens to model is asked without its checks."""
    if isinstance(camera, Camera) and not any(camera.distortion):
        fx, fy, cx, cy = (np.float32(number) for number in (camera.fx, camera.fy, camera.cx, camera.cy))
        return fx * (seen[0] / seen[2]) + cx, fy * (seen[1] / seen[2]) + cy
    pixel = camera.project(np.stack(seen, axis=-1))
    return pixel[..., 0].astype(np.float32), pixel[..., 1].astype(np.float32)
