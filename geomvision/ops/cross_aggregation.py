"""Cross-based aggregation: regions that grow until the colour changes, and costs averaged over them."""

from __future__ import annotations

from typing import Literal

from ..arguments import checked
from . import _classical as classical
from ._dispatch import Array, dtype_name, require_arrays


@checked
def cross_arms(
    image: Array,
    *,
    arm: int = 34,
    threshold: float = 20.0,
    inner: int = 17,
    outer_threshold: float = 6.0,
    colour: bool = False,
    num_threads: int = 0,
) -> Array:
    """Lengths of each pixel's arms to the left, right, up and down (Zhang, Lu & Lafruit, TCSVT 2009).

    An arm grows while in every channel the next pixel differs from the arm's first and from the one before by less than
    `threshold`; beyond `inner` pixels from the first by less than `outer_threshold` (Mei et al., ICCVW 2011, whose
    numbers are the defaults). With inner ≥ arm there is one threshold.

    Args:
        image: (..., H, W), or (..., H, W, channels) where `colour`; real. Other types than uint8, uint16 and int32 are
            compared as float32.
        arm: length of the longest arm, 0 … 127 pixels.
        threshold: in units of the image.
        inner: pixels.
        outer_threshold: in units of the image.
        colour: the last axis holds channels.
        num_threads: 0 takes every core (for tensors: as many as torch uses).

    Returns:
        uint8 (..., H, W, 4); the pixel itself is not counted.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or numbers.
    """
    name = "cross_arms"
    require_arrays(name, image=image)
    classical.require_axes(name, "image", image, 3 if colour else 2)
    if not (0 <= arm <= 127 and inner >= 0 and threshold >= 0 and outer_threshold >= 0):
        raise ValueError(
            f"{name}: arm is {arm}, inner {inner}, thresholds {threshold} and {outer_threshold}; "
            "allowed are 0 to 127, and 0 or more"
        )
    pixels = classical.image(name, "image", image, image, image.ndim - colour, classical.COSTS)
    arms = classical.run(name, classical.flat(pixels, 3), arm, min(inner, 127), threshold, outer_threshold, num_threads)
    return arms.reshape((*image.shape[: image.ndim - colour], 4))  # type: ignore[no-any-return]


@checked
def cross_aggregation(
    volume: Array, arms: Array, *, first: Literal["rows", "columns"] = "rows", num_threads: int = 0
) -> Array:
    """Mean of a volume's costs over the cross region of each pixel.

    The region is the pixel's vertical arm and the horizontal arm of each pixel on it (`first` = "rows": costs are
    summed along rows, then along columns), or the other way round. Mei et al. (ICCVW 2011) do both in turn, twice.

    Args:
        volume: (..., H, W, D), uint8, uint16, int32 or float32; half precisions are computed in float32.
        arms: uint8 (..., H, W, 4), as `cross_arms` gives them: inside the image, at most 127.
        first: "rows" or "columns".
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        float32 (..., H, W, D), exact but for the division where costs are uint8 or uint16.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes, or another `first`.
    """
    name = "cross_aggregation"
    require_arrays(name, volume=volume, arms=arms)
    costs = classical.costs(name, "volume", volume, 3)
    if dtype_name(arms) != "uint8":
        raise TypeError(f"{name}: arms are {arms.dtype}; cross_arms gives uint8")
    if tuple(arms.shape) != (*volume.shape[:-1], 4):
        raise ValueError(f"{name}: arms have shape {tuple(arms.shape)}; it must be {(*tuple(volume.shape[:-1]), 4)}")
    if first not in ("rows", "columns"):
        raise ValueError(f"{name}: first is {first!r}; allowed are 'rows' and 'columns'")
    found = classical.run(name, classical.flat(costs, 3), classical.flat(arms, 3), first == "columns", num_threads)
    return found.reshape(volume.shape)  # type: ignore[no-any-return]
