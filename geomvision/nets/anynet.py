"""AnyNet: disparities at a sixteenth of the size, then twice a change of few pixels (Wang et al., ICRA 2019).

Each stage's estimate can be the last. The fourth, which the authors call SPNet, spreads the third along its rows
by learned affinities (Liu et al., NeurIPS 2017). Weights of others fit through `geomvision.nets.public_anynet`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ._estimates import require_pair
from ._volume_net import Regressed
from .blocks import Convolution
from .blocks_3d import Convolution3D, resized
from .residual_features import filled_up, initialised, normalised

#: Sides of images, and the number of disparities, must be multiples of this inside.
STRIDE = 16
#: Of the first three stages: pixels for one of their own.
SCALES = (16, 8, 4)
STAGES = 4
#: The second and third stage change the estimate by at most so many of their pixels.
CHANGE = 2
#: Added to sums of affinities before they are divided by.
LITTLE = 1e-8


class AnyNet(nn.Module):
    """AnyNet, 43 thousand parameters, or 35 without the fourth stage."""

    def __init__(self, *, width: int = 1, deep: int = 4, channels: Sequence[int] = (16, 4, 4), spread: int = 8) -> None:
        """The net.

        Args:
            width: channels of the features at half the size; twice as many at each halving that follows.
            deep: layers of each volume between its first and its last.
            channels: of these layers, for each of the three stages.
            spread: channels of the fourth stage; 0 leaves it out.
        """
        super().__init__()
        self.features = _Features(width)
        self.volumes = nn.ModuleList(_volume(c, deep) for c in channels)
        self.spread = _Spread(spread) if spread else None
        initialised(self)

    def forward(self, left: Tensor, right: Tensor, disparities: int = 192) -> Regressed:
        """Disparity of the left images, both (B, 3, H, W) RGB, 0 … 255, of any size; no confidence.

        Raises ValueError where they are no such pair, or the number of disparities is no multiple of 16.
        """
        steps = tuple(self.raised(*each) for each in self.estimates(left, right, disparities))
        return Regressed(steps[-1], None, steps if self.training else ())

    def estimates(
        self, left: Tensor, right: Tensor, disparities: int, *, stages: int = STAGES
    ) -> Iterator[tuple[Tensor, Tensor, tuple[int, int]]]:
        """Of each stage: its estimate in pixels of its own size, the same at full size, and the size of the images.

        No more is computed than what the first `stages` need.
        """
        require_pair(left, right)
        if disparities < STRIDE or disparities % STRIDE:
            raise ValueError(f"disparities is {disparities}; it must be a multiple of {STRIDE}, at least one")
        size = (left.shape[2], left.shape[3])
        left, right = (filled_up(normalised(images), STRIDE) for images in (left, right))
        full, before = (left.shape[2], left.shape[3]), None
        maps0, maps1 = (self.features(images, min(stages, len(SCALES))) for images in (left, right))
        for scale, features0, features1, volume in zip(SCALES, maps0, maps1, self.volumes, strict=False):
            if before is None:
                costs = ops.difference_volume(features0, features1, max_disparity=disparities // scale)
                found = ops.soft_argmin(volume(costs[:, None] * features0.shape[1])[:, 0])[:, None]
                own, before = found, resized(found * scale, full, corners=False)
            else:
                at = resized(before, (features0.shape[2], features0.shape[3]), corners=False) / scale
                costs = _around(features0, features1, at)
                change = ops.soft_argmin(volume(costs[:, None])[:, 0], first=-CHANGE)[:, None]
                own, before = at + change, before + resized(change * scale, full, corners=False)
            yield own, before, size
        if stages == STAGES and self.spread is not None and before is not None:
            own = self.spread(left, before)
            yield own / SCALES[-1], resized(own, full, corners=False), size

    @staticmethod
    def raised(_estimate: Tensor, full: Tensor, size: tuple[int, int]) -> Tensor:
        """The disparity at the size of the images, (B, 1, H, W)."""
        height, width = size
        return full[:, :, full.shape[2] - height :, :width]


def _around(left: Tensor, right: Tensor, disparity: Tensor) -> Tensor:
    """Sums of absolute differences at disparity + 2, + 1, … − 2, in this order; the right view is 0 outside.

    The order is the authors', who give these costs to −2, −1, … 2: what follows learns to turn them round.
    """
    edged = functional.pad(right, (1, 1))  # so that it fades to zero within a pixel
    costs = []
    for change in range(CHANGE, -CHANGE - 1, -1):
        seen = ops.warp_by_disparity(edged, disparity[:, 0] + (change - 1), outside="zero")
        costs.append((left - seen).abs().sum(dim=1))
    return torch.stack(costs, dim=1)


class _Before(nn.Module):
    """Batch normalisation and rectifier before a convolution, in two or three dimensions."""

    def __init__(self, convolution: Convolution | Convolution3D) -> None:
        super().__init__()
        kind = nn.BatchNorm3d if isinstance(convolution, Convolution3D) else nn.BatchNorm2d
        self.norm = kind(convolution.in_channels)
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.convolution(functional.relu(self.norm(x), inplace=True))
        return y


def _volume(channels: int, deep: int) -> nn.Sequential:
    widths = (1, *[channels] * (deep + 1), 1)
    return nn.Sequential(*(_Before(Convolution3D(a, b)) for a, b in pairwise(widths)))


def _two(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(*(_Before(Convolution(a, outputs, bias=False)) for a in (inputs, outputs)))


class _Features(nn.Module):
    """A U-Net: features at 1/16, 1/8 and 1/4 of the size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter = Convolution(3, width)
        self.halve = _Before(Convolution(width, width, stride=2, bias=False))
        self.down = nn.ModuleList(_two(width * 2**k, width * 2 ** (k + 1)) for k in range(3))
        self.up = nn.ModuleList(_two(width * 6 * 2**k, width * 2 * 2**k) for k in (1, 0))

    def forward(self, images: Tensor, levels: int) -> list[Tensor]:
        """Normalised (B, 3, H, W) → the coarsest so many levels, from coarse to fine."""
        x, found = self.halve(self.enter(images)), []
        for layers in self.down:
            x = layers(functional.max_pool2d(x, 2))
            found.append(x)
        made = [found.pop()]
        for layers in self.up[: levels - 1]:
            fine = found.pop()
            coarse = resized(made[-1], (fine.shape[2], fine.shape[3]), corners=True)
            made.append(layers(torch.cat([fine, coarse], dim=1)))
        return made


