"""Depth from a camera that moves: poses given or found, then a plane sweep through the frames that suit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..cameras import Array, CameraModel
from ..method import OptionError, backend, option
from ..results import Depth, RelativeDepth
from ._base import DepthMethod
from ._clip import Solved

if TYPE_CHECKING:
    from ..samples import DepthSample


@dataclass(frozen=True, kw_only=True)
class FromMotion(DepthMethod):
    """Dense depth of one frame of a moving, calibrated camera: plane sweep with semi-global matching.

    With poses depth is metric; they are tested against the images (SIFT matches) and adjusted where they do not fit
    (`refine`). Without, poses are found (essential matrix, resection, bundle adjustment) and depth is known up to its
    scale: the median depth of the matched points is 1. A clip without parallax is refused.

    The frames swept are chosen so that each matched point has a baseline that suits its depth: near points short ones,
    far points long ones (adaptive baselines; Okutomi & Kanade, PAMI 1993; Gallup et al., CVPR 2008). An estimate is
    confirmed where another frame's own sweep agrees, and three agree for two that differ (Merrell et al., ICCV 2007);
    the result is their mean. Kept are estimates on surfaces of which `support` is confirmed (`_support`). `confidence`
    is √((s₂ − s₁) / s₂) · (1 + a) / (2 + a + d) · c: s₁ is the winning sum of costs, s₂ the best of those more than one
    hypothesis away, a frames agree and d differ (the rule of succession), c of the surface is confirmed.

    With `extrapolate`, pixels that no other frame sees, or whose estimate was dropped, have the depth that the measured
    ones around them lead to (`_extrapolation`): their confidence is 0, that of measured pixels is not.
    """

    views: int = option(8, "frames a reference is compared with, at most", minimum=1, maximum=64)
    step: float = option(0.75, "step of the hypotheses in the frame that moves most", unit="px", minimum=0.1, maximum=8)
    planes: int = option(128, "hypotheses at most: the step grows beyond", minimum=8, maximum=2048)
    min_depth: float = option(0.0, "nearest depth; 0: from the matched points", unit="m, or the result's", minimum=0)
    max_depth: float = option(0.0, "farthest depth; 0: from the matched points", unit="m, or the result's", minimum=0)
    refine: str = option(
        "auto",
        "adjust given poses and focal length: 'auto': where that mends much, and warn; 'always', 'never'",
        choices=("auto", "always", "never"),
    )
    consistency: int = option(
        8, "frames whose own depth may confirm an estimate, each of which is swept; 0: no check", minimum=0, maximum=64
    )
    support: float = option(
        0.45,
        "share of the surface around an estimate that other frames must confirm; 0: each pixel itself must be",
        minimum=0.0,
        maximum=1.0,
    )
    tolerance: float = option(2.0, "how far a confirmation may be off", unit="hypotheses", minimum=0.0, maximum=100.0)
    min_parallax: float = option(
        3.0, "displacement that an estimate needs beyond a point at infinity", unit="px", minimum=0.0, maximum=1000.0
    )
    contrast: float = option(
        0.15, "share by which the winner's cost must undercut the mean of all hypotheses", minimum=0.0, maximum=1.0
    )
    speckle: int = option(
        100, "regions of fewer pixels are removed, before and after confirmation", unit="px", minimum=0, maximum=1 << 30
    )
    extrapolate: float = option(
        0.0,
        "where nothing is measured, depth on the plane of what is measured around, if its relative standard deviation "
        "is below this; 0: nowhere",
        minimum=0.0,
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_depth and self.min_depth >= self.max_depth:
            raise OptionError(f"FromMotion: min_depth {self.min_depth} must be below max_depth {self.max_depth}")

    def __call__(
        self,
        frames: Sequence[Any],
        cameras: CameraModel | Sequence[CameraModel],
        *,
        T_world_cam: ArrayLike | None = None,
        reference: int | None = None,
    ) -> Depth | RelativeDepth:
        """Depth of the reference frame: `Depth` in metres with poses, `RelativeDepth` ("depth_scale") without.

        Args:
            frames: two or more images, each (H, W) or (H, W, 3) RGB, of one dtype.
            cameras: the camera that took them all, or one for each; of the frames' sizes.
            T_world_cam: (N, 4, 4) poses, camera to world in metres; the reference's own frame may be the world.
                Rotations are taken to 0.001 and made exact.
            reference: index of the frame whose depth is wanted; None: the middle one.

        Raises:
            ImageError: when a frame is no image, or of another size than its camera.
            ValueError: when there are fewer than two frames, a pose is none, the camera does not move or only turns,
                the images share too little, or poses and images do not fit at all.
        """
        from . import _from_motion

        clip = _from_motion.checked(frames, cameras, T_world_cam, reference)
        result: Depth | RelativeDepth = self.execute(clip)
        return result

    def clip(
        self,
        frames: Sequence[Any],
        cameras: CameraModel | Sequence[CameraModel],
        *,
        T_world_cam: ArrayLike | None = None,
    ) -> tuple[list[Depth] | list[RelativeDepth], tuple[CameraModel, ...], Array]:
        """Depth of every frame, each swept once and confirmed by its neighbours; with it the cameras and poses used.

        What `geometry.fuse` takes. Cameras and poses are those of `poses`. Frames without a pose, or that share too
        little with others, are all NaN. Arguments and errors as of a call.
        """
        from . import _from_motion

        clip = _from_motion.checked(frames, cameras, T_world_cam, None)
        solved: Solved = _from_motion.solve(self, clip)
        depths: list[Depth] | list[RelativeDepth] = _from_motion.every_frame(self, clip, solved)
        return depths, solved.cameras, np.stack([_from_motion.inverted(T) for T in solved.T])

    def poses(
        self,
        frames: Sequence[Any],
        cameras: CameraModel | Sequence[CameraModel],
        *,
        T_world_cam: ArrayLike | None = None,
        reference: int | None = None,
    ) -> tuple[Array, tuple[CameraModel, ...]]:
        """The poses (N, 4, 4) and cameras that depth is computed with; arguments and errors as of a call.

        T_world_cam, adjusted where it does not fit; without poses T_reference_cam, NaN for frames that found no place.
        """
        from . import _from_motion

        clip = _from_motion.checked(frames, cameras, T_world_cam, reference)
        solved: Solved = _from_motion.solve(self, clip)
        return np.stack([_from_motion.inverted(T) for T in solved.T]), solved.cameras

    def on(self, sample: DepthSample) -> Depth | RelativeDepth:
        """Depth of the sample's image from the clip it belongs to. ValueError when it belongs to none."""
        if sample.clip is None:
            raise ValueError(f"from_motion needs the frames of a clip; sample {sample.name!r} has none")
        clip = sample.clip
        return self(clip.frames, clip.cameras, T_world_cam=clip.T_world_cam, reference=clip.reference)

    @backend("cpp", requires="geomvision._core")
    def _cpp(self, clip: Any) -> Depth | RelativeDepth:
        from . import _from_motion

        return _from_motion.one_frame(self, clip)

    @backend("reference", requires="geomvision._core")
    def _reference(self, clip: Any) -> Depth | RelativeDepth:
        from . import _from_motion

        return _from_motion.one_frame(self, clip)
