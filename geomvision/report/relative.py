"""How the page draws relative depth beside metres: aligned to what is in metres, and told as what it is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..benchmark.comparison import Row
from ..images import Float32
from ..results import Depth, RelativeDepth
from ..samples import DepthSample

#: Where nothing is in metres, relative depth is drawn from 1, the nearest, to this.
FARTHEST = 10.0


def depth_maps(sample: DepthSample, rows: Iterable[Row]) -> tuple[dict[str, Float32], str]:
    """The map to draw for each method, by what it is called, and their unit: "m", or "relative" where none has metres.

    Relative depth is aligned to the truth, else to the first estimate in metres, by least squares, and called so;
    without any it is stretched to 1 … 10. Where it cannot be aligned, nothing is drawn.
    """
    every = [row for row in rows if row.estimate is not None]
    metric = next((row for row in every if isinstance(row.estimate, Depth)), None)
    reference, of = (sample.depth, "the truth") if sample.depth is not None else (None, "")
    if reference is None and metric is not None:
        reference, of = metric.estimate, metric.label
    maps = {}
    for row in every:
        estimate = row.estimate
        if isinstance(estimate, Depth):
            maps[row.label] = estimate.m
        elif reference is None:
            maps[f"{row.label} ({estimate.kind}, not in metres)"] = stretched(estimate)
        else:
            name, values = f"{estimate.kind}, aligned to {of}", np.full(estimate.size, np.nan, np.float32)
            try:
                values = estimate.align_to(reference, robust=False).m
            except ValueError as error:
                name = f"{estimate.kind}, cannot be aligned: {error}"
            maps[f"{row.label} ({name})"] = values
    return maps, "m" if reference is not None or not maps else "relative"


def alignment_told(estimate: RelativeDepth, truth: Depth) -> str:
    """How relative depth becomes metres beside the truth, or why it does not."""
    try:
        return str(estimate.align_to(truth).alignment)
    except ValueError as refused:
        return f"not at all: {refused}"


def stretched(estimate: RelativeDepth) -> Float32:
    """Values from 1, near, to 10, far: inverted where they grow towards the camera. A shape, but no depth."""
    known = estimate.values[estimate.valid]
    low, high = np.percentile(known, (1, 99)) if known.size else (0.0, 1.0)
    level = np.clip((estimate.values - low) / max(float(high - low), 1e-12), 0.0, 1.0)
    if estimate.kind == "disparity_affine":
        return np.asarray(1.0 / (1.0 / FARTHEST + (1.0 - 1.0 / FARTHEST) * level), np.float32)
    return np.asarray(1.0 + (FARTHEST - 1.0) * level, np.float32)
