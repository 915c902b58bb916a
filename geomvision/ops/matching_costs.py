"""Matching costs of rectified grey pairs: how unlike left x and right x − d are, for every disparity d.

Images are (..., H, W): uint8, uint16, float32 or float64, both alike; half precisions are computed in float32. Volumes
are (..., H, W, D) for the disparities `min_disparity` … `max_disparity` − 1. A candidate outside the right image costs
NaN where the volume is floating, the largest number of its dtype where it is of integers: none, for what chooses
winners. `num_threads` 0 takes every core (for tensors: as many as torch uses); results do not depend on it. Floating
images carry derivatives of absolute and squared differences. All raise TypeError for other dtypes and ValueError for
other shapes or numbers.
"""

from __future__ import annotations

from typing import Any, Literal

from ..arguments import checked
from . import _classical as classical
from ._dispatch import Array, dtype_name, is_tensor, require_arrays

IMAGES = ("uint8", "uint16", "float32", "float64")
Window = Literal["5x5", "7x7", "9x7", "sparse"]


@checked
def absolute_differences(
    left: Array, right: Array, *, max_disparity: int, min_disparity: int = 0, num_threads: int = 0
) -> Array:
    """|left − right|, exact: uint16 for uint8 images, int32 for uint16, else the images' dtype."""
    return _volume(
        "absolute_differences", "absolute_differences", left, right, min_disparity, max_disparity, num_threads
    )


@checked
def squared_differences(
    left: Array, right: Array, *, max_disparity: int, min_disparity: int = 0, num_threads: int = 0
) -> Array:
    """(left − right)²: uint16 for uint8 images, float32 (rounded) for uint16, else the images' dtype."""
    return _volume("squared_differences", "squared_differences", left, right, min_disparity, max_disparity, num_threads)


@checked
def birchfield_tomasi(
    left: Array, right: Array, *, max_disparity: int, min_disparity: int = 0, num_threads: int = 0
) -> Array:
    """Difference that sampling does not make (Birchfield & Tomasi, PAMI 1998), float32 or float64.

    How far an intensity lies outside what the other image has between half a pixel before and half a pixel behind its
    match, linearly interpolated; the smaller of left against right and right against left. A pixel that is NaN costs
    NaN, and its neighbours' intensities reach no further towards it.
    """
    return _volume("birchfield_tomasi", "birchfield_tomasi", left, right, min_disparity, max_disparity, num_threads)


@checked
def ncc(
    left: Array, right: Array, *, max_disparity: int, min_disparity: int = 0, window: int = 11, num_threads: int = 0
) -> Array:
    """1 − normalised correlation of `window` × `window` pixels (odd, up to 255): 0 … 2, float32 or float64.

    Windows that reach beyond the border see the border pixels repeated. A window without light costs NaN.
    """
    return _volume("ncc", "correlation_costs", left, right, min_disparity, max_disparity, window, False, num_threads)


@checked
def zncc(
    left: Array, right: Array, *, max_disparity: int, min_disparity: int = 0, window: int = 11, num_threads: int = 0
) -> Array:
    """`ncc` of the windows less their means: blind to gain and offset of either image.

    A window whose variance is below 10⁻¹² of its mean square has none, and costs NaN.
    """
    return _volume("zncc", "correlation_costs", left, right, min_disparity, max_disparity, window, True, num_threads)


@checked
def census_transform(image: Array, *, window: Window = "9x7", num_threads: int = 0) -> Array:
    """Which neighbours of each pixel are darker than it (Zabih & Woodfill, ECCV 1994), as one word.

    Args:
        image: (..., H, W); border pixels are repeated.
        window: width × height of the neighbourhood: "5x5" (24 bits), "7x7" (48), "9x7" (62), or "sparse": every second
            column and row of 9x7 (20; after Humenberger et al., CVIU 2010). Bit i is the i-th neighbour, row by row
            without the centre.
        num_threads: 0 takes every core.

    Returns:
        (..., H, W), uint64; int64 for tensors (the highest bits are never set).
    """
    name = "census_transform"
    require_arrays(name, image=image)
    if window not in ("5x5", "7x7", "9x7", "sparse"):
        raise ValueError(f"{name}: window is {window!r}; allowed are '5x5', '7x7', '9x7', 'sparse'")
    words = classical.run(name, classical.flat(_image(name, "image", image), 2), window, num_threads)
    return (words if is_tensor(words) else words.view("uint64")).reshape(image.shape)  # type: ignore[no-any-return]


@checked
def census(
    left: Array,
    right: Array,
    *,
    max_disparity: int,
    min_disparity: int = 0,
    window: Window = "9x7",
    num_threads: int = 0,
) -> Array:
    """Number of bits in which the census words differ: uint8, 255 where there is no candidate."""
    name = "census"
    _pair(name, left, right)
    words = [census_transform(image, window=window, num_threads=num_threads) for image in (left, right)]
    flat = [classical.flat(each if is_tensor(each) else classical.cast(each, "int64"), 2) for each in words]
    count = _count(name, min_disparity, max_disparity)
    volume = classical.run("hamming_distances", *flat, min_disparity, count, num_threads)
    return volume.reshape((*left.shape, count))  # type: ignore[no-any-return]


def _volume(name: str, kernel: str, left: Array, right: Array, low: int, high: int, *rest: Any) -> Array:
    pair = [classical.flat(each, 2) for each in _pair(name, left, right)]
    count = _count(name, low, high)
    if len(rest) > 1 and not (1 <= rest[0] <= 255 and rest[0] % 2 == 1):
        raise ValueError(f"{name}: window is {rest[0]}; allowed is odd, 1 to 255")
    volume = classical.run(kernel, *pair, low, count, *rest)
    return volume.reshape((*left.shape, count))  # type: ignore[no-any-return]


def _pair(name: str, left: Array, right: Array) -> tuple[Any, Any]:
    require_arrays(name, left=left, right=right)
    classical.require_equal_shapes(name, left=left, right=right)
    if dtype_name(left) != dtype_name(right):
        raise TypeError(f"{name}: left is {left.dtype}, right is {right.dtype}; they must have one dtype")
    return _image(name, "left", left), _image(name, "right", right)


def _image(owner: str, name: str, image: Any) -> Any:
    classical.require_axes(owner, name, image, 2)
    return classical.counted(owner, name, image, IMAGES)


def _count(name: str, low: int, high: int) -> int:
    if not -(1 << 20) <= low < high <= 1 << 20:
        raise ValueError(
            f"{name}: min_disparity is {low} and max_disparity {high}; max_disparity must be larger, both within ±2²⁰"
        )
    return high - low
