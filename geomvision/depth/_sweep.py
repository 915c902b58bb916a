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

#: Cost of a candidate that no frame sees: between those of right and of wrong matches, so that borders stay unbiased.
UNSEEN = 24
#: Smallest step of the hypotheses' grid, and the penalties of semi-global matching on census costs, in bits.
LEAST_PLANES, P1, P2 = 16, 24, 180
#: Window over which a winner's cost is compared with the mean of all hypotheses, pixels.
WINDOW = 7


@dataclass(frozen=True, eq=False)
class Source:
    """A frame as the sweep needs it: its grey picture through a pinhole, and where reference rays go in it.

    Pixel = (A + q·b)[:2] / (A + q·b)[2] with A (3, H, W) and b (3,).
    """

    grey: Any
    A: Float32
    b: NDArray[np.float32]
    holes: bool

    @classmethod
    def of(cls, grey: Any, camera: CameraModel, rays: Array, T_source_reference: Array) -> Source:
        """The source for reference rays (H, W, 3). Pictures through lenses are brought to a pinhole's first."""
        pinhole, seen = pinhole_of(camera), grey
        if pinhole is not camera:
            where = camera.project(pinhole.unproject(pinhole.pixel_grid())) - pinhole.pixel_grid()
            seen = ops.warp(grey, where.astype(np.float32))
        K = pinhole.K
        A = np.einsum("ij,hwj->ihw", K @ T_source_reference[:3, :3], rays).astype(np.float32)
        b = (K @ T_source_reference[:3, 3]).astype(np.float32)
        return cls(seen, np.ascontiguousarray(A), b, pinhole is not camera)

    def displacement(self, q: Any) -> Float32:
        """(H, W, 2) from reference pixels to theirs in the source, NaN behind it. `q` is a number or (H, W)."""
        height, width = self.A.shape[1:]
        q = np.asarray(q, np.float32)
        moved = np.empty((height, width, 2), np.float32)
        z = self.A[2] + q * self.b[2]
        with np.errstate(divide="ignore", invalid="ignore"):
            np.divide(np.float32(1.0), z, out=z, where=z > 0)
            z[~(z > 0)] = np.nan
            for axis, grid in enumerate(
                (np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None])
            ):
                moved[..., axis] = (self.A[axis] + q * self.b[axis]) * z - grid
        return moved

    def inside(self, displacement: Float32) -> Mask:
        """Where a displacement points into the picture."""
        height, width = displacement.shape[:2]
        x = displacement[..., 0] + np.arange(width, dtype=np.float32)
        y = displacement[..., 1] + np.arange(height, dtype=np.float32)[:, None]
        return np.asarray((x >= 0) & (x <= self.grey.shape[1] - 1) & (y >= 0) & (y <= self.grey.shape[0] - 1))


def planes(sources: Sequence[Source], near: float, far: float, step_px: float, most: int) -> NDArray[np.float64]:
    """Inverse depths from `far` to `near`: at most `step_px` apart in the frame that moves most, but `most` at most."""
    widest = 0.0
    for source in sources:
        first, last = source.displacement(1.0 / far), source.displacement(1.0 / near)
        seen = source.inside(source.displacement(0.5 / far + 0.5 / near)) & np.isfinite(first + last).all(axis=2)
        if seen.any():
            widest = max(widest, float(np.percentile(np.linalg.norm((last - first)[seen], axis=1), 90)))
    count = int(np.clip(np.ceil(widest / step_px) + 1, min(LEAST_PLANES, most), most))
    return np.linspace(1.0 / far, 1.0 / near, count)


def costs(grey: Any, sources: Sequence[Source], q: NDArray[np.float64], threads: int) -> NDArray[np.uint8]:
    """(H, W, D) costs 0 … 62: differing bits of the census words (Zabih & Woodfill, ECCV 1994), best half of sources.

    What most sources do not see, the better half still may (Kang, Szeliski & Chai, CVPR 2001).
    """
    words = ops.census_transform(grey, num_threads=threads)
    volume = np.empty((*grey.shape, len(q)), np.uint8)
    bits = np.empty((len(sources), *grey.shape), np.uint8)
    for k, inverse_depth in enumerate(q):
        for source, differing in zip(sources, bits, strict=True):
            seen, inside = ops.warp(
                source.grey, source.displacement(inverse_depth), outside="zero", return_valid=True, num_threads=threads
            )
            if source.holes:
                inside &= np.isfinite(seen)
                seen = np.nan_to_num(seen)
            np.bitwise_count(ops.census_transform(seen, num_threads=threads) ^ words, out=differing)
            differing[~inside] = 255
        volume[..., k] = _best_half(bits)
    return volume


