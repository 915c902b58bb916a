"""What Spring's three evaluations share: shares beyond one pixel, with the regions that the benchmark tells apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..images import Mask
from ._base import Ratio
from ._comparison import Comparison, Float64, mask_of_size, share

DENSE = "counted as more than any threshold off, and left out of means; the benchmark demands dense maps"


def regions_of(pair: Comparison, sample: Any, speed: Float64 | None = None) -> dict[str, Mask]:
    """All pixels with truth; matched and unmatched where occlusions are known; sky where it is; bands of speed, px."""
    everywhere = pair.regions["all"]
    regions = {"all": everywhere}
    if "noc" in pair.regions:
        regions |= {"matched": pair.regions["noc"], "unmatched": everywhere & ~pair.regions["noc"]}
    sky = getattr(sample, "masks", {}).get("sky")
    if sky is not None:
        sky = mask_of_size(sky, "the mask 'sky'", everywhere.shape)
        regions |= {"non-sky": everywhere & ~sky, "sky": everywhere & sky}
    if speed is not None:
        regions |= {
            "s0-10": everywhere & (speed < 10),
            "s10-40": everywhere & (speed >= 10) & (speed < 40),
            "s40+": everywhere & (speed >= 40),
        }
    return regions


def beyond_one(error: Float64, regions: Mapping[str, Mask]) -> dict[str, Ratio]:
    """``1px``: percentage of pixels whose error exceeds 1 px, by region."""
    return {f"1px {name}": share(~(error <= 1.0), region) for name, region in regions.items()}


def beyond_kitti(error: Float64, magnitude: Float64) -> Mask:
    """More than 3 px and more than 5 % off; what is missing is."""
    return np.asarray(~((error <= 3.0) | (error <= 0.05 * magnitude)))


def weighted_area(error: Float64, region: Mask) -> Ratio:
    """``WAUC``, percent: shares within 0.05, 0.10, …, 5 px, weighted from 1 down to 1/100, by the sum of the weights.

    Richter et al., Playing for benchmarks, ICCV 2017, equation (3).
    """
    weights = np.arange(100, 0, -1) / 100.0
    inside = np.sort(error[region & ~np.isnan(error)])
    within = np.searchsorted(inside, np.arange(1, 101) / 20.0, side="right")
    return Ratio(float(within @ weights / weights.sum()), float(np.count_nonzero(region)), "percent")
