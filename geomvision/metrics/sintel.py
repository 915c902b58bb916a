"""The MPI Sintel optical flow evaluation (Butler et al., ECCV 2012)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..images import Mask
from ._base import Protocol, Ratio, Score
from ._comparison import Float64, compare_flow, mean


class Sintel(Protocol):
    """Mean end-point error in px: over all pixels, by true speed (px per frame), matched and unmatched.

    ``s0-10`` is speed < 10, ``s10-40`` 10 ≤ speed < 40, ``s40+`` the rest. Matched pixels are visible in both frames,
    unmatched ones are occluded in frame 1; both only where the sample knows its occlusions, and so are ``d0-10``,
    ``d10-60``, ``d60-140``: by the distance in px to the nearest occlusion boundary, here the nearest pixel that is
    occluded where this one is not, or the other way round. How the server draws boundaries is not published.
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
            away = from_boundaries(sample.occluded)
            regions |= {
                "d0-10": known & (away < 10),
                "d10-60": known & (away >= 10) & (away < 60),
                "d60-140": known & (away >= 60) & (away < 140),
            }
        regions |= {
            "s0-10": known & (speed < 10),
            "s10-40": known & (speed >= 10) & (speed < 40),
            "s40+": known & (speed >= 40),
        }
        figures: dict[str, Ratio] = {f"EPE {name}": mean(pair.error, region) for name, region in regions.items()}
        return {**figures, "density": pair.density}


def from_boundaries(occluded: Mask) -> Float64:
    """How far each pixel is from the nearest one that is occluded where it is not, or the other way round, px.

    Infinite where there is no such pixel.
    """
    from scipy import ndimage

    if occluded.all() or not occluded.any():
        return np.full(occluded.shape, np.inf)
    inside, outside = (ndimage.distance_transform_edt(mask) for mask in (occluded, ~occluded))
    return np.asarray(np.where(occluded, inside, outside), np.float64)
