"""What adapters of transformers' depth nets share: reading a folder, the image as the net sees it, and the way back."""

from __future__ import annotations

import math
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..cameras import Camera
from ..images import Image
from ..learned import threads
from ..method import backend
from ..results import Depth, RelativeDepth
from ..trace import Trace
from ..weights import WeightsError, loaded_by
from ._adapted import RGB, WIDEST, eight_bits, taken_by, within
from ._hub import HubDepth, config_of

if TYPE_CHECKING:
    from torch import Tensor

#: Parameters that these nets have and never use; published checkpoints leave them out.
UNUSED = re.compile(r"fusion_stage\.\w+\.0\.residual_layer1\.|\.pooler\.|mask_token|num_batches_tracked")
#: The configuration of what makes the net's input of an image.
PROCESSOR = "preprocessor_config.json"


@dataclass(frozen=True, kw_only=True)
class TransformersDepth(HubDepth):
    """A depth net of `transformers`."""

    package: ClassVar[str] = "transformers"
    files: ClassVar[Sequence[str]] = ("config.json", PROCESSOR, "*.safetensors", "*.safetensors.index.json")
    #: What the folder's configuration calls the net, and transformers' classes of net and image processor.
    model_type: ClassVar[str]
    architecture: ClassVar[str]
    processor: ClassVar[str] = ""

    @backend("transformers", requires="transformers", extra="hub")
    def _transformers(self, image: Image, camera: Camera | None) -> Depth | RelativeDepth:
        return self._call(image, camera)

    def _estimated(self, image: Image, camera: Camera | None, trace: Trace) -> Depth | RelativeDepth:
        values, _ = self._run(image, camera, trace)
        return self._result(values.numpy(), trace)

    def _run(self, image: Image, camera: Camera | None, trace: Trace) -> tuple[Tensor, Any]:
        """Values (H, W) of the image, and whatever else the net said."""
        import torch

        folder, written = self._folder()
        net, processor = loaded(self.model_type, self.architecture, self.processor, folder, written)
        given, inside = within(eight_bits(image), self._widest(processor))
        with torch.inference_mode(), threads(self.num_threads), taken_by(self.architecture, given):
            seen = self._seen(processor, given)
            doc = "what the net is given: the image at its size, normalised"
            trace.record("image", np.moveaxis(seen[0].numpy(), 0, 2), "", doc)
            said = net(pixel_values=seen)
            trace.record("estimate", said.predicted_depth[0].numpy(), "", "the net's estimate at its own size")
            values = self._raised(said, processor, given, camera)
        return values[inside].float().contiguous(), said

    def _widest(self, processor: Any) -> float:
        """How long one side may be over the other, so that the shorter one is seen with at least one patch."""
        sides = [side for side in (processor.size.height, processor.size.width) if side]
        if not (sides and processor.do_resize and processor.keep_aspect_ratio):
            return math.inf
        most: float = min(WIDEST, min(sides) / max(1, processor.ensure_multiple_of or 1))
        return max(1.0, most)

    @abstractmethod
    def _seen(self, processor: Any, image: RGB) -> Tensor:
        """What the net is given, (1, 3, h, w)."""

    @abstractmethod
    def _raised(self, said: Any, processor: Any, image: RGB, camera: Camera | None) -> Tensor:
        """What the net said as values (H, W) at the image's size."""


@lru_cache(maxsize=2)
def loaded(model_type: str, architecture: str, processor: str, folder: Path, _written_ns: int) -> tuple[Any, Any]:
    """The net and its image processor, which is its configuration where `processor` is "".

    Raises WeightsError where the folder holds something else, or not all parameters.
    """
    import torch
    import transformers

    config = config_of(folder / "config.json")
    for given, wanted in ((config.get("model_type"), model_type), *((n, architecture) for n in _architectures(config))):
        if given != wanted:
            raise WeightsError(f"{folder} holds {given!r} by its config.json; here it must be {wanted!r}")
    settings = config_of(folder / PROCESSOR)
    with loaded_by("transformers", f"{architecture} from {folder}"), quiet(transformers.utils.logging):
        net, told = getattr(transformers, architecture).from_pretrained(
            folder, local_files_only=True, output_loading_info=True, dtype=torch.float32
        )
        made: Any = settings
        if processor:
            made = getattr(transformers, processor).from_pretrained(folder, local_files_only=True)
    lacking = sorted(name for name in told["missing_keys"] if not UNUSED.search(name))
    lacking += sorted(str(entry) for entry in told["mismatched_keys"])
    if lacking or told["error_msgs"]:
        told = ", ".join(lacking[:3]) + (f" and {len(lacking) - 3} more" if len(lacking) > 3 else "")
        raise WeightsError(f"{folder} lacks parameters of {architecture}, or has them in another shape: {told}")
    return net.eval(), made


def _architectures(config: Mapping[str, Any]) -> list[str]:
    return list(config.get("architectures") or ())[:1]


@contextmanager
def quiet(logging: Any) -> Iterator[None]:
    """Neither progress bars nor remarks of the package in this block."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
