"""Guided filter, of an image and of every slice of a cost volume."""

from __future__ import annotations

from typing import Any

from ..arguments import checked
from . import _classical as classical
from ._dispatch import Array, dtype_name, require_arrays


@checked
def guided_filter(image: Array, guide: Array, *, radius: int, epsilon: float, num_threads: int = 0) -> Array:
    """An image smoothed so that near each pixel it is a linear function of the guide (He, Sun & Tang, TPAMI 2013).

    In every window the image p is fitted by aᵀI + b, a = (Σ + ε)⁻¹ cov(I, p), and a pixel takes the mean of all fits
    whose windows hold it. Windows end at the border of the image.

    Args:
        image: (..., H, W), integers become float32, half precisions are computed in it. NaN spreads: fill it before.
        guide: (..., H, W) or (..., H, W, 3), real.
        radius: half the side of the windows, 1 … 1000 pixels.
        epsilon: ε, variance of the guide that counts as an edge, in its squared units, above 0. What rounding errors
            of a window would swallow (10⁻⁶ of its variance, in double precision 10⁻¹² of its squares) counts as that.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        Shape of the image.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes and numbers.
    """
    require_arrays("guided_filter", image=image, guide=guide)
    classical.require_axes("guided_filter", "image", image, 2)
    return _filter("guided_filter", "image", image[..., None], guide, radius, epsilon, num_threads)[..., 0]  # type: ignore[no-any-return]


@checked
def guided_aggregation(volume: Array, guide: Array, *, radius: int, epsilon: float, num_threads: int = 0) -> Array:
    """A cost volume (..., H, W, D), each slice filtered by the guide (Rhemann et al., CVPR 2011); as `guided_filter`.

    A candidate that is none must get a finite cost before: it would spoil every window it is in.
    """
    require_arrays("guided_aggregation", volume=volume, guide=guide)
    return _filter("guided_aggregation", "volume", volume, guide, radius, epsilon, num_threads)  # type: ignore[no-any-return]


def _filter(owner: str, name: str, given: Any, guide: Any, radius: int, epsilon: float, num_threads: int) -> Any:
    if not (1 <= radius <= 1000 and 0 < epsilon < float("inf")):
        raise ValueError(f"{owner}: radius is {radius}, epsilon {epsilon}; allowed are 1 to 1000, and above 0")
    values = classical.smoothed(owner, name, given, 3)
    dtype = dtype_name(values)
    edges = classical.image(owner, "guide", guide, given, given.ndim - 1, (dtype,))
    if edges.shape[-1] not in (1, 3):
        raise ValueError(f"{owner}: guide has shape {tuple(guide.shape)}; it must have 1 or 3 channels")
    found = classical.run(
        "guided_filter", classical.flat(values, 3), classical.flat(edges, 3), radius, epsilon, num_threads
    )
    floating = "float" in dtype_name(given)
    return classical.cast(found.reshape(given.shape), dtype_name(given) if floating else "float32")
