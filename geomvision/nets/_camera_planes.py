"""Lens equations in torch, free of numpy: what `cameras` projects with and its inverses solve."""

from __future__ import annotations

import torch

from ..cameras import Camera, UnifiedCamera

Tensor = torch.Tensor


def inside(vectors: Tensor, valid: Tensor) -> Tensor:
    """Vectors (..., 3), with (0, 0, 1) where not valid: what is computed there is finite and passes no gradient."""
    return torch.where(valid[..., None], vectors, vectors.new_tensor((0.0, 0.0, 1.0)))


def brown(camera: Camera | UnifiedCamera, plane: Tensor, shape: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Distorted points (..., 2), and where they count: below the limit and in front of a tilted sensor."""
    valid = valid & (plane.square().sum(-1) <= camera.distortion_limit**2)
    moved = brown_lens(torch.where(valid[..., None], plane, 0.0), shape)
    if len(shape) < 14:
        return moved, valid
    return homography(brown_tilt(shape), moved, valid)


def brown_lens(plane: Tensor, shape: Tensor) -> Tensor:
    """Brown's distortion without the tilt; `shape` has 4 to 14 coefficients."""
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = torch.nn.functional.pad(shape, (0, 14 - len(shape)))[:12]
    x, y = plane.unbind(-1)
    s = x * x + y * y
    radial = (1 + s * (k1 + s * (k2 + s * k3))) / (1 + s * (k4 + s * (k5 + s * k6)))
    xy = 2 * x * y
    moved_x = x * radial + p1 * xy + p2 * (s + 2 * x * x) + s * (s1 + s * s2)
    moved_y = y * radial + p1 * (s + 2 * y * y) + p2 * xy + s * (s3 + s * s4)
    return torch.stack([moved_x, moved_y], -1)


def brown_tilt(shape: Tensor) -> Tensor:
    """The homography (3, 3) of the tilted sensor."""
    a, b, c, d = shape[12].cos(), shape[12].sin(), shape[13].cos(), shape[13].sin()
    zero, one = torch.zeros_like(a), torch.ones_like(a)
    about_x = torch.stack([one, zero, zero, zero, a, b, zero, -b, a]).reshape(3, 3)
    about_y = torch.stack([c, zero, -d, zero, one, zero, d, zero, c]).reshape(3, 3)
    r = about_y @ about_x
    flat = torch.stack([r[2, 2], zero, -r[0, 2], zero, r[2, 2], -r[1, 2], zero, zero, one]).reshape(3, 3)
    return flat @ r


def homography(h: Tensor, plane: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Points (..., 2) through a homography, and where they are valid and in front of it."""
    moved = plane @ h[:, :2].T + h[:, 2]
    valid = valid & (moved[..., 2] > 0)
    return moved[..., :2] / torch.where(valid, moved[..., 2], 1.0)[..., None], valid


def fisheye_radius(theta: Tensor, shape: Tensor) -> Tensor:
    """θ(1 + k1 θ² + …)."""
    k1, k2, k3, k4 = shape
    s = theta * theta
    return torch.as_tensor(theta * (1 + s * (k1 + s * (k2 + s * (k3 + s * k4)))))
