"""What every function of points asks of them at the door."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..cameras import Array

#: Beyond it products of a few coordinates overflow.
LARGEST = 1e30


def as_points(points: ArrayLike, name: str, columns: int = 3) -> Array:
    """A float64 C-contiguous copy (N, columns). ValueError for another shape or dtype, or where one is not finite."""
    given = np.asarray(points)
    if given.ndim != 2 or given.shape[1] != columns:
        hint = f": transpose it with {name}.T" if given.ndim == 2 and given.shape[0] == columns else ""
        raise ValueError(f"{name} has shape {given.shape}; it must be (N, {columns}){hint}")
    if given.dtype.kind not in "fui":
        raise ValueError(f"{name} has dtype {given.dtype}; it must hold numbers")
    checked = np.array(given, dtype=np.float64, order="C")
    broken = int((~(np.abs(checked) <= LARGEST)).any(axis=1).sum())
    if broken:
        told = f"{name} holds {broken} of {len(checked)} rows that are not finite or beyond {LARGEST:g}"
        raise ValueError(f"{told}: leave them out")
    return checked


def same_length(a: Array, name_a: str, b: Array, name_b: str) -> None:
    """ValueError unless both hold as many rows."""
    if len(a) != len(b):
        raise ValueError(f"{name_a} holds {len(a)} points and {name_b} {len(b)}; they must be pairs")


def extents(points: Array) -> Array:
    """Standard deviations (3,) along the principal axes of points (N, 3), largest first, good to 1e-8 of that."""
    centred = points - points.mean(axis=0)
    scale = np.abs(centred).max()
    if not scale > 0:
        return np.zeros(3)
    centred /= scale
    variances = np.linalg.eigvalsh(centred.T @ centred / len(points))[::-1]
    return np.asarray(scale * np.sqrt(np.maximum(variances, 0.0)))


def distinct(points: Array) -> int:
    """How many different rows there are: of a mixture of their coordinates that others do not share by chance."""
    mixture = points @ np.sqrt(np.array([2.0, 3.0, 5.0])[: points.shape[1]])
    return int(np.unique(mixture).size)
