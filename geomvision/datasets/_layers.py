"""Layers: flat textured pieces, each with a motion of its own, drawn one over another into two frames.

A layer lives in a plane whose coordinates are those of frame 0 but for a smooth bend: the pixel x of frame 0 shows the
plane's point x + bend(x), and frame 1 shows the point p at G p, with a homography G. So the flow of every pixel is
G(x + bend(x)) − x exactly, and no map is ever inverted but G. Pixels are counted from the image's centre.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..packages import needed_by
from ._layer_textures import CELLS, RIM, shape, texture

Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]
Box = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Layer:
    """One piece. Matrices (3, 3) act on homogeneous points of its plane."""

    texture: int
    to_texels: Matrix
    motion: Matrix
    #: None: the layer fills the image.
    outline: tuple[str, int] | None
    to_cells: Matrix
    #: Pixels of one cell of the outline across its narrow side: how fast its edge fades.
    px_per_cell: float
    #: Displacement within the plane, pixels, on a coarse grid over the whole of frame 0, (rows, columns, 2); or None.
    bend: Floats | None = None

    def reach(self, frame: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the piece in a frame, pixels from the centre."""
        cells = np.array([[0, 0, 1], [CELLS - 1, 0, 1], [0, CELLS - 1, 1], [CELLS - 1, CELLS - 1, 1]], float)
        corners = cells @ np.linalg.inv(self.to_cells).T
        corners = corners @ self.motion.T if frame else corners
        points = corners[:, :2] / corners[:, 2:]
        slack = 2.0 + (float(np.abs(self.bend).max()) if self.bend is not None and not frame else 0.0)
        (left, top), (right, bottom) = points.min(axis=0) - slack, points.max(axis=0) + slack
        return float(left), float(top), float(right), float(bottom)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Two pictures and what is known of the first's pixels."""

    #: float32 (H, W, 3), 0 … 255.
    frames: tuple[Floats, Floats]
    #: (H, W, 2) pixels; of frame 1's pixels the way they came, nearly (bends left out).
    flow: Floats
    arrived: Floats
    #: Which layer is seen in frame 0 and in frame 1, (H, W).
    owners: tuple[NDArray[np.int16], NDArray[np.int16]]


def draw(layers: list[Layer], height: int, width: int) -> Drawn:
    """Draw layers, the farthest first; the first must fill the image."""
    pictures = [np.zeros((height, width, 3), np.float32) for _ in range(2)]
    flows = [np.zeros((height, width, 2), np.float32) for _ in range(2)]
    owners = [np.zeros((height, width), np.int16) for _ in range(2)]
    for number, layer in enumerate(_bent(layer, height, width) for layer in layers):
        for frame in range(2):
            box = _box(layer, frame, height, width)
            if box is None:
                continue
            seen = _seen(layer, frame, box, height, width)
            _paint(layer, number, seen, pictures[frame][box], flows[frame][box], owners[frame][box])
    return Drawn((pictures[0], pictures[1]), flows[0], flows[1], (owners[0], owners[1]))


@dataclass(frozen=True, eq=False)
class _Seen:
    """Which points of a layer's plane a box of pixels shows: `to_plane` of `places`; and how far pixels move."""

    #: Points (h, w, 2), or those of a grid by its axes: x (w,) and y (h,).
    places: Floats | tuple[Floats, Floats]
    to_plane: Matrix
    moved: Floats


def _seen(layer: Layer, frame: int, box: Box, height: int, width: int) -> _Seen:
    axes = _axes(box, height, width)
    back: Matrix = np.asarray(np.linalg.inv(layer.motion) if frame else np.eye(3), np.float64)
    flat = not layer.motion[2, :2].any()
    if flat and (frame or layer.bend is None):
        back /= back[2, 2]
        step = np.eye(3) - back if frame else layer.motion / layer.motion[2, 2] - np.eye(3)
        return _Seen(axes, back, _affine(step, axes))
    grid = _grid(*axes)
    if frame:
        points = project(back, grid)
        return _Seen(points, np.eye(3), grid - points)
    points = grid if layer.bend is None else grid + layer.bend[box]
    return _Seen(points, np.eye(3), project(layer.motion, points) - grid)


def _paint(layer: Layer, number: int, seen: _Seen, picture: Floats, flow: Floats, owner: NDArray[np.int16]) -> None:
    colour = _sample(texture(layer.texture), _affine(layer.to_texels @ seen.to_plane, seen.places))
    if layer.outline is None:
        picture[...], flow[...], owner[...] = colour, seen.moved, number
        return
    cover = _opacity(layer, _affine(layer.to_cells @ seen.to_plane, seen.places))
    colour -= picture
    colour *= cover[..., None]
    picture += colour
    mine = cover > 0.5
    np.copyto(flow, seen.moved, where=mine[..., None])
    owner[mine] = number


def opacity(layer: Layer, points: Floats) -> Floats:
    """How much of each pixel a piece covers, from its points in the plane, (H, W) in [0, 1]."""
    return _opacity(layer, _affine(layer.to_cells, points))


