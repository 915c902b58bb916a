"""Coarse to fine: the loop over a pyramid that both dense references share, and what ends a call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..images import Float32, Image, as_pair
from ..method import backend, option
from ..results import Flow
from ..trace import NoTrace, Trace
from ._base import FlowMethod
from ._grey import grey_levels

#: A level is halved only while its shorter side keeps this many pixels.
COARSEST = 16


class Level(NamedTuple):
    """A level before its first warp: 0 is the finest; both frames, the flow of the coarser level."""

    number: int
    frame0: Float32
    frame1: Float32
    u: Float32
    v: Float32


class Step(NamedTuple):
    """One level after one warp: frame 0, frame 1 warped, derivatives of their mean, the flow so far.

    `kept` is what the method keeps from one warp of the level to the next; it begins empty.
    """

    frame0: Float32
    warped: Float32
    gx: Float32
    gy: Float32
    u: Float32
    v: Float32
    kept: dict[str, Float32]


@dataclass(frozen=True, kw_only=True)
class PyramidalFlow(FlowMethod, ABC):
    """The pyramid's options, the loop over its levels, and the checks that end a call."""

    levels: int = option(10, "pyramid levels at most; each halves the image while 16 px remain", minimum=1, maximum=32)
    warps: int = option(5, "how often a level warps frame 1 by the flow so far", minimum=1, maximum=1000)
    finest_warps: int = option(5, "such warps at most on the finest level", minimum=1, maximum=1000)
    median: int = option(
        7, "length of the medians along x and y on the flow after each warp; 1: none", unit="px", choices=(1, 3, 5, 7)
    )
    check_occlusion: bool = option(False, "match back, too, and mark the pixels that do not return as occluded")

    def trace(self, frame0: Any, frame1: Any) -> Trace:
        """The stages of a call, from the coarsest level on, as the reference runs them; `result` is the flow.

        Takes and raises what a call does; raises BackendError when the reference cannot run here.
        """
        reference = self.with_options(backend="reference")
        reference.chosen_backend()
        trace = Trace()
        trace.result = reference._estimate(*as_pair(frame0, frame1, ("frame0", "frame1")), trace)
        return trace

    @backend("reference", requires="numba", extra="reference")
    def _reference(self, frame0: Image, frame1: Image) -> Flow:
        return self._estimate(frame0, frame1, NoTrace())

    def _estimate(self, frame0: Image, frame1: Image, trace: Trace) -> Flow:
        from . import _pyramid

        grey0, grey1 = grey_levels(frame0, frame1)
        px, confidence = self._coarse_to_fine(grey0, grey1, trace)
        occluded = None
        if self.check_occlusion:
            back, _ = self._coarse_to_fine(grey1, grey0, NoTrace())
            occluded = _pyramid.occluded(px, back)
            trace.record("occluded", occluded, doc="pixels that do not return when they are matched back")
        return self._finish(Flow(px=px, confidence=confidence, occluded=occluded))

    def _finish(self, flow: Flow) -> Flow:
        """What a method does to the finished flow."""
        return flow

    def _coarse_to_fine(self, frame0: Float32, frame1: Float32, trace: Trace) -> tuple[Float32, Float32 | None]:
        from . import _pyramid

        pyramid = [(frame0, frame1)]
        while len(pyramid) < self.levels and min(pyramid[-1][0].shape) >= 2 * COARSEST:
            pyramid.append((_pyramid.shrink(pyramid[-1][0]), _pyramid.shrink(pyramid[-1][1])))
        u = v = np.zeros(pyramid[-1][0].shape, np.float32)
        confidence = None
        for level in reversed(range(len(pyramid))):
            small0, small1 = pyramid[level]
            if level < len(pyramid) - 1:
                u, v = (_pyramid.enlarge(component, *small0.shape) for component in (u, v))
            stage = f"level {level}: "
            trace.record(stage + "frame0", small0, "grey levels", f"frame 0, each side divided by {2**level}")
            begun = self._begin(Level(level, small0, small1, u, v), trace, stage)
            small0, u, v = begun.frame0, begun.u, begun.v
            warps = min(self.warps, self.finest_warps) if level == 0 else self.warps
            kept: dict[str, Float32] = {}
            for warp in range(warps):
                last = trace if warp == warps - 1 else NoTrace()
                warped = _pyramid.warp(small1, u, v)
                gx, gy = _pyramid.gradients(small0, warped)
                last.record(stage + "warped", warped, "grey levels", "frame 1 where the flow so far points")
                last.record(stage + "gradient", np.stack([gx, gy], -1), "grey levels/px", "mean of both frames")
                u, v, confidence = self._refine(Step(small0, warped, gx, gy, u, v, kept), last, stage)
                u, v = _pyramid.median(u, self.median), _pyramid.median(v, self.median)
            trace.record(stage + "flow", np.stack([u, v], -1), "px", "the level's flow, in its own pixels")
        return np.stack([u, v], -1), confidence

    def _begin(self, level: Level, trace: Trace, stage: str) -> Level:  # noqa: ARG002
        """The level as the method begins it: a better flow, or another frame 0."""
        return level

    @abstractmethod
    def _refine(self, step: Step, trace: Trace, stage: str) -> tuple[Float32, Float32, Float32 | None]:
        """A better flow (u, v) of one level after one warp, and its confidence; `stage` begins names of stages."""
