"""Whether the intrinsics fit the matches: what F, with its 7 degrees of freedom, explains beyond E, with its 5.

A change of the intrinsics moves E, as a matrix of pixels, within the fundamental matrices. So a score test (Rao 1948)
at the pose needs no second fit: the gradient of the errors along those changes, after what changes of the pose explain,
has two degrees of freedom. The same derivatives say how well the matches would tell the focal length. They do not where
the axes meet at one distance or are parallel (Sturm, CVPR 1999; Kanatani, Nakatsuji & Sugaya, IJCV 2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array
from ._pose_manifold import PoseManifold
from ._scatter import by_scatter, model_covariance, odds_of, pose_covariance, wald
from ._simpler import log10_chance
from ._views import View

if TYPE_CHECKING:
    from ._base import Estimate

#: Right intrinsics are called wrong in so many sets.
CHANCE = 0.001
#: Of fewer matches most of that goes to the one error that is common, of both focal lengths by one factor: a test of
#: one direction finds more of it than one of two, which has to allow for what chance does in the other.
MANY, CHANCE_FOCAL = 50, 0.0009
#: What does not count as wrong: a focal length 0.5 % off, and a principal point 0.2 % of the focal length off.
FOCAL_OFF, CENTRE_OFF = 0.005, 0.002
#: Nor does a misfit with less than this share of the noise's variance, as a lens that is not quite modelled makes it.
SHARE_OFF = 0.05
#: Intrinsics are no farther off than this: the logarithm of the focal lengths, and 0.8 of them for a principal point.
FARTHEST = 2.0
#: One match that does not fit must not be what says so: also by the scatter of the single matches' errors, chance makes
#: so much in one of ten sets at most; of `MANY` matches, whose scatter is known better, in no more than of `CHANCE`.
CHANCE_SCATTERED = 0.1
#: Localising a point is not better than this, pixels.
LEAST_NOISE_PX = 0.02
#: Matches that agree below which nothing is said, and the share of all below which F is looked for from scratch.
FEWEST, FEW_AGREE = 12, 0.4
WORTH_A_LOOK = 10.0  # a misfit that could count
LEAST = 8  # inliers to tell anything from
NOTHING = 1e-9  # share of the information on the focal lengths, after the pose's, that is rounding
SEARCH = 2000  # samples at most


@dataclass(frozen=True)
class Agreement:
    """`misfit` and `misfit_beyond` what does not count as wrong: twice a value of F(2, matches − 7).

    `focal_misfit`: that of a common factor of the focal lengths alone, beyond the same: a value of F(1, matches − 6).
    `scattered_misfit` and `scattered_focal_misfit` are statistics of the same changes by the scatter of the single
    matches, see `wald`, or `by_scatter` of `MANY`; 0 where these have no misfit to confirm.
    """

    misfit: float
    misfit_beyond: float
    focal_misfit: float
    scattered_misfit: float
    scattered_focal_misfit: float
    matches: float
    focal_sigma: float
    covariance: Array
    model_covariance: Array

    @property
    def is_refuted(self) -> bool:
        """Whether the intrinsics are wrong beyond chance, and by more than what does not count."""
        from scipy.special import fdtri, ncfdtri

        if self.matches < FEWEST:
            return False
        few = self.matches < MANY
        if few:
            alone, both = (float(fdtri(k, self.matches - 5 - k, 1 - CHANCE_SCATTERED)) for k in (1, 2))
            focal = self.focal_misfit > float(fdtri(1, self.matches - 6, 1 - CHANCE_FOCAL))
            if focal and self.scattered_focal_misfit > alone:
                return True
            if self.scattered_misfit < 2 * both:
                return False
        sure = 1 - CHANCE + few * CHANCE_FOCAL
        most = 2 * float(fdtri(2, self.matches - 7, sure))  # 13.8, as of χ², for many
        if not few and self.scattered_misfit < most:
            return False
        share = 2 * float(ncfdtri(2, self.matches - 7, SHARE_OFF * self.matches, sure))
        return self.misfit_beyond > most or self.misfit > share


def agreement(estimate: Estimate, T: Array, view0: View, view1: View) -> Agreement | None:
    """What inliers say of the intrinsics at the pose `T`; None where they are too few, or do not determine the pose.

    `focal_sigma` is the standard deviation of the logarithm of a common factor of the focal lengths that the matches
    alone would leave. `covariance` is (5, 5), see `RelativePose`.
    """
    assert estimate.errors_px is not None
    odds = odds_of(estimate.errors_px, estimate.noise_px, estimate.inlier_px)
    chosen = np.flatnonzero(odds > 0.02)
    if len(chosen) < LEAST:
        return None
    weights = odds[chosen] / (1 + odds[chosen])
    residual, slopes, unit = linearised(T, view0.only(chosen), view1.only(chosen))
    matches = float(weights.sum())
    variance = float(weights @ residual**2) / max(1.0, matches - 5)
    variance = max(variance, (LEAST_NOISE_PX / unit) ** 2)
    if matches < LEAST or not np.isfinite(slopes).all():
        return None
    normal, gradient = (slopes * weights[:, None]).T @ slopes, (weights * residual) @ slopes
    try:
        gain = np.linalg.solve(normal[:5, :5], normal[:5, 5:])
        own = estimate.covariance if _is_of(estimate, T) else None
        model = model_covariance(slopes[:, :5], residual, weights, variance)
        covariance = pose_covariance(model, slopes[:, :5], residual, weights, variance) if own is None else own
    except np.linalg.LinAlgError:
        return None
    left = normal[5:, 5:] - normal[5:, :5] @ gain  # of rank 2: F has two degrees of freedom more
    values, vectors = np.linalg.eigh(left)
    values, vectors = np.maximum(values[-2:], 1e-300), vectors[:, -2:]
    least = NOTHING * np.maximum([np.trace(normal[5:, 5:])] * 2, NOTHING * matches)  # below is rounding
    change = np.where(values > least, vectors.T @ (gradient[5:] - gain.T @ gradient[:5]) / np.maximum(values, least), 0)
    left_over = float(weights @ residual**2) - float((change**2 * values).sum())  # wrong intrinsics are no noise
    alone = max(left_over / max(1.0, matches - 7), (LEAST_NOISE_PX / unit) ** 2)
    both_focal = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    told = max(float(both_focal @ left @ both_focal), 1e-300)
    known = told > NOTHING * max(float(both_focal @ normal[5:, 5:] @ both_focal), NOTHING * matches)
    factor = float(both_focal @ (gradient[5:] - gain.T @ gradient[:5])) / told if known else 0.0
    scattered, misfit = [0.0, 0.0], _gain(change, values / alone)
    if matches < MANY:
        scattered = [wald(slopes, along, residual, weights, variance) for along in (vectors, both_focal[:, None])]
    elif misfit > WORTH_A_LOOK:
        alone_by = (slopes[:, 5:] - slopes[:, :5] @ gain) @ vectors[:, values > least]
        scattered[0] = by_scatter(alone_by, residual, weights)
    one = max((float(weights @ residual**2) - factor**2 * told) / max(1.0, matches - 6), (LEAST_NOISE_PX / unit) ** 2)
    return Agreement(
        misfit=misfit,
        misfit_beyond=_gain(change, 1 / (alone / values + FOCAL_OFF**2)),
        focal_misfit=_gain(np.array([factor]), np.array([1 / (one / told + FOCAL_OFF**2)])),
        scattered_misfit=scattered[0],
        scattered_focal_misfit=scattered[1],
        matches=matches,
        focal_sigma=math.sqrt(variance / told),
        covariance=np.asarray(covariance),
        model_covariance=model,
    )


def explains_more(estimate: Estimate, view0: View, view1: View, inliers: NDArray[np.bool_], seed: int) -> bool:
    """Whether a fundamental matrix has clearly more inliers than E, which few matches agree with."""
    from .. import _core

    count, agree = len(inliers), int(inliers.sum())
    if agree > FEW_AGREE * count or count < FEWEST:
        return False
    reach = max(3 * estimate.noise_px, 2.0)
    found = _core.estimate_fundamental(view0.ideal, view1.ideal, reach, 0.99, SEARCH, seed, 1)
    if not found["found"]:
        return False
    band = max(float(found["inlier_px"]), 1e-3)
    more = int((np.abs(found["errors_px"]) < band).sum())
    low, high = view1.extent()
    width, height = np.maximum(high - low, 1e-9)
    share = min(1.0, 2 * band * math.hypot(width, height) / float(width * height))
    chance = share * (count - agree)  # matches that any matrix would find
    if log10_chance(count, more, 7, 3, share) > -3:
        return False
    return more > 1.2 * agree + chance + 4 * math.sqrt(agree + chance)


def _is_of(estimate: Estimate, T: Array) -> bool:
    """Whether the estimate's own pose, which its covariance is about, is `T`."""
    R, t = estimate.rotation, estimate.translation
    return R is not None and t is not None and np.array_equal(R, T[:3, :3]) and np.array_equal(t, T[:3, 3])


