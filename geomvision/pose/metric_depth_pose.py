"""Relative pose in metres from matches and the depth of both views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import ArrayLike

from ..arguments import checked
from ..cameras import CameraModel
from ..geometry import Matches, match_features, metric_relative_pose
from ..method import Method, backend, option
from ..results import Depth, MetricPose
from ..samples import PoseSample
from ._images import FEATURES, RATIO, check_sizes, matches_of


@dataclass(frozen=True, kw_only=True)
class MetricDepthPose(Method):
    """Pose with its scale from matches and a metric depth map of each view (Arnold et al., ECCV 2022).

    The baselines of map-free relocalisation: lift the matches by their depth and align them (``solver="points"``,
    3-D to 3-D), or lift view 0 and see where view 1 has the points (``solver="pnp"``). Where matches and maps do not
    tell, the pose is NaN, `flags` says why and `confidence` is 0; see `MetricPose`.
    """

    task: ClassVar[str] = "pose"
    is_metric: ClassVar[bool] = True

    solver: str = option("points", "3-D to 3-D by both depth maps, or PnP by that of view 0", choices=("points", "pnp"))
    depth_error: float = option(
        0.05, "relative error of depth up to which a match is an inlier (points)", minimum=1e-4, maximum=0.9
    )
    max_error_px: float = option(4.0, "largest error of an inlier (pnp)", unit="px", minimum=1e-3)
    confidence: float = option(0.9999, "chance wanted that a sample had no outlier", minimum=0.01, maximum=0.999999)
    max_iterations: int = option(10_000, "samples drawn at most", minimum=1)
    seed: int = option(0, "of the samples", minimum=0)
    ratio: float = option(RATIO, "of Lowe's test, for matches of images", minimum=0.1, maximum=1.0)
    max_features: int = option(FEATURES, "per image, for matches of images", minimum=2)

    @checked
    def __call__(
        self,
        points0: ArrayLike,
        points1: ArrayLike,
        camera0: CameraModel,
        camera1: CameraModel,
        *,
        depth0: Depth | ArrayLike,
        depth1: Depth | ArrayLike,
    ) -> MetricPose:
        """The pose of view 1 relative to view 0 from matches (N, 2) in pixels and depth z (H, W) in metres.

        Raises ValueError for wrong shapes, pixels that are not finite, maps of another size than their camera.
        """
        result: MetricPose = self.execute(points0, points1, camera0, camera1, depth0, depth1)
        return result

    @checked
    def from_images(
        self,
        image0: Any,
        image1: Any,
        camera0: CameraModel,
        camera1: CameraModel,
        *,
        depth0: Depth | ArrayLike,
        depth1: Depth | ArrayLike,
    ) -> MetricPose:
        """The same from two images, matched by OpenCV's SIFT with the ratio test; each of its camera's size.

        Raises what the call raises, and ImageError for what is no image.
        """
        check_sizes(image0, image1, camera0, camera1)
        found = match_features(image0, image1, ratio=self.ratio, features=self.max_features)
        return self(found.points0, found.points1, camera0, camera1, depth0=depth0, depth1=depth1)

    def matched(self, sample: PoseSample) -> Matches:
        """The matches of a sample's images, which are looked for once for all methods that ask for the same."""
        return matches_of(sample, features=self.max_features, ratio=self.ratio)

    def on(self, sample: PoseSample) -> MetricPose:
        """The pose of a sample's views from their images and depth, as `from_images` finds it.

        Matches are looked for once for each sample and options: a second call takes the time of the pose alone.
        ValueError for a sample without depth of both views.
        """
        if sample.depth0 is None or sample.depth1 is None:
            lacking = " and ".join(n for n in ("depth0", "depth1") if getattr(sample, n) is None)
            raise ValueError(f"the sample has no {lacking}: {self.name()} needs the depth of both views, in metres")
        check_sizes(sample.image0, sample.image1, sample.camera0, sample.camera1)
        found = self.matched(sample)
        cameras = sample.camera0, sample.camera1
        return self(found.points0, found.points1, *cameras, depth0=sample.depth0, depth1=sample.depth1)

    @backend("cpp", requires="geomvision._core")
    def _cpp(
        self, points0: Any, points1: Any, camera0: CameraModel, camera1: CameraModel, depth0: Any, depth1: Any
    ) -> MetricPose:
        return metric_relative_pose(
            points0,
            points1,
            camera0,
            camera1,
            depth0,
            depth1,
            solver="pnp" if self.solver == "pnp" else "points",
            depth_error=self.depth_error,
            max_error_px=self.max_error_px,
            confidence=self.confidence,
            max_iterations=self.max_iterations,
            seed=self.seed,
            num_threads=self.num_threads,
        )
