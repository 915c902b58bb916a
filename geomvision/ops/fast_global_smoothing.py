"""Edge-aware smoothing by weighted least squares, which also fills gaps."""

from __future__ import annotations

import math

from ..arguments import checked
from . import _classical as classical
from ._dispatch import Array, dtype_name, require_arrays


@checked
def fast_global_smoothing(
    disparity: Array,
    guide: Array,
    *,
    lambda_: float,
    sigma: float,
    iterations: int = 3,
    confidence: Array | None = None,
    num_threads: int = 0,
) -> Array:
    """A map that is close to the given one, and smooth where the guide is (Min et al., TIP 2014).

    Every row, then every column, minimises Σ (u_p − f_p)² + λ_t Σ exp(−|g_p − g_q| / σ) (u_p − u_q)² over neighbours
    p, q by an exact tridiagonal solve, `iterations` times, with λ_t = 1.5 · 4^(T−t) / (4^T − 1) · λ.

    NaN has no weight, and estimates have their confidence: both map × weight and weight are smoothed, and divided. So
    gaps are filled from along the guide's edges; NaN remains where the weight that arrives is below 1e-25.

    Args:
        disparity: (..., H, W), any unit; half precisions are computed in float32.
        guide: (..., H, W) or (..., H, W, channels), real; |g_p − g_q| is the Euclidean distance of the channels,
            infinite to NaN and infinity.
        lambda_: λ, weight of the smoothness, 0 … 1e12.
        sigma: σ, how large a step of the guide cuts the smoothness, in its units, above 0.
        iterations: T, 1 … 10.
        confidence: (..., H, W), real, 0 … 1e6; none: every estimate counts 1.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        Shape and dtype of the disparity.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes and numbers.
    """
    name = "fast_global_smoothing"
    given = {"disparity": disparity, "guide": guide} | ({} if confidence is None else {"confidence": confidence})
    require_arrays(name, **given)
    if not (0 <= lambda_ <= 1e12 and 0 < sigma < math.inf and 1 <= iterations <= 10):
        raise ValueError(
            f"{name}: lambda_ is {lambda_}, sigma {sigma}, iterations {iterations}; "
            "allowed are 0 to 1e12, above 0, and 1 to 10"
        )
    values = classical.smoothed(name, "disparity", disparity, 2)
    double = dtype_name(values) == "float64"
    guides = ("float64",) if double else ("uint8", "uint16", "float32")
    edges = classical.flat(classical.image(name, "guide", guide, disparity, disparity.ndim, guides), 3)
    trust = None
    if confidence is not None:
        classical.require_equal_shapes(name, disparity=disparity, confidence=confidence)
        classical.require_real(name, "confidence", confidence)
        trust = classical.flat(classical.cast(confidence, dtype_name(values)), 2)
    found = classical.run(name, classical.flat(values, 2), edges, trust, lambda_, sigma, iterations, num_threads)
    return classical.cast(found.reshape(disparity.shape), _result(disparity))  # type: ignore[no-any-return]


def _result(disparity: Array) -> str:
    """Integers come back as float32."""
    name = dtype_name(disparity)
    return name if "float" in name else "float32"
