"""What methods share that let the small net of `geomvision.nets.refiner` go over a matcher's answer."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .. import ops
from ..images import Float32, Image, as_pair
from ..learned import rounding, threads
from ..method import backend, option
from ..results import Disparity
from ..trace import NoTrace, Trace
from ._base import RangeSearch, StereoMethod

if TYPE_CHECKING:
    from ..nets.refiner import Refiner

#: What `ops.left_right_check` says of a pixel.
AGREES, OCCLUDED = 0, 2
#: Confidence of an estimate that both views agree on exactly, where the matcher tells none: the median of SGM's.
TRUSTED = 0.75


@dataclass(frozen=True, kw_only=True)
class Refining(RangeSearch):
    """A matcher, and a net that sees its answer beside both views."""

    #: Module and class in `nets`; and others that its weights may be of.
    NET: ClassVar[tuple[str, str]] = ("refiner", "Refiner")
    OTHERS: ClassVar[tuple[tuple[str, str], ...]] = ()

    weights: str = option("refined_sgm", "name of shipped weights, or path of a .safetensors file with its card")
    precision: str = option(
        "auto",
        "of the factors that convolutions multiply; auto: bfloat16 where the processor multiplies it faster",
        choices=("auto", "float32", "bfloat16"),
    )

    @abstractmethod
    def matcher(self) -> StereoMethod:
        """The method whose answer is refined."""

    def asked(self) -> tuple[StereoMethod]:
        """The matcher."""
        return (self.matcher(),)

    def trace(self, left: Any, right: Any) -> Trace:
        """The stages by name: the matcher's answer and confidence, the coarse estimate, the mixture, the result."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._refined(*as_pair(left, right), trace)
        return trace

    @backend("torch", requires="torch", extra="learned")
    def _torch(self, left: Image, right: Image) -> Disparity:
        return self._refined(left, right, NoTrace())

    def _refined(self, left: Image, right: Image, trace: Trace) -> Disparity:
        matcher = self.matcher()
        matched = answer(matcher, left, right)
        assert matched.confidence is not None
        trace.record(matcher.name(), matched.px, "px", "the matcher's estimate, gaps filled from behind")
        trace.record(f"{matcher.name()} confidence", matched.confidence, "", "how sure it is of it; 0 where filled")
        return self.sharpened(matched, left, right, trace) if matched.valid.any() else matched

    def sharpened(self, matched: Disparity, left: Image, right: Image, trace: Trace) -> Disparity:
        """What the net makes of an `answer` that is not empty."""
        import torch

        from .. import weights

        assert matched.confidence is not None
        inputs = [_batch(_rgb(left)), _batch(_rgb(right)), _batch(matched.px[None]), _batch(matched.confidence[None])]
        net = _net((self.NET, *self.OTHERS), *weights.version(self.weights))
        with torch.inference_mode(), threads(self.num_threads), rounding(self.precision):
            refined = net(*inputs)
        trace.record("coarse", refined.coarse[0, -1].numpy(), "px", "the net's rough estimate from a wide view")
        trace.record("mixed", refined.mixed[0, 0].numpy(), "px", "candidates weighed at every pixel")
        px = refined.disparity[0, 0].numpy()
        if self.min_disparity >= 0:
            px = np.maximum(px, 0.0)  # nothing lies beyond infinity
        trace.record("disparity", px, "px", "the mixture spread along learned affinities, and at most a pixel added")
        confidence = torch.sigmoid(refined.confidence[0, 0]).numpy()
        return Disparity(px=px, confidence=confidence, occluded=refined.occluded[0, 0].numpy() > 0)


def filling(matcher: StereoMethod) -> StereoMethod:
    """The matcher with its own filling of gaps, where it has one."""
    limits = matcher.option_limits().get("fill")
    return matcher if limits is None or "background" not in limits.choices else matcher.with_options(fill="background")


def answer(matcher: StereoMethod, left: Image, right: Image) -> Disparity:
    """A matcher's answer as the net takes it: gaps filled from behind, and a confidence that is 0 in the gaps.

    A matcher without confidence also matches the mirrored pair, which gives the disparities d_right of the right view.
    Estimates that fail the left–right check (`ops.left_right_check`, 1 px) are gaps, others have the confidence
    `TRUSTED` / (1 + |d_left − d_right|).
    Another matcher's confidence than SGM's is raised to the power that makes its median over the estimates `TRUSTED`,
    unless that is higher: margins of other costs are smaller, and the net would take them for doubt.
    """
    found = matcher(left, right)
    if found.confidence is not None:
        return completed(matcher, found, None)
    mirrored = (np.ascontiguousarray(view[:, ::-1]) for view in (right, left))
    return completed(matcher, found, np.ascontiguousarray(matcher(*mirrored).px[:, ::-1]))


def completed(matcher: StereoMethod, found: Disparity, seen: Float32 | None) -> Disparity:
    """`answer`, of a left view's disparity and, where it has no confidence, of the right view's."""
    px, confidence, occluded, num_threads = found.px, found.confidence, found.occluded, matcher.num_threads
    if confidence is None:
        assert seen is not None
        codes = ops.left_right_check(px, seen, tolerance=1.0, num_threads=num_threads)
        px, occluded = np.where(codes == AGREES, px, np.float32(np.nan)), codes == OCCLUDED
        confidence = _agreement(px, seen)
    elif matcher.name() != "sgm":
        confidence = _as_sure_as_sgm(confidence)
    if np.isnan(px).any():
        confidence = np.where(np.isnan(px), np.float32(0), confidence)
        px = ops.fill_background(px, occluded, num_threads=num_threads)
    return Disparity(px=px, confidence=confidence, occluded=occluded)


def _as_sure_as_sgm(confidence: Float32) -> Float32:
    """Raised to the power that makes the median of what is above 0 `TRUSTED`, where it is lower."""
    known = confidence[confidence > 0]
    median = float(np.median(known)) if known.size else 1.0
    if median >= TRUSTED:
        return confidence
    return np.power(confidence, np.float32(np.log(TRUSTED) / np.log(median)))


def _agreement(left: Float32, right: Float32) -> Float32:
    """`TRUSTED` / (1 + |d_left − d_right|), 1 px at most between them; 0 where the left view has no estimate."""
    known = ~np.isnan(left)
    match = np.arange(left.shape[1]) - np.rint(np.where(known, left, 0)).astype(np.int64)
    there = np.take_along_axis(right, match.clip(0, left.shape[1] - 1), axis=1)
    apart = np.nan_to_num(np.abs(left - there), nan=1.0).clip(0, 1)
    return np.where(known, np.float32(TRUSTED) / (1 + apart), np.float32(0)).astype(np.float32)


def _rgb(image: Image) -> Float32:
    """(3, H, W) float32; grey becomes three equal channels."""
    colour = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    return np.moveaxis(colour, 2, 0).astype(np.float32)


def _batch(array: Float32) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(array))[None]


@lru_cache(maxsize=2)
def _net(kinds: tuple[tuple[str, str], ...], path: Path, _written_ns: int) -> Refiner:
    """The net that the weights' card names, if it is one of these; else the first, which refuses them."""
    from .. import weights

    state, card = weights.load(path)
    module, name = next((kind for kind in kinds if card.network.endswith(".".join(("", *kind)))), kinds[0])
    kind = getattr(importlib.import_module(f"..nets.{module}", __package__), name)
    with weights.on_cpu():
        net: Refiner = weights.filled(kind, state, card)
    return net.eval()
