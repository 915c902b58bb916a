"""EdgeStereo: a net that sees borders of things, too, and lets them guide the disparity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Float32, as_pair
from ..learned import Net
from ..method import option
from ..results import Disparity
from ..trace import Trace
from ._learned import LearnedStereo


@dataclass(frozen=True, kw_only=True)
class EdgeStereo(LearnedStereo):
    """A small net after EdgeStereo: edge branch, correlations along rows, residual pyramid (Song et al., ACCV 2018).

    Features are compared for disparities up to 188 pixels, as the net is made by default; larger ones it can but guess
    from context, and correct by what the warped view gets wrong. `trace` shows the edges that it saw. The result is
    dense, without confidence.
    """

    net = Net("edge_stereo", "EdgeStereo", 32, 32)

    weights: str = option("edge_stereo", "name of shipped weights, or path of a .safetensors file with its card")

    def trace(self, left: Any, right: Any) -> Trace:
        """The stages by name: what the net sees, each estimate at its own size, the disparity, and the edges."""
        self.chosen_backend()
        trace, memory = Trace(), dict[str, Any]()
        trace.result = self._estimated(as_pair(left, right), trace, memory)
        doc = "how likely each pixel of the left view lies at a jump of disparity, by the edge branch"
        trace.record("edges", memory["edges"], "probability", doc)
        return trace

    def _result(self, maps: Float32, memory: dict[str, Any]) -> Disparity:
        memory["edges"] = maps[1].copy()
        return super()._result(maps[:1], memory)
