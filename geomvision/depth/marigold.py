"""Marigold, by diffusers: depth drawn by a diffusion model, one draw or the median of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..cameras import Camera
from ..images import Image
from ..learned import threads
from ..method import OptionError, backend, option
from ..results import Depth, RelativeDepth
from ..trace import Trace
from ..weights import WeightsError, loaded_by
from ._adapted import WIDEST, Checkpoint, eight_bits, taken_by, within
from ._answers import Kind
from ._hub import KNOWN_AS, WEIGHTS, HubDepth, config_of
from ._transformers import quiet

CHECKPOINTS = {
    "prs-eth/marigold-depth-v1-0": Checkpoint("depth_affine", "Apache-2.0", True),
    "prs-eth/marigold-depth-v1-1": Checkpoint("depth_affine"),
    "prs-eth/marigold-depth-lcm-v1-0": Checkpoint("depth_affine"),
}
PIPELINE = "MarigoldDepthPipeline"
#: What pipelines of the first version are called in their index.
FORMERLY = "MarigoldPipeline"


@dataclass(frozen=True, kw_only=True)
class Marigold(HubDepth):
    """Marigold (Ke et al., CVPR 2024) of `diffusers`: depth in 0 … 1 up to scale and shift ("depth_affine").

    Noise becomes depth under the image's guidance, so every seed gives another depth. With three draws or more the
    result is their median once they are aligned with one another, and `confidence` is 1 − u with u the median absolute
    deviation from it (for u ≤ 1).
    """

    checkpoints: ClassVar[Mapping[str, Checkpoint]] = CHECKPOINTS
    package: ClassVar[str] = "diffusers"
    index: ClassVar[str] = "model_index.json"
    files: ClassVar[Sequence[str]] = (
        "*.json", "*/*.txt", "*/model.safetensors", "*/diffusion_pytorch_model.safetensors",
    )  # fmt: skip

    weights: str = option("prs-eth/marigold-depth-v1-0", WEIGHTS)
    known_as: str = option("", KNOWN_AS, choices=("", *CHECKPOINTS))
    steps: int = option(0, "of denoising; 0 takes that of their configuration", minimum=0, maximum=1000)
    draws: int = option(1, "whose median is taken; 2 give none", minimum=1, maximum=100)
    seed: int = option(0, "of the noise", minimum=0, maximum=2**32 - 1)
    side_px: int = option(
        0,
        "longer side as the net sees it; 0 takes that of their configuration",
        unit="px",
        minimum=0,
        maximum=8192,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.draws == 2:
            raise OptionError("Marigold: draws is 2; allowed are 1, and 3 and more, which have a median")

    @backend("diffusers", requires="diffusers", extra="hub")
    def _diffusers(self, image: Image, camera: Camera | None) -> Depth | RelativeDepth:
        return self._call(image, camera)

    def _kind(self, config: Mapping[str, Any]) -> Kind:
        """By the pipeline's configuration; what is left open by it and by no kind is told by a weaker one."""
        predicts = config.get("prediction_type") or "depth"
        scale, shift = (config.get(f"{what}_invariant", True) for what in ("scale", "shift"))
        if predicts == "disparity":
            return "disparity_affine"
        if predicts != "depth" or not scale:
            told = f"{predicts!r} with scale_invariant={scale} by its {self.index}"
            raise WeightsError(f"{self.weights!r} predicts {told}, which is no kind of depth")
        return "depth_affine" if shift else "depth_scale"

    def _estimated(self, image: Image, camera: Camera | None, trace: Trace) -> Depth | RelativeDepth:  # noqa: ARG002
        import torch

        pipeline = _pipeline(*self._folder())
        given, inside = within(eight_bits(image), WIDEST)
        trace.record("image", given, "grey levels", "what the pipeline is given")
        with threads(self.num_threads), taken_by(PIPELINE, given):
            said = pipeline(
                given.astype(np.float32) / 255,
                num_inference_steps=self.steps or None,
                ensemble_size=self.draws,
                processing_resolution=self.side_px or None,
                output_uncertainty=self.draws > 1,
                generator=torch.Generator().manual_seed(self.seed),
            )
        values = np.ascontiguousarray(said.prediction[0, :, :, 0][inside], np.float32)
        if said.uncertainty is None:
            return self._result(values, trace)
        unsure = said.uncertainty[0, :, :, 0][inside].clip(0, 1)
        return self._result(values, trace, (1 - unsure).astype(np.float32))


@lru_cache(maxsize=1)
def _pipeline(folder: Path, _written_ns: int) -> Any:
    import diffusers
    import torch
    import transformers

    held = config_of(folder / "model_index.json").get("_class_name")
    if held not in (PIPELINE, FORMERLY):
        raise WeightsError(f"{folder} holds a {held!r} by its model_index.json; here it must be {PIPELINE!r}")
    with (
        loaded_by("diffusers", f"{PIPELINE} from {folder}"),
        quiet(diffusers.utils.logging),
        quiet(transformers.utils.logging),
    ):
        made = diffusers.MarigoldDepthPipeline.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32, low_cpu_mem_usage=False
        )
    made.set_progress_bar_config(disable=True)
    return made
