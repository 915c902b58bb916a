"""Semi-global matching: every pixel asks along straight paths what smooth surface it may lie on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..images import Image, ImageError, as_image, as_pair, to_grey
from ..method import CUDA, BackendError, Copied, OptionError, backend, option
from ..results import Disparity
from ..trace import NoTrace, Trace
from ._base import RangeSearch

Costs = NDArray[np.uint8]
#: Disparities that the CUDA twin takes.
MOST_ON_GPU = 2048


@dataclass(frozen=True, kw_only=True)
class SGM(RangeSearch):
    """Semi-global matching on census or any other costs (Hirschmüller, TPAMI 2008).

    `confidence` is (s₂ − s₁) / s₂ / (1 + |d_left − d_right|): s₁ is the winning sum, s₂ the smallest one more than a
    pixel away, d_right the disparity of the right pixel that the winner points at. It is 0 where the pixel has no
    estimate of its own: none, a filled one, or one whose match lies outside the right image.
    A pixel fails the left–right check when its match lies outside the right image, or forms a pair with another left
    pixel, each the other's winner, whose disparity differs by more than `left_right`. `occluded` marks the failed ones
    that no right pixel points at (the others are visible, and mismatched); None without the check.
    5 `paths` need one pass over the image, in memory of a few rows beside the results; the others a second one upwards,
    which holds the sums of a band of rows. The memory of a call waits for the next one of the same options, unless the
    image has more than 4 megapixels (at most four such calls' memory is kept; `_core.sgm_forget()` frees it).
    Where two disparities more than a pixel apart are equally good, as on a surface without texture, there is no
    estimate. Disparities that no pixel of the image can have (|d| ≥ width) are not searched.
    """

    cost: str = option(
        "census",
        "'census', another op ('absolute_differences', 'squared_differences', 'birchfield_tomasi', 'ncc', 'zncc'), or "
        "learned features: shipped weights such as 'mc_cnn', or a path of weights",
    )
    census: str = option("9x7", "window of the census transform, width x height", choices=("5x5", "7x7", "9x7"))
    paths: int = option(
        8, "4: rows and columns; 8: and diagonals; 16: and knight's moves; 5: rows and downwards", choices=(4, 5, 8, 16)
    )
    p1: int = option(24, "penalty of a step of one pixel along a path", unit="bits", minimum=0, maximum=192)
    p2: int = option(180, "penalty of larger steps, at least p1", unit="bits", minimum=0, maximum=192)
    adaptive_p2: bool = option(True, "lower p2 where the left image changes strongly along the path")
    subpixel: str = option("equiangular", "fit through the winner", choices=("none", "parabola", "equiangular"))
    uniqueness: int = option(
        0, "how much the best sum must beat those more than 1 px away", unit="percent", minimum=0, maximum=99
    )
    left_right: int = option(1, "tolerance of the left–right check; −1: no check", unit="px", minimum=-1, maximum=8192)
    median: int = option(3, "window of the median filter; 1: none", unit="px", minimum=1, maximum=15, odd=True)
    speckle_size: int = option(20, "regions of fewer pixels are removed", unit="px", minimum=0, maximum=1 << 30)
    speckle_range: float = option(1.0, "step between neighbours of one region", unit="px", minimum=0, maximum=8192)
    fill: str = option(
        "none",
        "gives every pixel an estimate: 'background' from eight directions, 'row' from the farther side of the row",
        choices=("none", "background", "row"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.p1 > self.p2:
            raise OptionError(f"SGM: p1 is {self.p1} and p2 {self.p2}; p2 must be at least p1")

    def costs(self, left: Image, right: Image) -> Costs:
        """The (H, W, disparities) uint8 volume of a cost other than census, between 0 and 63, of a grey pair."""
        from . import _costs

        return _costs.volume(self.cost, left, right, self.searched(left.shape[1]), self.num_threads)

    def from_costs(self, costs: Costs, left: Any) -> Disparity:
        """Match on the caller's costs: whatever net or op they come from.

        Args:
            costs: uint8 (H, W, D) for the D disparities that are searched, each at most 255 − `p2`.
            left: the left image, (H, W) or (H, W, 3): P2 is lower where it changes.

        Raises:
            TypeError: when the volume is no plain numpy array.
            ImageError: when the volume does not have the image's size and the searched disparities.
            ValueError: when a cost is above 255 − `p2`.
            BackendError: with backend="cuda", which takes images alone.
        """
        image = to_grey(as_image(left, "left"))
        shape = (*image.shape, len(self.searched(image.shape[1])))
        if not isinstance(costs, np.ndarray) or isinstance(costs, np.ma.MaskedArray):
            raise TypeError(f"costs are a {type(costs).__name__}; they must be a plain numpy array, uint8 {shape}")
        if costs.dtype != np.uint8 or costs.shape != shape:
            raise ImageError(f"costs are {costs.dtype} {costs.shape}; they must be uint8 {shape}")
        if costs.max() > 255 - self.p2:
            raise ValueError(f"costs are up to {costs.max()}; with p2 {self.p2} they may be 255 − p2 = {255 - self.p2}")
        if self.backend == "cuda":
            raise BackendError("SGM.from_costs: backend is 'cuda'; given costs are matched by 'cpp' or 'reference'")
        if self.chosen_backend().name != "reference":
            return self._core_on(costs, image)
        from . import _sgm_reference

        return _sgm_reference.aggregate(self, costs, image, self.searched(image.shape[1]).start, NoTrace())

    def _core_on(self, costs: Costs, left: Image) -> Disparity:
        from .. import _core

        searched = self.searched(left.shape[1])
        limits = {"min_disparity": searched.start, "max_disparity": searched.stop, "num_threads": self.num_threads}
        return self._result(*_core.sgm_from_costs(np.ascontiguousarray(costs), left, {**self.options(), **limits}))

    def _result(self, px: Any, confidence: Any, occluded: Any) -> Disparity:
        return Disparity(px=px, confidence=confidence, occluded=occluded if self.left_right >= 0 else None)

    def refusal(self, name: str) -> str | None:
        """On CUDA costs are census alone, and disparities few enough for a warp's registers."""
        if name != "cuda":
            return None
        if self.cost != "census":
            return "takes cost='census' alone"
        given = self.max_disparity - self.min_disparity
        return None if given <= MOST_ON_GPU else f"takes at most {MOST_ON_GPU} disparities, and {given} are asked for"

    @backend("cuda", requires=CUDA)
    def _cuda(self, left: Image, right: Image) -> Copied:
        *maps, seconds = self.on_gpu(left, right)
        return Copied(self._result(*maps), seconds)

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, left: Image, right: Image) -> Disparity:
        from .. import _core

        left, right = to_grey(left), to_grey(right)
        if self.cost != "census":
            return self._core_on(self.costs(left, right), left)
        self.searched(left.shape[1])
        return self._result(*_core.sgm(left, right, {**self.options(), "num_threads": self.num_threads}))

    @backend("reference", requires="numba", extra="reference")
    def _reference(self, left: Image, right: Image) -> Disparity:
        from . import _sgm_reference

        return _sgm_reference.run(self, to_grey(left), to_grey(right), NoTrace())

    def trace(self, left: Any, right: Any) -> Trace:
        """Every stage of a pair, by name, as the reference runs it; `.result` equals that of a plain call.

        Stages: census_left, census_right, cost, path(dx,dy) for each direction, sums, winner, winner_right, subpixel,
        median, agreement, left_right, speckle, confidence, fill. Volumes are (H, W, disparities): take small images.
        """
        from . import _sgm_reference

        trace = Trace()
        grey = [to_grey(image) for image in as_pair(left, right)]
        trace.result = _sgm_reference.run(replace(self, backend="reference"), grey[0], grey[1], trace)
        return trace
