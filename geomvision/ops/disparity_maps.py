"""Checks, filters and filling of disparity maps (..., H, W): float32, NaN where there is no estimate.

Half precisions are computed in float32 and given back as they came. `geomvision.stereo._postprocess` has the same as
readable loops. All raise TypeError for other dtypes, and ValueError for other shapes or numbers.
"""

from __future__ import annotations

from typing import Any

from ..arguments import checked
from . import _classical as classical
from ._dispatch import Array, dtype_name, require_arrays


@checked
def left_right_check(left: Array, right: Array, *, tolerance: float = 1.0, num_threads: int = 0) -> Array:
    """What became of each left pixel: 0 agrees, 1 mismatched, 2 occluded, 3 no estimate but visible.

    A pixel fails when its match lies outside the right image, or when its match forms a pair with another left pixel,
    each being the other's winner, whose disparity differs by more than `tolerance`: pairs that agree exclude others. A
    failed pixel is mismatched when some right pixel points at it, as it is visible then, and occluded when none does
    (Hirschmüller, TPAMI 2008, section 2.6.2).

    Args:
        left: (..., H, W), pixels: left x matches right x − d. For matching rounded to whole pixels.
        right: (..., H, W), pixels: right x matches left x + d.
        tolerance: pixels.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        uint8 (..., H, W).
    """
    name = "left_right_check"
    require_arrays(name, left=left, right=right)
    classical.require_equal_shapes(name, left=left, right=right)
    if not tolerance >= 0:
        raise ValueError(f"{name}: tolerance is {tolerance}; allowed is 0 px or more")
    maps = [classical.disparities(name, side, each) for side, each in (("left", left), ("right", right))]
    codes = classical.run(name, *(classical.flat(each, 1) for each in maps), tolerance, num_threads)
    return codes.reshape(left.shape)  # type: ignore[no-any-return]


@checked
def median(disparity: Array, *, size: int = 3, num_threads: int = 0) -> Array:
    """Median of the estimates in a window of `size` (odd, 1 … 15) around each; of an even number the lower one.

    NaN stays NaN and does not vote.
    """
    if not (1 <= size <= 15 and size % 2 == 1):
        raise ValueError(f"median: size is {size}; allowed is odd, 1 to 15")
    return _filtered("median", disparity, size, num_threads)


@checked
def speckle(disparity: Array, *, size: int, range: float = 1.0, num_threads: int = 0) -> Array:  # noqa: A002
    """Without connected regions of fewer than `size` pixels, which become NaN.

    Four-neighbours belong together when their disparities differ by at most `range` pixels. One thread does it.
    """
    if size < 0 or not range >= 0:
        raise ValueError(f"speckle: size is {size}, range {range}; allowed is 0 or more")
    return _filtered("speckle", disparity, size, range, num_threads)


@checked
def fill_background(disparity: Array, occluded: Array | None = None, *, num_threads: int = 0) -> Array:
    """NaN filled from the estimates met first in the eight directions (Hirschmüller, TPAMI 2008, section 2.6.3).

    Args:
        disparity: (..., H, W), pixels.
        occluded: bool of the same shape: these pixels lie on what is behind and take the second lowest. Others take the
            median, of an even number the lower one. None: no pixel is.
        num_threads: 0 takes every core.

    Returns:
        Like the disparity; NaN where no direction meets an estimate.
    """
    name = "fill_background"
    require_arrays(name, disparity=disparity)
    hidden = classical.nowhere(disparity) if occluded is None else occluded
    require_arrays(name, disparity=disparity, occluded=hidden)
    classical.require_equal_shapes(name, disparity=disparity, occluded=hidden)
    if dtype_name(hidden) not in ("bool", "uint8"):
        raise TypeError(f"{name}: occluded is {hidden.dtype}; it must be bool")
    return _filtered(name, disparity, classical.flat(classical.cast(hidden, "uint8"), 2), num_threads)


@checked
def nearest_known(disparity: Array, *, num_threads: int = 0) -> Array:
    """Of each pixel the nearest estimate, its own if it has one: to the left, to the right, above and below.

    Args:
        disparity: (..., H, W), pixels, or any other map that is NaN where nothing is known.
        num_threads: 0 takes every core (for tensors: as many as torch uses).

    Returns:
        (..., 4, H, W), like the disparity; NaN where there is none in that direction.
    """
    name = "nearest_known"
    require_arrays(name, disparity=disparity)
    maps = classical.flat(classical.disparities(name, "disparity", disparity), 2)
    found = classical.run(name, maps, num_threads).reshape(*disparity.shape[:-2], 4, *disparity.shape[-2:])
    return classical.cast(found, dtype_name(disparity))  # type: ignore[no-any-return]


def _filtered(name: str, disparity: Array, *arguments: Any) -> Array:
    require_arrays(name, disparity=disparity)
    maps = classical.flat(classical.disparities(name, "disparity", disparity), 2)
    filled = classical.run(name, maps, *arguments).reshape(disparity.shape)
    return classical.cast(filled, dtype_name(disparity))  # type: ignore[no-any-return]
