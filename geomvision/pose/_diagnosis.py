"""From a matrix to a pose that can be trusted, or flags that say why not.

Each simpler explanation is put to one test: do inliers of the matrix remain that it leaves over, beyond what the
noise's tail and chance matches make? So a few near points are enough against a rotation, and a few off it against a
plane.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, pose
from ..results import RelativePose
from ..results.relative_pose import Relation
from ._decomposition import essential_candidates, homography_candidates, in_front
from ._doubt import CLOSE_DEG, OPEN_DEG, OTHER_DEG, degrees_apart, is_open_afar, reach_deg
from ._intrinsics import Agreement, agreement, explains_more, is_as_precise
from ._simpler import FAR, far_by, is_line, log10_chance, off_homography, off_rotation, plane_of, rotation_of
from ._views import View

if TYPE_CHECKING:
    from ._base import Estimate

#: A set that chance gives in 1 of 100 images (log10) is none: the noise it was judged by was chosen to fit.
CHANCE = -2.0
#: Share of inliers that a simpler model may leave over: noise's tail is heavier than a Gaussian's.
FEW = 12  # inliers below which another essential matrix may fit as well: 2 % of clean scenes at 10, 8 % at 8
TAIL = 0.02
#: Standard deviations of noise: farther from a model, matches are wrong, not right ones that err by more than usual.
BESIDE = 60.0
#: As many times as chance puts them there, errors that are alike in all directions lie along lines that were chosen so.
CHOSEN = 2.0
#: A lens stretches the ideal image more along its radii than across; errors of one direction tell too little of noise.
STRETCH = 1.5
#: Inliers from which the likelihood far from the pose is looked at, and the tail of their errors: that of fewer is as
#: much chance as its curvature.
MANY = 30
#: Sets of points on a plane whose relief is taken to be one.
CHANCE_RELIEF = 0.001
#: Of a right match being farther than the band that counts the ones that agree (three standard deviations).
OUTSIDE = 0.0027
#: Votes of fewer for a pose may be by chance.
LEAST_VOTES = 4
SAMPLES = {"essential": (5, 10), "fundamental": (7, 3), "homography": (4, 1)}


@dataclass(frozen=True)
class Diagnosis:
    """Looks at one estimate for two views."""

    relation: Relation
    view0: View
    view1: View
    seed: int

    def result(self, estimate: Estimate) -> RelativePose:
        """The pose with all that is known against it."""
        if estimate.matrix is None or estimate.errors_px is None:
            return RelativePose(
                T_1_0=None,
                matrix=None,
                relation=self.relation,
                inliers=np.zeros(len(self.view0.points), bool),
                degeneracies=frozenset({"too_few_points"}),
                iterations=estimate.iterations,
                seed=self.seed,
            )
        inliers = np.abs(estimate.errors_px) < max(estimate.inlier_px, 1e-9)
        flags: set[str] = set()
        if self._is_chance(inliers, estimate) or self._are_few(inliers, estimate):
            flags.add("too_few_points")
        T, candidates, votes, agreeing = self._pose(estimate, inliers, flags)
        if inliers.any():
            T = self._weighed_against_simpler(T, estimate, inliers, flags)
        still = bool(flags & {"no_motion", "pure_rotation"})
        count, behind = int(inliers.sum()), int(inliers.sum() - agreeing.sum())
        if behind and count - 2 * behind < FEW and not still:  # by chance as many wrong ones lie in front as behind
            flags.add("too_few_points")
        told = None if still or T is None else self._of_intrinsics(T, estimate, inliers, flags)
        covariance = told.covariance if told else estimate.covariance
        if T is not None and self.relation == "essential" and not still:
            covariance = np.full((5, 5), np.nan) if covariance is None else covariance
            model = told.model_covariance if told else covariance
            told_by = covariance, model, count
            reach = reach_deg(*told_by) if np.isfinite(covariance).all() else math.inf
            afar = CLOSE_DEG < reach < OPEN_DEG and count >= MANY and not flags - {"forward_motion"}
            if reach > OPEN_DEG or (afar and is_open_afar(T, *told_by, estimate, self.view0, self.view1)):
                flags.add("uncertain")
            others = (pose(R, t) for R, t, _ in estimate.rivals if degrees_apart(T, R, t) > OTHER_DEG)
            if any(is_as_precise(other, count, estimate.noise_px, self.view0, self.view1) for other in others):
                flags.add("ambiguous_pose")
        return RelativePose(
            T_1_0=T,
            matrix=estimate.matrix,
            relation=self.relation,
            inliers=inliers if still else agreeing,
            degeneracies=frozenset(flags),
            candidates=candidates,
            votes=votes,
            covariance=covariance if T is not None and self.relation == "essential" and not still else None,
            focal_sigma=math.nan if told is None else told.focal_sigma,
            noise_px=estimate.noise_px,
            score=estimate.score,
            iterations=estimate.iterations,
            seed=self.seed,
        )

    def _is_chance(self, inliers: NDArray[np.bool_], estimate: Estimate) -> bool:
        size, solutions = SAMPLES[self.relation]
        low, high = self.view1.extent()
        width, height = np.maximum(high - low, 1e-9)
        reach = max(estimate.inlier_px, 1e-3)
        area = math.pi * reach**2 if self.relation == "homography" else 2 * reach * math.hypot(width, height)
        share = min(1.0, area / float(width * height))
        return log10_chance(len(inliers), int(inliers.sum()), size, solutions, share) > CHANCE

    def _are_few(self, inliers: NDArray[np.bool_], estimate: Estimate) -> bool:
        """Whether so few agree that another matrix may fit as well, its band as wide as so few leave the noise open."""
        from scipy.special import stdtrit

        count = int(inliers.sum())
        if self.relation == "homography" or count >= FEW:
            return False
        assert estimate.errors_px is not None
        reach = max(estimate.noise_px, 1e-3) * float(stdtrit(max(count - 5, 1), 1 - OUTSIDE / 2))
        low, high = self.view1.extent()
        if 2 * reach * float((~inliers).sum()) > 0.1 * float((high - low).min()):  # wrong ones would lie there, too
            return True
        return int((np.abs(estimate.errors_px) < reach).sum()) < FEW

    def _left_over(
        self, off: Array, far: float, inliers: NDArray[np.bool_], estimate: Estimate, noise: float, free: int = 0
    ) -> bool:
        """Whether more inliers are far from a simpler model than noise and chance explain.

        `off`: squared distances from where it sees them, in variances of `noise`; `far`: from which on they count.
        `free`: degrees of freedom that the model has less; the matrix can go through as many wrong matches for nothing,
        which are then among its inliers. Features err by more than a Gaussian's tail, but in all directions alike: by
        how many lie across the matrix's epipolar lines, beside where the model sees them, it is known how many of those
        along the lines do so for that.
        """
        assert estimate.errors_px is not None
        low, high = self.view1.extent()
        width, height = np.maximum(high - low, 1e-9)
        reach = min(estimate.inlier_px, 2 * max(estimate.noise_px, 1e-3))  # where right matches are densest
        close = np.abs(estimate.errors_px) < reach
        wrong, is_far = int((~inliers).sum()), off > far
        beside = is_far & ~close & (off < BESIDE**2)
        lines = 2 / math.pi * np.arcsin(np.minimum(1.0, reach / (noise * np.sqrt(off[beside]))))
        heavy = CHOSEN * float((lines / (1 - lines)).sum())
        if int(inliers.sum()) < MANY or 2 * int(beside.sum()) > int((~is_far).sum()):  # so few, or so many, are no tail
            heavy = 0.0
        chance = min(1.0, 2 * reach * math.hypot(width, height) / float(width * height)) * wrong
        tail, unseen = max(TAIL * float(close.sum()), heavy) + min(free, wrong), max(free - wrong, 0)
        left, most = int((is_far & close).sum()), unseen + tail + 3 * math.sqrt(tail) + chance + 4 * math.sqrt(chance)
        return left > most or 2 * left > int(close.sum())  # what explains but a minority is no explanation

    def _pose(
        self, estimate: Estimate, inliers: NDArray[np.bool_], flags: set[str]
    ) -> tuple[Array | None, Array, NDArray[np.int64], NDArray[np.bool_]]:
        """The candidate with most votes, all candidates, their votes, and the inliers in front of both cameras."""
        if self.view0.camera is None or estimate.matrix is None:
            return None, np.empty((0, 4, 4)), np.empty(0, np.int64), inliers
        rays0, rays1 = self.view0.rays, self.view1.rays
        noise = max(estimate.noise_px, 1e-3) / abs(self.view1.intrinsics[0])
        if self.relation == "homography":
            candidates, votes = homography_candidates(estimate.matrix, self.view0, self.view1, inliers)
            voters = np.full(len(candidates), int(inliers.sum()))
        else:
            candidates = essential_candidates(estimate.matrix, self.relation, self.view0, self.view1)
            if estimate.rotation is not None and estimate.translation is not None:
                candidates = _refined(candidates, estimate.rotation, estimate.translation)
            front, seen = in_front(candidates, rays0[inliers], rays1[inliers], 3 * noise)
            votes, voters = front.sum(axis=1), seen.sum(axis=1)
        if len(candidates) == 0:
            flags.add("ambiguous_pose")
            return None, candidates, votes, inliers
        order = np.argsort(-votes, kind="stable")
        best, second = int(votes[order[0]]), int(votes[order[1]]) if len(order) > 1 else 0
        if best < 0.75 * voters[order[0]] or second > 0.75 * best or best < LEAST_VOTES:
            flags.add("ambiguous_pose")
        T = np.array(candidates[order[0]])
        agreeing = inliers.copy()
        if self.relation != "homography":
            front, seen = in_front(T[None], rays0, rays1, 3 * noise)
            agreeing &= front[0] | ~seen[0]
        return T, candidates, votes, agreeing

    def _weighed_against_simpler(
        self, T: Array | None, estimate: Estimate, inliers: NDArray[np.bool_], flags: set[str]
    ) -> Array | None:
        """Set the flags of models that explain as much; the pose, without the translation that none can measure."""
        noise = max(estimate.noise_px, 1e-3)
        if self.view0.spread is not None or self.view1.spread is not None:
            noise *= STRETCH
        still = off_rotation(np.eye(3), self.view0, self.view1, noise)
        if not self._left_over(still, FAR, inliers, estimate, noise, 5):
            flags.add("no_motion")
            flags.discard("ambiguous_pose")
            return None if T is None else np.eye(4)
        if self.view0.camera is not None:
            R = rotation_of(self.view0, self.view1, inliers, noise, self.seed)
            turned = off_rotation(R, self.view0, self.view1, noise)
            if not self._left_over(turned, FAR, inliers, estimate, noise, 2):
                flags.add("pure_rotation")
                flags.discard("ambiguous_pose")
                return None if T is None else pose(R)
        if self.relation == "homography":
            return T
        if self._is_flat(estimate, inliers, noise):
            flags.add("plane")
        if T is not None and self._epipoles_inside(T):
            flags.add("forward_motion")
        return T

    def _is_flat(self, estimate: Estimate, inliers: NDArray[np.bool_], noise: float) -> bool:
        """Whether the points lie on one plane, or even on one line in a view."""
        if any(is_line(view.points[inliers], noise) for view in (self.view0, self.view1)):
            return True
        H = plane_of(self.view0, self.view1, inliers, noise, self.seed)
        if H is None:
            return False
        off, far = off_homography(H, self.view0, self.view1, noise), far_by(int(inliers.sum()))
        if self._left_over(off, far, inliers, estimate, noise):
            return False
        return not self._has_relief(off, inliers, estimate, noise, far)

    def _has_relief(self, off: Array, inliers: NDArray[np.bool_], estimate: Estimate, noise: float, far: float) -> bool:
        """Whether points lie off the plane by more than the noise that E leaves, all of them taken together.

        `off`: squared distances from the homography. It has n − 3 degrees of freedom less than E with a depth for each
        match. What noise's tail and chance matches can add is taken off.
        """
        from scipy.special import fdtri

        assert estimate.errors_px is not None
        count = int(inliers.sum())
        if self.relation != "essential" or count < FEW:
            return False
        low, high = self.view1.extent()
        width, height = np.maximum(high - low, 1e-9)
        share = min(1.0, 2 * estimate.inlier_px * math.hypot(width, height) / float(width * height))
        chance = share * float((~inliers).sum())
        own = float(np.minimum(np.square(estimate.errors_px[inliers] / noise), far).sum())
        relief = float(np.minimum(off[inliers], far).sum()) - own
        relief -= far * (TAIL * count + chance + 4 * math.sqrt(chance))
        least = float(fdtri(count - 3, count - 5, 1 - CHANCE_RELIEF))
        return relief / (count - 3) > least * max(own / (count - 5), 0.5)

    def _epipoles_inside(self, T: Array) -> bool:
        """Whether each camera sees the other, or would do so behind it."""
        R, t = T[:3, :3], T[:3, 3]
        for view, centre in ((self.view1, t), (self.view0, -R.T @ t)):
            if abs(centre[2]) < 1e-9 or view.camera is None:
                return False
            # Looking back, the epipole is where the line through both centres meets the image plane.
            pixel = view.camera.project(centre / centre[2])
            low, high = view.extent()
            if not ((pixel >= low) & (pixel <= high)).all():
                return False
        return True

    def _of_intrinsics(
        self, T: Array, estimate: Estimate, inliers: NDArray[np.bool_], flags: set[str]
    ) -> Agreement | None:
        """What the matches tell of the intrinsics, and the flag where these do not fit them."""
        if self.relation != "essential":  # F and H hold whatever the intrinsics are
            flags.update(() if self._are_pixels() else ("uncalibrated",))
            return None
        told = agreement(estimate, T, self.view0, self.view1)
        is_refuted = not self._are_pixels() or (told is not None and told.is_refuted)
        # What a wrong E has left of the matches may well be flat: F is looked for all the same.
        if (is_refuted and "plane" not in flags) or explains_more(estimate, self.view0, self.view1, inliers, self.seed):
            flags.add("uncalibrated")
        return told

    def _are_pixels(self) -> bool:
        """Whether the points can be pixels of the cameras: most of them inside the images, and spread there."""
        for view in (self.view0, self.view1):
            outside, spread = np.zeros(len(view.points), bool), False
            for values, low, high in zip(view.points.T, *view.extent(), strict=True):
                outside |= (values < low - 1) | (values > high + 1)
                spread |= float(values.max() - values.min()) >= 0.02 * (high - low)
            if outside.mean() > 0.1 or not spread:
                return False
        return True


def _refined(candidates: Array, rotation: Array, translation: Array) -> Array:
    """The candidates with the one that was refined put in to the last digit."""
    distances = [np.abs(T[:3, :3] - rotation).max() + np.abs(T[:3, 3] - translation).max() for T in candidates]
    exact = np.eye(4)
    exact[:3, :3], exact[:3, 3] = rotation, translation
    candidates[int(np.argmin(distances))] = exact
    return candidates
