"""A camera among known points, to be read: P3P, EPnP and SQPnP, each as its paper has it, in numpy.

An observation is a chart C (3, 3): the point p of the camera's frame, q = C·p, misses its pixel by q.xy / q.z. What a
pose must do is linear in it: the first two rows of C·(R·X + t) vanish. A pose is a 4x4 matrix, or None.
"""

from __future__ import annotations

import itertools

import numpy as np

from ..cameras import Array
from ._rotations import nearest_rotation, rotation_of

#: Shares of the points' first extent: below PLANE EPnP needs three control points, below FLAT they are tried, too.
FLAT, PLANE = 0.1, 1e-4


def p3p(rays: Array, points: Array) -> list[Array]:
    """Poses that see three points (3, 3) along three rays (3, 3): Grunert's problem (Haralick et al., IJCV 1994).

    The depths s along the unit rays obey sᵢ² + sⱼ² − 2·sᵢ·sⱼ·cosᵢⱼ = dᵢⱼ². With s₁ = u·s₀ and s₂ = v·s₀, dividing by
    one another leaves two conics in (u, v); their difference is linear in u, which leaves a quartic in v.
    """
    rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    d01, d02, d12 = (float(((points[i] - points[j]) ** 2).sum()) for i, j in ((0, 1), (0, 2), (1, 2)))
    c01, c02, c12 = (float(rays[i] @ rays[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    normal = np.cross(points[1] - points[0], points[2] - points[0])
    apart = np.linalg.norm(np.cross(rays, rays[[1, 2, 0]]), axis=1)
    if not np.linalg.norm(normal) > 1e-9 * max(d01, d02, d12) or not (apart > 1e-9).all():
        return []
    v = np.poly1d([1.0, 0.0])
    far = 1 + v**2 - 2 * c02 * v  # d02 / s0²
    numerator = 1 - v**2 + (d12 - d01) / d02 * far
    denominator = 2 * (c01 - c12 * v)  # u = numerator / denominator
    quartic = denominator**2 + numerator**2 - 2 * c01 * numerator * denominator - d01 / d02 * far * denominator**2
    poses: list[tuple[Array, Array]] = []  # by their depths
    for ratio in np.roots(quartic.coeffs):
        if abs(ratio.imag) > 1e-4 * abs(ratio) or not ratio.real > 0:
            continue
        s0 = np.sqrt(d02 / far(ratio.real))
        for s1 in s0 * np.roots([1.0, -2 * c01, 1 - d01 / s0**2]).real:  # |s1 ray1 − s0 ray0|² = d01
            depths = _polished(np.array([s0, s1, ratio.real * s0]), (c01, c02, c12), (d01, d02, d12))
            if depths is None or any(np.allclose(depths, known, rtol=1e-7) for known, _ in poses):
                continue
            poses.append((depths, _onto(points, depths[:, None] * rays)))
    return [T for _, T in poses]


def _polished(depths: Array, cosines: tuple[float, ...], squared: tuple[float, ...]) -> Array | None:
    """Newton's method on the three equations; None where it does not end at a solution in front."""
    pairs = ((0, 1), (0, 2), (1, 2))
    for _ in range(12):
        wrong, slopes = np.zeros(3), np.zeros((3, 3))
        for row, (i, j) in enumerate(pairs):
            a, b, c = depths[i], depths[j], cosines[row]
            wrong[row] = a * a + b * b - 2 * a * b * c - squared[row]
            slopes[row, [i, j]] = 2 * (a - b * c), 2 * (b - a * c)
        if not abs(np.linalg.det(slopes)) > 0:
            break
        step = np.linalg.solve(slopes, wrong)
        if np.linalg.norm(step) > 0.5 * np.linalg.norm(depths):
            return None
        depths = depths - step
    return depths if (depths > 0).all() and np.abs(wrong).max() < 1e-6 * max(squared) else None


def _onto(points: Array, there: Array) -> Array:
    """The pose that takes points (N, 3) to where the camera has them, by least squares (Kabsch 1976)."""
    a, b = points - points.mean(axis=0), there - there.mean(axis=0)
    return _pose(R := nearest_rotation(b.T @ a), there.mean(axis=0) - R @ points.mean(axis=0))


def _pose(R: Array, t: Array) -> Array:
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R, t
    return T


def squared_error(T: Array, points: Array, charts: Array) -> float:
    """Sum over the points, pixels²; infinite where one is not in front."""
    q = np.einsum("nij,nj->ni", charts, points @ T[:3, :3].T + T[:3, 3])
    if not (q[:, 2] > 0).all():
        return float(np.inf)
    return float(((q[:, :2] / q[:, 2:]) ** 2).sum())


def sqpnp(points: Array, charts: Array) -> Array | None:
    """SQPnP (Terzakis & Lourakis, ECCV 2020): the rotation of least algebraic error, from several starts.

    The sum of squared first two rows of C·(R·X + t) is a quadratic form of R and t. The best t for an R is linear in
    it, which leaves rᵀ·Ω·r with r the columns of R: least over all rotations, by sequential quadratic programming.
    """
    rows = charts[:, :2]
    by_r = np.einsum("nri,nk->nrki", rows, points).reshape(-1, 9)  # C·R·X, linear in r
    by_t = rows.reshape(-1, 3)
    best_t = -np.linalg.solve(by_t.T @ by_t, by_t.T @ by_r)
    left = by_r + by_t @ best_t
    form = left.T @ left
    form = form / np.linalg.norm(form)
    values, vectors = np.linalg.eigh(form)
    best, least = None, np.inf
    for value, vector in zip(values, vectors.T, strict=True):
        if 3 * value > max(least * (1 + 1e-9), 1e-7):  # no rotation along here can be better
            break
        for start in (vector, -vector):
            R = _descended(form, nearest_rotation(start.reshape(3, 3).T))
            r = R.T.ravel()
            T, cost = _pose(R, best_t @ r), float(r @ form @ r)
            if cost < least and np.isfinite(squared_error(T, points, charts)):
                best, least = T, cost
    return best


def _descended(form: Array, R: Array) -> Array:
    """Minimise (r + δ)ᵀ·Ω·(r + δ) where the columns stay orthonormal to first order; again, until it stands.

    Such δ are small turns w of R, which moves its columns by w × column.
    """
    for _ in range(30):
        columns = R.T
        tangents = np.cross(np.eye(3)[:, None], columns[None]).reshape(3, 9)  # of r, by each coordinate of w
        curvature = tangents @ form @ tangents.T + 1e-15 * np.eye(3)
        step = -np.linalg.solve(curvature, tangents @ form @ columns.ravel())
        R = rotation_of(step) @ R
        if not np.linalg.norm(step) > 1e-10:
            break
    return nearest_rotation(R)


def epnp(points: Array, charts: Array) -> Array | None:
    """EPnP (Lepetit, Moreno-Noguer & Fua, IJCV 2009): where the camera has four control points, or three of a plane.

    Every point is a weighted mean of the control points, with the same weights in the camera's frame; so what the
    camera saw is linear in where it has the control points: they lie in a null space, and their distances, which
    are known, say where in it.
    """
    middle = points.mean(axis=0)
    _, sizes, axes = np.linalg.svd(points - middle, full_matrices=False)
    lengths = sizes / np.sqrt(len(points))
    axes = axes * np.where(axes.sum(axis=1) < 0, -1.0, 1.0)[:, None]  # one of the two, as results differ a little
    best, least = None, np.inf
    for count in (4, 3):
        if not (lengths[2] > PLANE * lengths[0] if count == 4 else lengths[2] < FLAT * lengths[0]):
            continue
        control = np.vstack([middle, middle + lengths[: count - 1, None] * axes[: count - 1]])
        weights = (points - middle) @ axes[: count - 1].T / lengths[: count - 1]
        weights = np.column_stack([1 - weights.sum(axis=1), weights])
        M = np.einsum("nri,nc->nrci", charts[:, :2], weights).reshape(-1, 3 * count)  # eq. 7
        kernel = np.linalg.eigh(M.T @ M)[1].T[:count].reshape(count, count, 3)
        i, j = np.triu_indices(count, 1)
        squared = ((control[i] - control[j]) ** 2).sum(axis=1)
        apart = kernel[:, i] - kernel[:, j]
        starts = [(n, 0) for n in range(1, count + 1)]
        if len(points) < 6:  # more than one vector is null, and any of them may have the largest part
            starts += [(count, chief) for chief in range(1, count)]
        for n, chief in starts:
            betas = _gauss_newton(_betas(apart, squared, n, chief), apart, squared)
            there = weights @ np.einsum("n,nci->ci", betas, kernel)
            if np.einsum("ni,ni->", charts[:, 2], there) < 0:
                there = -there
            T = _onto(points, there)
            error = squared_error(T, points, charts)
            if error < least:
                best, least = T, error
    return best


def _betas(apart: Array, squared: Array, n: int, chief: int) -> Array:
    """Shares of the first n null vectors: their products by least squares of the distances (eq. 11 to 14).

    Where there are more products than distances, those with the share `chief` alone.
    """
    products = list(itertools.combinations_with_replacement(range(n), 2))
    if len(products) > len(squared):
        products = [(chief, b) for b in range(n)]
    L = np.stack([(1 if a == b else 2) * np.einsum("pi,pi->p", apart[a], apart[b]) for a, b in products], axis=1)
    found = dict(zip(products, np.linalg.lstsq(L, squared, rcond=None)[0], strict=True))
    pivot = max((a for a, b in products if a == b), key=lambda a: abs(found[a, a]))
    size, betas = np.sqrt(abs(found[pivot, pivot])), np.zeros(len(apart))
    for b in range(n) if size > 0 else ():
        product = found.get((pivot, b), found.get((b, pivot), 0.0))
        betas[b] = np.sign(found[pivot, pivot]) * product / size
    return betas


def _gauss_newton(betas: Array, apart: Array, squared: Array) -> Array:
    """On the distances between control points, over all shares, as long as it helps (section 3.5)."""
    before, last = np.inf, betas
    for _ in range(10):
        between = np.einsum("n,npi->pi", betas, apart)
        wrong = squared - (between**2).sum(axis=1)
        cost = float(wrong @ wrong)
        if not cost < before:
            return last
        if not cost < before * (1 - 1e-9):
            return betas
        before, last = cost, betas
        slopes = 2 * np.einsum("npi,pi->pn", apart, between)
        normal = slopes.T @ slopes
        normal += 1e-12 * np.trace(normal) * np.eye(len(normal))
        if not np.linalg.det(normal) > 0:
            return betas
        betas = betas + np.linalg.solve(normal, slopes.T @ wrong)
    return betas
