"""Semi-global matching, corrected, filled and sharpened by a small net trained on rendered scenes."""

from __future__ import annotations

from dataclasses import dataclass

from ..method import option
from ._refining import Refining
from .sgm import SGM


@dataclass(frozen=True, kw_only=True)
class RefinedSGM(Refining):
    """SGM (Hirschmüller, TPAMI 2008) refined by a net of 0.6 M parameters (`geomvision.nets.refiner`).

    Every pixel gets an estimate, occluded ones too; only where SGM finds nothing in the whole image, nothing is
    invented and all is NaN. `confidence` is the net's probability that the estimate is less than one pixel off;
    `occluded` are the pixels that it holds for unseen by the right view with a probability above one half.
    The net saw rendered scenes only. SGM's other options are at the values it was trained with; `refined` takes all
    of them, and any other matcher.
    """

    census: str = option("9x7", "window of the census transform, width x height", choices=("5x5", "7x7", "9x7"))
    paths: int = option(8, "4: along rows and columns; 8: with the diagonals", choices=(4, 8))
    p1: int = option(24, "SGM's penalty of a step of one pixel", unit="bits", minimum=0, maximum=192)
    p2: int = option(180, "SGM's penalty of larger steps, at least p1", unit="bits", minimum=0, maximum=192)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.matcher()

    def matcher(self) -> SGM:
        """SGM with these options, its gaps filled from behind."""
        names = ("max_disparity", "min_disparity", "census", "paths", "p1", "p2", "num_threads")
        return SGM(fill="background", **{name: getattr(self, name) for name in names})
