"""What every scene flow method shares: it runs on a sample, which holds images or clouds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..arguments import points
from ..method import Method
from ..results import SceneFlow
from ..samples import PointsSample, SceneFlowSample


@dataclass(frozen=True, kw_only=True)
class SceneFlowMethod(Method, ABC):
    """An estimator of motion in space.

    What it is computed from differs (two pairs of images, two clouds), so each method has a call of its own that names
    its inputs; `on` takes them from a sample.
    """

    task: ClassVar[str] = "scene_flow"

    @abstractmethod
    def on(self, sample: SceneFlowSample | PointsSample) -> SceneFlow:
        """Motion of the sample's points. Raises ValueError when the sample lacks what this method needs."""


@dataclass(frozen=True, kw_only=True)
class PointsMethod(SceneFlowMethod):
    """An estimator of how a cloud moves to another. Its backends take two float64 arrays and return a `SceneFlow`."""

    def __call__(self, points0: Any, points1: Any) -> SceneFlow:
        """Motion (N, 3) of `points0`, metres.

        Args:
            points0: (N, 3) of frame 0, metres.
            points1: (M, 3) of frame 1, metres; in any order, of any number.

        Raises:
            ValueError: for another shape, numbers that are not finite, or no points in `points1`.
            TypeError: for what is no array.
        """
        name = type(self).__name__
        before, after = points(points0, f"{name}: points0", 3), points(points1, f"{name}: points1", 3)
        if len(after) == 0:
            raise ValueError(f"{name}: points1 has no points; there must be one at least to move to")
        result: SceneFlow = self.execute(before, after)
        return result

    def on(self, sample: SceneFlowSample | PointsSample) -> SceneFlow:
        """Motion of the sample's `points0`. ValueError where it has images instead: take ``sample.as_points()``."""
        if not isinstance(sample, PointsSample):
            raise ValueError(f"{self.name()} moves clouds; sample {sample.name!r} has images: take sample.as_points()")
        return self(sample.points0, sample.points1)


def moved(points0: np.ndarray, points1: np.ndarray) -> SceneFlow:
    """The motion that takes each point of one array to its row in the other."""
    return SceneFlow(points0=points0.astype(np.float32), motion=(points1 - points0).astype(np.float32))
