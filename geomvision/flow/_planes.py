"""Motions of planes: what most of a flow agrees on, and what most of the rest does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..images import Float32, Mask

#: Pixels that a motion is fitted to at most, and steps of the fit.
MOST, STEPS = 4000, 20
#: Pixels of difference that count half at first, how that shrinks with each step, and where it ends.
WIDE_PX, SHRINK, NARROW_PX = 6.0, 0.85, 0.5
#: Flow that differs by less than this from a motion, in pixels, is explained by it.
EXPLAINED_PX = 1.5
#: Side of the cells, pixels, whose fullest says where a fit begins.
CELL_PX = 2.0

Double = NDArray[np.float64]


def plane_motions(flow: Float32, trusted: Mask, count: int) -> Float32:
    """The motions of `count` planes, each at every pixel: (count, H, W, 2), pixels.

    u = a₀ + a₁x + a₂y + a₆x² + a₇xy, v = a₃ + a₄x + a₅y + a₆xy + a₇y², the motion of a plane (Adiv, TPAMI 1985), is
    fitted to trusted pixels by weighted least squares, weights 1 / (1 + (r/s)²)² of their residuals r, s shrinking
    (Black & Anandan, CVIU 1996). It begins at the flow that is most frequent. The next motion is that of what is left.
    Motions stay within the range of the trusted flow, and a tenth of it more. Where nothing is left, the motion is the
    one before; without a trusted pixel, the flow itself.

    Args:
        flow: (H, W, 2), pixels, without NaN.
        trusted: bool (H, W).
        count: of motions, at least 1.
    """
    height, width = trusted.shape
    found, left = list[Float32](), trusted.copy()
    for _ in range(count):
        rows, columns = np.nonzero(left)
        if len(rows) == 0:
            found.append(found[-1] if found else flow)
            continue
        some = np.linspace(0, len(rows) - 1, min(len(rows), MOST)).astype(np.intp)
        samples = flow[rows[some], columns[some]].astype(np.float64)
        x, y = _scaled(columns[some], rows[some], height, width)
        parameters = _fitted(x, y, samples)
        motion = _motion(parameters, *_scaled(np.arange(width), np.arange(height)[:, None], height, width))
        reach = 1 + 0.1 * np.ptp(flow[trusted], axis=0)
        low, high = flow[trusted].min(axis=0) - reach, flow[trusted].max(axis=0) + reach
        found.append(motion.clip(low, high).astype(np.float32))
        left &= np.hypot(*np.moveaxis(flow - found[-1], 2, 0)) >= EXPLAINED_PX
    return np.stack(found)


def _scaled(columns: NDArray[np.intp], rows: NDArray[np.intp], height: int, width: int) -> tuple[Double, Double]:
    """x and y from the centre, in halves of the longer side."""
    half = np.float64(max(height, width) / 2)
    x, y = (columns - (width - 1) / 2) / half, (rows - (height - 1) / 2) / half
    return x.astype(np.float64), y.astype(np.float64)


def _motion(a: Double, x: Double, y: Double) -> Double:
    bent = a[6] * x + a[7] * y
    u = a[0] + a[1] * x + a[2] * y + bent * x
    v = a[3] + a[4] * x + a[5] * y + bent * y
    return np.stack(np.broadcast_arrays(u, v), axis=-1)


def _fitted(x: Double, y: Double, flow: Double) -> Double:
    """The eight parameters, from the most frequent flow on."""
    one, none = np.ones_like(x), np.zeros_like(x)
    in_u = np.stack([one, x, y, none, none, none, x * x, x * y])
    in_v = np.stack([none, none, none, one, x, y, x * y, y * y])
    cells, members = np.unique(np.round(flow / CELL_PX), axis=0, return_counts=True)
    a = np.zeros(8)
    a[0], a[3] = CELL_PX * cells[members.argmax()]
    scale = WIDE_PX
    for _ in range(STEPS):
        squared = ((flow - _motion(a, x, y)) ** 2).sum(axis=1)
        weights = 1 / (1 + squared / scale**2) ** 2
        # By einsum's own loops: sums of a BLAS depend on its threads.
        matrix = np.einsum("in,jn->ij", in_u * weights, in_u) + np.einsum("in,jn->ij", in_v * weights, in_v)
        right = np.einsum("in,n->i", in_u * weights, flow[:, 0]) + np.einsum("in,n->i", in_v * weights, flow[:, 1])
        a = np.linalg.solve(matrix + 1e-6 * np.eye(8), right)
        scale = max(NARROW_PX, SHRINK * scale)
    return a
