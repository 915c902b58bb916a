"""Disparity on FlyingThings3D as papers report it: true disparities below 192 px (Mayer et al., CVPR 2016)."""

from __future__ import annotations

from typing import Any, ClassVar

from ._base import Protocol, Ratio, Score
from ._comparison import compare_disparity, mean, share

#: True disparities from this one on are left out, px: what nets of a fixed range are trained on.
BELOW_PX = 192.0


class FlyingThings(Protocol):
    """``EPE``: mean error, px; ``t px``: percent of pixels more than t px off; of true disparities below 192 px.

    Figures that end in ``every`` leave none out. Over pixels of all images, as PSMNet's and RAFT-Stereo's code has
    them; others average images.
    """

    task: ClassVar[str] = "stereo"
    name: ClassVar[str] = "flying_things"
    primary: ClassVar[str] = "EPE"
    missing_estimates: ClassVar[str] = "counted as wrong in shares; EPE leaves them out (papers have dense maps alone)"
    aggregation: ClassVar = "pooled"

    def fits(self, sample: Any) -> bool:  # noqa: ARG002
        """Never by itself: no sample says that it is of FlyingThings3D; chosen by name it scores any."""
        return False

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one `Disparity`."""
        pair = compare_disparity(estimate, sample)
        everywhere = pair.regions["all"]
        figures: dict[str, Ratio] = {}
        for region, ending in ((everywhere & (pair.truth < BELOW_PX), ""), (everywhere, " every")):
            own = {f"EPE{ending}": mean(pair.error, region & pair.estimated)}
            own |= {f"{t} px{ending}": share(~(pair.error <= t), region) for t in (1, 3)}
            figures |= own
        return {**figures, "density": pair.density}
