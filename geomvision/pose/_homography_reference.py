"""The homography by LO-RANSAC, to be read; `_reference_ransac` has the search itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..cameras import Array
from ..geometry._reference_ransac import Mixture, marginal_gain, ransac, shuffled
from ._base import Estimate
from ._essential_reference import FINAL, LOCAL
from ._fundamental_reference import frame
from ._reference_solvers import four_point
from ._views import View


def transfer(H: Array, x0: Array, x1: Array) -> tuple[Array, Array]:
    """Whitened Sampson errors (N, 2) of homogeneous points, and what they are whitened with: L⁻¹ (N, 2, 2)."""
    p = x0 @ H.T
    errors = p[:, :2] - p[:, 2:] * x1[:, :2]
    slopes = H[None, :2, :2] - x1[:, :2, None] * H[None, 2:, :2]
    covariance = slopes @ slopes.transpose(0, 2, 1) + (p[:, 2] ** 2)[:, None, None] * np.eye(2)
    uu, uv, vv = covariance[:, 0, 0], covariance[:, 0, 1], covariance[:, 1, 1]
    with np.errstate(all="ignore"):
        first, second = np.sqrt(uu), np.sqrt(np.maximum(0.0, vv - uv * uv / uu))
        whiten = np.zeros((len(p), 2, 2))
        whiten[:, 0, 0], whiten[:, 1, 0], whiten[:, 1, 1] = 1 / first, -uv / (uu * second), 1 / second
        return np.einsum("nij,nj->ni", whiten, errors), whiten


def plane_odds(mixture: Mixture) -> float:
    """Of an inlier with Gaussian errors in the plane, against outliers spread over a disc of radius `band`."""
    return mixture.share / (1 - mixture.share) * mixture.band**2 / (2 * mixture.sigma**2)


def improved(H: Array, x0: Array, x1: Array, mixture: Mixture, steps: int) -> tuple[Array, float]:
    """Gauss–Newton over the entries, at right angles to H itself, whose length is free; H and its support."""
    total = 0.0
    for _ in range(steps):
        H = H / np.linalg.norm(H)
        errors, whiten = transfer(H, x0, x1)
        squared = (errors**2).sum(axis=1)
        inside = squared < mixture.band**2
        odds = np.where(inside, mixture.bell(squared) * plane_odds(mixture), 0.0)
        weights = odds / (1 + odds)
        total = float(weights.sum())
        if not total > 4:
            return H, -1.0
        zero = np.zeros_like(x0)
        rows = np.stack([np.hstack([x0, zero, -x1[:, :1] * x0]), np.hstack([zero, x0, -x1[:, 1:2] * x0])], axis=1)
        J = (whiten @ rows)[inside]
        w, e = weights[inside], errors[inside]
        normal = np.einsum("nki,n,nkj->ij", J, w, J)
        trace = np.trace(normal)
        normal = normal + trace * np.outer(H, H) + 1e-12 * trace * np.eye(9)
        step = np.linalg.solve(normal, -np.einsum("nki,n,nk->i", J, w, e))
        H = H + step.reshape(3, 3)
        mixture.learn(weights, np.where(inside, squared, 0.0), float(inside.sum()), 4, per_match=2)
        if np.linalg.norm(step) < 1e-9:
            break
    return H / np.linalg.norm(H), total


def estimate_homography(
    view0: View, view1: View, max_error_px: float, confidence: float, max_iterations: int, seed: int
) -> Estimate:
    """What `_core.estimate_homography` does."""
    order = shuffled(seed, len(view0.ideal))
    to0, to1 = frame(view0.ideal, view1.ideal)
    ones = np.ones((len(order), 1))
    x0, x1 = np.hstack([view0.ideal[order], ones]) @ to0.T, np.hstack([view1.ideal[order], ones]) @ to1.T
    band = max_error_px * to0[0, 0]

    def score(H: Array) -> float:
        return marginal_gain((transfer(H, x0, x1)[0] ** 2).sum(axis=1), band)

    def refine(H: Array) -> tuple[Any, float, float] | None:
        H, support = improved(H, x0, x1, Mixture.broad(band), 2 * LOCAL)
        return None if support < 0 else (H, score(H), support)

    best, _, drawn = ransac(
        len(order),
        4,
        lambda sample: four_point(x0[sample], x1[sample]),
        score,
        refine,
        confidence=confidence,
        most=max_iterations,
        seed=seed,
    )
    if best is None:
        return Estimate(iterations=drawn)
    mixture = Mixture.broad(band)
    H, support = improved(best, x0, x1, mixture, FINAL)
    if support < 0:
        return Estimate(iterations=drawn)
    odds = plane_odds(mixture)
    reach = mixture.sigma * math.sqrt(128 * (1 - odds ** (-1 / 64))) if odds > 1 else 0.0
    errors = np.empty(len(order))
    errors[order] = np.linalg.norm(transfer(H, x0, x1)[0], axis=1) / to0[0, 0]
    matrix = np.linalg.inv(to1) @ H @ to0
    return Estimate(
        matrix=matrix / np.linalg.norm(matrix),
        errors_px=errors,
        noise_px=mixture.sigma / to0[0, 0],
        inlier_px=min(max_error_px, reach / to0[0, 0]),
        score=score(H),
        iterations=drawn,
    )
