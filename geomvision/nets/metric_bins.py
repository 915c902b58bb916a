"""Metres from relative depth: bins whose centres each image attracts (ZoeDepth: Bhat et al., 2023)."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._mono import Estimated, Size, require_images, require_positive, resized
from .blocks import Convolution, Down, Pointwise, Residual, Up, steady
from .residual_features import initialised, normalised

#: Times that the head halves the size, and the attractors at each size, coarse to fine, as published.
HALVINGS = 4
ATTRACTORS = (16, 8, 4, 1)
STRIDE = 1 << HALVINGS
#: Of the attraction (equation 3 of the paper): how near a centre must be, and how fast it falls.
STRENGTH, POWER = 300.0, 2
#: Nets that a head can be put on: module and class in `nets`.
BASES: Mapping[str, tuple[str, str]] = {"dpt": ("dpt", "DPT"), "mono_small": ("mono_small", "MonoSmall")}


class MetricBins(nn.Module):
    """A net of relative depth, and the head that turns what it says into metres."""

    def __init__(
        self,
        *,
        base: str = "dpt",
        network: Mapping[str, Any] | None = None,
        freeze: bool = False,
        **head: Any,
    ) -> None:
        """The net.

        Args:
            base: of `BASES`, the net of relative depth.
            network: its arguments.
            freeze: whether it stays as it is while the head learns.
            head: arguments of `Head`.
        """
        super().__init__()
        if base not in BASES:
            raise ValueError(f"base is {base!r}; allowed are {', '.join(sorted(BASES))}")
        module, name = BASES[base]
        self.base = getattr(importlib.import_module(f".{module}", __package__), name)(**(network or {}))
        self.head, self.freeze = Head(**head), freeze

    def forward(self, images: Tensor) -> Estimated:
        """Depth of images (B, 3, H, W) RGB, 0 … 255, of sizes that the base takes."""
        (estimate,) = self.estimates(images)
        depth = self.raised(*estimate)
        return Estimated(depth, (depth,))

    def estimates(self, images: Tensor) -> Iterator[tuple[Tensor, Size]]:
        """The only estimate, metres, and the size of the images."""
        whole = require_images(images)
        *_, last = self.base.estimates(images)
        relative = last[0].detach() if self.freeze else last[0]
        yield self.head(images, relative[:, :1]), whole

    @staticmethod
    def raised(depth: Tensor, size: Size) -> Tensor:
        """The estimate at the size of the images, (B, 1, H, W), metres."""
        return resized(depth, size)


class Head(nn.Module):
    """Metres from an image and a map of relative depth of any net, whatever its scale and shift.

    It has features of its own, where the paper's head takes those of one decoder. Centres are logarithms of depth.
    """

    def __init__(self, *, width: int = 32, bins: int = 64, near: float = 1e-3, far: float = 80.0) -> None:
        """The head.

        Args:
            width: channels at half the size; three times as many at most.
            bins: their number.
            near: where the first may begin, metres.
            far: where the last may end, metres.
        """
        super().__init__()
        require_positive(width=width, bins=bins - 1, near=near)
        if far <= near:
            raise ValueError(f"near is {near} and far {far}; far must be farther")
        self.bins, self.near, self.far = bins, near, far
        widths = (width, 2 * width, 3 * width, 3 * width)
        self.down = nn.ModuleList(Down(a, b) for a, b in pairwise((4, *widths)))
        self.up = nn.ModuleList(Up(b, a) for a, b in reversed(list(pairwise(widths))))
        self.seed = Pointwise(widths[-1], bins)
        self.attract = nn.ModuleList(
            Pointwise(each, count) for each, count in zip(reversed(widths), ATTRACTORS, strict=True)
        )
        self.choose = nn.ModuleList([Convolution(width + 1, width), Pointwise(width, 2)])
        initialised(self)
        for module in self.modules():
            if isinstance(module, Residual):
                nn.init.zeros_(module.second.weight)

    def forward(self, images: Tensor, relative: Tensor) -> Tensor:
        """Metres (B, 1, H / 2, W / 2) of images (B, 3, H, W), sides multiples of 16, and a map (B, 1, ·, ·) of each."""
        look = require_images(images, STRIDE)
        told = standardised(relative.float())
        x = torch.cat([normalised(images), resized(told, look)], dim=1)
        features = []
        for layer in self.down:
            x = layer(x)
            features.append(x)
        finer = features[:-1]
        spans = functional.softplus(self.seed(x)).float() + 1e-3
        ends = (spans / spans.sum(dim=1, keepdim=True)).cumsum(dim=1)
        centres = ends - 0.5 * spans / spans.sum(dim=1, keepdim=True)
        for level, attract in enumerate(self.attract):
            if level:
                x = self.up[level - 1](x, finer.pop())
                centres = resized(centres, (x.shape[2], x.shape[3]))
            centres = _attracted(centres, torch.sigmoid(attract(x).float()))
        with steady(x, self.training, at_all_sizes=True):
            hidden = self.choose[0](torch.cat([x, resized(told, (x.shape[2], x.shape[3]))], dim=1), relu=True)
            place, heat = self.choose[1](hidden).float().chunk(2, dim=1)
        shares = _binomial(place, heat, self.bins)
        logarithm = math.log(self.near) + (shares * centres).sum(dim=1, keepdim=True) * math.log(self.far / self.near)
        return logarithm.exp()


def standardised(relative: Tensor) -> Tensor:
    """Relative depth freed of its shift and scale, per image: its median, and its mean distance from that."""
    flat = relative.flatten(1)
    # The lower median by sorting, which ONNX can, too.
    middle = flat.sort(dim=1).values[:, (flat.shape[1] - 1) // 2, None, None, None]
    spread = (relative - middle).abs().mean(dim=(1, 2, 3), keepdim=True)
    return (relative - middle) / spread.clamp(min=torch.finfo(torch.float32).tiny)


def _attracted(centres: Tensor, attractors: Tensor) -> Tensor:
    """Centres (B, K, h, w), 0 … 1, each drawn to attractors (B, A, h, w) that are near it."""
    moved = torch.zeros_like(centres)
    for attractor in attractors.chunk(attractors.shape[1], dim=1):
        way = attractor - centres
        moved = moved + way / (1 + STRENGTH * way.abs() ** POWER)
    return centres + moved / attractors.shape[1]


def _binomial(place: Tensor, heat: Tensor, bins: int) -> Tensor:
    """Shares (B, K, h, w) of the bins: a binomial distribution of a mode and a temperature, (B, 1, h, w) each."""
    k = torch.arange(bins, device=place.device, dtype=place.dtype).view(1, -1, 1, 1)
    last = bins - 1
    ways = [math.log(math.comb(last, chosen)) for chosen in range(bins)]
    chosen = torch.tensor(ways, device=place.device, dtype=place.dtype).view(1, -1, 1, 1)
    logits = chosen + k * functional.logsigmoid(place) + (last - k) * functional.logsigmoid(-place)
    return (logits / (functional.softplus(heat) + 0.02)).softmax(dim=1)
