"""Laser returns that the camera does not see: background that shows between the returns of what is before it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..arguments import checked
from ..images import Mask
from ..results import Depth


@checked
def visible_returns(depth: Depth, *, ratio: float = 1.15, window_px: tuple[int, int] | None = None) -> Depth:
    """A projected laser scan without the returns that are hidden from the camera.

    The laser stands elsewhere than the camera, so that at the borders of near things it reaches what these hide from
    the camera, and the projection of a scan has far returns among near ones. Seen from the laser, returns lie a step of
    its pattern apart. What lies nearer in the image than half a step was moved there by parallax: of two such returns
    whose depths differ, the farther one is taken to be hidden. Along the borders visible ones go with them, about one
    in four to eight of what is removed; a hidden one whose foreground sent no return near it stays.

    The problem is told by Geiger et al. (IJRR 2013) and Uhrig et al. (3DV 2017), who remove such returns by stereo; a
    scan alone needs no second image.

    Args:
        depth: metres, NaN where there is no return.
        ratio: how many times farther than the near one a return is that counts as behind it, above 1.
        window_px: how far to look, (across, down); None: half a step of the pattern, which is measured in the map
            (`scan_step_px`), at least one pixel. A map that is dense is returned as it is: it has no pattern.

    Raises:
        ValueError: when `ratio` is not above 1, or a side of the window below 0. TypeError for what is no window.
    """
    if not ratio > 1:
        raise ValueError(f"visible_returns: ratio is {ratio}; it must be above 1")
    if window_px is None:
        step = scan_step_px(depth.valid)
        if max(step) <= 1:
            return depth
        window_px = (max(1, math.floor(step[0] / 2)), max(1, math.floor(step[1] / 2)))
    if min(window_px) < 0:
        raise ValueError(f"visible_returns: window_px is {window_px}; it must be (across, down), each at least 0")
    from scipy.ndimage import minimum_filter

    distances = np.where(depth.valid, depth.m, np.inf)
    nearest = minimum_filter(distances, size=[2 * side + 1 for side in window_px[::-1]], mode="constant", cval=np.inf)
    hidden = depth.valid & (distances > ratio * nearest)
    return replace(depth, m=np.where(hidden, np.nan, depth.m))


def scan_step_px(returns: Mask) -> tuple[float, float]:
    """Median distance from a return to the next one right of it, and to the next one below; 1 for none.

    Down a column lines are missed where they had no return, so that returns up to half a step beside count.
    """
    across = _median_gap(returns.T, 0)
    return across, _median_gap(returns, round(across / 2))


def _median_gap(returns: Mask, beside: int) -> float:
    """Median distance down the columns from a return to the next one, at most so many columns beside."""
    height, width = returns.shape
    wide = returns.copy()
    for shift in range(1, min(beside, width - 1) + 1):
        wide[:, shift:] |= returns[:, :-shift]
        wide[:, :-shift] |= returns[:, shift:]
    rows = np.arange(height)[:, None]
    below = np.where(wide, rows, 2 * height)
    after = np.minimum.accumulate(below[::-1], axis=0)[::-1]
    gaps = np.vstack([after[1:], np.full((1, width), 2 * height)]) - rows
    found = gaps[returns & (gaps < height)]
    return float(np.median(found)) if found.size else 1.0
