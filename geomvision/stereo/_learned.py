"""What learned stereo methods share whose net takes both images: views, the range, disparity as their result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..images import Float32, Image, as_pair
from ..learned import LearnedPair
from ..results import Disparity
from ..trace import Trace
from ._base import RangeSearch, StereoMethod

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class LearnedStereo(LearnedPair, StereoMethod):
    """A stereo net in use, of no range that is chosen. Disparities are positive, pixels.

    Channel 0 of what the net's `raised` returns is the disparity; a method whose net has more overrides `_result`.
    """

    first: ClassVar[str] = "left"
    outcome: ClassVar[str] = "disparity"

    def trace(self, left: Any, right: Any) -> Trace:
        """The stages by name: what the net sees, each estimate at its own size, and the disparity."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._estimated(as_pair(left, right), trace)
        return trace

    def _shown(self, estimate: Tensor) -> Float32:
        array: Float32 = estimate[0, 0].float().numpy()
        return array

    def _result(self, maps: Float32, memory: dict[str, Any]) -> Disparity:  # noqa: ARG002
        return Disparity(px=np.ascontiguousarray(maps[0], np.float32))


@dataclass(frozen=True, kw_only=True)
class RangedStereo(LearnedStereo, RangeSearch):
    """A net that compares the disparities 0 … `disparities` − 1, an argument of its `estimates`.

    Where the range begins elsewhere, the net is given the right view moved by `min_disparity`, its border repeated, and
    estimates in the trace count from there. Disparities that no pixel of so narrow an image can have are left out.
    """

    #: The net's number of disparities is a multiple of this: the range is searched a little farther then.
    granularity: ClassVar[int] = 1

    def _given(self, images: tuple[Image, ...], memory: dict[str, Any]) -> tuple[Float32, ...]:
        memory["searched"] = searched = self.searched(images[0].shape[1])
        left, right = super()._given(images, memory)
        columns = np.arange(left.shape[1]) - searched.start
        return left, right[:, columns.clip(0, len(columns) - 1)]

    def _arguments(self, memory: dict[str, Any]) -> dict[str, Any]:
        return {"disparities": -(-len(memory["searched"]) // self.granularity) * self.granularity}

    def _result(self, maps: Float32, memory: dict[str, Any]) -> Disparity:
        return super()._result(maps[:1] + memory["searched"].start, memory)