class _Spread(nn.Module):
    """The estimate at a quarter of the size, carried from column to column by affinities that the image gives."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = (3, *[2 * channels] * 3, 3 * channels)
        self.affinities = nn.ModuleList(Convolution(a, b, bias=False) for a, b in pairwise(widths))
        self.enter = Convolution(1, channels, bias=False)
        self.leave = Convolution(channels, 1, bias=False)

    def forward(self, images: Tensor, disparity: Tensor) -> Tensor:
        """Normalised (B, 3, H, W) and (B, 1, H, W) in pixels → (B, 1, H / 4, W / 4) in the same pixels."""
        size = (images.shape[2] // 4, images.shape[3] // 4)
        shares = resized(images, size, corners=False)
        for k, layer in enumerate(self.affinities):
            shares = layer(functional.relu(shares) if k else shares)
        above, beside, below = shares.chunk(3, dim=1)
        total = above.abs() + beside.abs() + below.abs() + LITTLE
        x = self.enter(resized(disparity, size, corners=False))
        left: Tensor = self.leave(carried(x, above / total, beside / total, below / total))
        return left


def carried(x: Tensor, above: Tensor, beside: Tensor, below: Tensor) -> Tensor:
    """h(y, c) = (1 − Σ a) x + a₁ h(y − 1, c − 1) + a₂ h(y, c − 1) + a₃ h(y + 1, c − 1), column by column.

    Neighbours outside, and their affinities a, are zero (Liu et al., NeurIPS 2017, eq. 3). All are (B, C, H, W).
    """
    height, width = x.shape[2:]
    inside = torch.ones(3, height, 1, dtype=x.dtype, device=x.device)
    inside[0, 0] = inside[2, -1] = 0
    shares = torch.stack([above, beside, below]) * inside[:, None, None]
    shares = torch.cat([torch.zeros_like(shares[..., :1]), shares[..., 1:]], dim=-1)
    kept = (1 - shares.sum(dim=0)) * x
    columns = [kept[..., 0]]
    for column in range(1, width):
        h = functional.pad(columns[-1], (1, 1))
        share = shares[..., column]
        before = share[0] * h[..., :-2] + share[1] * h[..., 1:-1] + share[2] * h[..., 2:]
        columns.append(kept[..., column] + before)
    return torch.stack(columns, dim=-1)
