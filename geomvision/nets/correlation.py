"""RAFT's correlation of two feature maps, in the three ways a net may look it up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from .. import ops

#: "lookup" computes what is looked up, and never the volume; "volume" holds it in `geomvision.ops`; "torch" holds it,
#: too, made and sampled by torch's own functions.
Correlation = Literal["lookup", "volume", "torch"]
CORRELATIONS: tuple[Correlation, ...] = get_args(Correlation)


def correlation(
    kind: Correlation, features0: Tensor, features1: Tensor, *, radius: int, levels: int = 4
) -> Callable[[Tensor], Tensor]:
    """A function from coordinates (B, 2, H, W) to their windows, as `ops.correlation_lookup` gives them.

    Raises ValueError on another kind, and where the last level has no pixel.
    """
    if kind == "lookup":
        return ops.CorrelationLookup(features0, features1, radius=radius, levels=levels)
    if kind == "volume":
        pyramid = ops.correlation_pyramid(ops.all_pairs_correlation(features0, features1), levels)
        return lambda coordinates: ops.pyramid_lookup(pyramid, coordinates, radius=radius)
    if kind == "torch":
        volumes = _volumes(features0, features1, levels)
        return lambda coordinates: _sampled(volumes, coordinates, radius)
    raise ValueError(f"correlation is {kind!r}; allowed are {', '.join(map(repr, CORRELATIONS))}")


def _volumes(features0: Tensor, features1: Tensor, levels: int) -> list[Tensor]:
    """(B · H · W, 1, H' / 2^l, W' / 2^l) of each level."""
    channels, height, width = features1.shape[1:]
    products = torch.matmul(features0.flatten(2).mT, features1.flatten(2)) / channels**0.5
    pyramid = [products.reshape(-1, 1, height, width)]
    for _ in range(1, levels):
        pyramid.append(functional.avg_pool2d(pyramid[-1], 2))
    return pyramid


def _sampled(volumes: list[Tensor], coordinates: Tensor, radius: int) -> Tensor:
    batch, _, height, width = coordinates.shape
    steps = torch.arange(-radius, radius + 1, dtype=coordinates.dtype, device=coordinates.device)
    window = torch.stack(torch.meshgrid(steps, steps, indexing="ij"), dim=-1)  # x changes slowest
    centres = coordinates.permute(0, 2, 3, 1).reshape(-1, 1, 1, 2)
    found = []
    for level, volume in enumerate(volumes):
        size = torch.tensor(volume.shape[:1:-1], dtype=coordinates.dtype, device=coordinates.device)
        grid = (2 * (centres / 2**level + window) + 1) / size - 1
        samples = functional.grid_sample(volume, grid, align_corners=False)
        found.append(samples.view(batch, height, width, -1))
    return torch.cat(found, dim=-1).permute(0, 3, 1, 2)
