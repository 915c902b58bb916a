"""Semi-global matching, corrected, filled and sharpened by a small net trained on rendered scenes."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..images import Float32, Image, as_pair
from ..learned import threads
from ..method import backend, option
from ..results import Disparity
from ..trace import NoTrace, Trace
from ._base import RangeSearch
from .sgm import SGM

if TYPE_CHECKING:
    from ..nets.refiner import Refiner


@dataclass(frozen=True, kw_only=True)
class RefinedSGM(RangeSearch):
    """SGM (Hirschmüller, TPAMI 2008) refined by a net of 0.6 M parameters (`geomvision.nets.refiner`).

    Every pixel gets an estimate, occluded ones too; only where SGM finds nothing in the whole image, nothing is
    invented and all is NaN. `confidence` is the net's probability that the estimate is less than one pixel off;
    `occluded` are the pixels that it holds for unseen by the right view with a probability above one half.
    The net saw rendered scenes only. SGM's other options are at the values it was trained with.
    """

    #: Module and class in `nets`.
    NET: ClassVar[tuple[str, str]] = ("refiner", "Refiner")

    census: str = option("9x7", "window of the census transform, width x height", choices=("5x5", "7x7", "9x7"))
    paths: int = option(8, "4: along rows and columns; 8: with the diagonals", choices=(4, 8))
    p1: int = option(24, "SGM's penalty of a step of one pixel", unit="bits", minimum=0, maximum=192)
    p2: int = option(180, "SGM's penalty of larger steps, at least p1", unit="bits", minimum=0, maximum=192)
    weights: str = option("refined_sgm", "name of shipped weights, or path of a .safetensors file with its card")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._sgm()

    def _sgm(self) -> SGM:
        names = ("max_disparity", "min_disparity", "census", "paths", "p1", "p2", "num_threads")
        return SGM(fill="background", **{name: getattr(self, name) for name in names})

    def trace(self, left: Any, right: Any) -> Trace:
        """The stages by name: SGM's answer and confidence, the coarse estimate, the mixture, the result."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._refined(*as_pair(left, right), trace)
        return trace

    @backend("torch", requires="torch", extra="learned")
    def _torch(self, left: Image, right: Image) -> Disparity:
        return self._refined(left, right, NoTrace())

    def _refined(self, left: Image, right: Image, trace: Trace) -> Disparity:
        import torch

        from .. import weights

        matched = self._sgm()(left, right)
        assert matched.confidence is not None
        trace.record("sgm", matched.px, "px", "semi-global matching, gaps filled from behind")
        trace.record("sgm confidence", matched.confidence, "", "how clearly the winner won; 0 where filled")
        if not matched.valid.any():
            return matched
        inputs = [_batch(_rgb(left)), _batch(_rgb(right)), _batch(matched.px[None]), _batch(matched.confidence[None])]
        net = _net(*self.NET, *weights.version(self.weights))
        with torch.inference_mode(), threads(self.num_threads):
            refined = net(*inputs)
        trace.record("coarse", refined.coarse[0, -1].numpy(), "px", "the net's rough estimate from a wide view")
        trace.record("mixed", refined.mixed[0, 0].numpy(), "px", "candidates weighed at every pixel")
        px = refined.disparity[0, 0].numpy()
        if self.min_disparity >= 0:
            px = np.maximum(px, 0.0)  # nothing lies beyond infinity
        trace.record("disparity", px, "px", "the mixture spread along learned affinities, and at most a pixel added")
        confidence = torch.sigmoid(refined.confidence[0, 0]).numpy()
        return Disparity(px=px, confidence=confidence, occluded=refined.occluded[0, 0].numpy() > 0)


def _rgb(image: Image) -> Float32:
    """(3, H, W) float32; grey becomes three equal channels."""
    colour = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    return np.moveaxis(colour, 2, 0).astype(np.float32)


def _batch(array: Float32) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(array))[None]


@lru_cache(maxsize=2)
def _net(module: str, name: str, path: Path, _written_ns: int) -> Refiner:
    from .. import weights

    kind = getattr(importlib.import_module(f"..nets.{module}", __package__), name)
    state, card = weights.load(path)
    net: Refiner = kind(**card.arguments)
    weights.put_into(net, state, card)
    return net.eval()
