"""Depths of two frames as clouds of points: the motion between the frames must lay one upon the other.

The 3-D loss of Mahjourian, Wicke & Angelova (CVPR 2018), with its principled mask.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from ..cameras import CameraModel
from ._maps import at_least_float32, check_maps, filled, known
from .rigid import Reprojected, unit_points

#: Points of a frame that take part, at most, and rounds of matching and aligning.
MOST, ROUNDS = 2048, 10
#: Points that a motion takes, at least.
LEAST = 3


class Aligned(NamedTuple):
    """What iterative closest points leave between two clouds."""

    #: (B, 4, 4): what takes the first cloud best onto the second; its derivative is that of the best fit.
    T: Tensor
    #: For each pair of the batch (n, 3): points of the first cloud less T⁻¹ of their partners; T has no slope in it.
    residuals: tuple[Tensor, ...]


def principled_mask(reprojected: Reprojected, camera1: CameraModel) -> Tensor:
    """Pixels of frame 0 whose points lie inside image 1, bool (B, 1, H, W) (Mahjourian et al., section 3.2).

    Known from depth and motion alone: nothing has to be learnt to leave out what the other frame cannot show.
    """
    flow = reprojected.flow.detach()
    height, width = flow.shape[2:]
    y = torch.arange(height, dtype=flow.dtype, device=flow.device)[:, None]
    x = torch.arange(width, dtype=flow.dtype, device=flow.device)
    there_x, there_y = flow[:, :1] + x, flow[:, 1:] + y
    inside = (there_x >= 0) & (there_x <= camera1.width - 1) & (there_y >= 0) & (there_y <= camera1.height - 1)
    return inside & known(flow)


@at_least_float32
def point_cloud_loss(
    reprojected: Reprojected,
    depth1: Tensor,
    camera1: CameraModel,
    *,
    units: Tensor | None = None,
    count: int = MOST,
    rounds: int = ROUNDS,
) -> Tensor:
    """‖T′ − I‖₁ + ‖r‖₁ (Mahjourian et al., section 3.3): the first a sum of 12 entries, the second a mean over points.

    The cloud of frame 0, where camera 1 has it, is aligned with that of frame 1 by iterative closest points: T′ is the
    motion that is left, r what is left of each point after it. Partners, and the cloud of frame 1, are held fast: the
    first term mends the motion between the frames, the second frame 0's depth.

    Args:
        reprojected: of frame 0, seen by camera 1 (`rigid.reproject`). Only what `principled_mask` keeps counts.
        depth1: (B, 1, h, w), z, of frame 1; camera 1 is of its size.
        camera1: of frame 1.
        units: `unit_points` of camera 1, where they are known already.
        count: points of each frame that take part, at most, spread evenly over its pixels.
        rounds: of matching and aligning.

    Frames that share fewer than 3 points cost nothing.
    """
    check_maps("point_cloud_loss", {"depth1": depth1}, 1)
    units = unit_points(camera1, depth1) if units is None else units
    if units.shape[2:] != depth1.shape[2:]:
        size = f"{depth1.shape[3]}x{depth1.shape[2]}"
        raise ValueError(f"point_cloud_loss: depth1 is {size}, its camera {camera1.width}x{camera1.height} pixels")
    target = (units * depth1).detach().expand(len(depth1), -1, -1, -1)
    there, inside = known(target), principled_mask(reprojected, camera1)
    first, second = [], []
    for k in range(len(depth1)):
        clouds = reprojected.points[k].flatten(1).mT[inside[k].flatten()], target[k].flatten(1).mT[there[k].flatten()]
        if min(len(cloud) for cloud in clouds) >= LEAST:
            first.append(_some(clouds[0], count))
            second.append(clouds[1])
    if not first:
        return torch.where(inside, filled(reprojected.depth, inside), 0.0).sum() * 0.0
    found = icp(first, second, rounds=rounds)
    left = found.T - torch.eye(4, dtype=found.T.dtype, device=found.T.device)
    missed = torch.stack([each.abs().sum(dim=1).mean() for each in found.residuals])
    return (left.abs().sum(dim=(1, 2)) + missed).sum() / len(depth1)


def icp(first: list[Tensor], second: list[Tensor], *, rounds: int = ROUNDS) -> Aligned:
    """Iterative closest points (Besl & McKay, TPAMI 1992), from no motion on: each pair's clouds (n, 3), (m, 3).

    Raises ValueError for clouds of fewer than 3 points.
    """
    if len(first) != len(second) or any(len(c) < LEAST for c in (*first, *second)):
        sizes = [(len(a), len(b)) for a, b in zip(first, second, strict=False)]
        raise ValueError(f"icp: clouds have {sizes} points; each takes {LEAST} or more that both frames show")
    motions, residuals = [], []
    for moving, fixed in zip(first, second, strict=True):
        partners = _partners(moving.detach(), fixed, rounds)
        T = best_motion(moving, partners)
        motions.append(T)
        R, t = T.detach()[:3, :3], T.detach()[:3, 3]
        residuals.append(moving - (partners - t) @ R)
    return Aligned(torch.stack(motions), tuple(residuals))


def best_motion(first: Tensor, second: Tensor) -> Tensor:
    """T (4, 4) that takes points (n, 3) best onto their partners in squares (Kabsch, 1976; Umeyama, TPAMI 1991).

    Its derivative is the exact one, from RᵀM staying symmetric, M = Σ b aᵀ: it stands also where singular values are
    equal, at which that of a singular value decomposition does not.
    """
    mean0, mean1 = first.mean(dim=0), second.mean(dim=0)
    M = (second - mean1).mT @ (first - mean0) / len(first)
    with torch.no_grad():
        u, _, vt = torch.linalg.svd(M)
        flip = torch.ones_like(M[0])
        flip[2] = torch.sign(torch.linalg.det(u @ vt))
        R = u * flip @ vt
        still = R.mT @ M
        still = (still + still.mT) / 2
        stiff = still.trace() * torch.eye(3, dtype=M.dtype, device=M.device) - still
        stiff = torch.linalg.pinv(stiff, hermitian=True)
    turned = R.mT @ M
    twist = turned - turned.mT
    w = stiff @ torch.stack([twist[2, 1], twist[0, 2], twist[1, 0]])
    w = w - w.detach()
    zero = torch.zeros_like(w[0])
    small = torch.stack([zero, -w[2], w[1], w[2], zero, -w[0], -w[1], w[0], zero]).view(3, 3)
    R = R + R @ small
    upper = torch.cat([R, (mean1 - R @ mean0)[:, None]], dim=1)
    return torch.cat([upper, upper.new_tensor([[0.0, 0.0, 0.0, 1.0]])])


def _partners(moving: Tensor, fixed: Tensor, rounds: int) -> Tensor:
    """The points of `fixed` that those of `moving` end up nearest to."""
    tree = cKDTree(fixed.cpu().double().numpy())
    at: np.ndarray | None = None
    current = moving
    for _ in range(max(1, rounds)):
        nearest = np.asarray(tree.query(current.cpu().double().numpy())[1])
        if at is not None and np.array_equal(nearest, at):
            break
        at = nearest
        T = best_motion(moving, fixed[torch.from_numpy(at)])
        current = moving @ T[:3, :3].mT + T[:3, 3]
    return fixed[torch.from_numpy(np.asarray(at))]


def _some(points: Tensor, count: int) -> Tensor:
    step = -(-len(points) // max(1, count))
    return points[:: max(1, step)]
