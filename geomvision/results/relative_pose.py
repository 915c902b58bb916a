"""How one camera stands to another, and how far that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array
from .run import Run

Relation = Literal["essential", "fundamental", "homography"]

#: What two views may hide, and what is then true of the result.
DEGENERACIES = {
    "too_few_points": "no more matches agree than chance would give, or so few that another pose may fit as well",
    "no_motion": "the matches do not move beyond their noise: the pose is the identity",
    "pure_rotation": "a rotation explains the matches: the direction of the translation is not known and given as 0",
    "plane": "all points lie on one plane: F is not determined, and a second pose may fit E as well",
    "forward_motion": "the epipole lies in both images: points near it have no parallax, so no depth",
    "uncalibrated": "the intrinsics do not fit the matches: F explains clearly more than E (see `focal_sigma`, too)",
    "ambiguous_pose": "another pose fits about as well: one of `candidates`, or one that other matches lead to",
    "uncertain": "the interval of 95 % of the rotation or of the direction reaches beyond 16 degrees, or the matches "
    "allow a direction 20 degrees away: see `covariance`",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class RelativePose:
    """The pose of view 1 to view 0 from N matches, X_1 = T_1_0 · X_0; see `degeneracies` before it is used.

    Attributes:
        T_1_0: 4x4; the translation has length 1 unless `is_metric`, and 0 where no translation can be measured. None
            where there is no pose: nothing was found, or no cameras were given.
        matrix: the 3x3 relation of norm 1: E for rays, F or H for pixels. None where nothing was found.
        relation: which of them.
        inliers: bool (N,), the matches that agree with the matrix and, where they have parallax, lie in front of both
            cameras.
        degeneracies: names of `DEGENERACIES` that hold. Empty: nothing speaks against the pose.
        candidates: (M, 4, 4), the poses that the matrix allows, and
        votes: (M,), how many inliers lie in front of both cameras for each; without parallax they have no say.
        covariance: (5, 5) of (ω, α, β), radians, where R' = exp([ω]x)·R and t' = t + α·b1 + β·b2 with the rows of
            `translation_basis`; NaN where the matches do not determine it, None where there is no such direction: of a
            rotation, of F and H, and without a pose.
        focal_sigma: standard deviation of the logarithm of the focal lengths, as a common factor, if the matches alone
            had to tell it (0.01 is 1 %). Small: wrong intrinsics would have been flagged. From 0.2 on the matches
            cannot tell: the pose rests on the given calibration, and the missing flag does not confirm it. NaN where
            it was not measured.
        noise_px: standard deviation of the inliers' errors.
        score: the method's own; more is better.
        iterations: samples that were drawn, and
        seed: what they depend on.
    """

    T_1_0: Array | None
    matrix: Array | None
    relation: Relation
    inliers: NDArray[np.bool_]
    degeneracies: frozenset[str] = frozenset()
    candidates: Array = field(default_factory=lambda: np.empty((0, 4, 4)))
    votes: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    covariance: Array | None = None
    focal_sigma: float = float("nan")
    noise_px: float = float("nan")
    score: float = 0.0
    iterations: int = 0
    seed: int = 0
    is_metric: bool = False
    run: Run | None = None

    def __post_init__(self) -> None:
        unknown = sorted(self.degeneracies - set(DEGENERACIES))
        if unknown:
            raise ValueError(f"degeneracies are {unknown}; allowed are {', '.join(DEGENERACIES)}")

    @property
    def density(self) -> float:
        """1 where there is a pose, 0 where there is none: what tables give as the share of estimates."""
        return float(self.T_1_0 is not None)

    @property
    def pose(self) -> Array:
        """`T_1_0`, or a ValueError that says why there is none."""
        if self.T_1_0 is None:
            reasons = "; ".join(DEGENERACIES[name] for name in sorted(self.degeneracies))
            raise ValueError(f"there is no pose: {reasons or 'no cameras were given'}")
        return self.T_1_0

    @property
    def rotation(self) -> Array:
        """R of X_1 = R·X_0 + t, 3x3."""
        return self.pose[:3, :3]

    @property
    def translation(self) -> Array:
        """t of X_1 = R·X_0 + t, (3,)."""
        return self.pose[:3, 3]

    @property
    def translation_basis(self) -> Array:
        """b1, b2 (2, 3): b1 = t × e_k / |...| with k the least entry of |t|, b2 = t × b1."""
        t = self.translation
        b1 = np.cross(t, np.eye(3)[np.argmin(np.abs(t))])
        b1 /= max(float(np.linalg.norm(b1)), 1e-300)
        return np.stack([b1, np.cross(t, b1)])
