"""Semi-global matching on a learned cost: a small net says how alike two patches are, SGM does the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..images import Image
from ..method import backend, option
from ..results import Disparity
from ..trace import Trace
from ._base import RangeSearch
from .sgm import SGM


@dataclass(frozen=True, kw_only=True)
class MCCNNSGM(RangeSearch):
    """MC-CNN, fast architecture (Žbontar & LeCun, JMLR 2016), under SGM (Hirschmüller, TPAMI 2008).

    Five 3 x 3 convolutions turn every pixel of both grey views into a unit vector; the cost of a candidate is
    (1 − dot product) / 1.5, at most 1, as a byte between 0 and 63. Everything after that is `sgm(cost=weights)`, with
    its confidence and its occlusions. The shipped weights saw rendered scenes only; public PyTorch checkpoints (five
    layers of 64 channels, keys ``conv_blocks.…``) are taken by path, for example those trained on Middlebury.
    """

    weights: str = option(
        "mc_cnn", "name of shipped weights, or path of a .safetensors file with its card or of a public .pt checkpoint"
    )
    paths: int = option(8, "directions in which smoothness is asked for, as in sgm", choices=(4, 5, 8, 16))
    p1: int = option(24, "penalty of a step of one pixel along a path", unit="63rds", minimum=0, maximum=192)
    p2: int = option(180, "penalty of larger steps, at least p1", unit="63rds", minimum=0, maximum=192)
    left_right: int = option(1, "tolerance of the left–right check; −1: no check", unit="px", minimum=-1, maximum=8192)
    fill: str = option(
        "none",
        "gives every pixel an estimate: 'background' from eight directions, 'row' from the farther side of the row",
        choices=("none", "background", "row"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._sgm()

    def asked(self) -> tuple[SGM]:
        """SGM over the learned cost."""
        return (self._sgm(),)

    def _sgm(self) -> SGM:
        names = ("max_disparity", "min_disparity", "paths", "p1", "p2", "left_right", "fill", "num_threads")
        return SGM(cost=self.weights, **{name: getattr(self, name) for name in names})

    @backend("torch", requires="torch", extra="learned")
    def _torch(self, left: Image, right: Image) -> Disparity:
        return self._sgm()(left, right)

    def trace(self, left: Any, right: Any) -> Trace:
        """The stages of `SGM.trace`; `cost` is the learned one."""
        self.chosen_backend()
        return self._sgm().trace(left, right)
