"""Where calibration starts: homographies, the camera matrix they imply, and the board's pose from rays.

The camera matrix is Zhang's closed form ("A flexible new technique for camera calibration", 2000) without skew. The
pose takes rays, not pixels, and so works for any camera model and beyond 90° from the axis.
"""

from __future__ import annotations

import numpy as np

from ...cameras import Array, pose


def homography(board_m: Array, rays: Array) -> Array:
    """H with ``rays ∝ H · (x, y, 1)`` by least squares of r × H·x, for board points (N, 2) and rays (N, 3)."""
    centre = board_m.mean(axis=0)
    scale = max(float(np.abs(board_m - centre).max()), 1e-300)
    x = np.concatenate([(board_m - centre) / scale, np.ones((len(board_m), 1))], axis=1)
    unit = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    zero = np.zeros_like(x)
    rows = [
        np.concatenate([zero, -unit[:, 2:] * x, unit[:, 1:2] * x], axis=1),
        np.concatenate([unit[:, 2:] * x, zero, -unit[:, :1] * x], axis=1),
        np.concatenate([-unit[:, 1:2] * x, unit[:, :1] * x, zero], axis=1),
    ]
    H = np.linalg.svd(np.concatenate(rows), full_matrices=False)[2][-1].reshape(3, 3)
    H = H @ np.array([[1 / scale, 0, -centre[0] / scale], [0, 1 / scale, -centre[1] / scale], [0, 0, 1]])
    ahead = np.einsum("ni,ij,nj->n", unit, H, np.concatenate([board_m, np.ones((len(board_m), 1))], axis=1))
    return np.asarray(H if np.median(ahead) > 0 else -H)


def zhang(homographies: list[Array], width: int, height: int) -> tuple[float, float, float, float] | None:
    """fx, fy, cx, cy from homographies to pixels (x, y, 1); None where no real camera matrix fits them."""
    scale = max(width, height)
    to_unit = np.array([[1 / scale, 0, -width / 2 / scale], [0, 1 / scale, -height / 2 / scale], [0, 0, 1.0]])
    rows = []
    for H in homographies:
        h = to_unit @ H
        h = h / np.linalg.norm(h)
        first, second, both = (_products(h[:, a], h[:, b]) for a, b in ((0, 0), (1, 1), (0, 1)))
        rows += [both, first - second]
    b11, b22, b13, b23, b33 = np.linalg.svd(np.array(rows), full_matrices=False)[2][-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = b33 - b13 * b13 / b11 - b23 * b23 / b22
        squares = np.array([factor / b11, factor / b22])
        cx, cy = -b13 / b11 * scale + width / 2, -b23 / b22 * scale + height / 2
    if not (np.isfinite(squares).all() and (squares > 0).all()):
        return None
    fx, fy = np.sqrt(squares) * scale
    inside = abs(cx - width / 2) < width / 2 and abs(cy - height / 2) < height / 2
    sensible = 0.5 < fx / fy < 2 and 0.1 < fx / scale < 50
    return (float(fx), float(fy), float(cx), float(cy)) if inside and sensible else None


def _products(a: Array, b: Array) -> Array:
    """Coefficients of aᵀ·B·b in the symmetric B's b11, b22, b13, b23, b33; b12 is 0 without skew."""
    return np.array([a[0] * b[0], a[1] * b[1], a[0] * b[2] + a[2] * b[0], a[1] * b[2] + a[2] * b[1], a[2] * b[2]])


def pose_from_rays(board_m: Array, rays: Array) -> Array:
    """``T_camera_board`` of a flat board from the rays (N, 3) on which its points (N, 2) are seen."""
    H = homography(board_m, rays)
    H = H * (2.0 / (np.linalg.norm(H[:, 0]) + np.linalg.norm(H[:, 1])))
    loose = np.stack([H[:, 0], H[:, 1], np.cross(H[:, 0], H[:, 1])], axis=1)
    U, _, Vt = np.linalg.svd(loose)
    rotation = U @ np.diag([1.0, 1.0, np.linalg.det(U @ Vt)]) @ Vt
    return pose(rotation, H[:, 2])
