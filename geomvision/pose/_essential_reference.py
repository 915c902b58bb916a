"""The essential matrix by LO-RANSAC, to be read top to bottom; `_reference_ransac` has the search itself."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array
from ..geometry import skew
from ..geometry._reference_ransac import Mixture, gauss_newton, marginal_gain, ransac, sampson, shuffled
from ._base import Estimate
from ._intrinsics import agreement
from ._pose_manifold import PoseManifold
from ._reference_solvers import five_point
from ._views import View

BROAD, LOCAL, FINAL = 8, 6, 20  # Gauss–Newton steps
#: By how much errors must be smaller to count in the second search, and matches among which it takes place.
SHARPER, FEW = 8.0, 256
#: Matches that make a plane, rounds of its fit, and the share of inliers that must lie on it within three sigma.
LEAST_ON_PLANE, PLANE_ROUNDS, ON_PLANE = 16, 10, 0.25
#: Searches end after so many times the samples that led to the best pose.
PATIENCE = 5
#: log of 1 in 150: evidence beyond is very strong (Kass & Raftery, JASA 1995).
RIVAL = -5.0106


class DepthPrior:
    """How much likelier a match's depth is among inliers than among outliers (csrc/src/geometry/depth_prior.hpp)."""

    BINS = 48

    def __init__(self, data: tuple[Array, ...], to_rays0: Array, to_rays1: Array) -> None:
        self.data = data
        rays = (data[0] @ to_rays0.T, data[1] @ to_rays1.T)
        self.a, self.b = (r / np.linalg.norm(r, axis=1, keepdims=True) for r in rays)
        self.view = float(np.sqrt((data[1][:, :2] ** 2).sum(axis=1).mean()))
        self.values = np.ones(len(self.a))

    def odds(self, matrix: Array, mixture: Mixture) -> Array:
        """Of each match being an inlier."""
        value, gradient, _ = sampson(matrix, *self.data)
        squared = value**2 / gradient
        odds = mixture.bell(squared) * mixture.odds * self.values
        return np.where(squared < mixture.band**2, odds, 0.0)

    def nearness(self, R: Array, t: Array) -> tuple[Array, Array]:
        """Inverse distance in baselines, negative behind a camera, and the sine of the angle between the rays."""
        a = self.a @ R.T
        ab, tb, at = np.cross(a, self.b), np.cross(t, self.b), np.cross(a, t)
        size = np.sqrt((ab**2).sum(axis=1) / np.maximum(1e-30, (tb**2).sum(axis=1)))
        between = ((ab * at).sum(axis=1) > 0) & ((ab * tb).sum(axis=1) < 0)
        return np.where(between, size, -size), np.linalg.norm(ab, axis=1)

    def in_front(self, pose: PoseManifold, mixture: Mixture) -> PoseManifold:
        """Of the four poses with this essential matrix, the one with most inliers before both cameras."""
        sure = self.odds(pose.matrix(), mixture) >= 1
        twisted = (2 * np.outer(pose.t, pose.t) - np.eye(3)) @ pose.R
        best, most = pose, -np.inf
        for R in (pose.R, twisted):
            for t in (pose.t, -pose.t):
                near, sine = self.nearness(R, t)
                votes = float((np.minimum(0.05, sine) * np.where(near > 0, 1, -1))[sure].sum())
                if votes > most:
                    best, most = PoseManifold(R, t, pose.to_rays0, pose.to_rays1), votes
        return best

    def learn(self, pose: PoseManifold, mixture: Mixture) -> None:
        """Count inliers and outliers by inverse depth; parallax within the noise tells nothing."""
        odds = self.odds(pose.matrix(), mixture)
        near, sine = self.nearness(pose.R, pose.t)
        tells = sine > 3 * mixture.sigma
        self.values = np.ones(len(near))
        sizes = np.sort(np.abs(near[tells & (odds > 1)]))
        if len(sizes) < 16:
            return
        scale = max(1e-12, float(sizes[len(sizes) // 2]))
        bins = np.minimum(self.BINS - 1, (0.5 * (near / (scale + np.abs(near)) + 1) * self.BINS).astype(int))
        share = odds / (1 + odds)
        inliers, outliers = self._density(bins, tells, share, 4.0), self._density(bins, tells, 1 - share, 24.0)
        ratio = np.clip(inliers / outliers, 1e-3, 3.0)[bins]
        self.values = np.where(tells, np.where(near < -0.15 * scale, 1e-3, ratio), 1.0)

    def twin(self, pose: PoseManifold, mixture: Mixture) -> Array | None:
        """The essential matrix of the other pose that a plane through most inliers allows, if there is such a plane.

        Inverse distances of a plane are linear in the rays; what lies off it counts less and less (Cauchy's weights).
        """
        from .. import _core

        near, sine = self.nearness(pose.R, pose.t)
        chosen = (sine > 3 * mixture.sigma) & (self.odds(pose.matrix(), mixture) > 1) & (near > 0)
        if chosen.sum() < LEAST_ON_PLANE:
            return None
        rays, near = self.a[chosen], near[chosen]
        weights, normal = np.ones(len(near)), np.zeros(3)
        for _ in range(PLANE_ROUNDS):
            normal = np.linalg.solve((rays * weights[:, None]).T @ rays, (rays * weights[:, None]).T @ near)
            off = np.abs(rays @ normal - near)
            spread = max(1.5 * float(np.sort(off)[len(off) // 2]), 1e-9)
            weights = 1 / (1 + (off / spread) ** 2)
        homography = pose.R + np.outer(pose.t, normal)
        there = rays @ homography.T
        apart = np.linalg.norm(np.cross(there, self.b[chosen]), axis=1) / np.linalg.norm(there, axis=1)
        if (apart < 3 * mixture.sigma).sum() < ON_PLANE * len(near):
            return None
        for R, t, _ in zip(*_core.decompose_homography(homography), strict=True):
            length = float(np.linalg.norm(t))
            if length > 1e-9 and np.linalg.norm(R - pose.R) > 1e-6:
                return np.asarray(skew(t / length) @ R)
        return None

    def _density(self, bins: NDArray[np.int64], tells: NDArray[np.bool_], counts: Array, prior: float) -> Array:
        histogram = np.bincount(bins[tells], counts[tells], self.BINS)
        padded = np.pad(histogram, 1, mode="edge")
        smooth = 0.25 * padded[:-2] + 0.5 * histogram + 0.25 * padded[2:]
        return np.asarray((smooth + prior / self.BINS) / (histogram.sum() + prior))

    def log_likelihood(self, matrix: Array, mixture: Mixture) -> float:
        """Σ log of how much likelier a match is by this model than as an outlier anywhere in the view."""
        odds = self.odds(matrix, mixture)
        share = min(0.999, float((odds / (1 + odds)).mean()))
        wider = self.view / mixture.band * share * (1 - mixture.share) / mixture.share
        return float(np.log1p(wider * odds - share).sum())


def working_data(
    view0: View, view1: View, seed: int
) -> tuple[tuple[Array, ...], NDArray[np.int64], float, Array, Array]:
    """Matches in an order of chance and in units in which noise is alike in both views; order, unit, to rays."""
    fx0, fy0, cx0, cy0 = view0.intrinsics
    fx1, fy1, cx1, cy1 = view1.intrinsics
    unit = abs(fx0 * fy0 * fx1 * fy1) ** 0.25
    to_rays0, to_rays1 = np.diag([unit / fx0, unit / fy0, 1.0]), np.diag([unit / fx1, unit / fy1, 1.0])
    order = shuffled(seed, len(view0.ideal))
    ones = np.ones((len(order), 1))
    x0 = np.hstack([(view0.ideal[order] - (cx0, cy0)) / unit, ones])
    x1 = np.hstack([(view1.ideal[order] - (cx1, cy1)) / unit, ones])
    spreads = [ones[:, 0] if v.spread is None else v.spread[order] ** 2 for v in (view0, view1)]
    return (x0, x1, *spreads), order, unit, to_rays0, to_rays1


class EssentialProblem:
    """How the search makes, judges and betters essential matrices."""

    def __init__(self, data: tuple[Array, ...], band: float, to_rays0: Array, to_rays1: Array) -> None:
        self.data, self.band, self.to_rays0, self.to_rays1 = data, band, to_rays0, to_rays1
        self.judged = band  # minimal models are judged by errors below it
        self.depths = DepthPrior(data, to_rays0, to_rays1)
        self.ends: list[Array] = []  # where refinements came to before depths are looked at
        self.refined: list[tuple[Any, float]] = []  # all that came out, with their log evidence

    def solve(self, sample: list[int]) -> list[Array]:
        """Of five matches."""
        return five_point(self.data[0][sample] @ self.to_rays0.T, self.data[1][sample] @ self.to_rays1.T)

    def score(self, essential: Array) -> float:
        """Of a matrix for rays."""
        return self.gain(self.to_rays1 @ essential @ self.to_rays0, self.judged)

    def gain(self, matrix: Array, limit: float) -> float:
        """Of a matrix for working coordinates."""
        value, gradient, _ = sampson(matrix, *self.data)
        return marginal_gain(value**2 / gradient, limit)

    def refine(self, essential: Array) -> tuple[Any, float, float] | None:
        """The pose with its mixture and normal matrix, its likelihood and its support."""
        from .. import _core

        rotations, translations, _ = _core.decompose_essential(essential)
        pose = PoseManifold(rotations[0], translations[0], self.to_rays0, self.to_rays1)
        mixture = Mixture.broad(self.band)
        mixture.sigma *= self.judged / self.band
        self.depths.values = np.ones(len(self.data[0]))
        pose, support, _ = gauss_newton(pose, self.data, mixture, self.depths.values, BROAD)
        if support < 0 or self._came_before(pose.matrix(), mixture.sigma / np.sqrt(support)):
            return None
        pose, support, normal = self.with_depths(pose, mixture, LOCAL, 2)
        if support < 0:
            return None
        model, likelihood = (pose, mixture, normal), self.depths.log_likelihood(pose.matrix(), mixture)
        assert normal is not None
        # Laplace's approximation; each parameter is N(0, 1) to begin with.
        room = -0.5 * float(np.linalg.slogdet(np.eye(5) + normal / mixture.sigma**2)[1])
        self.refined.append((model, likelihood + room))
        return model, likelihood, support

    def with_twin(self, best: Any, likelihood: float) -> tuple[Any, float]:
        """Near a plane samples mostly lead to one of two poses: the other one is refined, too, and may be likelier."""
        self.depths.values = np.ones(len(self.data[0]))
        twin = self.depths.twin(best[0], best[1])
        found = None if twin is None else self.refine(twin)
        return found[:2] if found is not None and found[1] > likelihood else (best, likelihood)

    def with_depths(
        self, pose: PoseManifold, mixture: Mixture, steps: int, rounds: int
    ) -> tuple[PoseManifold, float, Array | None]:
        """Steps with depths weighed, which are learned anew each round; support below 0: it got lost."""
        support, normal = -1.0, None
        for _ in range(rounds):
            pose = self.depths.in_front(pose, mixture)  # steps can turn it around
            self.depths.learn(pose, mixture)
            pose, support, normal = gauss_newton(pose, self.data, mixture, self.depths.values, steps)
            if support < 0:
                break
        return pose, support, normal

    def _came_before(self, matrix: Array, deviation: float) -> bool:
        """Whether an earlier refinement came to the same place, closer than matches can tell: it would end there."""
        if any(min(np.linalg.norm(matrix - end), np.linalg.norm(matrix + end)) < deviation for end in self.ends):
            return True
        self.ends.append(matrix)
        return False


def estimate_essential(
    view0: View, view1: View, max_error_px: float, confidence: float, max_iterations: int, seed: int
) -> Estimate:
    """What `_core.estimate_essential` does."""
    data, order, unit, to_rays0, to_rays1 = working_data(view0, view1, seed)
    problem = EssentialProblem(data, max_error_px / unit, to_rays0, to_rays1)
    limits: dict[str, Any] = {"confidence": confidence, "most": max_iterations, "seed": seed}
    search = partial(ransac, len(order), 5, problem.solve, problem.score, problem.refine, **limits)
    best, likelihood, drawn = search(second_chances=True, patience=PATIENCE)
    if best is not None:
        best, likelihood = problem.with_twin(best, likelihood)
    if best is not None and len(order) <= FEW:
        # Some wrong matches can help a wrong pose to fit more matches badly than the right one fits well: look for a
        # minimal model that fits better than the best one does.
        problem.judged /= SHARPER
        own = problem.gain(best[0].matrix(), problem.judged)
        best, _, drawn = search(earlier=(best, likelihood, drawn), to_beat=own)
    if best is None:
        return Estimate(iterations=drawn)
    problem.depths.values = np.ones(len(order))
    mixture = replace(best[1])
    pose, support, _ = problem.with_depths(best[0], mixture, FINAL, 3)
    chosen = next(evidence for model, evidence in problem.refined if model is best)
    odds = [(model, evidence - chosen) for model, evidence in problem.refined if model is not best]
    if support < 0:  # it got lost: the best is what it was
        pose, mixture, _ = best
    value, gradient, _ = sampson(pose.matrix(), *data)
    errors = np.empty(len(order))
    errors[order] = value / np.sqrt(gradient) * unit
    found = Estimate(
        matrix=pose.essential() * np.sqrt(0.5),
        errors_px=errors,
        noise_px=mixture.sigma * unit,
        inlier_px=mixture.even_error(mixture.odds) * unit,
        score=problem.gain(pose.matrix(), problem.band),
        iterations=drawn,
        rotation=pose.R,
        translation=pose.t,
        rivals=[(model[0].R, model[0].t, log_odds) for model, log_odds in odds if log_odds > RIVAL],
    )
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = pose.R, pose.t
    told = agreement(found, T, view0, view1)
    return found if told is None else replace(found, covariance=told.covariance)
