"""Sparse to dense by a net that is told the given depths, and by heat where it does not agree with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..images import Float32, Image
from ..learned import Net, padded
from ..method import backend, option
from ..results import Depth
from ..trace import NoTrace, Trace
from ._completion import Completion
from ._learned import OneImageNet, resized
from ._told import scattered, told
from .heat_diffusion import HeatDiffusion

#: Given points so far apart, in pixels of what the net sees, leave as much to the net as to heat alone.
APART_PX = 20.0


@dataclass(frozen=True, kw_only=True)
class MonoCompletion(OneImageNet, Completion):
    """The net of `mono_small`, told some depths; what it says is drawn to them by `heat_diffusion`.

    The net says depth up to scale, from the image and from given depths in the form of Chen et al. (ECCV 2018). The
    ratio of given to said depth spreads over the image as `HeatDiffusion` spreads depth. The result is a weighted
    geometric mean of that and of what `HeatDiffusion` says alone: the more points, the more of the latter.
    """

    net = Net("mono_small", "MonoSmall", 32, 32)

    weights: str = option("mono_small", "name of shipped weights, or path of a .safetensors file with its card")

    def asked(self) -> tuple[HeatDiffusion]:
        """What spreads depth."""
        return (HeatDiffusion(num_threads=self.num_threads),)

    def trace(self, sparse: Depth, image: Any = None) -> Trace:
        """The stages by name: what the net sees, each estimate at its own size, and the depth."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._completed(*self.checked(sparse, image), trace)
        return trace

    @backend("torch", requires="torch", extra="learned")
    def _torch(self, sparse_m: Float32, guide: Float32 | None) -> Depth:
        return self._completed(sparse_m, guide, NoTrace())

    def _completed(self, sparse_m: Float32, guide: Float32 | None, trace: Trace) -> Depth:
        if guide is None:
            raise ValueError(f"{self.name()} looks at an image: give one, or take heat_diffusion, which needs none")
        result: Depth = self._estimated((guide,), trace, {"camera": None, "sparse": sparse_m})
        return result

    def _arguments(self, memory: dict[str, Any]) -> dict[str, Any]:
        maps = np.moveaxis(told(scattered(memory["sparse"], *self.seen(*memory["size"]))), 0, 2)
        return {"given": padded((maps,), self.net.stride, self.net.least)[1][0]}

    def _map(self, result: Depth) -> Float32:
        return result.m

    def _result(self, maps: Float32, memory: dict[str, Any]) -> Depth:
        sparse_m, guide = memory["sparse"], memory["guide"]
        said = resized(np.ascontiguousarray(maps[0], np.float32), *memory["size"])
        said = said * np.float32(np.nanmedian(sparse_m / said))
        (heat,) = self.asked()
        alone, ratio = heat(Depth(m=sparse_m), guide), heat(Depth(m=sparse_m / said), guide)
        share = 1 / (1 + self._apart(sparse_m) ** 2)
        m = alone.m**share * (said * ratio.m) ** (1 - share)
        return Depth(m=m.astype(np.float32), confidence=alone.confidence)

    def _apart(self, sparse_m: Float32) -> float:
        """How far given points are apart on average, in units of `APART_PX` of what the net sees."""
        height, width = sparse_m.shape
        rows, columns = self.seen(height, width)
        return float(np.sqrt(rows * columns / np.isfinite(sparse_m).sum())) / APART_PX

    def _given(self, images: tuple[Image, ...], memory: dict[str, Any]) -> tuple[Float32, ...]:
        memory["guide"] = images[0]
        return super()._given(images, memory)
