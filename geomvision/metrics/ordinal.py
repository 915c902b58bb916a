"""Which of two points is further (Chen et al., NeurIPS 2016; Zoran et al., ICCV 2015)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..results import Depth, RelativeDepth
from ._any_depth import AnyDepth
from ._base import Ratio, Score
from ._comparison import Float64, compare_sizes

#: Depths of which one is more than that many times the other are unequal (Zoran et al.).
UNEQUAL = 1.02


class Ordinal(AnyDepth):
    """``WHDR``: percent of the pairs with a further point in which the estimate says otherwise, as on DIW.

    The sign alone counts, so that depth of every kind can be scored; a tie is wrong. ``WKDR`` is of all pairs, those
    that are equally far too, ``WKDR=`` of these, ``WKDR≠`` of the others: the estimate says "equal" where neither
    depth is over 1.02 times the other. That asks for ratios, which metric depth and ``depth_scale`` have; a shift that
    is open leaves none, so these figures are missing for the affine kinds. All are weighted by the pairs' weights.
    Over images their mean is taken, as in the published code (DIW has one pair in each).
    """

    name: ClassVar[str] = "ordinal"
    primary: ClassVar[str] = "WHDR"
    missing_estimates: ClassVar[str] = "a pair with a point that has no estimate is wrong"

    def fits(self, sample: Any) -> bool:
        """Whether the sample has pairs."""
        return getattr(sample, "pairs", None) is not None

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `RelativeDepth` or `Depth`.

        Raises TypeError for other estimates, ValueError where the sample has no `pairs` or the sizes differ;
        `PointPairs.drawn_from` draws pairs from true depth.
        """
        self.require(estimate, sample, "pairs")
        pairs = sample.pairs
        compare_sizes(estimate.size, sample.image.shape[:2], "image")
        first, second = (_depths(estimate, pixels, sample) for pixels in (pairs.first, pairs.second))
        weights = np.ones(len(first)) if pairs.weights is None else np.asarray(pairs.weights, np.float64)
        relation, known = pairs.relation, ~np.isnan(first + second)
        unequal = relation != 0
        figures = {"WHDR": _wrong(np.sign(first - second) != relation, weights, unequal)}
        has_ratios = isinstance(estimate, Depth) or estimate.kind == "depth_scale"
        told = (first > UNEQUAL * second) * 1 - (second > UNEQUAL * first) * 1
        wrong = (told != relation) | ~known | ~(np.fmin(first, second) > 0)
        for name, chosen in (("WKDR", np.ones_like(unequal)), ("WKDR=", ~unequal), ("WKDR≠", unequal)):
            figures[name] = _wrong(wrong, weights, chosen & has_ratios)
        return {**figures, "density": _wrong(known, weights, np.ones_like(known))}


def _depths(estimate: Depth | RelativeDepth, pixels: NDArray[np.int64], sample: Any) -> Float64:
    """Values at the pixels that grow with depth. ValueError where a pixel lies outside."""
    height, width = estimate.size
    outside = int(((pixels[:, 0] >= width) | (pixels[:, 1] >= height)).sum())
    if outside:
        raise ValueError(f"{outside} points of {sample.name!r} lie outside its {width}x{height} pixels")
    values = estimate.m if isinstance(estimate, Depth) else estimate.values
    found = values[pixels[:, 1], pixels[:, 0]].astype(np.float64)
    inverse = isinstance(estimate, RelativeDepth) and estimate.kind == "disparity_affine"
    return -found if inverse else found


def _wrong(wrong: NDArray[np.bool_], weights: Float64, chosen: NDArray[np.bool_]) -> Ratio:
    return Ratio(float(weights[wrong & chosen].sum()), float(weights[chosen].sum()), "percent")
