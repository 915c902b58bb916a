"""What learned methods of one or two images share: levels, padding, weights, threads, the stages of a net."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from . import packages
from . import weights as files
from .images import Float32, Image, levels
from .method import Method, backend, option
from .trace import NoTrace, Trace

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
    #: Module and function in `nets` that know the forms of public checkpoints, and where those come from. The module
    #: may have a function `read` for files of other things than tensors.
    public: str = ""
    origin: str = ""
    #: Name of the file, in the same folder, that holds the rest of a public checkpoint.
    beside: str = ""


@dataclass(frozen=True, kw_only=True)
class Learned(Method):
    """A net in use: images at any size and dtype, the border repeated up to the sizes that the net takes.

    The net's `estimates(*images, **arguments)`, of images (1, 3, H, W) RGB, 0 … 255, yields tuples that begin with an
    estimate at its own size; `raised(*estimate)` is that at the size of the images, (1, C, H, W).
    """

    net: ClassVar[Net]
    #: What stages call the first image and the result.
    first: ClassVar[str]
    outcome: ClassVar[str]
    unit: ClassVar[str] = "px"
    at_its_size: ClassVar[str] = "the net's estimate at its own size, in pixels of that size"

    weights: str = option(
        "", "name of shipped weights, or path of a .safetensors file with its card, or of a public .pt"
    )

    def refusal(self, name: str) -> str | None:  # noqa: ARG002
        """Without weights nothing runs."""
        return without_weights(self.weights, self.net.origin)

    def _given(self, images: tuple[Image, ...], memory: dict[str, Any]) -> tuple[Float32, ...]:  # noqa: ARG002
        """What the net is given of the images, before they are fitted to sizes that it takes."""
        return levels(*images)

    def _arguments(self, memory: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """What the net's `estimates` takes beside images."""
        return {}

    @abstractmethod
    def _shown(self, estimate: Tensor) -> Float32:
        """An estimate of the net as the trace shows it."""

    @abstractmethod
    def _result(self, maps: Float32, memory: dict[str, Any]) -> Any:
        """The result of the last estimate, (C, H, W) at the size of what the net was given."""

    def _estimated(self, images: tuple[Image, ...], trace: Trace, memory: dict[str, Any] | None = None) -> Any:
        """The result; `memory["coarse"]` is the net's last estimate then."""
        import torch

        net: Any = loaded(self.net, *files.version(self.weights))
        memory = {} if memory is None else memory
        shown = self._given(images, memory)
        (top, left), inputs = padded(shown, self.net.stride, self.net.least)
        doc = f"what the net is given of {self.first}, before it is fitted to sizes that the net takes"
        trace.record(self.first, shown[0], "grey levels", doc)
        small = inputs[0].shape[2] * inputs[0].shape[3] < 1 << 16
        with torch.inference_mode(), threads(1 if small else self.num_threads):
            estimate: Any = None
            for k, estimate in enumerate(net.estimates(*inputs, **self._arguments(memory)), start=1):
                trace.record(f"estimate {k}", self._shown(estimate[0]), self.unit, self.at_its_size)
            memory["coarse"] = estimate[0]
            full = net.raised(*estimate)[0].float().numpy()
        maps = full[:, top : top + shown[0].shape[0], left : left + shown[0].shape[1]]
        result = self._result(maps, memory)
        doc = "the last estimate at full size, without what was added around"
        trace.record(self.outcome, self._map(result), self.unit, doc)
        return result

    def _map(self, result: Any) -> Float32:
        """The result as the trace shows it."""
        px: Float32 = result.px
        return px


@dataclass(frozen=True, kw_only=True)
class LearnedPair(Learned):
    """A net of two images in use."""

    @backend("torch", requires="torch", extra="learned")
    def _torch(self, first: Image, second: Image, memory: dict[str, Any] | None = None) -> Any:
        return self._estimated((first, second), NoTrace(), memory)


