"""How points are spread."""

from __future__ import annotations

import numpy as np

from ..cameras import Array


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
