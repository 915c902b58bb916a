"""The Middlebury optical flow evaluation (Baker et al., IJCV 92(1), 2011)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Protocol, Ratio, Score
from ._comparison import Comparison, Float64, compare_flow, mean, percentile, share


class MiddleburyFlow(Protocol):
    """End-point error (``EPE``, px) and angular error (``AAE``, degrees): means, robustness R, accuracy A.

    ``R1.0`` is the percentage of pixels whose error exceeds 1.0; ``A75`` is the smallest error that at least 75 % of
    the pixels do not exceed. The angle is the one between (u, v, 1) and its truth in space-time (Barron et al. 1994).
    """

    task: ClassVar[str] = "flow"
    name: ClassVar[str] = "middlebury_flow"
    primary: ClassVar[str] = "EPE"
    missing_estimates: ClassVar[str] = (
        "left out; the benchmark demands dense flow, so figures compare with its table only at density 100"
    )
    aggregation: ClassVar = "mean"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Flow`."""
        pair = compare_flow(estimate, sample)
        known = pair.regions["all"] & pair.estimated
        figures: dict[str, Ratio] = {}
        for name, error, limits in (
            ("EPE", pair.error, (0.5, 1.0, 2.0)),
            ("AAE", angular_error(pair), (2.5, 5.0, 10.0)),
        ):
            figures[name] = mean(error, known)
            figures |= {f"{name} R{limit}": share(error > limit, known) for limit in limits}
            figures |= {f"{name} A{percent}": percentile(error, known, percent) for percent in (50, 75, 95)}
        return {**figures, "density": pair.density}


def angular_error(pair: Comparison) -> Float64:
    """Angle between (u, v, 1) and (u*, v*, 1) in degrees, (H, W); NaN where either is missing.

    By the two-argument arctangent of |a x b| and a·b, which is exact for small angles where arccos is not.
    """
    u, v, u_true, v_true = (plane[..., i] for plane in (pair.estimate, pair.truth) for i in (0, 1))
    cross = np.sqrt((v - v_true) ** 2 + (u_true - u) ** 2 + (u * v_true - v * u_true) ** 2)
    return np.asarray(np.degrees(np.arctan2(cross, u * u_true + v * v_true + 1.0)))