def _gain(change: Array, told: Array) -> float:
    """Twice what a change of the intrinsics brings in log likelihood, of those that are no longer than `FARTHEST`.

    `change`: the best of all, and `told`, its inverse variances, along axes that do not share. Errors that ask for
    focal lengths of a hundred times the given ones have another reason.
    """
    from scipy.optimize import brentq

    best = change
    if np.linalg.norm(change) > FARTHEST:

        def beyond(damping: float) -> float:
            return float(np.linalg.norm(change * told / (told + damping))) - FARTHEST

        most = float(told.max()) * float(np.linalg.norm(change)) / FARTHEST
        best = change * told / (told + brentq(beyond, 0.0, most, xtol=1e-9 * most))
    return float((told * best * (2 * change - best)).sum())


def is_as_precise(T: Array, count: int, noise_px: float, view0: View, view1: View) -> bool:
    """Whether `count` matches fit a pose, their errors no larger than chance makes them (F, 1 of 100)."""
    from scipy.special import fdtri

    errors, _, unit = linearised(T, view0, view1)
    best = np.sort(np.square(errors * unit))[:count]
    free = max(count - 5, 1)
    return float(best.sum()) < float(fdtri(free, free, 0.99)) * free * max(noise_px, 1e-3) ** 2


def linearised(T: Array, view0: View, view1: View) -> tuple[Array, Array, float]:
    """Sampson errors (N,) in units of `unit` pixels, and their derivatives (N, 11) by the pose and the intrinsics.

    The latter are focal length and principal point of view 0 and of view 1, each in units of what does not count as
    wrong, that of the focal length being its logarithm.
    """
    fx0, fy0, cx0, cy0 = view0.intrinsics
    fx1, fy1, cx1, cy1 = view1.intrinsics
    unit = abs(fx0 * fy0 * fx1 * fy1) ** 0.25
    to_rays0, to_rays1 = np.diag([unit / fx0, unit / fy0, 1.0]), np.diag([unit / fx1, unit / fy1, 1.0])
    x0, y0 = (view0.ideal.T - np.array([[cx0], [cy0]])) / unit
    x1, y1 = (view1.ideal.T - np.array([[cx1], [cy1]])) / unit
    manifold = PoseManifold(T[:3, :3], T[:3, 3], to_rays0, to_rays1)
    E = manifold.essential()
    tangents = [(to_rays1 @ E @ change).ravel() for change in _changes(to_rays0)]
    tangents += [(change.T @ E @ to_rays0).ravel() for change in _changes(to_rays1)]
    value, gradient, slopes = _by_entries(manifold.matrix(), x0, y0, x1, y1, view0.spread, view1.spread)
    root = np.sqrt(gradient)
    return value / root, (np.vstack([manifold.tangents(), tangents]) @ (slopes / root)).T, unit


