"""Depth as an ordered choice among intervals that widen with it (Fu et al., CVPR 2018)."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ._learned import LearnedDepth


@dataclass(frozen=True, kw_only=True)
class DORN(LearnedDepth):
    """Metric depth by ordinal regression: of each of many depths, whether the pixel lies beyond it.

    Depth comes in steps, the middles of the intervals, and never leaves the range that was taught. The net stretches
    what it is given to the one size that it takes. No weights ship with this package.
    """

    net = Net("dorn", "DORN", 1, 1)
    kind = "metric"
