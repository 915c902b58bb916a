"""Dense depth of one frame by sweeping planes of constant inverse depth through other frames (Collins, CVPR 1996).

A reference pixel with ray r and inverse depth q lies in a source at the projection of R·r + q·t: no depth is needed
beyond that, so q runs in equal steps from the farthest to the nearest, fine enough for the frame that moves most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..cameras import Array, CameraModel
from ..geometry import pinhole_of
from ..images import Float32, Mask

#: Smallest step of the hypotheses' grid.
LEAST_PLANES = 16


@dataclass(frozen=True, eq=False)
class Source:
    """A frame as the sweep needs it: its grey picture through a pinhole, and where reference rays go in it.

    The pixel of ray r at inverse depth q is (M·r + q·b)[:2] / (M·r + q·b)[2]. `known` is 255 where the picture shows
    something, None where it does everywhere.
    """

    image: NDArray[np.uint8]
    M: NDArray[np.float32]
    b: NDArray[np.float32]
    known: NDArray[np.uint8] | None

    @classmethod
    def of(cls, grey: NDArray[np.uint8], camera: CameraModel, T_source_reference: Array) -> Source:
        """The source for a reference. Pictures through lenses are brought to a pinhole's first."""
        pinhole, known = pinhole_of(camera), None
        if pinhole is not camera:
            where = (camera.project(pinhole.unproject(pinhole.pixel_grid())) - pinhole.pixel_grid()).astype(np.float32)
            grey, inside = ops.warp(grey, where, outside="zero", dtype=np.uint8, return_valid=True)
            known = np.where(inside, np.uint8(255), np.uint8(0))
        K = pinhole.K
        M, b = K @ T_source_reference[:3, :3], K @ T_source_reference[:3, 3]
        return cls(grey, M.astype(np.float32), b.astype(np.float32), known)

    def places(self, rays: Float32, q: Any) -> tuple[Float32, Float32, Mask]:
        """Pixels x, y of rays (3, H, W) at inverse depth q, a number or (H, W), and which lie inside the picture."""
        M, b, q = self.M, self.b, np.asarray(q, np.float32)
        x, y, z = ((M[i, 0] * rays[0] + M[i, 1] * rays[1] + M[i, 2] * rays[2]) + q * b[i] for i in range(3))
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.float32(1.0) / z
            x, y = x * scale, y * scale
        height, width = self.image.shape
        return x, y, (z > 0) & (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)

    def parallax(self, rays: Float32, q: Any) -> Float32:
        """(H, W) pixels between a point and one at infinity: 0 where it is not seen, infinite where only it is."""
        x, y, inside = self.places(rays, q)
        far_x, far_y, _ = self.places(rays, 0.0)
        behind = ~(self.M[2, 0] * rays[0] + self.M[2, 1] * rays[1] + self.M[2, 2] * rays[2] > 0)
        with np.errstate(invalid="ignore", over="ignore"):
            dx, dy = x - far_x, y - far_y
            moved = np.sqrt(dx * dx + dy * dy)
        return np.where(inside, np.where(behind, np.float32(np.inf), moved), np.float32(0.0))


@dataclass(frozen=True, eq=False)
class Planes:
    """Inverse depths first + k·step, k = 0 … count − 1."""

    first: float
    step: float
    count: int

    @classmethod
    def between(
        cls, near: float, far: float, rays: Float32, sources: Sequence[Source], step_px: float, most: int
    ) -> Planes:
        """From `far` to `near`, at most `step_px` apart in the frame that moves most, but `most` at most."""
        widest = 0.0
        for source in sources:
            x, y, _ = source.places(rays, 1.0 / far)
            to_x, to_y, _ = source.places(rays, 1.0 / near)
            seen = source.places(rays, 0.5 / far + 0.5 / near)[2] & np.isfinite(x + y + to_x + to_y)
            if seen.any():
                widest = max(widest, float(np.percentile(np.hypot(to_x - x, to_y - y)[seen], 90)))
        count = int(np.clip(np.ceil(widest / step_px) + 1, min(LEAST_PLANES, most), most))
        return cls(1.0 / float(far), (1.0 / float(near) - 1.0 / float(far)) / (count - 1), count)


@dataclass(frozen=True, eq=False)
class Swept:
    """Inverse depth (H, W), NaN where there is none; the winners' margin 0 … 1; the step between two hypotheses."""

    q: Float32
    margin: Float32
    step: float


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an estimate needs, as `FromMotion` has it, and the threads that look for it."""

    contrast: float
    min_parallax: float
    speckle: int
    num_threads: int


def sweep(grey: NDArray[np.uint8], rays: Float32, sources: Sequence[Source], planes: Planes, limits: Limits) -> Swept:
    """Depth of the reference by the C++ core: what `_sweep_reference.sweep` says, on every pixel."""
    from .. import _core

    given = [(source.image, source.M.ravel().tolist(), source.b.tolist(), source.known) for source in sources]
    q, margin = _core.plane_sweep(
        grey, rays, given, first=planes.first, step=planes.step, count=planes.count, contrast=limits.contrast,
        min_parallax=limits.min_parallax, speckle=limits.speckle, num_threads=limits.num_threads,
    )  # fmt: skip
    return Swept(q, margin, planes.step)