def _by_entries(
    M: Array, x0: Array, y0: Array, x1: Array, y1: Array, spread0: Array | None, spread1: Array | None
) -> tuple[Array, Array, Array]:
    """What `sampson` of the reference gives, an array for each coordinate: several times as fast. Slopes are (9, N)."""
    a1, b1, c1 = (row[0] * x0 + row[1] * y0 + row[2] for row in M)  # the epipolar line in view 1
    a0, b0 = (row[0] * x1 + row[1] * y1 + row[2] for row in M.T[:2])
    value = x1 * a1 + y1 * b1 + c1
    square0, square1 = (1.0 if spread is None else np.square(spread) for spread in (spread0, spread1))
    gradient = (a1 * a1 + b1 * b1) * square1 + (a0 * a0 + b0 * b0) * square0
    ratio = value / gradient
    left, right = ratio * square1, ratio * square0
    u1, v1, u0, v0 = x1 - left * a1, y1 - left * b1, right * a0, right * b0
    rows = [u1 * x0 - u0 * x1, u1 * y0 - v0 * x1, u1, v1 * x0 - u0 * y1, v1 * y0 - v0 * y1, v1]
    return value, gradient, np.stack([*rows, x0 - u0, y0 - v0, np.ones_like(x0)])


def _changes(to_rays: Array) -> list[Array]:
    """Derivatives of `to_rays` by the logarithm of the focal length and by the principal point."""
    across, down = np.zeros((3, 3)), np.zeros((3, 3))
    across[0, 2] = down[1, 2] = -CENTRE_OFF / FOCAL_OFF
    return [-to_rays * np.diag([1.0, 1.0, 0.0]), across, down]
