"""Costs of all displacements in a window: what optical flow searches before anything is smoothed."""

from __future__ import annotations

from typing import Literal

from ..arguments import checked
from . import _classical as classical
from ._dispatch import Array, dtype_name, require_arrays

_FRAMES = ("uint8", "uint16", "float32", "float64")


@checked
def cost_volume_2d(
    frame0: Array,
    frame1: Array,
    *,
    radius: int,
    cost: Literal["absolute", "squared"] = "absolute",
    num_threads: int = 0,
) -> Array:
    """How unlike frame0 (x, y) and frame1 (x + dx, y + dy) are, for every displacement of at most `radius` pixels.

    Floating frames carry derivatives; that of |0| is 0.

    Args:
        frame0, frame1: (..., H, W), grey: uint8, uint16, float32 or float64, both alike; half precisions are
            computed in float32. Costs of pixels that are NaN or infinite are NaN or infinite.
        radius: 0 … 127 pixels.
        cost: |difference|, or its square.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        (..., H, W, (2 radius + 1)²), float32, or float64 for float64. dy is slowest: displacement (dx, dy) is candidate
        (dy + radius) · (2 radius + 1) + dx + radius. Outside of frame1 a candidate costs infinity.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or numbers.
    """
    name = "cost_volume_2d"
    require_arrays(name, frame0=frame0, frame1=frame1)
    classical.require_axes(name, "frame0", frame0, 2)
    classical.require_equal_shapes(name, frame0=frame0, frame1=frame1)
    if dtype_name(frame0) != dtype_name(frame1):
        raise TypeError(f"{name}: frame0 is {frame0.dtype}, frame1 {frame1.dtype}; they must have one dtype")
    if not 0 <= radius <= 127:
        raise ValueError(f"{name}: radius is {radius}; allowed is 0 to 127 pixels")
    if cost not in ("absolute", "squared"):
        raise ValueError(f"{name}: cost is {cost!r}; allowed are 'absolute' and 'squared'")
    frames = {"frame0": frame0, "frame1": frame1}
    flat = [classical.flat(classical.counted(name, key, frame, _FRAMES), 2) for key, frame in frames.items()]
    volume = classical.run(name, *flat, radius, cost == "squared", num_threads)
    return volume.reshape((*frame0.shape, volume.shape[-1]))  # type: ignore[no-any-return]
