"""Any central camera, as a table of rays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import checked, fields_checked, numbers
from ._base import Array, CameraModel, as_pixels, as_points, as_units, check_size, turned
from ._focal import QUARTER

#: Tables larger than this are a mistake: a node for each pixel of a large image.
MOST_NODES = 1 << 26
NAMES = ("step_x", "step_y", "origin_x", "origin_y")


@dataclass(frozen=True, kw_only=True, eq=False)
class RayTable(CameraModel):
    """A camera given by directions on a grid over its image; between them, cubic convolution (Keys 1981, a = −1/2).

    The generic model of Grossberg & Nayar (ICCV 2001) and Schöps et al. (CVPR 2020), for lenses that no equation
    fits. ``table[j, i]`` is the direction of the pixel (origin_x + i·step_x, origin_y + j·step_y); NaN marks pixels
    without one, and rays are NaN in cells that touch such a node with one of their 4 x 4. Outside the grid all is NaN.

    `project` inverts the table by Newton's method to better than 1e-6 px. How well a table stands for a smooth lens
    depends on its step, the error falling with its cube: see `from_camera`.

    `parameters` are the place of the grid in the image; the directions themselves are data.
    """

    width: int
    height: int
    table: Array
    step_x: float
    step_y: float
    origin_x: float
    origin_y: float

    def __post_init__(self) -> None:
        check_size(self.width, self.height)
        fields_checked(self)
        table = numbers("", "table", self.table).astype(float)
        if table.ndim != 3 or table.shape[2] != 3 or min(table.shape[:2]) < 4:
            raise ValueError(f"table has shape {table.shape}; it must be (rows, columns, 3), at least 4 by 4")
        table = as_units(table)
        if not np.isfinite(table[..., 0]).any():
            raise ValueError("table has no direction that is finite and not zero")
        table.flags.writeable = False
        object.__setattr__(self, "table", table)
        place = (self.step_x, self.step_y, self.origin_x, self.origin_y)
        if not all(np.isfinite(place)) or self.step_x <= 0 or self.step_y <= 0:
            raise ValueError(
                f"steps must be finite and > 0, origins finite; given {dict(zip(NAMES, place, strict=True))}"
            )

    @classmethod
    @checked
    def from_camera(cls, camera: CameraModel, step_px: float = 8.0) -> RayTable:
        """The table of another model, one step wider than its image on each side.

        With 8 px between nodes it follows a lens of 70° on 320 px within 0.0005 px, one of 150° within 0.002 px and
        one of 220° within 0.012 px; half the step, an eighth of the error. The last two cells before the model's
        end are lost. Raises ValueError for a step that is not above 0, or so small that nodes are too many.
        """
        if not (np.isfinite(step_px) and step_px > 0):
            raise ValueError(f"step_px is {step_px}; it must be positive")
        if camera.width / step_px * camera.height / step_px > MOST_NODES:
            raise ValueError(f"step_px is {step_px}; a table of this image must have at most {MOST_NODES} nodes")
        columns, rows = (int(np.ceil(size / step_px)) + 3 for size in (camera.width, camera.height))
        columns, rows = max(columns, 4), max(rows, 4)
        start = -0.5 - step_px
        x, y = np.meshgrid(start + step_px * np.arange(columns), start + step_px * np.arange(rows))
        return cls(
            width=camera.width,
            height=camera.height,
            table=camera.rays(np.stack([x, y], axis=-1)),
            step_x=step_px,
            step_y=step_px,
            origin_x=start,
            origin_y=start,
        )

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """step_x, step_y, origin_x, origin_y."""
        return NAMES

    @property
    def parameters(self) -> Array:
        """The numbers of `parameter_names` (4,), pixels."""
        return np.array([self.step_x, self.step_y, self.origin_x, self.origin_y])

    @checked
    def with_parameters(self, vector: ArrayLike) -> RayTable:
        """The same table at another place of an image of the same size, by a `vector` as `parameters` is.

        Raises ValueError for another shape than (4,).
        """
        given = np.asarray(vector, dtype=float)
        if given.shape != (4,):
            raise ValueError(f"vector of parameters has shape {given.shape}; it must be (4,): {', '.join(NAMES)}")
        step_x, step_y, origin_x, origin_y = (float(v) for v in given)
        return replace(self, step_x=step_x, step_y=step_y, origin_x=origin_x, origin_y=origin_y)

    def rays(self, pixels: ArrayLike) -> Array:
        """Unit directions (..., 3) of pixels (..., 2); NaN outside the table."""
        xy = as_pixels(pixels)
        grid = ((xy - (self.origin_x, self.origin_y)) / (self.step_x, self.step_y)).reshape(-1, 2)
        return as_units(self._sample(grid)[0]).reshape(*xy.shape[:-1], 3)

    def project(self, points: ArrayLike) -> Array:
        """Pixels (..., 2) of points (..., 3); NaN where no ray of the table leads."""
        p = as_points(points)
        grid = self._search(as_units(p.reshape(-1, 3)))[0]
        pixels = grid * (self.step_x, self.step_y) + (self.origin_x, self.origin_y)
        return np.asarray(pixels.reshape(*p.shape[:-1], 2))

    def jacobians(self, points: ArrayLike) -> tuple[Array, Array, Array]:
        """Pixels (..., 2), by the points (..., 2, 3), and by `parameters` (..., 2, 4)."""
        p = as_points(points)
        flat = p.reshape(-1, 3)
        grid, by_grid, tangents = self._search(as_units(flat))
        step = np.array([self.step_x, self.step_y])
        with np.errstate(all="ignore"):
            # The unit ray follows the point's direction: its change across is (tangents · dP) / |P|.
            det = by_grid[:, 0, 0] * by_grid[:, 1, 1] - by_grid[:, 0, 1] * by_grid[:, 1, 0]
            adjugate = by_grid[:, ::-1, ::-1].transpose(0, 2, 1) * np.array([[1, -1], [-1, 1]])
            length = np.sqrt(np.square(flat).sum(axis=1))
            by_point = (adjugate / det[:, None, None]) @ tangents / length[:, None, None] * step[:, None]
        by_parameters = np.zeros((len(flat), 2, 4))
        by_parameters[:, 0, 0], by_parameters[:, 1, 1] = grid.T
        by_parameters[:, 0, 2] = by_parameters[:, 1, 3] = 1.0
        unseen = np.isnan(grid[:, 0])
        by_point[unseen], by_parameters[unseen] = np.nan, np.nan
        shape = p.shape[:-1]
        pixels = grid * step + (self.origin_x, self.origin_y)
        return pixels.reshape(*shape, 2), by_point.reshape(*shape, 2, 3), by_parameters.reshape(*shape, 2, 4)

    @checked
    def resize(self, width: int, height: int) -> RayTable:
        """The camera of the image resized to width x height: the grid is stretched with it."""
        check_size(width, height)
        sx, sy = width / self.width, height / self.height
        return replace(
            self,
            width=width,
            height=height,
            step_x=self.step_x * sx,
            step_y=self.step_y * sy,
            origin_x=(self.origin_x + 0.5) * sx - 0.5,
            origin_y=(self.origin_y + 0.5) * sy - 0.5,
        )

    @checked
    def crop(self, x: int, y: int, width: int, height: int) -> RayTable:
        """The camera of the crop whose first pixel is (x, y); beyond the table there are no rays."""
        return replace(self, width=width, height=height, origin_x=self.origin_x - x, origin_y=self.origin_y - y)

    @checked
    def rotated(self, quarter_turns: int = 1) -> tuple[RayTable, Array]:
        """The camera of ``np.rot90(image, quarter_turns)`` and R_new_old: ``X_new = R_new_old @ X_old``."""
        camera = self
        for _ in range(quarter_turns % 4):
            last_x = camera.origin_x + (camera.table.shape[1] - 1) * camera.step_x
            camera = RayTable(
                width=camera.height,
                height=camera.width,
                table=turned(np.rot90(camera.table), QUARTER),
                step_x=camera.step_y,
                step_y=camera.step_x,
                origin_x=camera.origin_y,
                origin_y=camera.width - 1 - last_x,
            )
        return camera, np.linalg.matrix_power(QUARTER, quarter_turns % 4)

    @cached_property
    def padded(self) -> Array:
        """The table with one more node on each side, as the cubic goes on (Keys 1981, eq. 19)."""
        t = self.table
        t = np.concatenate([3 * t[:1] - 3 * t[1:2] + t[2:3], t, 3 * t[-1:] - 3 * t[-2:-1] + t[-3:-2]])
        first, last = 3 * t[:, :1] - 3 * t[:, 1:2] + t[:, 2:3], 3 * t[:, -1:] - 3 * t[:, -2:-1] + t[:, -3:-2]
        return np.concatenate([first, t, last], axis=1)

    def _sample(self, grid: Array) -> tuple[Array, Array, Array]:
        """The interpolated direction (N, 3), not of unit length, at grid places (N, 2), and its derivatives by both."""
        last = np.array(self.table.shape[1::-1]) - 1
        inside: NDArray[np.bool_] = np.all((grid >= 0) & (grid <= last), axis=1)
        place = np.where(inside[:, None], grid, 0.0)
        cell = np.minimum(place.astype(np.int64), last - 1)
        (wx, dx), (wy, dy) = _keys(place[:, 0] - cell[:, 0]), _keys(place[:, 1] - cell[:, 1])
        columns = self.table.shape[1] + 2
        corner = cell[:, 1] * columns + cell[:, 0]
        nodes = self.padded.reshape(-1, 3)
        value, by_x, by_y = np.zeros((3, len(grid), 3))
        for j in range(4):
            row, row_by_x = np.zeros((2, len(grid), 3))
            for i in range(4):
                node = nodes[corner + (j * columns + i)]
                row += wx[i][:, None] * node
                row_by_x += dx[i][:, None] * node
            value += wy[j][:, None] * row
            by_x += wy[j][:, None] * row_by_x
            by_y += dy[j][:, None] * row
        value[~inside] = np.nan
        return value, by_x, by_y

    @cached_property
    def _starts(self) -> tuple[Any, Array]:
        """A tree of the directions in the middle of all cells that have one, and their places."""
        from scipy.spatial import cKDTree

        rows, columns = self.table.shape[:2]
        x, y = np.meshgrid(np.arange(columns - 1) + 0.5, np.arange(rows - 1) + 0.5)
        places = np.stack([x.ravel(), y.ravel()], axis=1)
        directions = as_units(self._sample(places)[0])
        known = np.isfinite(directions[:, 0])
        return cKDTree(directions[known]), places[known]

    def _search(self, directions: Array) -> tuple[Array, Array, Array]:
        """Grid places (N, 2) of unit directions (N, 3), the ray's change there across them (N, 2, 2), and that basis.

        Newton on the two components across the direction, halving steps that lead away.
        """
        tangents = _across(directions)
        found, slopes = np.full((len(directions), 2), np.nan), np.full((len(directions), 2, 2), np.nan)
        tree, places = self._starts
        left = np.flatnonzero(np.isfinite(directions[:, 0])) if len(places) else np.zeros(0, np.int64)
        if not left.size:
            return found, slopes, tangents
        last = np.array(self.table.shape[1::-1]) - 1.0
        where = places[tree.query(directions[left])[1]]
        miss, slope, forward = self._offset(where, directions[left], tangents[left])
        share = np.ones(left.size)
        for _ in range(60):
            det = slope[:, 0, 0] * slope[:, 1, 1] - slope[:, 0, 1] * slope[:, 1, 0]
            with np.errstate(all="ignore"):
                dx = (miss[:, 0] * slope[:, 1, 1] - miss[:, 1] * slope[:, 0, 1]) / det
                dy = (miss[:, 1] * slope[:, 0, 0] - miss[:, 0] * slope[:, 1, 0]) / det
            trial = np.clip(where - share[:, None] * np.stack([dx, dy], axis=1), 0.0, last)
            there = self._offset(trial, directions[left], tangents[left])
            better = np.abs(there[0]).max(axis=1) < np.abs(miss).max(axis=1)
            where = np.where(better[:, None], trial, where)
            miss = np.where(better[:, None], there[0], miss)
            slope = np.where(better[:, None, None], there[1], slope)
            forward = np.where(better, there[2], forward)
            share = np.where(better, 1.0, share / 4)
            size = np.abs(miss).max(axis=1)
            done = (size < 1e-15) | (~better & (size < 1e-14)) | (share < 1e-6)
            right = done & (size < 1e-12) & (forward > 0)
            found[left[right]], slopes[left[right]] = where[right], slope[right]
            left, where, miss, slope, forward, share = (a[~done] for a in (left, where, miss, slope, forward, share))
            if not left.size:
                break
        return found, slopes, tangents

    def _offset(self, grid: Array, directions: Array, tangents: Array) -> tuple[Array, Array, Array]:
        """The ray's components across a direction (N, 2), their derivatives (N, 2, 2), and the one along it."""
        value, by_x, by_y = self._sample(grid)
        length = np.sqrt(np.square(value).sum(axis=1))
        along = (value * directions).sum(axis=1)
        offset = np.einsum("nkc,nc->nk", tangents, value) / length[:, None]
        slope = np.stack([np.einsum("nkc,nc->nk", tangents, d) for d in (by_x, by_y)], axis=2) / length[:, None, None]
        return offset, slope, along


def _keys(t: Array) -> tuple[list[Array], list[Array]]:
    """The four weights of cubic convolution at t in [0, 1], and their derivatives."""
    s, u = t * t, t * t * t
    weights = [(-u + 2 * s - t) / 2, (3 * u - 5 * s + 2) / 2, (-3 * u + 4 * s + t) / 2, (u - s) / 2]
    slopes = [(-3 * s + 4 * t - 1) / 2, (9 * s - 10 * t) / 2, (-9 * s + 8 * t + 1) / 2, (3 * s - 2 * t) / 2]
    return weights, slopes


def _across(directions: Array) -> Array:
    """Two unit vectors (N, 2, 3) at right angles to each direction (N, 3) and to each other."""
    helper = np.eye(3)[np.argmin(np.abs(directions), axis=1)]
    first = as_units(np.cross(directions, helper))
    return np.stack([first, np.cross(directions, first)], axis=1)
