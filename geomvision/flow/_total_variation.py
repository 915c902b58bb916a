"""What TV-L1 and inverse search share: relaxation of the flow by primal and dual steps after each warp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..images import Float32
from ..method import option
from ..trace import Trace
from ._coarse_to_fine import Level, PyramidalFlow, Step

#: Added to the root of |∇I|²: far below what 8 bits can tell, and no division by zero.
FLAT = 1e-4


@dataclass(frozen=True, kw_only=True)
class TotalVariationFlow(PyramidalFlow):
    """Options and steps of the relaxation, on frames whose brightness is made alike where that is asked for."""

    data_weight: float = option(
        0.15, "weight λ of brightness against smoothness", unit="px/grey level", minimum=1e-6, maximum=1e6
    )
    theta: float = option(0.3, "coupling θ of data and smoothness: smaller is tighter", minimum=1e-3, maximum=1e3)
    tau: float = option(0.25, "time step τ of the dual; it converges up to 1/4", minimum=1e-3, maximum=0.25)
    iterations: int = option(100, "primal and dual steps after each warp", minimum=1, maximum=100_000)
    brightness_cell: int = option(
        16, "cells over which brightness may change between frames; 0: it may not", unit="px", minimum=0, maximum=4096
    )

    def _begin(self, level: Level, trace: Trace, stage: str) -> Level:
        if self.brightness_cell == 0:
            return level
        from . import _brightness

        lit = _brightness.in_the_light_of(*level[1:], self.brightness_cell)
        trace.record(stage + "brightness", lit - level.frame0, "grey levels", "what frame 1 is brighter, by cells")
        return level._replace(frame0=lit)

    def _refine(self, step: Step, trace: Trace, stage: str) -> tuple[Float32, Float32, Float32 | None]:
        from . import _dual, _relaxation

        gx, gy, rest, inverse = _relaxation.linearise(*step[:6], FLAT)
        trace.record(stage + "constraint", rest, "grey levels", "t − gx u − gy v: what gx u + gy v must cancel")
        flow = np.stack([step.u, step.v])
        dual = step.kept.get("dual", np.zeros((2, 2, *rest.shape), np.float32))
        for _ in range(self.iterations):
            flow = _dual.primal(flow, dual, gx, gy, rest, inverse, self.theta, self.data_weight)
            dual = _dual.dual_step(flow, dual, self.tau / self.theta)
        step.kept["dual"] = dual
        return flow[0], flow[1], None
