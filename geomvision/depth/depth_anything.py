"""Depth Anything, first and second version, relative and metric, by transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..method import option
from ._adapted import Checkpoint
from ._answers import Kind
from ._dpt import DPTLike
from ._hub import KNOWN_AS, WEIGHTS

#: The metric ones' cards state no licence, or another than that of the weights that they were tuned from.
CHECKPOINTS = {
    "depth-anything/Depth-Anything-V2-Small-hf": Checkpoint("disparity_affine", "Apache-2.0", True),
    "depth-anything/Depth-Anything-V2-Base-hf": Checkpoint("disparity_affine", "CC-BY-NC-4.0", False),
    "depth-anything/Depth-Anything-V2-Large-hf": Checkpoint("disparity_affine", "CC-BY-NC-4.0", False),
    **{f"LiheYoung/depth-anything-{size}-hf": Checkpoint("disparity_affine", "Apache-2.0", True)
       for size in ("small", "base", "large")},
    **{f"depth-anything/Depth-Anything-V2-Metric-{place}-{size}-hf": Checkpoint("metric")
       for place in ("Indoor", "Outdoor") for size in ("Small", "Base", "Large")},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DepthAnything(DPTLike):
    """Depth Anything (Yang et al., CVPR 2024) and its second version (NeurIPS 2024) of `transformers`.

    Relative ones predict inverse depth up to scale and shift ("disparity_affine"), metric ones metres, up to 20 m
    indoors and 80 m outdoors, of cameras like those that they were tuned with. The configuration says which.
    """

    checkpoints: ClassVar[Mapping[str, Checkpoint]] = CHECKPOINTS
    model_type: ClassVar[str] = "depth_anything"
    architecture: ClassVar[str] = "DepthAnythingForDepthEstimation"

    weights: str = option("depth-anything/Depth-Anything-V2-Small-hf", WEIGHTS)
    known_as: str = option("", KNOWN_AS, choices=("", *CHECKPOINTS))

    def _kind(self, config: Mapping[str, Any]) -> Kind:
        return "metric" if config.get("depth_estimation_type") == "metric" else "disparity_affine"
