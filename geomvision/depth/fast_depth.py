"""FastDepth: a MobileNet and a decoder of depthwise convolutions (Wofk et al., ICRA 2019)."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ._learned import LearnedDepth


@dataclass(frozen=True, kw_only=True)
class FastDepth(LearnedDepth):
    """Metric depth by a net of 4 million parameters, made for the processors of small robots.

    Checkpoints of the authors are taken as they published them, pruned ones too; they learnt from indoor images of one
    camera. None ship with this package.
    """

    net = Net("fast_depth", "FastDepth", 32, 32, "public_fast_depth.fast_depth", "github.com/dwofk/fast-depth")
    kind = "metric"
