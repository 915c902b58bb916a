"""LO-RANSAC to be read: the same samples, scores and refinements as the core's, in numpy.

A random number is a function of (seed, counter), so that a sample is one of (seed, iteration) and the result one of the
seed alone, in whatever order samples are looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array

_MASK = (1 << 64) - 1
ROUND = 32  # samples that know only what earlier rounds found
LEAST = 64  # samples at least
EFFORT = 2.0  # times the samples that confidence asks for: samples are noisy, too


def random_bits(seed: int, counter: int) -> int:
    """SplitMix64 (Steele, Lea & Flood, OOPSLA 2014)."""
    z = (seed + (counter + 1) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def shuffled(seed: int, count: int) -> NDArray[np.int64]:
    """The order in which matches are looked at (Fisher & Yates)."""
    order = list(range(count))
    for i in range(count, 1, -1):
        j = ((random_bits(~seed & _MASK, i) >> 32) * i) >> 32
        order[i - 1], order[j] = order[j], order[i - 1]
    return np.array(order, dtype=np.int64)


def draw_sample(seed: int, iteration: int, size: int, count: int) -> list[int]:
    """`count` different indices below `size`."""
    sample: list[int] = []
    counter = iteration << 16
    while len(sample) < count:
        index = ((random_bits(seed, counter) >> 32) * size) >> 32
        counter += 1
        if index not in sample:
            sample.append(index)
    return sample


@dataclass
class Mixture:
    """Errors of matches: a `share` of them is Gaussian, the others lie evenly within ±`band`."""

    band: float
    sigma: float
    share: float = 0.5

    @classmethod
    def broad(cls, band: float) -> Mixture:
        """To begin with: noise is less than the band."""
        return cls(band, band / 2.5)

    def bell(self, squared: Array) -> Array:
        """exp(−r² / 2σ²), but with an end: (1 − r² / 128σ²)^64."""
        return np.asarray(np.maximum(0.0, 1 - squared / (128 * self.sigma**2)) ** 64)

    @property
    def odds(self) -> float:
        """Of an inlier against an outlier, at error 0."""
        return self.share / (self.sigma * math.sqrt(2 * math.pi)) * 2 * self.band / (1 - self.share)

    def even_error(self, odds: float) -> float:
        """Where an inlier is as likely as an outlier."""
        return min(self.band, self.sigma * math.sqrt(128 * (1 - odds ** (-1 / 64)))) if odds > 1 else 0.0

    def learn(self, weights: Array, squared: Array, inside: float, free: float, per_match: int = 1) -> None:
        """One step of maximum likelihood (Dempster, Laird & Rubin 1977)."""
        total = float(weights.sum())
        sigma = math.sqrt(float((weights * squared).sum()) / per_match / max(1.0, total - free))
        self.sigma = min(0.5 * self.band, max(self.band * 1e-3, sigma))
        self.share = min(0.999, max(0.01, total / max(1.0, inside)))


def sampson(matrix: Array, x0: Array, x1: Array, spread0: Array, spread1: Array) -> tuple[Array, Array, Array]:
    """Values x1ᵀ M x0 and squared gradients (N,) of homogeneous points (N, 3), and the gradient of r = v / √g by M."""
    line1, line0 = x0 @ matrix.T, x1 @ matrix
    value = (x1 * line1).sum(axis=1)
    flat = np.array([1.0, 1.0, 0.0])
    along1, along0 = line1 * flat * spread1[:, None], line0 * flat * spread0[:, None]
    gradient = (along1 * line1).sum(axis=1) + (along0 * line0).sum(axis=1)
    ratio = (value / gradient)[:, None, None]
    slope = x1[:, :, None] * x0[:, None, :]
    slope = slope - ratio * (along1[:, :, None] * x0[:, None, :] + x1[:, :, None] * along0[:, None, :])
    return value, gradient, slope.reshape(-1, 9)


def marginal_gain(squared: Array, band: float) -> float:
    """Σ max(0, 1 − |r| / band)²: MSAC's gain, averaged over thresholds from 0 to the band."""
    left = 1 - np.sqrt(np.where(np.isnan(squared), np.inf, squared)) / band
    return float((np.maximum(0.0, left) ** 2).sum())


