"""What learned flow methods share beside `geomvision.learned`: frames, and flow as their result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..images import Float32, as_pair
from ..learned import LearnedPair
from ..results import Flow
from ..trace import Trace
from ._base import FlowMethod

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class LearnedFlow(LearnedPair, FlowMethod):
    """A flow net in use."""

    first: ClassVar[str] = "frame 0"
    outcome: ClassVar[str] = "flow"

    def trace(self, frame0: Any, frame1: Any) -> Trace:
        """The stages by name: what the net sees, each estimate at its own size, and the flow."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._estimated(as_pair(frame0, frame1, ("frame0", "frame1")), trace)
        return trace

    def _shown(self, estimate: Tensor) -> Float32:
        return pixels(estimate)

    def _result(self, maps: Float32, memory: dict[str, Any]) -> Flow:  # noqa: ARG002
        return Flow(px=np.ascontiguousarray(np.moveaxis(maps, 0, 2), np.float32))


def pixels(flow: Tensor) -> Float32:
    """A tensor (1, 2, H, W) as (H, W, 2)."""
    array: Float32 = flow[0].permute(1, 2, 0).float().numpy()
    return array
