"""The MPI Sintel optical flow evaluation (Butler et al., ECCV 2012)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ._base import Protocol, Ratio, Score
from ._comparison import compare_flow, mean


class Sintel(Protocol):
    """Mean end-point error in px: over all pixels, by true speed (px per frame), matched and unmatched.

    ``s0-10`` is speed < 10, ``s10-40`` 10 ≤ speed < 40, ``s40+`` the rest. Matched pixels are visible in both frames,
    unmatched ones are occluded in frame 1; both only where the sample knows its occlusions.
    """

    task: ClassVar[str] = "flow"
    name: ClassVar[str] = "sintel"
    primary: ClassVar[str] = "EPE all"
    missing_estimates: ClassVar[str] = (
        "left out; the benchmark demands dense flow, so figures compare with its table only at density 100"
    )
    aggregation: ClassVar = "pooled"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Flow`."""
        pair = compare_flow(estimate, sample)
        speed = np.hypot(pair.truth[..., 0], pair.truth[..., 1])
        known = pair.regions["all"] & pair.estimated
        regions = {"all": known}
        if "noc" in pair.regions:
            regions |= {"matched": known & pair.regions["noc"], "unmatched": known & ~pair.regions["noc"]}
        regions |= {
            "s0-10": known & (speed < 10),
            "s10-40": known & (speed >= 10) & (speed < 40),
            "s40+": known & (speed >= 40),
        }
        figures: dict[str, Ratio] = {f"EPE {name}": mean(pair.error, region) for name, region in regions.items()}
        return {**figures, "density": pair.density}
