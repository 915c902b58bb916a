"""Sparse to dense by heat: planes through the given points spread along the image's edges, and not across."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import ops
from ..cameras import Array
from ..images import Float32
from ..method import backend, option
from ..results import Depth
from ._completion import PlaneCompletion, completed
from ._planes import Planes

#: Where no heat arrives it flows this much longer, edges or not.
LONGER, TRIES = 30.0, 8


@dataclass(frozen=True, kw_only=True)
class HeatDiffusion(PlaneCompletion):
    """Heat flows from given points, less across edges (Perona & Malik, PAMI 1990); what arrives are shares of planes.

    With u the heat from everywhere, each given point's plane counts by the share of its heat in a pixel: normalised
    convolution (Knutsson & Westin, CVPR 1993). Conductivity is exp(−|ΔI| / edge) between neighbouring pixels. The heat
    equation is solved implicitly, by rows and columns in turn (Weickert et al., TIP 1998), in steps that become shorter
    (Min et al., TIP 2014), by `ops.fast_global_smoothing`.
    """

    reach: float = option(
        0.1, "how long heat flows, in squares of the mean distance of given points", minimum=1e-3, maximum=1e3
    )
    edge: float = option(20.0, "difference of colour that lets 1/e through", unit="grey levels of 255", minimum=0.1)

    @backend("numpy", requires="geomvision._core")
    def _numpy(self, sparse_m: Float32, guide: Float32 | None) -> Depth:
        planes = self.planes(sparse_m, guide)
        flat = np.zeros(planes.shape, np.float32) if guide is None else guide
        spread = self._spread(planes, flat, self.reach * planes.spacing**2)
        for longer in range(1, TRIES):
            cold = np.isnan(spread[0])
            if not cold.any():
                break
            time = LONGER**longer * self.reach * planes.spacing**2
            spread = np.where(cold, self._spread(planes, np.zeros(planes.shape, np.float32), time), spread)
        cold = np.isnan(spread[0])
        spread[:, cold] = planes.coefficients()[:, planes.nearest[cold]]
        return completed(sparse_m, planes.inverse_depth(spread), planes)

    def _spread(self, planes: Planes, guide: Float32, time: float) -> Array:
        """Coefficients (3, H, W) of the planes that arrive after so long; NaN where none does."""
        y, x = planes.yx.T
        weight = np.zeros(planes.shape, np.float32)
        weight[y, x] = planes.trust
        found = []
        for values in planes.coefficients():
            given = np.full(planes.shape, np.nan, np.float32)
            given[y, x] = values
            found.append(
                ops.fast_global_smoothing(
                    given,
                    guide,
                    lambda_=min(time, 1e12),
                    sigma=self.edge,
                    confidence=weight,
                    num_threads=self.num_threads,
                )
            )
        return np.stack(found).astype(np.float64)
