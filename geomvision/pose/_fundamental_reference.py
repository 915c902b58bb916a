"""The fundamental matrix by LO-RANSAC, to be read; `_reference_ransac` has the search itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cameras import Array
from ..geometry import skew
from ..geometry._reference_ransac import Mixture, gauss_newton, marginal_gain, ransac, sampson, shuffled
from ..geometry._rotations import rotation_of
from ._base import Estimate
from ._essential_reference import FINAL, LOCAL
from ._reference_solvers import seven_point
from ._views import View


def frame(points0: Array, points1: Array) -> tuple[Array, Array]:
    """Matrices (3, 3) from pixels to coordinates of order 1 about the centre, with one unit for both views."""
    centres = points0.mean(axis=0), points1.mean(axis=0)
    distances = [np.linalg.norm(p - c, axis=1) for p, c in zip((points0, points1), centres, strict=True)]
    unit = float(np.mean(distances)) or 1.0
    to0, to1 = (np.array([[1 / unit, 0, -c[0] / unit], [0, 1 / unit, -c[1] / unit], [0, 0, 1]]) for c in centres)
    return to0, to1


@dataclass(frozen=True)
class FundamentalManifold:
    """F = U diag(1, s, 0) Vᵀ, by 7 numbers: two rotations and a ratio."""

    U: Array
    V: Array
    s: float

    @classmethod
    def of(cls, matrix: Array) -> FundamentalManifold:
        """The nearest one."""
        U, values, Vt = np.linalg.svd(matrix)
        return cls(U * np.sign(np.linalg.det(U)), Vt.T * np.sign(np.linalg.det(Vt)), float(values[1] / values[0]))

    def matrix(self) -> Array:
        """F."""
        return np.asarray(self.U @ np.diag([1.0, self.s, 0.0]) @ self.V.T)

    def tangents(self) -> Array:
        """(7, 9)."""
        middle = np.diag([1.0, self.s, 0.0])
        left = [self.U @ skew(axis) @ middle @ self.V.T for axis in np.eye(3)]
        right = [self.U @ middle @ (self.V @ skew(axis)).T for axis in np.eye(3)]
        return np.stack([m.ravel() for m in [*left, *right, self.U @ np.diag([0.0, 1.0, 0.0]) @ self.V.T]])

    def moved(self, step: Array) -> FundamentalManifold:
        """After a step."""
        return FundamentalManifold(
            self.U @ rotation_of(step[:3]), self.V @ rotation_of(step[3:6]), self.s + float(step[6])
        )


def estimate_fundamental(
    view0: View, view1: View, max_error_px: float, confidence: float, max_iterations: int, seed: int
) -> Estimate:
    """What `_core.estimate_fundamental` does."""
    order = shuffled(seed, len(view0.ideal))
    to0, to1 = frame(view0.ideal, view1.ideal)
    ones = np.ones((len(order), 1))
    x0, x1 = np.hstack([view0.ideal[order], ones]) @ to0.T, np.hstack([view1.ideal[order], ones]) @ to1.T
    data = (x0, x1, ones[:, 0], ones[:, 0])
    band = max_error_px * to0[0, 0]

    def score(matrix: Array) -> float:
        value, gradient, _ = sampson(matrix, *data)
        return marginal_gain(value**2 / gradient, band)

    def refine(matrix: Array) -> tuple[Any, float, float] | None:
        manifold, support, _ = gauss_newton(
            FundamentalManifold.of(matrix), data, Mixture.broad(band), ones[:, 0], 2 * LOCAL
        )
        return None if support < 0 else (manifold, score(manifold.matrix()), support)

    best, _, drawn = ransac(
        len(order),
        7,
        lambda sample: seven_point(x0[sample], x1[sample]),
        score,
        refine,
        confidence=confidence,
        most=max_iterations,
        seed=seed,
    )
    if best is None:
        return Estimate(iterations=drawn)
    mixture = Mixture.broad(band)
    manifold, support, _ = gauss_newton(best, data, mixture, ones[:, 0], 2 * FINAL)
    if support < 0:
        return Estimate(iterations=drawn)
    value, gradient, _ = sampson(manifold.matrix(), *data)
    errors = np.empty(len(order))
    errors[order] = value / np.sqrt(gradient) / to0[0, 0]
    matrix = to1.T @ manifold.matrix() @ to0
    return Estimate(
        matrix=matrix / np.linalg.norm(matrix),
        errors_px=errors,
        noise_px=mixture.sigma / to0[0, 0],
        inlier_px=mixture.even_error(mixture.odds) / to0[0, 0],
        score=score(manifold.matrix()),
        iterations=drawn,
    )
