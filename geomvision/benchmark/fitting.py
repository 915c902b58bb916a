"""Give every method the disparity range that the scene has, where nobody chose one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..samples import Sample, StereoSample, pair_of
from .inspection import PairReport

OPTION = "max_disparity"


@dataclass(frozen=True)
class RangeFit:
    """Sets `max_disparity` from the calibration's ndisp, else from what was measured, else the width.

    Args:
        chosen: names of the methods whose range the user chose; they are left alone.
    """

    chosen: Collection[str] = ()

    def __call__(self, method: Any, sample: Sample, report: PairReport | None) -> Any:
        """The method with the range of this sample, or unchanged when it searches none."""
        pair = pair_of(sample)
        if pair is None or method.name() in self.chosen:
            return method
        return with_range(method, search_range(pair, report)[0])


def with_range(method: Any, value: int) -> Any:
    """The method searching `value` disparities, or unchanged when it searches none or its options say how many."""
    if OPTION in method.option_limits():
        return method.with_options(**{OPTION: value})
    matcher = getattr(method, "matcher", None)  # depth and scene flow from stereo carry a stereo method
    if matcher is None or OPTION not in matcher().option_limits() or OPTION in getattr(method, "stereo_options", ""):
        return method
    given = ", ".join(filter(None, (method.stereo_options, f"{OPTION}={value}")))
    return method.with_options(stereo_options=given)


def search_range(pair: StereoSample, report: PairReport | None) -> tuple[int, str]:
    """How many disparities to search in a pair, and where that number comes from."""
    width = pair.left.shape[1]
    measured = None if report is None else report.max_disparity
    # A bound as wide as the image, as ETH3D's files have it, says nothing.
    if pair.max_disparity is not None and (pair.max_disparity < width or measured is None):
        return min(pair.max_disparity, width), "from the calibration"
    if measured is not None:
        return measured, "measured from the pair"
    return min(128, width), "a guess: too little matches to measure it"
