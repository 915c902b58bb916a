"""A ResNet-50 and up-projections (Laina et al., 3DV 2016)."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ._learned import LearnedDepth


@dataclass(frozen=True, kw_only=True)
class FCRN(LearnedDepth):
    """Metric depth by a fully convolutional residual net, at half the size of what it sees.

    No weights ship with this package.
    """

    net = Net("fcrn", "FCRN", 32, 32)
    kind = "metric"
