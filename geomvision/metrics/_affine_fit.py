"""Scale and shift by least squares (Ranftl et al., TPAMI 44(3), 2022, equation 5)."""

from __future__ import annotations

import numpy as np

from ._comparison import Float64


def fitted(values: Float64, target: Float64, others: Float64 | None = None) -> Float64:
    """Scale · values + shift that is nearest to the target in the least squares; of constant values the mean.

    Applied to `others` where these are given.
    """
    given = values if others is None else others
    if not values.size:
        return given
    centred = values - values.mean()
    square = float(centred @ centred)
    scale = float(centred @ (target - target.mean())) / square if square > 0 else 0.0
    return np.asarray(scale * (given - values.mean()) + target.mean())
