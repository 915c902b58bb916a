"""Points at the door: what a list of pixels may be, and what is said when it is something else."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..cameras import Array


def pixels(points: ArrayLike, name: str = "points", *, finite: bool = False) -> Array:
    """`points` as a contiguous float64 copy (N, 2).

    Raises:
        TypeError: when they are no real numbers.
        ValueError: for another shape, or, where `finite`, for NaN and infinity.
    """
    values = np.asarray(points)
    if values.dtype.kind not in "buif":
        raise TypeError(f"{name} hold {values.dtype}; they must be real numbers (N, 2)")
    if values.ndim != 2 or values.shape[1] != 2:
        turned = values.ndim == 2 and values.shape[0] == 2
        hint = ": transpose them" if turned else ""
        raise ValueError(f"{name} have shape {values.shape}; they must be (N, 2) as x, y{hint}")
    found = np.array(values, dtype=np.float64, order="C")
    if finite and not np.isfinite(found).all():
        bad = int((~np.isfinite(found)).any(axis=1).sum())
        raise ValueError(f"{name} hold {bad} rows of {len(found)} that are NaN or infinite; leave them out")
    return found


def matched(points0: ArrayLike, points1: ArrayLike, names: tuple[str, str], *, finite: bool = False) -> list[Array]:
    """Two lists of pixels (N, 2) that belong together row by row. Raises as `pixels` does, and for unequal lengths."""
    both = [pixels(points, name, finite=finite) for points, name in zip((points0, points1), names, strict=True)]
    if len(both[0]) != len(both[1]):
        raise ValueError(f"there are {len(both[0])} {names[0]} but {len(both[1])} {names[1]}; row i matches row i")
    return both
