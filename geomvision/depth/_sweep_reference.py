"""The plane sweep to be read: census costs of every plane, semi-global matching over them, and what is no estimate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..images import Float32, Mask
from ._sweep import Limits, Planes, Source, Swept

#: Cost of a candidate that no frame sees: between those of right and of wrong matches, so that borders stay unbiased.
UNSEEN = 24
#: Penalties of semi-global matching on census costs, in bits.
P1, P2 = 24, 180
#: Window over which a winner's cost is compared with the mean of all hypotheses, pixels.
WINDOW = 7
#: Fractions of a pixel that pictures are looked up at: whole numbers give every instruction set the same words.
FRACTIONS = 128


def sweep(grey: NDArray[np.uint8], rays: Float32, sources: Sequence[Source], planes: Planes, limits: Limits) -> Swept:
    """Depth of the reference by semi-global matching over inverse depth (Hirschmüller, TPAMI 2008).

    No estimate: where two hypotheses are equally good, at either end of the range, where the winner's cost is not below
    1 − `contrast` of the mean over all hypotheses (nothing to match), where no source sees the point, and where its
    displacement against a point at infinity is below `min_parallax` in every source that sees it: near the focus of
    expansion, or too far away.
    """
    threads = limits.num_threads
    volume = costs(grey, rays, sources, planes)
    sums = ops.sgm_paths(volume, grey, p1=P1, p2=P2, num_threads=threads)
    winners, margin = ops.uniqueness(ops.winner_takes_all(sums, num_threads=threads), num_threads=threads)
    at = ops.subpixel(sums, winners, fit="equiangular", num_threads=threads)
    inner = (winners > 0) & (winners < planes.count - 1)
    at[~(inner & telling(volume, winners, limits.contrast))] = np.nan
    at = ops.speckle(ops.median(at, size=3, num_threads=threads), size=limits.speckle, range=2.0)
    q = (planes.first + planes.step * at.astype(np.float64)).astype(np.float32)
    parallax = np.zeros(q.shape, np.float32)
    for source in sources:
        np.fmax(parallax, source.parallax(rays, q), out=parallax)
    q[~(parallax >= limits.min_parallax)] = np.nan
    return Swept(q, np.where(np.isnan(q) | np.isnan(margin), np.float32(0), margin), planes.step)


def costs(grey: NDArray[np.uint8], rays: Float32, sources: Sequence[Source], planes: Planes) -> NDArray[np.uint8]:
    """(H, W, D) costs 0 … 62: differing bits of the census words (Zabih & Woodfill, ECCV 1994), best half of sources.

    What most sources do not see, the better half still may (Kang, Szeliski & Chai, CVPR 2001).
    """
    words = ops.census_transform(grey)
    volume = np.empty((*grey.shape, planes.count), np.uint8)
    bits = np.empty((len(sources), *grey.shape), np.uint8)
    for k in range(planes.count):
        q = np.float32(planes.first + k * planes.step)
        for source, differing in zip(sources, bits, strict=True):
            seen, inside = look_up(source, rays, q)
            np.bitwise_count(ops.census_transform(seen) ^ words, out=differing)
            differing[~inside] = 255
        volume[..., k] = best_half(bits)
    return volume


def look_up(source: Source, rays: Float32, q: np.float32) -> tuple[NDArray[np.uint16], Mask]:
    """Grey levels times 256 where a plane leads, of the nearest pixel outside, and where the source sees something."""
    height, width = source.image.shape
    x, y, inside = source.places(rays, q)
    with np.errstate(invalid="ignore"):
        x, y = (np.minimum(np.where(at > 0, at, 0), np.float32(most)) for at, most in ((x, width - 1), (y, height - 1)))
    column, line = x.astype(np.intp), y.astype(np.intp)
    right, down = (
        ((at - whole.astype(np.float32)) * np.float32(FRACTIONS) + np.float32(0.5)).astype(np.int32)
        for at, whole in ((x, column), (y, line))
    )
    next_column, next_line = np.minimum(column + 1, width - 1), np.minimum(line + 1, height - 1)
    if source.known is not None:
        for at in ((line, column), (line, next_column), (next_line, column), (next_line, next_column)):
            inside &= source.known[at] == 255
    image = source.image.astype(np.int32)
    above = image[line, column] * (FRACTIONS - right) + image[line, next_column] * right
    below = image[next_line, column] * (FRACTIONS - right) + image[next_line, next_column] * right
    return ((above * (FRACTIONS - down) + below * down) >> 6).astype(np.uint16), inside


def best_half(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rounded mean of the smaller half of the costs that are any; `UNSEEN` where none is."""
    seen = np.sum(bits < 255, axis=0)
    half = (seen + 1) // 2
    upto = np.cumsum(np.sort(bits, axis=0), axis=0, dtype=np.int64)
    total = np.take_along_axis(upto, np.maximum(half - 1, 0)[None], axis=0)[0]
    return np.where(seen > 0, (total + half // 2) // np.maximum(half, 1), UNSEEN).astype(np.uint8)


def telling(volume: NDArray[np.uint8], winners: Float32, contrast: float) -> Mask:
    """Where, in the window around a pixel, the winners' costs lie below 1 − `contrast` of the mean costs."""
    chosen = np.nan_to_num(winners).astype(np.intp)[..., None]
    winning = _window_sums(np.take_along_axis(volume, chosen, 2)[..., 0].astype(np.int64))
    every = _window_sums(volume.sum(axis=2, dtype=np.int64))
    return np.asarray(winning * volume.shape[2] < (1.0 - contrast) * every)


def _window_sums(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums over the part of each pixel's window that lies inside."""
    radius = WINDOW // 2
    padded = np.pad(values, radius)
    rows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=0).sum(axis=-1)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(rows, WINDOW, axis=1).sum(axis=-1))