def gauss_newton(
    manifold: Any, data: Any, mixture: Mixture, prior: Array, steps: int
) -> tuple[Any, float, Array | None]:
    """Steps of a manifold (`matrix`, `tangents`, `moved`) on weighted Sampson errors.

    Returns it, its support (below 0: it got lost) and the normal matrix.
    """
    total, normal = -1.0, None
    for _ in range(steps):
        value, gradient, slope = sampson(manifold.matrix(), *data)
        squared = value**2 / gradient
        inside = squared < mixture.band**2
        odds = np.where(inside, mixture.bell(squared) * mixture.odds * prior, 0.0)
        weights = odds / (1 + odds)
        total = float(weights.sum())
        tangents = manifold.tangents()
        if not total > len(tangents):
            return manifold, -1.0, None
        J = slope @ tangents.T
        scale = weights / gradient
        normal = (J * scale[:, None]).T @ J
        damped = normal + 1e-10 * np.trace(normal) * np.eye(len(normal))
        step = np.linalg.solve(damped, -(J * (scale * value)[:, None]).sum(axis=0))
        length = float(np.linalg.norm(step))
        if not math.isfinite(length):
            return manifold, -1.0, None
        manifold = manifold.moved(step if length <= 0.3 else step * (0.3 / length))
        before = mixture.sigma
        mixture.learn(weights, np.where(inside, squared, 0.0), float(inside.sum()), len(tangents))
        if length < 1e-7 and abs(mixture.sigma - before) < 1e-4 * before:
            break
    return manifold, total, normal


def iterations_needed(inlier_ratio: float, sample: int, confidence: float, most: int) -> int:
    """How many samples hold one without outliers, with that confidence."""
    good = min(1.0, max(0.0, inlier_ratio)) ** sample
    if good >= 1 - 1e-12:
        return min(LEAST, most)
    needed = EFFORT * math.log(1 - confidence) / math.log1p(-good)
    return most if not needed < most else max(min(LEAST, most), math.ceil(needed))


def iterations_of_all(size: int, sample: int, confidence: float, most: int) -> int:
    """How many samples hold each of the sets that can be drawn, with that confidence: more tell nothing new."""
    sets = math.comb(size, sample)
    return 1 if sets == 1 else min(most, math.ceil(sets * (math.log(sets) - math.log(1 - confidence))))


def ransac(
    size: int,
    sample_size: int,
    solve: Callable[[list[int]], list[Array]],
    score: Callable[[Array], float],
    refine: Callable[[Array], tuple[Any, float, float] | None],
    *,
    confidence: float,
    most: int,
    seed: int,
    second_chances: bool = False,
    patience: int = 0,
    earlier: tuple[Any, float, int] | None = None,
    to_beat: float = 0.0,
) -> tuple[Any, float, int]:
    """The best refined model, None where there is none, its score, and how many samples were drawn.

    `refine` gives a model, its score and its support, or None. With `second_chances`, the best runners-up of the rounds
    are refined at the end, too: for problems whose refinements end in different places. With a `patience` above 0 it
    ends after so many times the samples that led to the best, counted from 2048.
    A search that goes on from an earlier one's result takes as many samples again, and refines minimal models above
    `to_beat`.
    """
    best, best_score, drawn = earlier or (None, 0.0, 0)
    best_raw, improved = to_beat, drawn
    others: list[tuple[float, Array]] = []
    most = iterations_of_all(size, sample_size, confidence, most)
    needed = min(most, 2 * drawn) if earlier else most
    while drawn < needed and (not patience or drawn < patience * max(improved, 2048)):
        count = min(ROUND, most - drawn)
        samples = [draw_sample(seed, drawn + i, size, sample_size) for i in range(count)]
        scored = [(score(model), model) for sample in samples for model in solve(sample)]
        drawn += count
        top = max(scored, key=lambda item: item[0], default=(0.0, np.empty(0)))
        if top[0] > best_raw:
            best_raw = top[0]
            refined = refine(top[1])
            if refined is not None and refined[1] > best_score:
                best, best_score, support = refined
                improved = drawn
                if earlier is None:
                    needed = min(most, iterations_needed(support / size, sample_size, confidence, most))
        elif top[0] > 0.8 * best_raw:
            others = sorted([*others, top], key=lambda item: -item[0])[:32]
    for _, model in others[: 3 + drawn // 512] if second_chances else []:
        refined = refine(model)
        if refined is not None and refined[1] > best_score:
            best, best_score, _ = refined
    return best, best_score, drawn
