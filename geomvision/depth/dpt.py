"""DPT and the MiDaS models built like it, by transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..method import option
from ..weights import WeightsError
from ._adapted import Checkpoint
from ._answers import Kind
from ._dpt import DPTLike
from ._hub import KNOWN_AS, WEIGHTS

#: Trained by an affine-invariant loss on inverse depth (MiDaS), and by metres of one data set.
MIDAS = {
    "Intel/dpt-large": "Apache-2.0",
    "Intel/dpt-hybrid-midas": "Apache-2.0",
    "Intel/dpt-beit-large-512": "MIT",
    "Intel/dpt-beit-large-384": "MIT",
    "Intel/dpt-beit-base-384": "MIT",
    "Intel/dpt-swinv2-large-384": "MIT",
    "Intel/dpt-swinv2-base-384": "MIT",
    "Intel/dpt-swinv2-tiny-256": "MIT",
}
SIZES, DATA = ("small", "base", "large", "giant"), ("nyu", "kitti")
DINO = [f"facebook/dpt-dinov2-{size}-{data}" for size in SIZES for data in DATA]
CHECKPOINTS = {name: Checkpoint("disparity_affine", licence, True) for name, licence in MIDAS.items()} | {
    name: Checkpoint("metric", "Apache-2.0", True) for name in DINO
}
PREDICTS = "what weights predict that are no published ones: their configuration does not say it"


@dataclass(frozen=True, kw_only=True)
class DPT(DPTLike):
    """Dense prediction transformer (Ranftl et al., ICCV 2021; MiDaS 3.1: Birkl et al., 2023) of `transformers`.

    MiDaS weights predict inverse depth up to scale and shift ("disparity_affine"), DINOv2's DPT heads metres of what
    they learned from, NYU or KITTI. A configuration does not tell them apart: weights that are not among the published
    ones need `known_as` or `predicts`.
    """

    checkpoints: ClassVar[Mapping[str, Checkpoint]] = CHECKPOINTS
    model_type: ClassVar[str] = "dpt"
    architecture: ClassVar[str] = "DPTForDepthEstimation"

    weights: str = option("Intel/dpt-hybrid-midas", WEIGHTS)
    known_as: str = option("", KNOWN_AS, choices=("", *CHECKPOINTS))
    predicts: str = option("", PREDICTS, choices=("", "metric", "disparity_affine", "depth_affine", "depth_scale"))

    def refusal(self, name: str) -> str | None:
        """Without weights, or where nobody knows what they predict, nothing runs."""
        if (reason := super().refusal(name)) is not None or self.predicts or self.known_name() in CHECKPOINTS:
            return reason
        told = f"cannot tell from its configuration what {self.weights!r} predicts, inverse depth or metres"
        return f"{told}; give known_as= its published name, or predicts="

    def _kind(self, config: Mapping[str, Any]) -> Kind:  # noqa: ARG002
        if self.known_name() in CHECKPOINTS:
            return CHECKPOINTS[self.known_name()].kind
        if not self.predicts:
            raise WeightsError(f"{type(self).__name__} {self.refusal('')}")
        found: Kind = self.predicts  # type: ignore[assignment]
        return found
