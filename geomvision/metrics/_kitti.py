"""What KITTI's four evaluations share: missing estimates are filled before anything is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..images import Mask
from ._base import Ratio
from ._comparison import Comparison, Float64, mask_of_size, mean, share

FILLED = (
    "filled row by row with the smaller of the two neighbours (per component for flow), ends extrapolated, as in the "
    "devkit; what stays empty counts as wrong; 'est' figures use original estimates only"
)


def filled(values: Float64) -> Float64:
    """Fill NaN as the devkit's interpolateBackground does; (H, W) or (H, W, C).

    Within a row a gap takes the smaller of its two ends, per component; before the first and after the last
    estimate the row is extended. Rows without any estimate above the first or below the last filled row copy
    that row; those in between stay empty, as in the devkit.
    """
    planes = values if values.ndim == 3 else values[..., None]
    known = ~np.isnan(planes[..., 0])
    width = known.shape[1]
    columns = np.arange(width)
    before = np.maximum.accumulate(np.where(known, columns, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, columns, width)[:, ::-1], axis=1)[:, ::-1]
    before, after = np.where(before < 0, after, before), np.where(after == width, before, after)
    left, right = (np.clip(side, 0, width - 1)[..., None] for side in (before, after))
    full = np.minimum(np.take_along_axis(planes, left, axis=1), np.take_along_axis(planes, right, axis=1))
    rows = np.flatnonzero(known.any(axis=1))
    if rows.size:
        full[: rows[0]] = full[rows[0]]
        full[rows[-1] + 1 :] = full[rows[-1]]
    return full.reshape(values.shape)


def fill(pair: Comparison) -> Comparison:
    """The comparison with its estimate filled."""
    full = filled(pair.estimate)
    known = ~np.isnan(full if full.ndim == 2 else full[..., 0])
    return Comparison(full, pair.truth, known, pair.regions)


def outliers_by_threshold(pair: Comparison, reflective: Mask | None = None) -> dict[str, Ratio]:
    """KITTI 2012: ``out-t`` percent of pixels more than t = 1 … 5 px off, ``avg`` mean error; filled, and est.

    Where it is known what reflects, the same of it alone, called ``refl``.
    """
    error, error_filled = pair.error, fill(pair).error
    figures: dict[str, Ratio] = {}
    regions = dict(pair.regions)
    if reflective is not None:
        reflective = mask_of_size(reflective, "the mask 'reflective'", pair.estimated.shape)
        regions |= {f"{name} refl": region & reflective for name, region in pair.regions.items()}
    for name, region in regions.items():
        for threshold in range(1, 6):
            figures[f"out-{threshold} {name}"] = share(~(error_filled <= threshold), region)
        figures[f"avg {name}"] = mean(error_filled, region & ~np.isnan(error_filled))
        for threshold in range(1, 6):
            figures[f"out-{threshold} {name} est"] = share(error > threshold, region & pair.estimated)
        figures[f"avg {name} est"] = mean(error, region & pair.estimated)
    return {**figures, "density": pair.density}


def outliers_2015(pair: Comparison, sample: Any, letter: str) -> dict[str, Ratio]:
    """KITTI 2015: percent of pixels more than 3 px **and** more than 5 % off; over all, and bg and fg where known.

    Exactly 5 % are not more. The devkit's division in single precision rounds some such pixels up and counts them.
    """
    return {**shares_2015(pair.regions, pair.estimated, *wrong_2015(pair), sample, letter), "density": pair.density}


def wrong_2015(pair: Comparison) -> tuple[Mask, Mask]:
    """Which pixels are more than 3 px and more than 5 % off: of the estimate as it is, and of it filled."""
    magnitude = np.abs(pair.truth) if pair.truth.ndim == 2 else np.hypot(pair.truth[..., 0], pair.truth[..., 1])
    error, error_filled = pair.error, fill(pair).error
    return _wrong_2015(error, magnitude), _wrong_2015(error_filled, magnitude) | np.isnan(error_filled)


def shares_2015(
    regions: Mapping[str, Mask], estimated: Mask, wrong: Mask, wrong_filled: Mask, sample: Any, letter: str
) -> dict[str, Ratio]:
    """The figures of KITTI 2015 from what is wrong: filled, then of original estimates (est)."""
    parts = {"all": np.ones(wrong.shape, bool)}
    foreground = getattr(sample, "masks", {}).get("foreground")
    if foreground is not None:
        foreground = mask_of_size(foreground, "the mask 'foreground'", wrong.shape)
        parts = {"bg": ~foreground, "fg": foreground, **parts}
    figures: dict[str, Ratio] = {}
    for name, region in regions.items():
        for part, chosen in parts.items():
            figures[f"{letter}-{part} {name}"] = share(wrong_filled, region & chosen)
        for part, chosen in parts.items():
            figures[f"{letter}-{part} {name} est"] = share(wrong, region & chosen & estimated)
    return figures


def _wrong_2015(error: Float64, magnitude: Float64) -> Mask:
    with np.errstate(divide="ignore", invalid="ignore"):  # a true disparity of 0 makes any error infinite percent
        return np.asarray((error > 3.0) & (error / magnitude > 0.05))
