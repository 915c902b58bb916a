"""What PSMNet and GwcNet share in use: a volume in steps of four pixels, and how sure its softmax is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..images import Float32, as_pair
from ..results import Disparity
from ..trace import Trace
from ._learned import RangedStereo


@dataclass(frozen=True, kw_only=True)
class VolumeStereo(RangedStereo):
    """A net of a volume. The number of disparities is rounded up to a multiple of 16.

    `confidence` is the probability, by the softmax that the estimate is the mean of, of disparities no farther than
    4 pixels from it.
    """

    granularity: ClassVar[int] = 16

    def trace(self, left: Any, right: Any) -> Trace:
        """The stages by name: what the net sees, the estimate by each of its heads, and the disparity."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._estimated(as_pair(left, right), trace, {"every": True})
        return trace

    def _arguments(self, memory: dict[str, Any]) -> dict[str, Any]:
        return {**super()._arguments(memory), "every": memory.get("every", False)}

    def _result(self, maps: Float32, memory: dict[str, Any]) -> Disparity:
        return replace(super()._result(maps, memory), confidence=maps[1].copy())
