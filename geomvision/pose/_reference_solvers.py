"""The minimal solvers, to be read: five, seven and four points."""

from __future__ import annotations

import itertools

import numpy as np

from ..cameras import Array


def epipolar_rows(x0: Array, x1: Array) -> Array:
    """One row of x1ᵀ M x0 = 0 per match, linear in the 9 entries of M; points (N, 3)."""
    return np.asarray((x1[:, :, None] * x0[:, None, :]).reshape(-1, 9))


def _monomials(degree: int) -> list[tuple[int, ...]]:
    """Exponents of x, y, z up to a degree: the highest first, so that the last ones are x, y, z, 1."""
    every = [e for e in itertools.product(range(degree + 1), repeat=3) if sum(e) <= degree]
    return sorted(every, key=lambda e: (-sum(e), tuple(-i for i in e)))


CUBIC = _monomials(3)
LOWER = _monomials(2)


def five_point(x0: Array, x1: Array) -> list[Array]:
    """Essential matrices of five rays (5, 3): the null space, then ten cubics (Stewénius, Engels & Nistér, 2006).

    E = x·E0 + y·E1 + z·E2 + E3 must have det E = 0 and E Eᵀ E = ½ tr(E Eᵀ) E. Solved for the ten monomials of degree
    3, the others times x are known: their matrix has the solutions as eigenvectors.
    """
    basis = np.linalg.svd(epipolar_rows(x0, x1))[2][5:].reshape(4, 3, 3)
    points = np.random.default_rng(0).normal(size=(40, 3))  # ten cubics from their values: any points will do
    E = np.einsum("nk,kij->nij", np.column_stack([points, np.ones(len(points))]), basis)
    EEt = E @ E.transpose(0, 2, 1)
    trace = 2 * EEt @ E - np.trace(EEt, axis1=1, axis2=2)[:, None, None] * E
    values = np.column_stack([trace.reshape(-1, 9), np.linalg.det(E)])
    powers = np.stack([np.prod(points ** np.array(e), axis=1) for e in CUBIC], axis=1)
    cubics = np.linalg.lstsq(powers, values, rcond=None)[0].T
    try:
        reduced = np.linalg.solve(cubics[:, :10], cubics[:, 10:])
    except np.linalg.LinAlgError:
        return []
    action = np.zeros((10, 10))
    for row, exponents in enumerate(LOWER):  # x times each lower monomial
        times_x = CUBIC.index((exponents[0] + 1, *exponents[1:]))
        if times_x < 10:
            action[row] = -reduced[times_x]
        else:
            action[row, times_x - 10] = 1.0
    eigenvalues, vectors = np.linalg.eig(action)
    real = np.abs(eigenvalues.imag) < 1e-9 * np.maximum(1.0, np.abs(eigenvalues.real))
    solutions = []
    for vector in vectors[:, real].real.T:
        found = np.einsum("k,kij->ij", vector[-4:], basis)  # the last are x, y, z, 1
        length = np.linalg.norm(found)
        if np.isfinite(length) and length > 0:
            solutions.append(found / length)
    return solutions


def seven_point(x0: Array, x1: Array) -> list[Array]:
    """Fundamental matrices of seven points (7, 3): w·F + G with det = 0, a cubic in w (H & Z 2004, 11.1.2)."""
    F, G = np.linalg.svd(epipolar_rows(x0, x1))[2][7:].reshape(2, 3, 3)
    at = np.array([-1.0, 0.0, 1.0, 2.0])
    cubic = np.polyfit(at, [np.linalg.det(w * F + G) for w in at], 3)
    roots = np.roots(cubic)
    found = [w.real * F + G for w in roots if abs(w.imag) < 1e-9 * max(1.0, abs(w))]
    return [m / np.linalg.norm(m) for m in found]


def four_point(x0: Array, x1: Array) -> list[Array]:
    """The homography of four points (4, 3); none where three of them lie on a line or turn over."""
    for three in itertools.combinations(range(4), 3):
        if not np.linalg.det(x0[list(three)]) * np.linalg.det(x1[list(three)]) > 0:
            return []
    zero = np.zeros((4, 3))
    rows = np.block([[zero, -x1[:, 2:] * x0, x1[:, 1:2] * x0], [x1[:, 2:] * x0, zero, -x1[:, :1] * x0]])
    H = np.linalg.svd(rows)[2][8].reshape(3, 3)
    return [H * np.sign(np.linalg.det(H))] if abs(np.linalg.det(H)) > 1e-12 else []
