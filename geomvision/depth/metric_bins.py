"""Metres from a net of relative depth, by bins whose centres each image attracts (ZoeDepth: Bhat et al., 2023)."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ._learned import LearnedDepth


@dataclass(frozen=True, kw_only=True)
class MetricBins(LearnedDepth):
    """Metric depth by a head on a net of relative depth, whose weights are in the same file.

    No weights ship with this package.
    """

    net = Net("metric_bins", "MetricBins", 32, 32)
    kind = "metric"
