"""AnyNet: a rough disparity that later stages change by few pixels; each stage's estimate can be the last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..images import Float32
from ..learned import Net
from ..method import option
from ..results import Disparity
from ._learned import RangedStereo


@dataclass(frozen=True, kw_only=True)
class AnyNet(RangedStereo):
    """AnyNet, 43 thousand parameters (Wang et al., ICRA 2019).

    Its first stage searches the range at a sixteenth of the size; the second and third change the estimate by at most
    2 pixels of an eighth and of a quarter; the fourth carries it along rows. The number of disparities is rounded up to
    a multiple of 16. Weights of the authors are taken by path; they learnt with ``max_disparity=192``. The
    result is dense, without confidence.
    """

    net = Net("anynet", "AnyNet", 1, 1, public="public_anynet.anynet", origin="mileyan/AnyNet (checkpoint.tar)")
    granularity: ClassVar[int] = 16

    stages: int = option(
        4,
        "end after so many: fewer are faster and coarser; weights without the fourth have three",
        choices=(1, 2, 3, 4),
    )
    weights: str = option(
        "anynet", "name of shipped weights, or path of a .safetensors file with its card or of a public .tar"
    )

    def _arguments(self, memory: dict[str, Any]) -> dict[str, Any]:
        return {**super()._arguments(memory), "stages": self.stages}

    def _result(self, maps: Float32, memory: dict[str, Any]) -> Disparity:
        found = super()._result(maps, memory)
        # Changes know no range; and nothing lies beyond infinity.
        return replace(found, px=np.maximum(found.px, 0)) if self.min_disparity >= 0 else found
