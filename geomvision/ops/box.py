"""Box aggregation: costs summed over square windows."""

from __future__ import annotations

from ..arguments import checked
from . import _classical as classical
from ._dispatch import Array, require_arrays


@checked
def box_aggregation(volume: Array, *, window: int = 9, mean: bool = True, num_threads: int = 0) -> Array:
    """Mean, or sum, of each disparity's costs over `window` × `window` pixels, cut off at the image border.

    Args:
        volume: (..., H, W, D), uint8, uint16, int32, float32 or float64; half precisions are computed in float32. Costs
            that are none (the largest integer; infinity or NaN) are not counted.
        window: odd.
        mean: False sums. Sums are smaller where cells are missing, so means compare better near borders.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        (..., H, W, D), float32, or float64 for float64: NaN where the cost itself is none. Summed in float64.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes, or a window that is not odd.
    """
    name = "box_aggregation"
    require_arrays(name, volume=volume)
    costs = classical.costs(name, "volume", volume, 3, (*classical.COSTS, "float64"))
    if window < 1 or window % 2 == 0:
        raise ValueError(f"{name}: window is {window}; allowed is odd, 1 or more")
    found = classical.run(name, classical.flat(costs, 3), window, mean, num_threads)
    return found.reshape(volume.shape)  # type: ignore[no-any-return]
