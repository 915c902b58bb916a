"""What learned flow methods share: levels, padding, weights, the stages of a net."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..images import Float32, Image, as_pair
from ..method import backend, option
from ..results import Flow
from ..trace import NoTrace, Trace
from ..weights import SUFFIX, WeightsError
from ._base import FlowMethod
from ._grey import levels

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Net:
    """The net of a method: where it is, and what its inputs must be."""

    module: str
    name: str
    #: Sides are padded to multiples of this, and to `least`.
    stride: int
    least: int
    #: Module and function in `nets` that know the forms of public checkpoints, and where those come from.
    public: str = ""
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class LearnedFlow(FlowMethod):
    """A flow net in use: images at any size and dtype, the border repeated up to the sizes that the net takes."""

    net: ClassVar[Net]

    weights: str = option(
        "", "name of shipped weights, or path of a .safetensors file with its card, or of a public .pt"
    )

    def refusal(self, name: str) -> str | None:  # noqa: ARG002
        """Without weights nothing runs."""
        from .. import weights

        try:
            weights.find(self.weights)
        except WeightsError:
            ways = [f"a {SUFFIX} file with its card beside it (geomvision.weights)"]
            if self.net.origin:
                ways.append(f"a checkpoint of {self.net.origin}")
            given = f"has no weights {self.weights!r}: neither shipped nor a file"
            return f"{given}; give weights= the path of {', or of '.join(ways)}"
        return None

    def trace(self, frame0: Any, frame1: Any) -> Trace:
        """The stages by name: what the net sees, each estimate at its own size, and the flow."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._estimated(*as_pair(frame0, frame1, ("frame0", "frame1")), trace)
        return trace

    @backend("torch", requires="torch", extra="learned")
    def _torch(self, frame0: Image, frame1: Image, memory: dict[str, Any] | None = None) -> Flow:
        return self._estimated(frame0, frame1, NoTrace(), {} if memory is None else memory)

    def _arguments(self, memory: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """What the net's `estimates` takes beside images."""
        return {}

    def _estimated(self, frame0: Image, frame1: Image, trace: Trace, memory: dict[str, Any] | None = None) -> Flow:
        import torch

        from .. import weights

        net: Any = _net(self.net, *weights.version(self.weights))
        memory = {} if memory is None else memory
        pair = levels(frame0, frame1)
        (top, left), inputs = padded(pair, self.net.stride, self.net.least)
        doc = "what the net is given of frame 0, before it is fitted to sizes that the net takes"
        trace.record("frame 0", pair[0], "grey levels", doc)
        small = inputs[0].shape[2] * inputs[0].shape[3] < 1 << 16
        with torch.inference_mode(), threads(1 if small else self.num_threads):
            estimate: Any = None
            for k, estimate in enumerate(net.estimates(*inputs, **self._arguments(memory)), start=1):
                doc = "the net's estimate at its own size, in pixels of that size"
                trace.record(f"estimate {k}", pixels(estimate[0]), "px", doc)
            memory["coarse"] = estimate[0]
            full = pixels(net.raised(*estimate))
        px = np.ascontiguousarray(full[top : top + frame0.shape[0], left : left + frame0.shape[1]], np.float32)
        trace.record("flow", px, "px", "the last estimate at full size, without what was added around")
        return Flow(px=px)


def pixels(flow: Tensor) -> Float32:
    """A tensor (1, 2, H, W) as (H, W, 2)."""
    array: Float32 = flow[0].permute(1, 2, 0).float().numpy()
    return array


def padded(pair: tuple[Float32, Float32], stride: int, least: int) -> tuple[tuple[int, int], list[Tensor]]:
    """Both as (1, 3, H, W) with their border repeated, and where the image begins in them.

    Sides become multiples of `stride`, no shorter than `least`.
    """
    import torch

    height, width = pair[0].shape[:2]
    sizes = [max(least, -(-side // stride) * stride) for side in (height, width)]
    top, left = (sizes[0] - height) // 2, (sizes[1] - width) // 2
    around = ((top, sizes[0] - height - top), (left, sizes[1] - width - left), (0, 0))
    colours = (image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2) for image in pair)
    arrays = (np.moveaxis(np.pad(image, around, mode="edge"), 2, 0)[None] for image in colours)
    return (top, left), [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Torch takes so many threads here; 0 leaves it as it is."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=2)
def _net(net: Net, path: Path, _written_ns: int) -> nn.Module:
    """The net with its weights, in the layout that convolutions are fastest in."""
    import torch

    from .. import weights

    kind = getattr(importlib.import_module(f"..nets.{net.module}", __package__), net.name)
    if path.suffix == SUFFIX:
        state, card = weights.load(path)
        made: nn.Module = kind(**card.arguments)
        weights.put_into(made, state, card)
    elif net.public:
        made = _public(net, kind, path)
    else:
        raise WeightsError(f"{path} is no {SUFFIX} file; {net.name} has no public checkpoints")
    made.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return made.float().eval()


def _public(net: Net, kind: type[nn.Module], path: Path) -> nn.Module:
    from .. import weights
    from ..nets.public import from_public

    module, _, function = net.public.partition(".")
    forms = getattr(importlib.import_module(f"..nets.{module}", __package__), function)
    try:
        checkpoint = weights.load_torch(path)
        made = from_public(kind, forms(checkpoint), checkpoint)
    except (KeyError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path}: {error.args[0]}") from None
    return made
