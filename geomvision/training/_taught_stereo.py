"""The stereo nets that can be taught, and how each is called: to refine SGM's answer, or without it."""

from __future__ import annotations

import importlib
from collections import deque
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from ..stereo import METHODS
from ..stereo._base import RangeSearch
from ..stereo._learned import LearnedStereo
from ..stereo.refined_sgm import RefinedSGM
from ._taught import TaughtNet

#: A net of any size of images still sees no scene in fewer pixels.
LEAST = 32


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Images (B, 3, H, W), 0 … 255, and how many disparities are searched in them, from 0."""

    left: Tensor
    right: Tensor
    searched: int


@dataclass(frozen=True, kw_only=True)
class Views(Pair):
    """A pair that SGM has looked at: its disparity and confidence, (B, 1, H, W)."""

    matched: Tensor
    confidence: Tensor


@dataclass(frozen=True)
class Answer:
    """Disparities (B, 1, H, W) in pixels, the last the answer; of refiners, logits of confidence and occlusion."""

    disparities: tuple[Tensor, ...]
    confidence: Tensor | None = None
    occluded: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class StereoNet(TaughtNet):
    """A stereo net that can be taught, and is called as its method calls it."""

    #: The method whose options say how the net is called; None where it refines SGM's answer.
    called_by: type[LearnedStereo] | None = None

    @classmethod
    def of(cls, name: str) -> StereoNet:
        """The net of a method, as "refined_sgm". ValueError where the method has none of images or SGM's answer."""
        kind: Any = METHODS[name]
        if issubclass(kind, RefinedSGM):
            return cls(make=_net(*kind.NET), stride=1, least=LEAST)
        if issubclass(kind, LearnedStereo):
            net = kind.net
            return cls(make=_net(net.module, net.name), stride=net.stride, least=max(net.least, LEAST), called_by=kind)
        raise ValueError(f"stereo/{name} has no net that learns from pairs without truth")

    def __call__(self, net: nn.Module, views: Pair, iterations: int, *, every: bool = True) -> Answer:
        """What the net says of views of any size; a recurrent one after so many iterations.

        `every` of its estimates, or the last alone; one that refines SGM's answer has but one, and needs `Views`.
        """
        if self.called_by is None:
            assert isinstance(views, Views)
            found = net(views.left, views.right, views.matched, views.confidence)
            return Answer((found.disparity.float(),), found.confidence.float(), found.occluded.float())
        height, width = views.left.shape[2:]
        taught: Any = net.eval()  # norms keep what they have learnt
        fitted = (self.fitted(images) for images in (views.left, views.right))
        estimates = taught.estimates(*fitted, **self._arguments(views, iterations, every))
        raised = [taught.raised(*each) for each in (estimates if every else deque(estimates, maxlen=1))]
        return Answer(tuple(each[:, :1, :height, :width].float() for each in raised))

    def _arguments(self, views: Pair, iterations: int, every: bool) -> dict[str, Any]:
        assert self.called_by is not None
        ranged = issubclass(self.called_by, RangeSearch)
        method = self.called_by(**{"max_disparity": views.searched} if ranged else {})  # type: ignore[arg-type]
        memory = {"every": every, "searched": method.searched(views.left.shape[3])} if ranged else {}  # type: ignore[attr-defined]
        arguments = method._arguments(memory)
        return arguments | ({"iterations": iterations} if "iterations" in arguments else {})


def _net(module: str, name: str) -> type[nn.Module]:
    kind: type[nn.Module] = getattr(importlib.import_module(f"geomvision.nets.{module}"), name)
    return kind
