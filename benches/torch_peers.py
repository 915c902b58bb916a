"""What torch users write for the same work, at its best; plain PyTorch, no op of ours."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def shift_loop(left: Tensor, right: Tensor, radius: int) -> Tensor:
    """Local correlation (B, (2r + 1)², H, W): one product and mean over the channels for each displacement."""
    height, width = left.shape[2:]
    padded = F.pad(right, (radius,) * 4)
    steps = range(2 * radius + 1)
    return torch.stack([(left * padded[:, :, j : j + height, i : i + width]).mean(1) for j in steps for i in steps], 1)


def banded_bmm(left: Tensor, right: Tensor, radius: int) -> Tensor:
    """The same by one batched product of rows for each vertical displacement, of which a band is kept."""
    batch, channels, height, width = left.shape
    wide, side = width + 2 * radius, 2 * radius + 1
    rows = left.permute(0, 2, 3, 1).reshape(batch * height, width, channels)
    padded = F.pad(right, (radius,) * 4).permute(0, 2, 1, 3)
    planes = []
    for j in range(side):
        columns = padded[:, j : j + height].reshape(batch * height, channels, wide)
        products = torch.bmm(rows, columns)
        band = products.as_strided((batch, height, width, side), (height * width * wide, width * wide, wide + 1, 1))
        planes.append(band)
    return torch.stack(planes, 3).reshape(batch, height, width, side * side).permute(0, 3, 1, 2) / channels


def all_pairs(features0: Tensor, features1: Tensor, levels: int) -> list[Tensor]:
    """RAFT's volume and its pyramid: (B · H · W, 1, H / 2^l, W / 2^l)."""
    batch, channels, height, width = features0.shape
    volume = torch.matmul(features0.flatten(2).transpose(1, 2), features1.flatten(2)) / math.sqrt(channels)
    pyramid = [volume.reshape(batch * height * width, 1, height, width)]
    for _ in range(levels - 1):
        pyramid.append(F.avg_pool2d(pyramid[-1], 2, stride=2))
    return pyramid


def sample(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Bilinear, at pixels; zero outside."""
    height, width = image.shape[-2:]
    grid = torch.stack([2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], -1)
    return F.grid_sample(image, grid, align_corners=True)


def lookup(pyramid: list[Tensor], coordinates: Tensor, radius: int) -> Tensor:
    """RAFT's lookup around `coordinates` (B, 2, H, W): (B, levels · (2r + 1)², H, W)."""
    batch, _, height, width = coordinates.shape
    steps = torch.arange(-radius, radius + 1, dtype=coordinates.dtype)
    dx, dy = torch.meshgrid(steps, steps, indexing="ij")  # x changes slowest, as in its authors' code
    found = []
    for level, volume in enumerate(pyramid):
        centre = coordinates.permute(0, 2, 3, 1).reshape(-1, 1, 1, 2) / 2**level
        found.append(sample(volume, centre[..., 0] + dx, centre[..., 1] + dy).reshape(batch, height, width, -1))
    return torch.cat(found, -1).permute(0, 3, 1, 2).contiguous()


def all_pairs_1d(features0: Tensor, features1: Tensor, levels: int) -> list[Tensor]:
    """RAFT-Stereo's volume of each row and its pyramid: (B · H · W, 1, 1, W / 2^l)."""
    batch, channels, height, width = features0.shape
    volume = torch.einsum("bchx,bchz->bhxz", features0, features1) / math.sqrt(channels)
    pyramid = [volume.reshape(batch * height * width, 1, 1, width)]
    for _ in range(levels - 1):
        pyramid.append(F.avg_pool2d(pyramid[-1], (1, 2), stride=(1, 2)))
    return pyramid


def lookup_1d(pyramid: list[Tensor], x: Tensor, radius: int) -> Tensor:
    """RAFT-Stereo's lookup around `x` (B, H, W): (B, levels · (2r + 1), H, W)."""
    batch, height, width = x.shape
    steps = torch.arange(-radius, radius + 1, dtype=x.dtype)
    found = []
    for level, volume in enumerate(pyramid):
        places = x.reshape(-1, 1, 1) / 2**level + steps
        found.append(sample(volume, places, torch.zeros_like(places)).reshape(batch, height, width, -1))
    return torch.cat(found, -1).permute(0, 3, 1, 2).contiguous()


def group_wise(left: Tensor, right: Tensor, disparities: int, groups: int) -> Tensor:
    """GwcNet's volume (B, groups, D, H, W), as its authors wrote it."""
    batch, channels, height, width = left.shape
    volume = left.new_zeros(batch, groups, disparities, height, width)
    for d in range(disparities):
        product = left[..., d:] * right[..., : width - d]
        volume[:, :, d, :, d:] = product.reshape(batch, groups, channels // groups, height, width - d).mean(2)
    return volume


def upsampled_soft_argmin(costs: Tensor, size: tuple[int, int, int]) -> Tensor:
    """Costs (B, D, H, W) made larger to `size` (D, H, W), trilinear, and the disparity they expect (B, H, W)."""
    large = F.interpolate(costs[:, None], size=size, mode="trilinear", align_corners=False)[:, 0]
    disparities = torch.arange(size[0], dtype=costs.dtype)
    return torch.einsum("bdhw,d->bhw", torch.softmax(-large, 1), disparities)


def splat_sum(image: Tensor, flow: Tensor) -> Tensor:
    """Forward splatting of (B, C, H, W): one index_add of pixels for each of the four corners they land between."""
    batch, channels, height, width = image.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = x + flow[:, 0], y + flow[:, 1]
    pixels = image.permute(0, 2, 3, 1).reshape(-1, channels)
    first = torch.arange(batch).view(-1, 1, 1) * height * width
    total = torch.zeros_like(pixels)
    for column in (x.floor(), x.floor() + 1):
        for row in (y.floor(), y.floor() + 1):
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            weight = torch.where(inside, (1 - (x - column).abs()) * (1 - (y - row).abs()), 0)
            index = torch.where(inside, first + row * width + column, 0).long()
            total.index_add_(0, index.flatten(), pixels * weight.view(-1, 1))
    return total.view(batch, height, width, channels).permute(0, 3, 1, 2).contiguous()


def splat_softmax(image: Tensor, flow: Tensor, importance: Tensor) -> Tensor:
    """Its mean with the weights exp(importance) (B, 1, H, W); 0 in holes."""
    weight = (importance - importance.amax()).exp()
    total = splat_sum(torch.cat([image * weight, weight], 1), flow)
    return total[:, :-1] / total[:, -1:].clamp(min=1e-30)
