"""A plane through each given point: inverse depth of what is flat is linear in the image, x and y being pixels.

What completions spread over the gaps are these planes and not the depths, so that a road stays a road between two
returns. Each is fitted to the nearest given points, those of its colour first, and to most of them only: Cauchy's
weights (Holland & Welsch, 1977) let go of points of another surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from ..cameras import Array
from ..images import Float32

Indices = NDArray[np.intp]

#: Relative scatter of inverse depths about a plane beyond which a point counts as of another surface.
SCATTER = 0.05
#: Euclidean distance of colours, of 255, at which a neighbour counts 1/e.
COLOUR = 40.0
#: Weight of flatness, against a neighbour at the mean distance, and rounds of reweighting.
FLATNESS, ROUNDS = 1e-2, 5
#: Of more given points one in each cell of a grid is taken.
MOST_POINTS = 20_000
#: A plane goes on so far beyond its point, in mean distances of points, and is level from there.
REACH = 3.0


@dataclass(frozen=True, eq=False)
class Planes:
    """Of given points their pixels `yx` (N, 2), of the planes inverse depth there (N,) and slopes (N, 2) by x and y."""

    shape: tuple[int, int]
    yx: Indices
    value: Array
    slope: Array
    #: (N,) how far a point is from its own plane counts as 1 where it is not, and as 0 where it is far off.
    trust: Array
    #: (N,) relative scatter of the neighbours about the plane.
    scatter: Array
    #: Least and largest inverse depth that were given.
    bounds: tuple[float, float]
    #: Of each pixel the nearest point's number, and its distance in pixels.
    nearest: Indices
    distance: Array

    @property
    def spacing(self) -> float:
        """Mean distance of neighbouring points, were they spread evenly, pixels."""
        return float(np.sqrt(self.shape[0] * self.shape[1] / len(self.yx)))

    def coefficients(self) -> Array:
        """(3, N): inverse depth at the middle of the image, and slopes by x and y."""
        y, x = (self.yx - self._middle).T
        return np.stack([self.value - self.slope[:, 0] * x - self.slope[:, 1] * y, *self.slope.T])

    def inverse_depth(self, coefficients: Array) -> Array:
        """(H, W) of planes' coefficients (3, H, W) at each pixel, level beyond their reach, within what was given."""
        y, x = np.indices(self.shape, dtype=np.float64)
        share = np.minimum(1.0, REACH * self.spacing / np.maximum(self.distance, 1e-9))
        near_y, near_x = self.yx[self.nearest].transpose(2, 0, 1)
        y = near_y + (y - near_y) * share - self._middle[0]
        x = near_x + (x - near_x) * share - self._middle[1]
        found = coefficients[0] + coefficients[1] * x + coefficients[2] * y
        return np.asarray(np.clip(found, *self.bounds))

    @property
    def _middle(self) -> tuple[float, float]:
        return self.shape[0] / 2, self.shape[1] / 2


def planes_through(depth_m: Float32, guide: Float32 | None, neighbours: int) -> Planes:
    """Planes through the depths (H, W) that are not NaN, at least one; `guide` (H, W[, 3]) has grey levels 0 … 255."""
    yx = _thinned(np.argwhere(~np.isnan(depth_m)), depth_m.shape[1])
    near = 1.0 / depth_m[yx[:, 0], yx[:, 1]].astype(np.float64)
    distance, others = cKDTree(yx).query(yx, min(neighbours, len(yx)))
    distance, others = distance.reshape(len(yx), -1), others.reshape(len(yx), -1)
    mean = np.maximum(distance.mean(axis=1, keepdims=True), 1e-9)
    offsets = (yx[others] - yx[:, None]) / mean[..., None]  # in mean distances: the normal equations stay balanced
    weight = np.exp(-((distance / mean) ** 2))
    if guide is not None:
        colours = guide[yx[:, 0], yx[:, 1]].reshape(len(yx), -1).astype(np.float64)
        weight *= np.exp(-np.linalg.norm(colours[others] - colours[:, None], axis=2) / COLOUR)
        weight += 1e-9
    rows = np.concatenate([np.ones((*weight.shape, 1)), offsets[..., ::-1]], axis=2)
    found, residual = _fitted(rows, near[others], weight)
    off = (near - found[:, 0]) / (SCATTER * found[:, 0])
    trust = 1 / (1 + off**2)
    places = np.ones(depth_m.shape, np.intp)
    places[yx[:, 0], yx[:, 1]] = 0
    away, where = distance_transform_edt(places, return_indices=True)
    number = np.zeros(depth_m.shape, np.intp)
    number[yx[:, 0], yx[:, 1]] = np.arange(len(yx))
    return Planes(
        shape=(depth_m.shape[0], depth_m.shape[1]),
        yx=yx,
        value=trust * near + (1 - trust) * found[:, 0],
        slope=found[:, 1:] / mean,
        trust=trust,
        scatter=np.sqrt((weight * residual**2).sum(axis=1) / weight.sum(axis=1)) / found[:, 0],
        bounds=(float(near.min()), float(near.max())),
        nearest=number[where[0], where[1]],
        distance=away,
    )


def _fitted(rows: Array, near: Array, weight: Array) -> tuple[Array, Array]:
    """Of each point the plane (N, 3) of its neighbours' inverse depths (N, K), and what is left of them (N, K)."""
    order = np.argsort(near, axis=1)
    share = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
    half = (share >= share[:, -1:] / 2).argmax(axis=1)[:, None]
    middle = np.take_along_axis(np.take_along_axis(near, order, axis=1), half, axis=1)  # a weighted median
    found = np.concatenate([middle, np.zeros((len(near), 2))], axis=1)
    residual = near - middle
    for turn in range(ROUNDS):
        scale = SCATTER * middle * (1 if turn else 5)  # the median knows no slope yet
        now = weight / (1 + (residual / scale) ** 2)
        weighted = rows * now[..., None]
        normal = weighted.transpose(0, 2, 1) @ rows
        normal += np.diag([0.0, FLATNESS, FLATNESS]) * now.sum(axis=1)[:, None, None]
        found = np.linalg.solve(normal, weighted.transpose(0, 2, 1) @ near[..., None])[..., 0]
        residual = near - (rows @ found[..., None])[..., 0]
    value = np.clip(found[:, 0], near.min(axis=1), near.max(axis=1))
    return np.column_stack([value, found[:, 1:]]), residual


def _thinned(yx: Indices, width: int) -> Indices:
    """At most about `MOST_POINTS` of the pixels: the first in each cell."""
    if len(yx) <= MOST_POINTS:
        return yx
    cell = int(np.ceil(np.sqrt(len(yx) / MOST_POINTS)))
    _, first = np.unique((yx[:, 0] // cell) * (width // cell + 1) + yx[:, 1] // cell, return_index=True)
    return yx[first]
