"""Nearest neighbour: each point goes where the other cloud is nearest. What any method has to beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..method import backend
from ..results import SceneFlow
from ._base import PointsMethod, moved


@dataclass(frozen=True, kw_only=True)
class NearestNeighbour(PointsMethod):
    """Each point moves to the nearest point of the other cloud."""

    @backend("scipy")
    def _scipy(self, points0: np.ndarray, points1: np.ndarray) -> SceneFlow:
        from scipy.spatial import cKDTree

        _, index = cKDTree(points1).query(points0, workers=self.num_threads or -1)
        return moved(points0, points1[index])
