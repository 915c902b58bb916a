"""Random scenes of layers: what lies where, and how it moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._builder import OUTLINES
from ._layer_textures import CELLS, LEAVES, PATTERNS, SHAPES, SHARE_OF_LEAVES
from ._layers import Floats, Layer, Matrix

#: Pieces that are round, ragged or angular are more common than nets, rings and bars.
CHANCES = (0.24, 0.12, 0.12, 0.1, 0.05, 0.05, 0.2, 0.12)


@dataclass(frozen=True)
class Look:
    """What a scene draws from."""

    height: int
    width: int
    #: Pixels between which the size of a motion is drawn, evenly in its logarithm.
    motion: tuple[float, float]
    #: How many pieces lie before the background.
    pieces: tuple[int, int]


def scene(rng: np.random.Generator, look: Look) -> list[Layer]:
    """A background that fills the image and pieces before it, the farthest first."""
    low, high = look.motion
    speed = _speed(rng, low, high)
    ground = _motion(rng, look, speed, perspective=True)
    layers = [_layer(rng, ground, _bend(rng, look, 0.6 * speed), None)]
    for _ in range(int(rng.integers(look.pieces[0], look.pieces[1] + 1))):
        centre = rng.uniform(-0.55, 0.55, 2) * (look.width, look.height)
        if rng.random() < 0.5:  # carried along by what moves the background, at a speed of its own
            own = _motion(rng, look, _speed(rng, low, max(low, min(high, 0.7 * speed + 1))))
            motion = ground @ _about(centre, own)
        else:
            motion = _about(centre, _motion(rng, look, _speed(rng, low, high)))
        size = float(np.exp(rng.uniform(np.log(8), np.log(0.8 * look.width))))
        bend = _bend(rng, look, 0.1 * speed) if rng.random() < 0.3 else None
        layers.append(_layer(rng, motion, bend, (centre, size)))
    return layers


def _speed(rng: np.random.Generator, low: float, high: float) -> float:
    """Even in its logarithm, and now and then slow: in films and at home most things move little."""
    top = high if rng.random() < 0.85 else max(low, min(high, 4.0))
    return float(np.exp(rng.uniform(np.log(low), np.log(top))))


def _motion(rng: np.random.Generator, look: Look, speed: float, *, perspective: bool = False) -> Matrix:
    """A homography about the centre that moves points by about `speed` pixels: a shift, and a turn, a zoom, a shear."""
    reach = 0.5 * float(np.hypot(look.height, look.width))
    angle = rng.uniform(0, 2 * np.pi)
    shift = speed * rng.uniform(0.3, 1.0) * np.array([np.cos(angle), rng.uniform(0.4, 1.0) * np.sin(angle)])
    slope = min(speed / reach, 0.35)
    turn = rng.normal(0, 0.35) * slope * (rng.random() < 0.6)
    zoom = float(np.exp(rng.normal(0, 0.5) * slope * (rng.random() < 0.6)))
    shear = rng.normal(0, 0.2, (2, 2)) * slope * (rng.random() < 0.4)
    if rng.random() < 0.12:  # straight ahead
        shift, zoom = 0.2 * shift, float(np.exp(rng.uniform(0.3, 1.0) * slope * rng.choice([1, -1])))
    matrix = np.eye(3)
    c, s = np.cos(turn), np.sin(turn)
    matrix[:2, :2] = zoom * np.array([[c, -s], [s, c]]) @ (np.eye(2) + shear)
    matrix[:2, 2] = shift
    if perspective and rng.random() < 0.5:
        matrix[2, :2] = np.clip(rng.normal(0, 0.3, 2) * slope, -0.25, 0.25) / reach
    return matrix


def _about(centre: NDArray[np.float64], motion: Matrix) -> Matrix:
    to, back = np.eye(3), np.eye(3)
    to[:2, 2], back[:2, 2] = -centre, centre
    moved: Matrix = back @ motion @ to
    return moved


def _bend(rng: np.random.Generator, look: Look, largest: float) -> Floats | None:
    """A smooth displacement, so gentle that the plane never folds: what depth and soft bodies do to a motion."""
    if rng.random() < 0.4:
        return None
    rows, columns = (int(v) for v in rng.integers(3, 8, 2))
    cell = min(look.height / rows, look.width / columns)
    size = min(largest, 0.2 * cell) * rng.uniform(0.2, 1.0)
    values = rng.uniform(-1, 1, (rows, columns, 2))
    if rng.random() < 0.5:  # along one direction: parallax
        angle = rng.uniform(0, 2 * np.pi)
        values = values[..., :1] * np.array([np.cos(angle), np.sin(angle)])
    return np.asarray(size * values, np.float32)


def _layer(
    rng: np.random.Generator,
    motion: Matrix,
    bend: Floats | None,
    piece: tuple[NDArray[np.float64], float] | None,
) -> Layer:
    leaves = rng.random() < SHARE_OF_LEAVES
    chosen = int(rng.integers(LEAVES)) if leaves else LEAVES + int(rng.integers(PATTERNS))
    texels = _turned(rng, float(np.exp(rng.uniform(np.log(0.5), np.log(1.3)))))
    texels[:2, 2] = rng.uniform(0, 768, 2)
    outline, cells, fading = None, np.eye(3), 0.0
    if piece is not None:
        centre, size = piece
        kind = SHAPES[int(rng.choice(len(SHAPES), p=CHANCES))]
        outline = (kind, int(rng.integers(OUTLINES)))
        aspect = rng.uniform(0.02, 0.25) if kind == "bar" else float(np.exp(rng.uniform(np.log(0.4), 0)))
        cells = _turned(rng, CELLS / size)
        cells[1, :2] /= aspect
        cells[:2, 2] = CELLS / 2 - cells[:2, :2] @ centre
        fading = aspect * size / CELLS
    return Layer(chosen, texels, motion, outline, cells, fading, bend)


def _turned(rng: np.random.Generator, scale: float) -> Matrix:
    angle = rng.uniform(0, 2 * np.pi)
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
