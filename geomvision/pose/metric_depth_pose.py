"""Relative pose in metres from matches and the depth of both views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import ArrayLike

from ..arguments import checked
from ..cameras import CameraModel
from ..geometry import match_features, metric_relative_pose
from ..method import Method, backend, option
from ..results import Depth, MetricPose


@dataclass(frozen=True, kw_only=True)
class MetricDepthPose(Method):
    """Pose with its scale from matches and a metric depth map of each view (Arnold et al., ECCV 2022).

    The baselines of map-free relocalisation: lift the matches by their depth and align them (``solver="points"``,
    3-D to 3-D), or lift view 0 and see where view 1 has the points (``solver="pnp"``). Where matches and maps do not
    tell, the pose is NaN, `flags` says why and `confidence` is 0; see `MetricPose`.
    """

    task: ClassVar[str] = "pose"

    solver: str = option("points", "3-D to 3-D by both depth maps, or PnP by that of view 0", choices=("points", "pnp"))
    depth_error: float = option(
        0.05, "relative error of depth up to which a match is an inlier (points)", minimum=1e-4, maximum=0.9
    )
    max_error_px: float = option(4.0, "largest error of an inlier (pnp)", unit="px", minimum=1e-3)
    confidence: float = option(0.9999, "chance wanted that a sample had no outlier", minimum=0.01, maximum=0.999999)
    max_iterations: int = option(10_000, "samples drawn at most", minimum=1)
    seed: int = option(0, "of the samples", minimum=0)
    ratio: float = option(0.8, "of Lowe's test, for matches of images", minimum=0.1, maximum=1.0)
    max_features: int = option(4000, "per image, for matches of images", minimum=2)

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
        for name, image, camera in (("image0", image0, camera0), ("image1", image1, camera1)):
            height, width = getattr(image, "shape", (0, 0))[:2]
            if (height, width) != (camera.height, camera.width):
                raise ValueError(f"{name} is {width}x{height} but its camera is {camera.width}x{camera.height} pixels")
        found = match_features(image0, image1, ratio=self.ratio, features=self.max_features)
        return self(found.points0, found.points1, camera0, camera1, depth0=depth0, depth1=depth1)

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
