"""Scene flow from a stereo method, a flow method and a rig."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Any, Self, cast

import numpy as np

from .. import flow as flow_methods
from .. import ops
from .. import stereo as stereo_methods
from ..cameras import StereoRig
from ..flow._base import FlowMethod
from ..geometry.scene_flow import scene_flow
from ..images import Float32, Image, as_pair
from ..method import OptionError, backend, option
from ..results import Disparity, SceneFlow
from ..samples import PointsSample, SceneFlowSample
from ..stereo._base import StereoMethod
from ._base import SceneFlowMethod

#: How far disparities of left and right may differ where the stereo method does not check them itself, pixels.
LEFT_RIGHT_PX = 1.0


@dataclass(frozen=True, kw_only=True)
class FromStereoAndFlow(SceneFlowMethod):
    """Disparity of both pairs, joined by optical flow of the left images: any stereo method with any flow method.

    Flow is estimated there and back, and pixels that do not return are left out. Where a stereo method does not mark
    occlusions itself, it runs on the mirrored pair, too, and left and right are compared.

    >>> FromStereoAndFlow(stereo="sgm", stereo_options="max_disparity=96", flow="opencv_dis")  # doctest: +SKIP
    """

    stereo: str = option("sgm", "name of the stereo method")
    stereo_options: str = option("", "its options where they differ from the defaults: 'name=value, name=value'")
    flow: str = option("inverse_search", "name of the flow method")
    flow_options: str = option("", "its options where they differ from the defaults")
    round_trip: float = option(
        1.0, "a pixel that misses its start by more, there and back, is lost", unit="px", minimum=0.01, maximum=1000
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.matcher()
        self.tracker()

    @classmethod
    def of(cls, matcher: StereoMethod, tracker: FlowMethod, **options: Any) -> Self:
        """Scene flow from these very methods."""
        options |= {"stereo": matcher.name(), "stereo_options": matcher.changed()}
        return cls(flow=tracker.name(), flow_options=tracker.changed(), **options)

    def asked(self) -> tuple[StereoMethod, FlowMethod]:
        """Both."""
        return self.matcher(), self.tracker()

    def matcher(self) -> StereoMethod:
        """The stereo method."""
        found = stereo_methods.METHODS.parsed(
            self.stereo, self.stereo_options, f"{type(self).__name__}: stereo", self.num_threads
        )
        return cast("StereoMethod", found)

    def tracker(self) -> FlowMethod:
        """The flow method."""
        found = flow_methods.METHODS.parsed(
            self.flow, self.flow_options, f"{type(self).__name__}: flow", self.num_threads
        )
        wanted = [p.name for p in signature(found.__call__).parameters.values() if p.default is p.empty][2:]  # type: ignore[operator]
        if wanted:
            told = f"flow is {self.flow!r}, which needs more than two frames ({', '.join(wanted)})"
            raise OptionError(f"{type(self).__name__}: {told}; allowed are methods that take two frames")
        return cast("FlowMethod", found)

    def __call__(self, left0: Any, right0: Any, left1: Any, right1: Any, rig: StereoRig) -> SceneFlow:
        """Motion of every pixel of `left0`.

        Args:
            left0: rectified left image of frame 0, (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
            right0: right image of frame 0, and
            left1: left and
            right1: right image of frame 1, all of one size and dtype.
            rig: the rectified rig that took them, of the images' size.

        Raises:
            ImageError: when an image is none, or they differ in size or dtype.
            ValueError: when the rig is not rectified or of another size.
            BackendError: when one of the methods cannot run here.
        """
        pair0 = as_pair(left0, right0, ("left0", "right0"))
        pair1 = as_pair(left1, right1, ("left1", "right1"))
        frames = as_pair(pair0[0], pair1[0], ("left0", "left1"))
        if not isinstance(rig, StereoRig):
            raise TypeError(f"rig is {type(rig).__name__}; it must be a geomvision.cameras.StereoRig")
        rig.require_rectified()
        height, width = frames[0].shape[:2]
        if (rig.left.height, rig.left.width) != (height, width):
            raise ValueError(
                f"the images are {width}x{height} but the rig is {rig.left.width}x{rig.left.height}: "
                "resize the rig with rig.resize(…)"
            )
        result: SceneFlow = self.execute(pair0, pair1, frames, rig)
        return result

    def on(self, sample: SceneFlowSample | PointsSample) -> SceneFlow:
        """Motion of the sample's pixels. ValueError when it has no images or no rig."""
        if not isinstance(sample, SceneFlowSample) or sample.rig is None:
            raise ValueError(f"{self.name()} needs two pairs and their rig; sample {sample.name!r} has none")
        return self(sample.left0, sample.right0, sample.left1, sample.right1, sample.rig)

    @backend("methods")
    def _methods(
        self, pair0: tuple[Image, Image], pair1: tuple[Image, Image], frames: tuple[Image, Image], rig: StereoRig
    ) -> SceneFlow:
        before, after = (checked_disparity(self.matcher(), *pair) for pair in (pair0, pair1))
        tracker = self.tracker()
        there, back = tracker(*frames), tracker(*frames[::-1])
        return scene_flow(before, after, there, rig, backward=back, round_trip_px=self.round_trip)


def checked_disparity(matcher: StereoMethod, left: Image, right: Image) -> Disparity:
    """Disparity with its occlusions: the method's own, or those of a left–right check by a second call."""
    found = matcher(left, right)
    if found.occluded is not None:
        return found
    mirrored = matcher(_mirrored(right), _mirrored(left)).px
    codes = ops.left_right_check(found.px, _mirrored(mirrored), tolerance=LEFT_RIGHT_PX)
    return Disparity(px=found.px, confidence=found.confidence, occluded=found.valid & (codes != 0), run=found.run)


def _mirrored(image: Image | Float32) -> Image:
    return np.ascontiguousarray(image[:, ::-1])
