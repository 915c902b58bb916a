"""The stereo nets that can go on learning, and how each is called: to refine SGM's answer, or without it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from ..stereo import METHODS
from ..stereo._base import RangeSearch
from ..stereo._learned import LearnedStereo
from ..stereo.refined_sgm import RefinedSGM

#: A net of any size of images still sees no scene in fewer pixels.
LEAST = 32


@dataclass(frozen=True)
class Views:
    """Images (B, 3, H, W), 0 … 255; SGM's disparity and confidence (B, 1, H, W); how many disparities it searched."""

    left: Tensor
    right: Tensor
    matched: Tensor
    confidence: Tensor
    searched: int


@dataclass(frozen=True)
class Answer:
    """Disparities (B, 1, H, W) in pixels, the last the answer; of refiners, logits of confidence and occlusion."""

    disparities: tuple[Tensor, ...]
    confidence: Tensor | None = None
    occluded: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class StereoNet:
    """A net that can go on learning."""

    make: type[nn.Module]
    #: Sides of what it is given in training are multiples of `stride`, and no shorter than `least`.
    stride: int
    least: int
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

    @property
    def path(self) -> str:
        """Where the net is, as cards name it."""
        return f"{self.make.__module__}.{self.make.__qualname__}"

    def __call__(self, net: nn.Module, views: Views, iterations: int) -> Answer:
        """What the net says of views of any size; a recurrent one after so many iterations."""
        if self.called_by is None:
            found = net(views.left, views.right, views.matched, views.confidence)
            return Answer((found.disparity.float(),), found.confidence.float(), found.occluded.float())
        height, width = views.left.shape[2:]
        rows, columns = (max(self.least, -(-side // self.stride) * self.stride) for side in (height, width))
        fitted = [
            functional.pad(image, (0, columns - width, 0, rows - height), "replicate")
            for image in (views.left, views.right)
        ]
        estimates: Any = net.eval().estimates  # norms keep what they have learnt
        found = [net.raised(*each) for each in estimates(*fitted, **self._arguments(views, iterations))]  # type: ignore[operator]
        return Answer(tuple(each[:, :1, :height, :width].float() for each in found))

    def _arguments(self, views: Views, iterations: int) -> dict[str, Any]:
        assert self.called_by is not None
        ranged = issubclass(self.called_by, RangeSearch)
        method = self.called_by(**{"max_disparity": views.searched} if ranged else {})  # type: ignore[arg-type]
        memory = {"every": True, "searched": method.searched(views.left.shape[3])} if ranged else {}  # type: ignore[attr-defined]
        arguments = method._arguments(memory)
        return arguments | ({"iterations": iterations} if "iterations" in arguments else {})


def _net(module: str, name: str) -> type[nn.Module]:
    kind: type[nn.Module] = getattr(importlib.import_module(f"geomvision.nets.{module}"), name)
    return kind
