"""Depth of the whole image at a glance, then its details (Eigen, Puhrsch & Fergus, NeurIPS 2014)."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ._learned import LearnedDepth


@dataclass(frozen=True, kw_only=True)
class Eigen(LearnedDepth):
    """Metric depth by the first net that was taught it: a coarse stack that sees all, and a fine one that sees detail.

    The net stretches what it is given to the one size that it takes. No weights ship with this package.
    """

    net = Net("eigen", "Eigen", 1, 1)
    kind = "metric"
