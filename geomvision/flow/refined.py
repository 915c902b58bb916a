"""The answers of flow methods, weighed, corrected and sharpened by a small net trained on rendered pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..images import Float32, Image, as_pair, levels
from ..learned import padded, rounding, threads, without_weights
from ..method import OptionError, backend, option
from ..results import Flow
from ..trace import NoTrace, Trace
from . import METHODS
from ._base import FlowMethod
from ._planes import plane_motions
from ._round_trip import round_trip_confidence

if TYPE_CHECKING:
    from ..nets.flow_refiner import FlowRefiner


@dataclass(frozen=True, kw_only=True)
class Refined(FlowMethod):
    """A flow method and others beside it, refined by a net of 0.6 M parameters (`geomvision.nets.flow_refiner`).

    Every pixel gets an estimate, hidden ones too; only where the base finds nothing in the whole image, nothing is
    invented and all is NaN. `confidence` is the net's probability that the estimate is less than one pixel off.

    The base is run both ways, the others once; two motions of planes that most of the base's answer shares are weighed
    beside them. The net sees how alike the frames are through each answer, and whether the way back returns; it takes
    the answers of any methods, and knows those it learnt from by name: `inverse_search`, `tvl1` and `pwc_small`.
    Where one has no estimate, that of the next that has one takes its place. The net saw drawn and rendered pairs only.

    >>> Refined(base="opencv_dis", base_options="preset=medium", others="tvl1")  # doctest: +SKIP
    """

    base: str = option("inverse_search", "name of the flow method that is refined, and run both ways")
    base_options: str = option("", "its options where they differ from the defaults: 'name=value, name=value'")
    others: str = option(
        "tvl1, pwc_small, opencv_dis", "names of methods whose answers are weighed, too, with commas; may be none"
    )
    weights: str = option("refined_flow", "name of shipped weights, or path of a .safetensors file with its card")
    precision: str = option(
        "auto",
        "of the factors that convolutions multiply; auto: bfloat16 where the processor multiplies it faster",
        choices=("auto", "float32", "bfloat16"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.methods()

    def methods(self) -> tuple[FlowMethod, ...]:
        """The base with its options, then the others with their defaults."""
        this = type(self).__name__
        names = [name for name in (part.strip() for part in self.others.split(",")) if name]
        if self.name() in (self.base, *names):
            raise OptionError(f"{this}: base and others name {self.name()!r}; allowed are other flow methods")
        found = [METHODS.parsed(self.base, self.base_options, f"{this}: base", self.num_threads)]
        found += [METHODS.parsed(name, "", f"{this}: one of others", self.num_threads) for name in names]
        for method in found:
            if type(method).__call__ is not FlowMethod.__call__:
                raise OptionError(
                    f"{this}: {method.name()!r} takes more than two frames; allowed is what takes just them"
                )
        return tuple(cast("FlowMethod", method) for method in found)

    def asked(self) -> tuple[FlowMethod, ...]:
        """All of them."""
        return self.methods()

    def refusal(self, name: str) -> str | None:  # noqa: ARG002
        """Without weights nothing runs."""
        return without_weights(self.weights)

    def trace(self, frame0: Any, frame1: Any) -> Trace:
        """The stages by name: what each method answers, the coarse estimate, the mixture, the flow."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._refined(*as_pair(frame0, frame1, ("frame0", "frame1")), trace)
        return trace

    @backend("torch", requires="torch", extra="learned")
    def _torch(self, frame0: Image, frame1: Image) -> Flow:
        return self._refined(frame0, frame1, NoTrace())

    def _refined(self, frame0: Image, frame1: Image, trace: Trace) -> Flow:
        methods = self.methods()
        answers = [method(frame0, frame1).px for method in methods]
        for k, (method, px) in enumerate(zip(methods, answers, strict=True)):
            doc = "what the base answers" if k == 0 else "what another method answers"
            trace.record(method.name() if k == 0 else f"beside: {method.name()}", px, "px", doc)
        if np.isnan(answers[0]).all():
            return Flow(px=answers[0])
        back = np.nan_to_num(methods[0](frame1, frame0).px)
        return self.sharpened(completed(answers), back, (frame0, frame1), trace)

    def sharpened(self, answers: Float32, back: Float32, frames: tuple[Image, Image], trace: Trace) -> Flow:
        """What the net makes of answers (K, H, W, 2) and of the base's flow back, all without NaN."""
        import torch

        from .. import weights
        from ..nets.flow_refiner import MOTIONS, kinds

        names = [method.name() for method in self.methods()]
        answers = np.concatenate([answers, motions(answers[0], back)])
        net = _net(*weights.version(self.weights))
        images = padded(levels(*frames), 1, 1)[1]
        fields = [torch.from_numpy(np.ascontiguousarray(np.moveaxis(f, -1, -3)))[None] for f in (answers, back)]
        with torch.inference_mode(), threads(self.num_threads), rounding(self.precision):
            found = net(*images, fields[0], kinds([*names, *MOTIONS]), fields[1])
        trace.record("coarse", _pixels(found.coarse[-1]), "px", "what the net found at a quarter of the size")
        trace.record("mixed", _pixels(found.mixed), "px", "answers and coarse estimate weighed at every pixel")
        px = _pixels(found.flow)
        trace.record("flow", px, "px", "the mixture spread along learned affinities, and at most a pixel added")
        confidence = torch.sigmoid(found.confidence[0, 0]).numpy()
        return Flow(px=px, confidence=confidence)


def motions(answer: Float32, back: Float32) -> Float32:
    """What planes move in the base's answer: the two motions (2, H, W, 2) that most pixels share which return."""
    returns = round_trip_confidence(Flow(px=answer), Flow(px=back)) > 0.5
    return plane_motions(answer, returns, 2)


def completed(answers: list[Float32]) -> Float32:
    """(K, H, W, 2): gaps of each take what the first of the others has that knows the pixel; else 0."""
    stacked = np.stack(answers).astype(np.float32)
    for field in stacked:
        for other in answers:
            gaps = np.isnan(field[..., 0])
            field[gaps] = other[gaps]
    return np.nan_to_num(stacked)


def _pixels(flow: Any) -> Float32:
    """A tensor (1, 2, H, W) as (H, W, 2)."""
    array: Float32 = np.ascontiguousarray(flow[0].permute(1, 2, 0).float().numpy())
    return array


@lru_cache(maxsize=2)
def _net(path: Path, _written_ns: int) -> FlowRefiner:
    from .. import weights
    from ..nets.flow_refiner import FlowRefiner

    with weights.on_cpu():
        net: FlowRefiner = weights.filled(FlowRefiner, *weights.load(path))
    return net.eval()
