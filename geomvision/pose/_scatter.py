"""What the scatter of single matches says of changes of the intrinsics and of the pose: errors need not be alike."""

from __future__ import annotations

import numpy as np

from ..cameras import Array

#: Of the information at most: beyond, the model is wrong rather than the inliers unknown.
LOST = 0.7


def odds_of(errors_px: Array, noise_px: float, inlier_px: float) -> Array:
    """Of each match being an inlier, as the estimators have them: 1 at `inlier_px`."""
    wide = 128 * max(noise_px, 1e-9) ** 2
    bell = np.maximum(0.0, 1 - np.square(errors_px) / wide) ** 64
    edge = max(1 - inlier_px**2 / wide, 0.0) ** 64
    return np.asarray(bell / max(edge, 1e-6))


def wald(slopes: Array, along: Array, residual: Array, weights: Array, variance: float) -> float:
    """Wald's statistic of changes of the intrinsics `along` (6, k) by the scatter of the errors that are left with
    them, each match as if it had been left out (MacKinnon & White 1985, HC3); 0 where they are not determined.
    """
    wide = np.hstack([slopes[:, :5], slopes[:, 5:] @ along])
    wide = wide / np.maximum(np.sqrt(weights @ wide**2), 1e-300)
    normal = (wide * weights[:, None]).T @ wide
    try:
        inverse = np.linalg.inv(normal)
        change = inverse @ ((weights * residual) @ wide)
        rest = residual - wide @ change
        leverage = np.clip(weights * np.einsum("ij,jk,ik->i", wide, inverse, wide), 0.0, 0.99)
        own = np.maximum(rest**2, 0.01 * variance) * (weights / (1 - leverage)) ** 2
        scatter = inverse @ ((wide * own[:, None]).T @ wide) @ inverse
        return float(change[5:] @ np.linalg.solve(scatter[5:, 5:], change[5:]))
    except np.linalg.LinAlgError:
        return 0.0


def by_scatter(slopes: Array, residual: Array, weights: Array) -> float:
    """Hotelling's T² of the single matches' gradients by changes of the intrinsics (N, k); 0 where these tell nothing.

    A score statistic for errors that are not all alike (White 1980): one match alone makes it 1.
    """
    own = slopes * (weights * residual)[:, None]
    total = own.sum(axis=0)
    try:
        share = float(total @ np.linalg.solve(own.T @ own, total)) / float(weights.sum())
    except np.linalg.LinAlgError:
        return 0.0
    return share / max(1 - share, 1e-9) * float(weights.sum())


def model_covariance(slopes: Array, residual: Array, weights: Array, variance: float) -> Array:
    """The pose's of equal noise: A⁻¹, with A what the matches tell less what the doubt about who is an inlier takes
    away (Louis 1982).
    """
    root = np.linalg.inv(np.linalg.cholesky((slopes * weights[:, None]).T @ slopes / variance))
    lost = weights * (1 - weights) * residual**2 / variance**2
    values, vectors = np.linalg.eigh(root @ ((slopes * lost[:, None]).T @ slopes) @ root.T)
    return np.asarray(root.T @ (vectors / (1 - np.clip(values, 0.0, LOST))) @ vectors.T @ root)


def pose_covariance(model: Array, slopes: Array, residual: Array, weights: Array, variance: float) -> Array:
    """The pose's: A⁻¹ V A⁻¹, with A⁻¹ the `model`'s and V the scatter of the gradient, each match as if it had been
    left out (MacKinnon & White 1985, HC3).
    """
    inverse = np.linalg.inv((slopes * weights[:, None]).T @ slopes / variance)
    leverage = np.einsum("ij,jk,ik->i", slopes, inverse, slopes)
    leverage = np.minimum(weights * leverage / variance, 0.9)
    own = np.maximum(residual**2, 0.01 * variance) * (weights / (1 - leverage) / variance) ** 2
    return np.asarray(model @ ((slopes * own[:, None]).T @ slopes) @ model)