def _opacity(layer: Layer, cells: Floats) -> Floats:
    assert layer.outline is not None
    cover = _looked_up(shape(*layer.outline), cells, "border")
    cover *= np.float32(layer.px_per_cell)
    cover += np.float32(0.5)
    return np.clip(cover, 0, 1, out=cover)


def occluded(layers: list[Layer], drawn: Drawn) -> NDArray[np.bool_]:
    """Which pixels of frame 0 frame 1 does not show: they leave it, or a nearer layer covers them there."""
    height, width = drawn.owners[0].shape
    there = _grid(*_axes((slice(0, height), slice(0, width)), height, width)) + drawn.flow
    x, y = there[..., 0] + (width - 1) / 2, there[..., 1] + (height - 1) / 2
    hidden: NDArray[np.bool_] = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
    for number, layer in enumerate(layers):
        if layer.outline is None:
            continue
        left, top, right, bottom = layer.reach(1)
        near = (there[..., 0] > left) & (there[..., 0] < right) & (there[..., 1] > top) & (there[..., 1] < bottom)
        rows, columns = np.nonzero(near & ~hidden & (drawn.owners[0] < number))
        if rows.size:
            points = project(np.asarray(np.linalg.inv(layer.motion), np.float64), there[rows, columns][None])
            hidden[rows, columns] = opacity(layer, points)[0] > 0.5
    return hidden


def project(matrix: Matrix, points: Floats) -> Floats:
    """Points (H, W, 2) under a homography (3, 3), float32."""
    matrix = matrix / matrix[2, 2]
    (a, b, c), (d, e, f), (g, h, i) = matrix.astype(np.float32)
    if g == 0 and h == 0:
        return _affine(matrix, points)
    x, y = points[..., 0], points[..., 1]
    moved = np.empty_like(points)
    scale = 1 / (g * x + h * y + i)
    moved[..., 0] = (a * x + b * y + c) * scale
    moved[..., 1] = (d * x + e * y + f) * scale
    return moved


def _affine(matrix: Matrix, places: Floats | tuple[Floats, Floats]) -> Floats:
    """Points (h, w, 2) under an affine map whose matrix ends in 0, 0, 1; a grid by its axes takes far less work."""
    (a, b, c), (d, e, f) = matrix[:2].astype(np.float32)
    if isinstance(places, tuple):
        x, y = places
        moved = np.empty((len(y), len(x), 2), np.float32)
        np.add((a * x + c)[None], (b * y)[:, None], out=moved[..., 0])
        np.add((d * x + f)[None], (e * y)[:, None], out=moved[..., 1])
        return moved
    x, y = places[..., 0], places[..., 1]
    moved = np.empty_like(places)
    moved[..., 0] = a * x + b * y + c
    moved[..., 1] = d * x + e * y + f
    return moved


def _bent(layer: Layer, height: int, width: int) -> Layer:
    """With the bend at every pixel of frame 0."""
    if layer.bend is None:
        return layer
    with needed_by("drawing layers"):
        import cv2

    bend = cv2.resize(layer.bend, (width, height), interpolation=cv2.INTER_CUBIC)
    return replace(layer, bend=np.asarray(bend, np.float32))


def _box(layer: Layer, frame: int, height: int, width: int) -> Box | None:
    """Rows and columns that a piece can touch; None where it is out of sight."""
    if layer.outline is None:
        return slice(0, height), slice(0, width)
    left, top, right, bottom = layer.reach(frame)
    x0, x1 = (int(np.clip(v + (width - 1) / 2, -1, width)) for v in (left, right))
    y0, y1 = (int(np.clip(v + (height - 1) / 2, -1, height)) for v in (top, bottom))
    rows, columns = slice(max(y0, 0), min(y1 + 1, height)), slice(max(x0, 0), min(x1 + 1, width))
    return (rows, columns) if rows.stop > rows.start and columns.stop > columns.start else None


def _axes(box: Box, height: int, width: int) -> tuple[Floats, Floats]:
    rows, columns = box
    x = np.arange(columns.start, columns.stop, dtype=np.float32) - np.float32((width - 1) / 2)
    y = np.arange(rows.start, rows.stop, dtype=np.float32) - np.float32((height - 1) / 2)
    return x, y


def _grid(x: Floats, y: Floats) -> Floats:
    grid = np.empty((len(y), len(x), 2), np.float32)
    grid[..., 0], grid[..., 1] = x, y[:, None]
    return grid


def _sample(image: NDArray[np.uint8], texels: Floats) -> Floats:
    """Colours of a tile, float32 (H, W, 3); `texels` is spent."""
    side = np.float32(image.shape[0] - 2 * RIM)
    texels -= np.floor(texels * (1 / side)) * side
    texels += RIM
    return _looked_up(image, texels, "border")


def _looked_up(values: NDArray[np.generic], places: Floats, outside: ops.warping.Outside) -> Floats:
    """Bilinear values at places (h, w, 2) given as (x, y); `places` is spent."""
    places[..., 0] -= np.arange(places.shape[1], dtype=np.float32)
    places[..., 1] -= np.arange(places.shape[0], dtype=np.float32)[:, None]
    found: Floats = ops.warp(values, places, outside=outside, num_threads=1)
    return found