def rounding(precision: str) -> AbstractContextManager[Any]:
    """Around a net whose convolutions round what they multiply: "float32", "bfloat16", or "auto".

    The last one rounds where the kernels and this processor multiply tiles or pairs of bfloat16.
    """
    import torch

    rounded = precision == "bfloat16"
    if precision == "auto" and packages.has_core():
        rounded = bool(packages.core().has_matrix_tiles() or packages.core().has_matrix_pairs())
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=rounded)


def without_weights(given: str, origin: str = "") -> str | None:
    """Why nothing runs with the weights `given`, or None; `origin` is where public checkpoints come from."""
    try:
        files.find(given)
    except files.WeightsError:
        ways = [f"a {files.SUFFIX} file with its card beside it (geomvision.weights)"]
        if origin:
            ways.append(f"a checkpoint of {origin}")
        told = f"has no weights {given!r}: neither shipped nor a file"
        return f"{told}; give weights= the path of {', or of '.join(ways)}"
    return None


def padded(images: tuple[Float32, ...], stride: int, least: int) -> tuple[tuple[int, int], list[Tensor]]:
    """Each as (1, 3, H, W) with its border repeated, and where the image begins in it.

    Sides become multiples of `stride`, no shorter than `least`.
    """
    import torch

    place, arrays = framed(images, at_least(images[0].shape, stride, least))
    return place, [torch.from_numpy(array) for array in arrays]


def at_least(shape: tuple[int, ...], stride: int, least: int) -> tuple[int, int]:
    """Height and width of an image of this shape as multiples of `stride`, no shorter than `least`."""
    height, width = (max(least, -(-side // stride) * stride) for side in shape[:2])
    return height, width


def framed(images: tuple[Float32, ...], size: tuple[int, int]) -> tuple[tuple[int, int], list[Float32]]:
    """Each as (1, 3, *size), itself in the middle, its border repeated; and where it begins: row, column."""
    height, width = images[0].shape[:2]
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    around = ((top, size[0] - height - top), (left, size[1] - width - left), (0, 0))
    colours = (image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2) for image in images)
    arrays = (np.moveaxis(np.pad(image, around, mode="edge"), 2, 0)[None] for image in colours)
    return (top, left), [np.ascontiguousarray(array) for array in arrays]


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Torch takes so many threads here, 0 leaves it as it is; and what it makes, it makes on the CPU."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        with files.on_cpu():
            yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=2)
def loaded(net: Net, path: Path, _written_ns: int) -> nn.Module:
    """The net with its weights, in the layout that convolutions are fastest in.

    Raises WeightsError where they are damaged, or of another net.
    """
    import torch

    with files.on_cpu():
        made = _made(net, path)
    for parameter in made.parameters():
        if parameter.ndim == 4:  # of convolutions in two dimensions
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return made.float().eval()


def _made(net: Net, path: Path) -> nn.Module:
    kind = getattr(importlib.import_module(f"{__package__}.nets.{net.module}"), net.name)
    if path.suffix == files.SUFFIX:
        made: nn.Module = files.filled(kind, *files.load(path))
        return made
    if net.public:
        return from_checkpoint(net, kind, path)
    raise files.WeightsError(f"{path} is no {files.SUFFIX} file; {net.name} has no public checkpoints")


def from_checkpoint(net: Net, kind: type[nn.Module], path: Path) -> nn.Module:
    """The net of a public checkpoint. Raises WeightsError where the file is none, or of another net."""
    from .nets import public_modules
    from .nets.public import from_public

    module, _, function = net.public.partition(".")
    known = importlib.import_module(f"{__package__}.nets.{module}")
    forms, read = getattr(known, function), getattr(known, "read", public_modules.read)
    try:
        checkpoint = read(path)
        if net.beside:
            checkpoint = {**checkpoint, **public_modules.read(path.with_name(net.beside))}
        made = from_public(kind, forms(checkpoint), checkpoint)
    except files.WeightsError:
        raise
    except (KeyError, ValueError, RuntimeError) as error:
        raise files.WeightsError(f"{path}: {' '.join(str(error.args[0]).split())}") from None
    return made
