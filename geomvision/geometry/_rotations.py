"""Rotations as vectors: axis times angle, radians."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..cameras import Array


def cross_matrix(v: Array) -> Array:
    """[v]× (3, 3) with [v]× w = v × w, of three numbers that are not looked at."""
    x, y, z = v
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def rotation_of(vector: ArrayLike) -> Array:
    """The 3x3 rotation by |vector| radians about `vector` (Rodrigues)."""
    v = np.asarray(vector, dtype=float)
    angle = float(np.linalg.norm(v))
    k = cross_matrix(v)
    # sin(a)/a and (1 − cos a)/a² without cancelling near 0.
    first, second = np.sinc(angle / np.pi), 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    return np.asarray(np.eye(3) + first * k + second * (k @ k))


def vector_of(rotation: ArrayLike) -> Array:
    """The vector of a 3x3 rotation, of length at most π."""
    R = np.asarray(rotation, dtype=float)
    twice = np.array([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])  # 2 sin(angle) · axis
    sine, cosine = float(np.linalg.norm(twice)) / 2, (float(np.trace(R)) - 1) / 2
    angle = float(np.arctan2(sine, cosine))
    if sine > 1e-6:
        return np.asarray(twice * (angle / (2 * sine)))
    if cosine > 0:
        return twice / 2
    values, vectors = np.linalg.eigh((R + R.T) / 2)  # half a turn: the axis is what stays
    return np.asarray(angle * vectors[:, np.argmax(values)])


def turn_onto(start: ArrayLike, end: ArrayLike) -> Array:
    """The smallest rotation that takes the direction `start` to the direction `end`; they must not be opposite."""
    a, b = (np.asarray(v, dtype=float) / np.linalg.norm(v) for v in (start, end))
    axis = cross_matrix(np.cross(a, b))
    return np.asarray(np.eye(3) + axis + axis @ axis / (1 + float(a @ b)))


def nearest_rotation(matrix: ArrayLike) -> Array:
    """The proper rotation whose product with a 3x3 matrix has the largest trace (Kabsch 1976; Umeyama 1991)."""
    u, _, vt = np.linalg.svd(np.asarray(matrix, dtype=float))
    u[:, 2] *= np.sign(np.linalg.det(u) * np.linalg.det(vt))
    return np.asarray(u @ vt)
