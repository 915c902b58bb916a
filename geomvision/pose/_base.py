"""What every pose method shares: checked matches in, a `RelativePose` with its degeneracies out."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked, pairs
from ..cameras import Array, CameraModel
from ..geometry import Matches, match_features
from ..geometry._repeated import distinct
from ..images import Image
from ..method import Method, option
from ..results import RelativePose
from ..results.relative_pose import Relation
from ..samples import PoseSample
from ._diagnosis import Diagnosis
from ._images import FEATURES, RATIO, check_sizes, matches_of
from ._views import View, both_seen, view

#: No image is that large, pixels.
LARGEST_PX = 1e7


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """What a backend found: the relation of the views and its errors per match, in pixels.

    `rivals`: other poses R, t, with the logarithm of their odds against this one.
    """

    matrix: Array | None = None
    errors_px: Array | None = None
    noise_px: float = float("nan")
    inlier_px: float = float("nan")
    score: float = 0.0
    iterations: int = 0
    covariance: Array | None = None
    rotation: Array | None = None
    translation: Array | None = None
    rivals: Sequence[tuple[Array, Array, float]] = ()

    @classmethod
    def from_core(cls, found: dict[str, Any]) -> Estimate:
        """From the dictionary that the core's estimators return."""
        if not found.pop("found"):
            return cls(iterations=found["iterations"])
        found.pop("support")
        return cls(**found)


@dataclass(frozen=True, kw_only=True)
class PoseMethod(Method, ABC):
    """An estimator of the relative pose of two views from matches, some of which may be wrong.

    A backend is a function of two `View`s that returns an `Estimate`.
    """

    task: ClassVar[str] = "pose"
    relation: ClassVar[Relation] = "essential"
    least_matches: ClassVar[int] = 5
    #: Whether its poses have a scale.
    is_metric: ClassVar[bool] = False

    max_error_px: float = option(
        6.0, "no inlier lies farther from where it belongs; noise up to a third of it", unit="px", minimum=1e-3
    )
    confidence: float = option(0.9999, "that a sample without outliers was drawn", minimum=1e-6, maximum=1 - 1e-9)
    max_iterations: int = option(20000, "samples at most", minimum=1, maximum=10_000_000)
    seed: int = option(0, "of the samples: equal seeds give equal results", minimum=0, maximum=2**31 - 1)

    @checked
    def __call__(
        self,
        points0: NDArray[Any],
        points1: NDArray[Any],
        camera0: CameraModel | None = None,
        camera1: CameraModel | None = None,
    ) -> RelativePose:
        """The pose of view 1 to view 0.

        Args:
            points0: (N, 2) pixels x, y in view 0, floats or integers, and
            points1: (N, 2), where the same points of the scene lie in view 1, or mostly so. A match that is given
                several times counts once.
            camera0: the camera of view 0; any central model, and
            camera1: that of view 1.

        Returns:
            The pose with inliers and `degeneracies`: look at these before using it.

        Raises:
            ValueError: for shapes that differ, numbers that are not finite, fewer matches than the method's minimal
                solver takes, or missing cameras.
            TypeError: for what is no array or no camera.
        """
        for name, points in (("points0", points0), ("points1", points1)):
            if not isinstance(points, np.ndarray):
                raise TypeError(f"{name} is {type(points).__name__}; it must be a numpy array of shape (N, 2)")
        first, second = pairs(points0, "points0", points1, "points1", largest=LARGEST_PX)
        if (camera0 is None) != (camera1 is None) or (camera0 is None and self.relation == "essential"):
            raise ValueError(f"{type(self).__name__} needs both cameras; camera0 is {camera0!r}, camera1 {camera1!r}")
        if len(first) < self.least_matches:
            raise ValueError(f"{len(first)} matches were given; {self.name()} needs at least {self.least_matches}")
        view0, view1, seen = both_seen(view(first, camera0), view(second, camera1))
        if len(view0.points) < self.least_matches:
            raise ValueError(
                f"the cameras see only {len(view0.points)} of {len(first)} matches: are they the right ones?"
            )
        result = self._of_distinct(view0, view1)
        if len(view0.points) < len(first):
            inliers = np.zeros(len(first), bool)
            inliers[seen] = result.inliers
            object.__setattr__(result, "inliers", inliers)
        return result

    def _of_distinct(self, view0: View, view1: View) -> RelativePose:
        """The result of the matches, each of which counts once however often it was given."""
        once = distinct(view0.points, view1.points)
        if once is not None and len(once[0]) >= self.least_matches:
            view0, view1 = view0.only(once[0]), view1.only(once[0])
        result: RelativePose = self.execute(view0, view1)
        if once is not None:
            if len(once[0]) < self.least_matches:
                object.__setattr__(result, "degeneracies", result.degeneracies | {"too_few_points"})
            else:
                object.__setattr__(result, "inliers", result.inliers[once[1]])
        return result

    @checked
    def from_images(
        self,
        image0: Image,
        image1: Image,
        camera0: CameraModel,
        camera1: CameraModel,
        *,
        features: int = FEATURES,
        ratio: float = RATIO,
    ) -> RelativePose:
        """The same from two images, (H, W) or (H, W, 3) of their cameras' sizes, matched by `geometry.match_features`.

        Raises what the call raises, and ImageError for what is no image.
        """
        check_sizes(image0, image1, camera0, camera1)
        found = match_features(image0, image1, features=features, ratio=ratio)
        return self(found.points0, found.points1, camera0, camera1)

    def matched(self, sample: PoseSample) -> Matches:
        """The matches of a sample's images, which are looked for once for all methods that ask for the same."""
        return matches_of(sample, features=FEATURES, ratio=RATIO)

    def on(self, sample: PoseSample) -> RelativePose:
        """The pose of a sample's views from their images, as `from_images` finds it.

        Matches are looked for once for each sample: a second call takes the time of the pose alone.
        """
        check_sizes(sample.image0, sample.image1, sample.camera0, sample.camera1)
        found = self.matched(sample)
        return self(found.points0, found.points1, sample.camera0, sample.camera1)

    def diagnosed(self, view0: View, view1: View, estimate: Estimate) -> RelativePose:
        """The result: poses, votes, inliers and degeneracies of what a backend found."""
        return Diagnosis(self.relation, view0, view1, seed=self.seed).result(estimate)

    def core_options(self) -> tuple[float, float, int, int, int]:
        """What the core's estimators take last."""
        return self.max_error_px, self.confidence, self.max_iterations, self.seed, self.num_threads
