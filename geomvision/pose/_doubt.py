"""How far off a pose may be: by the interval of its covariance, and by what the matches say far from it.

An interval supposes that the likelihood falls everywhere as it does at the pose. Where parallax is small it does not:
another rotation makes other parallax, so that a wrong pose may believe to see more of it than there is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..cameras import Array, pose
from ..geometry._rotations import rotation_of
from ._intrinsics import linearised
from ._pose_manifold import tangent_basis
from ._scatter import odds_of
from ._views import View

if TYPE_CHECKING:
    from ._base import Estimate

#: Rotation or direction is open where its interval of 95 % reaches farther, and another pose is one beyond.
OPEN_DEG, OTHER_DEG = 16.0, 20.0
#: A pose whose interval reaches less far is told well enough by it.
CLOSE_DEG = 4.0
#: Of Gauss–Newton: the likelihood need not be the least to the last digit.
STEPS = 6


def reach_deg(covariance: Array, model: Array, count: int) -> float:
    """How far the interval of 95 % (Student's, the noise being estimated too) of rotation or direction reaches.

    Among few matches the scatter of their errors makes `covariance` too wide as often as `model`, without it, is too
    narrow where they are not all alike: the standard deviation is the geometric mean of both.
    """
    widest = [
        max(float(np.linalg.eigvalsh(block)[-1]) for block in (made[:3, :3], made[3:, 3:]))
        for made in (covariance, model)
    ]
    sigma = max(widest[0], 0.0) ** 0.25 * max(widest[1], 0.0) ** 0.25
    return math.degrees(sigma) * _student(count)


def is_open_afar(
    T: Array, covariance: Array, model: Array, count: int, estimate: Estimate, view0: View, view1: View
) -> bool:
    """Whether the matches allow the direction to be `OTHER_DEG` away where they tell it least, either way.

    They do where the likelihood, of the best pose with that direction (its profile), is within an interval of 95 %:
    what `reach_deg` says, too, but without supposing that it falls as the square.
    """
    blocks = covariance[3:, 3:], model[3:, 3:]
    least = np.linalg.eigh(sum(block / np.trace(block) for block in blocks))[1][:, -1]
    wider = math.sqrt(float(least @ blocks[0] @ least) / float(least @ blocks[1] @ least))
    allowed = _student(count) ** 2 * wider
    along = model[:, 3:] @ least / float(least @ blocks[1] @ least)
    matches = _Likelihood(estimate, view0, view1)
    return any(matches.loss_afar(T, way * least, way * along[:3], allowed) < allowed for way in (1.0, -1.0))


def degrees_apart(T: Array, R: Array, t: Array) -> float:
    """The larger of the angles between two rotations and two directions."""
    cosines = (np.trace(T[:3, :3].T @ R) - 1) / 2, T[:3, 3] @ t
    return math.degrees(max(math.acos(min(1.0, max(-1.0, float(c)))) for c in cosines))


class _Likelihood:
    """Of poses, by the noise and the share of inliers that the estimate has."""

    def __init__(self, estimate: Estimate, view0: View, view1: View) -> None:
        self.noise_px, self.inlier_px, self.views = estimate.noise_px, estimate.inlier_px, (view0, view1)

    def at(self, T: Array) -> tuple[float, Array, Array, Array]:
        """−2 log of it, the errors, their derivatives by the pose, and the probabilities of inliers."""
        errors, slopes, unit = linearised(T, *self.views)
        odds = odds_of(errors * unit, self.noise_px, self.inlier_px)
        return -2 * float(np.log1p(odds).sum()), errors, slopes[:, :5], odds / (1 + odds)

    def loss_afar(self, T: Array, least: Array, turn: Array, enough: float) -> float:
        """2 log of how much less likely the best pose is whose direction is `OTHER_DEG` from that of `T`.

        `least`: which way, by the tangent basis, and `turn` by what the rotation follows, in radians for a radian. What
        is left free moves by Gauss–Newton steps, until no more than `enough` is lost or the steps gain nothing.
        """
        t, far = T[:3, 3], math.radians(OTHER_DEG)
        way = least @ np.stack(tangent_basis(t))
        onward = math.cos(far) * way - math.sin(far) * t
        there = pose(rotation_of(far * turn) @ T[:3, :3], math.cos(far) * t + math.sin(far) * way)
        best = self.at(T)[0]
        cost, errors, slopes, weights = self.at(there)
        for _ in range(STEPS):
            if cost - best < enough or weights.sum() < 5:
                break
            basis = tangent_basis(there[:3, 3])
            aside = np.array([-float(basis[1] @ onward), float(basis[0] @ onward)])  # across the way there
            free = np.column_stack([slopes[:, :3], slopes[:, 3:] @ (aside / np.linalg.norm(aside))])
            normal = (free * weights[:, None]).T @ free
            normal += 1e-9 * np.trace(normal) * np.eye(4)
            step = -np.linalg.solve(normal, (weights * errors) @ free)
            step *= min(1.0, 0.3 / max(float(np.linalg.norm(step)), 1e-12))
            shift = step[3] * (aside / np.linalg.norm(aside)) @ np.stack(basis)
            direction = there[:3, 3] + shift
            moved = pose(rotation_of(step[:3]) @ there[:3, :3], direction / np.linalg.norm(direction))
            tried = self.at(moved)
            if not tried[0] < cost - 0.01:
                break
            there, (cost, errors, slopes, weights) = moved, tried
        return cost - best


def _student(count: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(max(count - 5, 1), 0.975))
