"""From a volume of costs to disparities: winner-take-all in both views, sub-pixel fit, uniqueness.

A volume is (..., W, D), uint8, uint16, int32 or float32 (half precisions are computed in float32); candidate k stands
for the disparity first + k, and one that costs the largest number of its dtype (in float: infinity, or NaN) is none.
Disparity maps are float32, NaN where there is no estimate. Matching is not differentiable: see `soft_argmin`. All raise
TypeError for other dtypes, and ValueError for other shapes or numbers.
"""

from __future__ import annotations

from typing import Generic, Literal, NamedTuple

from ..arguments import checked
from . import _classical as classical
from ._dispatch import Array, require_arrays


class Winners(NamedTuple, Generic[Array]):
    """What `winner_takes_all` found: each (..., W)."""

    #: Disparity of the smallest cost, pixels; NaN where no candidate is one.
    disparity: Array
    #: That cost.
    cost: Array
    #: The smallest cost more than one candidate away; the largest of its dtype where there is none.
    second: Array


@checked
def winner_takes_all(volume: Array, *, first: int = 0, num_threads: int = 0) -> Winners[Array]:
    """The disparity of smallest cost at every pixel, of equal ones the smallest, with its cost and the second best.

    Args:
        volume: (..., W, D).
        first: disparity of the first candidate, pixels, within ±2²⁰.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes, or no candidate.
    """
    name = "winner_takes_all"
    _require_first(name, first)
    found = classical.run(name, _volume(name, volume), first, num_threads)
    return Winners(*(each.reshape(volume.shape[:-1]) for each in found))


@checked
def right_winners(volume: Array, *, first: int = 0, num_threads: int = 0) -> Array:
    """The right view's disparities (..., W) from the left view's costs: right pixel x has the candidates left x + d."""
    name = "right_winners"
    _require_first(name, first)
    return classical.run(name, _volume(name, volume), first, num_threads).reshape(volume.shape[:-1])  # type: ignore[no-any-return]


@checked
def subpixel(
    volume: Array,
    winners: Array,
    *,
    first: int = 0,
    fit: Literal["parabola", "equiangular", "none"] = "parabola",
    num_threads: int = 0,
) -> Array:
    """Whole-pixel winners (..., W), and where the minimum lies beside them, −½ … ½ pixel.

    Args:
        volume: (..., W, D), the costs that chose the winners.
        winners: (..., W), pixels, NaN where there is none. Those that lack a neighbour, or are dearer than one, stay.
        first: disparity of the first candidate, pixels, within ±2²⁰.
        fit: through the costs of the winner and its neighbours, a parabola, or two lines of equal and opposite slope
            (Shimizu & Okutomi, ICCV 2001), which suits costs that grow linearly.
        num_threads: 0 takes every core.
    """
    name = "subpixel"
    require_arrays(name, volume=volume, winners=winners)
    costs = _volume(name, volume)
    _require_first(name, first)
    if fit not in ("parabola", "equiangular", "none"):
        raise ValueError(f"{name}: fit is {fit!r}; allowed are 'parabola', 'equiangular', 'none'")
    if tuple(winners.shape) != tuple(volume.shape[:-1]):
        raise ValueError(f"{name}: winners have shape {tuple(winners.shape)}; the volume asks for {volume.shape[:-1]}")
    whole = classical.flat(classical.disparities(name, "winners", winners[None]), 1)
    return classical.run(name, costs, whole, first, fit, num_threads).reshape(winners.shape)  # type: ignore[no-any-return]


@checked
def uniqueness(winners: Winners[Array], *, percent: int = 0, num_threads: int = 0) -> tuple[Array, Array]:
    """Winners that beat the second best by `percent`, and by which share (second − cost) / second they do.

    Kept is what satisfies 100 · cost < (100 − percent) · second, so a tie never is; without a second best a winner
    stays, with margin 0. Suited to costs of 0 or more.

    Returns:
        Disparity, NaN where the winner was dropped, and margin, both float32 and of the winners' shape.
    """
    name = "uniqueness"
    if not isinstance(winners, Winners):
        raise TypeError(f"{name}: winners is a {type(winners).__name__}; it must be Winners, as of winner_takes_all")
    require_arrays(name, disparity=winners.disparity, cost=winners.cost, second=winners.second)
    classical.require_equal_shapes(name, disparity=winners.disparity, cost=winners.cost, second=winners.second)
    if not 0 <= percent <= 100:
        raise ValueError(f"{name}: percent is {percent}; allowed is 0 to 100")
    shape = winners.disparity.shape
    maps = [each.reshape(1, -1) for each in winners]
    maps[1:] = [classical.costs(name, "cost", each, 2) for each in maps[1:]]
    kept, margin = classical.run(
        name, classical.disparities(name, "disparity", maps[0]), *maps[1:], percent, num_threads
    )
    return kept.reshape(shape), margin.reshape(shape)


def _require_first(name: str, first: int) -> None:
    if not -(1 << 20) <= first <= 1 << 20:
        raise ValueError(f"{name}: first is {first}; allowed is within ±2²⁰ px")


def _volume(name: str, volume: Array) -> Array:
    require_arrays(name, volume=volume)
    if volume.ndim < 2 or not 0 < volume.shape[-1] <= 65535:
        raise ValueError(
            f"{name}: volume has shape {tuple(volume.shape)}; it must be (..., W, D) with D from 1 to 65535"
        )
    return classical.flat(classical.costs(name, "volume", volume, 2), 2)  # type: ignore[no-any-return]
