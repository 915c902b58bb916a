"""The search for slanted planes as readable loops (Bleyer, Rhemann & Rother, BMVC 2011).

Planes are int64 (H, W, 3): slopes a and b and the disparity at the pixel itself, in 2⁻¹⁶ px. The right view counts
disparities from its own side, so that they are negative; then both views are treated alike. Levels are int64 (H, W) in
64ths of 0 … 255. Everything is integer, and the C++ core (`csrc/src/stereo/plane_search.hpp`) gives the same numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Integers = NDArray[np.int64]

ONE = 1 << 16
#: What levels and gradients beyond the border are: unlike every real one.
NO_VALUE, NO_GRADIENT = 32000, 20000
#: Columns of it on either side.
BORDER = 2
#: Above every cost.
UNKNOWN = 2**32 - 1
#: Neighbours that are asked for their planes, an odd number of steps away.
OFFSETS = tuple(
    (sign * far, 0) if across else (0, sign * far) for far in (1, 5, 17) for across in (1, 0) for sign in (-1, 1)
)
#: Refinement ends with changes below a tenth of a pixel.
LEAST_CHANGE = ONE // 10
MASK = 0xFFFFFFFF
GOLDEN = 0x9E3779B9


class Rules(NamedTuple):
    """Window and weights of the cost. Factors are 2⁻¹⁵, thresholds 64ths of a level."""

    radius: int
    step: int
    contrast: int
    tau_colour: int
    tau_gradient: int
    colour: int
    gradient: int
    max_slope: int
    support: Integers


class View(NamedTuple):
    """One view: padded levels and gradients, planes and their costs, smallest and largest disparity."""

    values: Integers
    gradients: Integers
    planes: Integers
    costs: Integers
    least: int
    most: int


def rules(
    *, window: int, step: int, gamma: float, alpha: float, tau_colour: float, tau_gradient: float, max_slope: float
) -> Rules:
    """The options in integers."""
    gradient = int(np.floor(32767 * alpha + 0.5))
    return Rules(
        radius=window // 2,
        step=step,
        contrast=int(np.floor(8192 / gamma + 0.5)),
        tau_colour=int(np.floor(64 * tau_colour + 0.5)),
        tau_gradient=int(np.floor(64 * tau_gradient + 0.5)),
        colour=32767 - gradient,
        gradient=gradient,
        max_slope=int(np.floor(max_slope * ONE + 0.5)),
        support=np.floor(255 * np.exp(-np.arange(64) / 8) + 0.5).astype(np.int64),
    )


def view(levels: Integers, least: int, most: int) -> View:
    """A view without planes; its disparities lie between `least` and `most`, 2⁻¹⁶ px."""
    across = np.pad(levels, ((0, 0), (1, 1)), mode="edge")
    gradients = (across[:, 2:] - across[:, :-2]) // 2
    beside = ((0, 0), (BORDER, BORDER))
    return View(
        np.pad(levels, beside, constant_values=NO_VALUE),
        np.pad(gradients, beside, constant_values=NO_GRADIENT),
        np.zeros((*levels.shape, 3), np.int64),
        np.full(levels.shape, UNKNOWN, np.int64),
        least,
        most,
    )


@njit(cache=True)
def hashed(value: int) -> int:
    """A hash of 32 bits with good avalanche: consecutive numbers give independent ones."""
    value = ((value ^ (value >> 16)) * 0x7FEB352D) & MASK
    value = ((value ^ (value >> 15)) * 0x846CA68B) & MASK
    return value ^ (value >> 16)


@njit(cache=True)
def draw(state: int, number: int, reach: int) -> int:
    """The `number`-th random integer (from 1) of a pixel, between −reach and reach."""
    return (((2 * reach + 1) * hashed((state + number * GOLDEN) & MASK)) >> 32) - reach


@njit(cache=True)
def key(seed: int, iteration: int, side: int) -> int:
    """What random numbers of one iteration and view are made from."""
    return hashed((seed + GOLDEN * (2 * iteration + side)) & MASK)


@njit(cache=True)
def scaled(value: int, factor: int) -> int:
    """value · factor / 2¹⁵, rounded."""
    return (value * factor + (1 << 14)) >> 15


@njit(cache=True)
def support_weight(rules: Rules, own: View, x: int, y: int, u: int, v: int) -> int:
    """255 exp(−|I_p − I_q| / γ) of p = (x, y) and q = (u, v) (eq. 4), in steps of γ / 8."""
    apart = abs(own.values[v, u + BORDER] - own.values[y, x + BORDER])
    return rules.support[min((apart * rules.contrast) >> 16, 63)]


@njit(cache=True)
def dissimilarity(rules: Rules, own: View, other: View, u: int, v: int, position: int) -> int:
    """ρ of eq. 5 between a pixel and the `position` (2⁻¹⁶ px) in the other view, interpolated, in 64ths of a level."""
    at = min(max(position >> 16, -BORDER), other.costs.shape[1]) + BORDER
    fraction = (position & (ONE - 1)) >> 1
    values, gradients = other.values[v], other.gradients[v]
    value = values[at] + scaled(values[at + 1] - values[at], fraction)
    gradient = gradients[at] + scaled(gradients[at + 1] - gradients[at], fraction)
    colour = min(abs(own.values[v, u + BORDER] - value), rules.tau_colour)
    slope = min(abs(own.gradients[v, u + BORDER] - gradient), rules.tau_gradient)
    return scaled(colour, rules.colour) + scaled(slope, rules.gradient)


@njit(cache=True)
def plane_cost(rules: Rules, own: View, other: View, x: int, y: int, a: int, b: int, d: int, limit: int) -> int:
    """The cost of a plane at (x, y) (eq. 3); rows after those that reach the limit are left out."""
    height, width = own.costs.shape
    reach = rules.radius // rules.step * rules.step
    total = 0
    for dy in range(-reach, reach + 1, rules.step):
        if not 0 <= y + dy < height:
            continue
        for dx in range(-reach, reach + 1, rules.step):
            if not 0 <= x + dx < width:
                continue
            position = (x + dx) * ONE - (d + a * dx + b * dy)
            weight = support_weight(rules, own, x, y, x + dx, y + dy)
            if weight > 0:
                total += weight * dissimilarity(rules, own, other, x + dx, y + dy, position)
        if total >= limit:
            break
    return total


@njit(cache=True)
def randomise(rules: Rules, own: View, state: int) -> None:
    """Every pixel takes a random plane."""
    height, width = own.costs.shape
    span = own.most - own.least
    for y in range(height):
        for x in range(width):
            pixel = hashed(state ^ (y * width + x))
            d = own.least + span // 2 + draw(pixel, 1, (span + 1) // 2)
            own.planes[y, x, 0] = draw(pixel, 2, rules.max_slope)
            own.planes[y, x, 1] = draw(pixel, 3, rules.max_slope)
            own.planes[y, x, 2] = min(max(d, own.least), own.most)


@njit(cache=True)
def rate(rules: Rules, own: View, other: View) -> None:
    """What the planes cost."""
    height, width = own.costs.shape
    for y in range(height):
        for x in range(width):
            a, b, d = own.planes[y, x]
            own.costs[y, x] = plane_cost(rules, own, other, x, y, a, b, d, UNKNOWN)


@njit(cache=True)
def pointing(other: View) -> Integers:
    """For each pixel the column in the other view whose plane leads here, the one of least cost, or −1."""
    height, width = other.costs.shape
    columns = np.full((height, width), -1, np.int64)
    for y in range(height):
        for x in range(width):
            target = x + ((ONE // 2 - other.planes[y, x, 2]) >> 16)
            if 0 <= target < width:
                rival = columns[y, target]
                if rival < 0 or other.costs[y, x] < other.costs[y, rival]:
                    columns[y, target] = x
    return columns


@njit(cache=True)
def seen_from_other(a: int, b: int, d: int, x: int, target: int) -> tuple[int, int, int]:
    """The plane of pixel x of one view, as pixel `target` of the other sees it: from x' = x − d and d' = −d."""
    shrunk = ONE - a
    away = (target - x) * ONE + d
    return -((a * ONE) // shrunk), -((b * ONE) // shrunk), -(d + (a * away) // shrunk)


@njit(cache=True)
def offer(rules: Rules, own: View, other: View, x: int, y: int, a: int, b: int, d: int) -> None:
    """The plane stays at (x, y) when it is allowed and costs less than the one before."""
    if not (own.least <= d <= own.most and abs(a) <= rules.max_slope and abs(b) <= rules.max_slope):
        return
    plane = own.planes[y, x]
    if plane[0] == a and plane[1] == b and plane[2] == d:
        return
    cost = plane_cost(rules, own, other, x, y, a, b, d, own.costs[y, x])
    if cost < own.costs[y, x]:
        own.costs[y, x] = cost
        plane[0], plane[1], plane[2] = a, b, d


@njit(cache=True)
def visit(rules: Rules, own: View, other: View, x: int, y: int, column: int, pixel: int) -> None:
    """Spatial propagation, view propagation and refinement of one pixel."""
    height, width = own.costs.shape
    for dx, dy in OFFSETS:
        if 0 <= x + dx < width and 0 <= y + dy < height:
            a, b, d = own.planes[y + dy, x + dx]
            offer(rules, own, other, x, y, a, b, d - a * dx - b * dy)
    if column >= 0:
        a, b, d = other.planes[y, column]
        a, b, d = seen_from_other(a, b, d, column, x)
        offer(rules, own, other, x, y, a, b, d)
    change, slope, number = (own.most - own.least) // 2, rules.max_slope, 0
    while change >= LEAST_CHANGE:
        a, b, d = own.planes[y, x]
        d += draw(pixel, number + 1, change)
        a += draw(pixel, number + 2, slope)
        b += draw(pixel, number + 3, slope)
        offer(rules, own, other, x, y, a, b, d)
        change, slope, number = change // 2, slope // 2, number + 3


@njit(cache=True)
def iterate(rules: Rules, views: tuple[View, View], seed: int, iteration: int) -> None:
    """One iteration: the left view, then the right one, each the pixels of one colour of a checkerboard at a time."""
    for side in range(2):
        own, other = views[side], views[1 - side]
        height, width = own.costs.shape
        columns = pointing(other)
        state = key(seed, iteration, side)
        for colour in range(2):
            for y in range(height):
                for x in range((y + colour) % 2, width, 2):
                    visit(rules, own, other, x, y, columns[y, x], hashed(state ^ (y * width + x)))
