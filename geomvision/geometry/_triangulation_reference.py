"""Triangulation point by point, as it is taught: slow, exact, and what the fast kernels are held to.

HZ is Hartley & Zisserman, Multiple View Geometry, 2nd edition.
"""

from __future__ import annotations

import numpy as np

from ..cameras import Array


def linear(P0: Array, P1: Array, x0: Array, x1: Array) -> Array:
    """Least squares of x p₃ᵀX − p₁ᵀX = 0 and y p₃ᵀX − p₂ᵀX = 0 with X = (X, Y, Z, 1) (HZ 12.2, "inhomogeneous").

    Projections are first scaled so that p₃ᵀX is the depth, or the weights of the views would depend on their scales.
    """
    rows = []
    for P, (x, y) in ((P0, x0), (P1, x1)):
        scaled = P / np.linalg.norm(P[2, :3])
        rows += [x * scaled[2] - scaled[0], y * scaled[2] - scaled[1]]
    A = np.array(rows)
    return np.asarray(np.linalg.lstsq(A[:, :3], -A[:, 3], rcond=None)[0])


def midpoint(P0: Array, P1: Array, x0: Array, x1: Array) -> Array:
    """The middle of the shortest segment between the two rays."""
    centres, directions = [], []
    for P, x in ((P0, x0), (P1, x1)):
        inverse = np.linalg.inv(P[:, :3])
        centres.append(-inverse @ P[:, 3])
        directions.append(inverse @ np.append(x, 1.0))
    along = np.linalg.lstsq(np.stack([directions[0], -directions[1]], axis=1), centres[1] - centres[0], rcond=None)[0]
    ends = [c + s * d for c, d, s in zip(centres, directions, along, strict=True)]
    return np.asarray((ends[0] + ends[1]) / 2)


def optimal(P0: Array, P1: Array, x0: Array, x1: Array) -> Array:
    """The point of least squared pixel errors: corrected matches, whose rays meet, then `linear`."""
    return linear(P0, P1, *corrected(fundamental(P0, P1), x0, x1))


def fundamental(P0: Array, P1: Array) -> Array:
    """F = [e₁]× P₁ P₀⁺ (HZ 9.1), with x1ᵀ F x0 = 0."""
    centre0 = np.append(-np.linalg.solve(P0[:, :3], P0[:, 3]), 1.0)
    a, b, c = P1 @ centre0
    return np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]]) @ P1 @ np.linalg.pinv(P0)


def corrected(F: Array, x0: Array, x1: Array) -> tuple[Array, Array]:
    """The nearest pair with x1ᵀ F x0 = 0, by all roots of a polynomial of degree 6.

    Hartley & Sturm, "Triangulation", CVIU 1997; HZ algorithm 12.1, whose steps are numbered here.
    """
    T0, T1 = (np.array([[1.0, 0, -x], [0, 1, -y], [0, 0, 1]]) for x, y in (x0, x1))
    F = np.linalg.inv(T1).T @ F @ np.linalg.inv(T0)  # (i), (ii): both points at the origin
    F = F / np.abs(F).max()
    U, _, Vt = np.linalg.svd(F)
    e0, e1 = (e / np.hypot(e[0], e[1]) for e in (Vt[2], U[:, 2]))  # (iii): the epipoles
    R0, R1 = (np.array([[e[0], e[1], 0], [-e[1], e[0], 0], [0, 0, 1]]) for e in (e0, e1))
    F = R1 @ F @ R0.T  # (iv), (v): on the x axis
    f0, f1, a, b, c, d = e0[2], e1[2], F[1, 1], F[1, 2], F[2, 1], F[2, 2]  # (vi)
    first, second = np.poly1d([a, b]), np.poly1d([c, d])
    g = np.poly1d([1, 0]) * (first**2 + f1**2 * second**2) ** 2  # (vii)
    g = g - np.poly1d([f0**2, 0, 1]) ** 2 * first * second * (a * d - b * c)

    def cost(t: float) -> float:
        return float(t**2 / (1 + (f0 * t) ** 2) + second(t) ** 2 / (first(t) ** 2 + f1**2 * second(t) ** 2))

    at_infinity = 1 / f0**2 + c**2 / (a**2 + f1**2 * c**2) if f0 else np.inf  # (ix)
    t = min((_polished(g, float(r)) for r in np.real(g.roots)), key=cost)  # (viii)
    line0 = np.array([t * f0, 1, -t]) if cost(t) < at_infinity else np.array([f0, 0, -1])
    line1 = np.array([-f1 * second(t), first(t), second(t)]) if cost(t) < at_infinity else np.array([-f1 * c, a, c])
    found = []
    for line, R, T in ((line0, R0, T0), (line1, R1, T1)):
        u, v, w = line
        point = np.linalg.inv(T) @ R.T @ np.array([-u * w, -v * w, u * u + v * v])  # (x), (xi)
        found.append(point[:2] / point[2])
    return found[0], found[1]


def _polished(g: np.poly1d, t: float) -> float:
    """A root after two of Newton's steps: companion matrices give about half of the digits."""
    slope = g.deriv()
    for _ in range(2):
        t -= float(g(t) / slope(t)) if slope(t) else 0.0
    return t
