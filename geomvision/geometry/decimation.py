"""Fewer triangles: the vertices in one cell of a grid become one (Rossignac & Borrel, 1993)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked
from ..cameras import Array
from ..results import PointCloud

Indices = NDArray[np.int64]
#: Cells are tried until so large a share of the triangles that may be is there, or so often.
ENOUGH, TRIES = 0.8, 16
#: Along directions in which the summed squared distances curve less than this share of the most, a vertex stays put.
FLAT = 1e-2


@checked
def decimate(mesh: PointCloud, max_triangles: int) -> PointCloud:
    """The mesh itself where it has no more than `max_triangles`, else one of at most as many, and not many fewer.

    A cell's vertex stands where it is nearest to the planes of the cell's triangles (Lindstrom, SIGGRAPH 2000), so
    edges and corners stay; its colour and normal are the mean. Holes narrower than a cell may close.

    Raises:
        ValueError: when the mesh has no triangles, or `max_triangles` is below 4.
    """
    if mesh.triangles is None:
        raise ValueError("points without triangles were given; only a mesh can be decimated")
    if max_triangles < 4:
        raise ValueError(f"max_triangles is {max_triangles}; it must be at least 4")
    triangles = mesh.triangles.astype(np.int64)
    if len(triangles) <= max_triangles:
        return mesh
    points = mesh.points.astype(np.float64)
    cell = _cell_size(points, triangles, max_triangles)
    cells, kept = _clustered(points, triangles, cell)
    count = int(cells.max()) + 1
    middles = _means(points, cells, count)
    normals = _area_normals(points, triangles)
    moved = _nearest_to_planes(points, triangles, normals, cells, middles)
    moved = np.clip(moved, middles - cell / 2, middles + cell / 2)  # planes of a thin fold may meet far away
    used, renamed = np.unique(kept, return_inverse=True)
    colors = None if mesh.colors is None else np.rint(_means(mesh.colors, cells, count)[used]).astype(np.uint8)
    turned = None
    if mesh.normals is not None:
        turned = _means(mesh.normals, cells, count)[used]
        turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)
    return PointCloud(
        points=moved[used].astype(np.float32),
        colors=colors,
        normals=None if turned is None else turned.astype(np.float32),
        triangles=renamed.reshape(-1, 3).astype(np.int32),
    )


def _cell_size(points: Array, triangles: Indices, most: int) -> float:
    """A cell that leaves at most so many triangles, and not many fewer: fewer the larger it is, nearly by its area."""
    span = float(np.ptp(points, axis=0).max())
    smallest, largest = 0.0, 2 * span  # everything in one cell, nearly
    area = float(np.linalg.norm(_area_normals(points, triangles), axis=1).sum()) / 2
    cell = min(max(float(np.sqrt(2 * area / most)), 1e-6 * span), largest)
    for _ in range(TRIES):
        left = len(_clustered(points, triangles, cell)[1])
        if ENOUGH * most <= left <= most:
            return cell
        smallest, largest = (smallest, cell) if left <= most else (cell, largest)
        guess = cell * float(np.sqrt(max(left, 1) / (0.9 * most)))
        cell = max(guess if smallest < guess < largest else (smallest + largest) / 2, 1e-6 * span)
    return largest


def _clustered(points: Array, triangles: Indices, cell: float) -> tuple[Indices, Indices]:
    """Each point's cell, numbered from 0, and the triangles (M, 3) of cells that are left, each once."""
    place = np.floor((points - points.min(axis=0)) / max(cell, 1e-300)).astype(np.int64)
    size = place.max(axis=0) + 1
    key = (place[:, 2] * size[1] + place[:, 1]) * size[0] + place[:, 0]
    cells = np.unique(key, return_inverse=True)[1].reshape(-1)
    corners = cells[triangles]
    a, b, c = corners.T
    corners = corners[(a != b) & (b != c) & (a != c)]
    # The smallest index first, the turn kept: the same triangle is then the same row.
    first = corners.argmin(axis=1)
    corners = np.take_along_axis(corners, (first[:, None] + np.arange(3)) % 3, axis=1)
    return cells, np.unique(corners, axis=0)


def _area_normals(points: Array, triangles: Indices) -> Array:
    """Normals (M, 3), twice the triangle's area long."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def _means(values: NDArray[np.generic], cells: Indices, count: int) -> Array:
    size = np.maximum(np.bincount(cells, minlength=count), 1)
    columns = [np.bincount(cells, values[:, k].astype(np.float64), count) / size for k in range(values.shape[1])]
    return np.stack(columns, axis=1)


def _nearest_to_planes(points: Array, triangles: Indices, normals: Array, cells: Indices, middles: Array) -> Array:
    """Of each cell the point (N, 3) nearest to the planes of all triangles that touch it, weighed by their areas².

    Σ (n·x − n·p)² is quadratic in x − middle; where it hardly curves, the middle says where along.
    """
    count = len(middles)
    matrix, side = np.zeros((count, 3, 3)), np.zeros((count, 3))
    for corner in range(3):
        cell = cells[triangles[:, corner]]
        offset = np.einsum("ij,ij->i", normals, points[triangles[:, corner]] - middles[cell])
        for row in range(3):
            side[:, row] += np.bincount(cell, normals[:, row] * offset, count)
            for column in range(row, 3):
                matrix[:, row, column] += np.bincount(cell, normals[:, row] * normals[:, column], count)
                matrix[:, column, row] = matrix[:, row, column]
    values, axes = np.linalg.eigh(matrix)
    steep = values > FLAT * np.maximum(values[:, -1:], 1e-300)
    along = np.einsum("nji,nj->ni", axes, side)
    step = np.divide(along, values, out=np.zeros_like(along), where=steep)
    return np.asarray(middles + np.einsum("nij,nj->ni", axes, step))