def _best_half(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rounded mean of the smaller half of the costs that are any; `UNSEEN` where none is."""
    ordered = list(bits)
    seen = np.sum(bits < 255, axis=0, dtype=np.uint8)
    best = np.full(bits.shape[1:], UNSEEN, np.uint8)
    total = np.zeros(bits.shape[1:], np.uint16)
    for rank in range((len(ordered) + 1) // 2):  # the smallest of those left comes to the front, and joins the sum
        for k in range(len(ordered) - 1, rank, -1):
            ordered[k - 1], ordered[k] = np.minimum(ordered[k - 1], ordered[k]), np.maximum(ordered[k - 1], ordered[k])
        total += ordered[rank]
        half = rank + 1
        mean = (total + np.uint16(half // 2)) // np.uint16(half)
        np.copyto(best, mean.astype(np.uint8), where=(seen == 2 * half) | (seen == 2 * half - 1))
    return best


@dataclass(frozen=True, eq=False)
class Swept:
    """Inverse depth (H, W), NaN where there is none; the winners' margin 0 … 1; the step between two hypotheses."""

    q: Float32
    margin: Float32
    step: float


def sweep(
    grey: Any,
    sources: Sequence[Source],
    q: NDArray[np.float64],
    *,
    least_parallax_px: float,
    contrast: float,
    speckle: int,
    threads: int,
) -> Swept:
    """Depth of the reference by semi-global matching over inverse depth (Hirschmüller, TPAMI 2008).

    No estimate: where two hypotheses are equally good, at either end of the range, where the winner's cost is not below
    1 − `contrast` of the mean over all hypotheses (nothing to match), where no source sees the point, and where its
    displacement against a point at infinity is below `least_parallax_px` in every source that sees it: near
    the focus of expansion, or too far away.
    """
    volume = costs(grey, sources, q, threads)
    sums = ops.sgm_paths(volume, grey, p1=P1, p2=P2, num_threads=threads)
    winners, margin = ops.uniqueness(ops.winner_takes_all(sums, num_threads=threads), num_threads=threads)
    at = ops.subpixel(sums, winners, fit="equiangular", num_threads=threads)
    at[(winners <= 0) | (winners >= len(q) - 1) | ~_telling(volume, winners, contrast)] = np.nan
    at = ops.speckle(ops.median(at, size=3, num_threads=threads), size=speckle, range=2.0)
    step = float(q[1] - q[0])
    found = (q[0] + step * at.astype(np.float64)).astype(np.float32)
    parallax = np.zeros(found.shape, np.float32)
    for source in sources:
        moved = source.displacement(found)
        length = np.linalg.norm(moved - source.displacement(0.0), axis=2)
        length[~source.inside(moved)] = 0.0  # NaN: a point at infinity lies behind the source
        np.fmax(parallax, np.where(np.isnan(length), np.inf, length), out=parallax)
    found[~(parallax >= least_parallax_px)] = np.nan
    return Swept(found, np.where(np.isnan(found) | np.isnan(margin), np.float32(0), margin), step)


def _telling(volume: NDArray[np.uint8], winners: Float32, contrast: float) -> Mask:
    """Where, in the window around a pixel, the winners' costs lie below 1 − `contrast` of the mean costs."""
    chosen = np.nan_to_num(winners).astype(np.intp)[..., None]
    pair = np.concatenate([np.take_along_axis(volume, chosen, 2), volume.mean(axis=2)[..., None]], axis=2)
    mean = ops.box_aggregation(pair.astype(np.float32), window=WINDOW)
    return np.asarray(mean[..., 0] < (1.0 - contrast) * mean[..., 1])


def disagreement(found: Swept, other: Swept, rays: Array, camera: CameraModel, T_other_reference: Array) -> Float32:
    """By how many hypotheses' steps the other frame's depth differs, as seen there; NaN where it has none.

    The reference's points are projected into the other frame and compared with the inverse depth of the nearest pixel.
    """
    points = rays / found.q[..., None].astype(np.float64) @ T_other_reference[:3, :3].T + T_other_reference[:3, 3]
    pixel = np.rint(camera.project(points))
    x, y = pixel[..., 0], pixel[..., 1]
    known = (x >= 0) & (x < camera.width) & (y >= 0) & (y < camera.height)
    column, row = np.where(known, x, 0).astype(np.intp), np.where(known, y, 0).astype(np.intp)
    there = other.q[row, column]
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = 1.0 / points[..., 2]
        steps = np.abs(there - expected) / max(found.step, other.step)
    return np.where(known, steps, np.nan).astype(np.float32)
