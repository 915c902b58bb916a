"""How sure figures over a few scenes are: the bootstrap over scenes, and paired tests between methods.

Scenes are what a benchmark has few of, so scenes are drawn: pixels of one scene are not independent. A pooled figure is
made again from the pixels of the scenes drawn, a mean from their means, with the benchmark's weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Form = Literal["mean", "percent", "root"]
Rule = Literal["pooled", "mean"]
#: Times that scenes are drawn, and the share of the results that an interval holds.
RESAMPLES, LEVEL = 1000, 0.95
#: From this many scenes on a Wilcoxon test can reach 0.05 at all (2 / 2⁶ < 0.05 < 2 / 2⁵).
FEWEST_SCENES = 6


@dataclass(frozen=True, kw_only=True)
class Paired:
    """One method against another on the scenes that both have, figure by figure."""

    scenes: int
    #: On how many scenes the first has the smaller figure, and on how many the larger.
    lower: int
    higher: int
    #: Median over scenes of first − second, in the figure's unit.
    median_difference: float
    #: Two-sided p of Wilcoxon's signed-rank test, before any correction; NaN without a scene in common.
    p: float


def formed(total: Float64, count: Float64, form: Form) -> Float64:
    """What `Ratio.value` is, for arrays: total / count, in percent or as a root; NaN where count is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.where(count > 0, total / count, np.nan)
    if form == "percent":
        means = 100.0 * means
    return np.sqrt(np.maximum(means, 0.0)) if form == "root" else means


@lru_cache(maxsize=8)
def drawn(scenes: int, resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float32]:
    """How often each scene is drawn, (resamples, scenes): as many draws as there are scenes, with replacement."""
    if scenes < 1 or resamples < 1:
        raise ValueError(f"scenes is {scenes}, resamples {resamples}; both must be at least 1")
    counts = np.random.default_rng(seed).multinomial(scenes, np.full(scenes, 1.0 / scenes), size=resamples)
    drawings = counts.astype(np.float32)
    drawings.setflags(write=False)
    return drawings


def aggregated(total: Float64, count: Float64, form: Form, rule: Rule, draws: NDArray[np.floating[Any]]) -> Float64:
    """The figure over scenes for each drawing of them.

    Args:
        total: (methods, scenes), 0 where a method has no figure of a scene.
        count: the same; a scene counts where it is above 0.
        form: of the ratios.
        rule: "pooled" divides sums by sums, "mean" averages the scenes' values.
        draws: (drawings, scenes), how much each scene counts: as often as drawn, times its weight.

    Returns:
        (drawings, methods), NaN where none of the scenes drawn counts.
    """
    if rule == "pooled":
        return formed(np.asarray(draws @ total.T, np.float64), np.asarray(draws @ count.T, np.float64), form)
    counted = count > 0
    values = np.where(counted, formed(total, count, form), 0.0)
    sums, weights = (np.asarray(draws @ each.T, np.float64) for each in (values, counted.astype(np.float64)))
    return formed(sums, weights, "mean")


def interval(resampled: Float64, level: float = LEVEL) -> tuple[Float64, Float64]:
    """Percentile interval of each column of (drawings, methods); NaN for methods without any figure."""
    known = ~np.isnan(resampled).all(axis=0)
    ends = np.full((2, resampled.shape[1]), np.nan)
    if known.any():
        margins = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
        ends[:, known] = np.nanquantile(resampled[:, known], margins, axis=0)
    return ends[0], ends[1]


def paired(first: Float64, second: Float64) -> Paired:
    """Compare two methods scene by scene, (scenes,) each, NaN where one has no figure.

    Wilcoxon's signed-rank test (Biometrics Bulletin 1(6), 1945) as scipy has it: exact for few scenes without ties,
    scenes without a difference left out. Where all are equal p is 1.
    """
    from scipy.stats import wilcoxon

    difference = first - second
    difference = difference[~np.isnan(difference)]
    lower, higher = int((difference < 0).sum()), int((difference > 0).sum())
    if difference.size == 0:
        return Paired(scenes=0, lower=0, higher=0, median_difference=float("nan"), p=float("nan"))
    p = 1.0 if lower + higher == 0 else float(wilcoxon(difference[difference != 0]).pvalue)
    return Paired(
        scenes=difference.size, lower=lower, higher=higher, median_difference=float(np.median(difference)), p=p
    )


def holm(p: Sequence[float]) -> list[float]:
    """p-values of a family of tests, corrected so that one false alarm among all is as rare as p says.

    Holm's step-down correction (Scandinavian Journal of Statistics 6(2), 1979). NaN stays NaN and is no test.
    """
    values = np.asarray(p, np.float64)
    tests = np.flatnonzero(~np.isnan(values))
    order = tests[np.argsort(values[tests], kind="stable")]
    corrected = values.copy()
    steps = values[order] * np.arange(order.size, 0, -1)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps)) if order.size else steps
    return [float(value) for value in corrected]
