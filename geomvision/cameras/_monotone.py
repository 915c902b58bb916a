"""How far a radial profile grows, and its inverse up to there: beyond the first fold one pixel has two rays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ._base import Array


def first_root(coefficients: Sequence[float] | Array) -> float:
    """The smallest positive real root of a polynomial that is 1 at 0, lowest power first; infinity if above 1e100."""
    from numpy.polynomial import polynomial

    c = np.trim_zeros(np.asarray(coefficients, dtype=float), "b")
    if c.size < 2:
        return float("inf")
    inverse = np.asarray(polynomial.polyroots(c[::-1]), dtype=complex)  # of x^n p(1/x), whose first coefficient is 1
    real = inverse.real[(np.abs(inverse.imag) <= 1e-9 * np.abs(inverse)) & (inverse.real > 1e-100)]
    return float(1 / real.max()) if real.size else float("inf")


def profile_table(profile: Callable[[Array], Array], limit: float) -> tuple[Array, Array]:
    """Arguments from 0 to `limit` and the growing profile there, for a first guess by interpolation."""
    x = limit * np.linspace(0.0, 1.0, 1025) if np.isfinite(limit) else np.tan(np.linspace(0.0, 1.5706, 1025))
    return x, np.maximum.accumulate(profile(x))


def invert(
    profile: Callable[[Array], tuple[Array, Array]], table: tuple[Array, Array], values: Array, limit: float
) -> Array:
    """Where a profile that grows up to `limit` takes `values` (N,): Newton from a table; NaN where it never does.

    `profile` gives value and derivative. Accepted is what it maps back to `values` within 1e-12 (relative above 1).
    """
    x = np.interp(values, table[1], table[0])
    for _ in range(8):
        there, slope = profile(x)
        step = np.where(slope > 0, (there - values) / np.where(slope > 0, slope, 1.0), 0.0)
        closer = np.clip(x - step, 0.0, limit)
        better = np.abs(profile(closer)[0] - values) < np.abs(there - values)
        x = np.where(better, closer, x)
        if not better.any():
            break
    wrong = ~(np.abs(profile(x)[0] - values) <= 1e-12 * np.maximum(1.0, np.abs(values)))
    return np.where(wrong, np.nan, x)
