"""PWC-Net: pyramid, warping and cost volume (Sun et al., CVPR 2018), with its dense and dilated parts.

The paper's net has two convolutions at each level of the pyramid, 8.75 million parameters; the one its authors
published later has three, 9.37 million. Weights of others fit through `geomvision.nets.public_pwc_net`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ._estimates import Estimator, Full, fitted, stretched
from .blocks import Convolution, Deconvolution

#: Sides of images are stretched to multiples of this.
STRIDE = 64
#: Levels of the pyramid that flow is estimated at, each half as large as the one after it.
LEVELS = (6, 5, 4, 3, 2)
RADIUS = 4
COSTS = (2 * RADIUS + 1) ** 2
#: Pixels for a flow of one, as the net predicts it.
SCALE = 20.0
#: Less of a bilinear sample than this inside the image, and it counts as none.
INSIDE = 0.9999
#: Of the part that looks around.
DILATIONS = (1, 2, 4, 8, 16, 1)
#: Whether the features of each layer stand before what it saw, or behind; a checkpoint's weights are ordered so.
BEFORE = (True,) * 5
MIXED = (False, True, False, False, False)


class PWCNet(Estimator):
    """PWC-Net, 9.4 million parameters: estimates at 1/64, 1/32 … 1/4 of the size."""

    def __init__(
        self,
        *,
        pyramid: Sequence[int] = (16, 32, 64, 96, 128, 196),
        repeated: int = 3,
        dense: Sequence[int] = (128, 128, 96, 64, 32),
        around: Sequence[int] = (128, 128, 128, 96, 64, 32),
        before: Sequence[bool] = BEFORE,
    ) -> None:
        """The net.

        Args:
            pyramid: channels of its six levels.
            repeated: convolutions at each of them.
            dense: channels of the five layers that estimate flow; each sees all that those before it saw and made.
            around: channels of the six dilated layers that look around at the end.
            before: of each dense layer, whether its features stand before what it saw.
        """
        super().__init__()
        self.pyramid = nn.ModuleList(_level(a, b, repeated) for a, b in pairwise((3, *pyramid)))
        self.estimators = nn.ModuleList()
        self.raise_flow = nn.ModuleList()
        self.raise_features = nn.ModuleList()
        for level in LEVELS:
            known = COSTS if level == LEVELS[0] else COSTS + pyramid[level - 1] + 4
            self.estimators.append(_Dense(known, dense, before))
            if level != LEVELS[-1]:
                self.raise_flow.append(Deconvolution(2, 2))
                self.raise_features.append(Deconvolution(known + sum(dense), 2))
        widths = (known + sum(dense), *around)
        self.around = nn.ModuleList(
            Convolution(a, b, dilation=dilation) for (a, b), dilation in zip(pairwise(widths), DILATIONS, strict=True)
        )
        self.around.append(Convolution(around[-1], 2))
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and module.bias is not None:
                nn.init.kaiming_normal_(module.weight, mode="fan_in")
                nn.init.zeros_(module.bias)

    def estimates(self, images0: Tensor, images1: Tensor) -> Iterator[tuple[Tensor, Full]]:
        """Flow of each level from coarse to fine, (B, 2, h, w) in pixels of its size, and how it becomes full size.

        Images are stretched to sides that are multiples of 64.
        """
        first, second = (self._features(images) for images in stretched(images0, images1, STRIDE))
        size = (images0.shape[2], images0.shape[3])
        flow, seen = None, first[-1]
        for k, level in enumerate(LEVELS):
            features0, features1 = first.pop(), second.pop()
            known: list[Tensor] = []
            if flow is not None:
                raised = self.raise_flow[k - 1](flow)
                features1 = _seen_from_the_first(features1, raised.float() * (SCALE / 2**level))
                known = [features0, raised, self.raise_features[k - 1](seen)]
            costs = ops.local_correlation(features0.float(), features1.float(), radius=RADIUS)
            flow, seen = self.estimators[k](torch.cat([functional.leaky_relu(costs, 0.1), *known], dim=1))
            if level == LEVELS[-1]:
                flow = flow + self._seen_around(seen)
            yield fitted(flow.float() * (SCALE / 2**level), size)

    def _features(self, images: Tensor) -> list[Tensor]:
        """Of levels 2 to 6, from images as blue, green and red."""
        x = (images / 255).flip(1).contiguous(memory_format=torch.channels_last)
        found = []
        for level in self.pyramid:
            x = level(x)
            found.append(x)
        return found[1:]

    def _seen_around(self, seen: Tensor) -> Tensor:
        for layer in self.around[:-1]:
            seen = functional.leaky_relu(layer(seen), 0.1)
        change: Tensor = self.around[-1](seen)
        return change


def _level(inputs: int, outputs: int, repeated: int) -> nn.Sequential:
    """Half the size, then `repeated` - 1 convolutions more."""
    layers: list[nn.Module] = []
    for k in range(repeated):
        layers += [Convolution(inputs if k == 0 else outputs, outputs, stride=2 if k == 0 else 1), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers)


class _Dense(nn.Module):
    """Layers that see all before them, and the flow of what the last has seen and made."""

    def __init__(self, inputs: int, widths: Sequence[int], before: Sequence[bool]) -> None:
        super().__init__()
        self.before = before
        self.layers = nn.ModuleList()
        for width in widths:
            self.layers.append(Convolution(inputs, width))
            inputs += width
        self.predict = Convolution(inputs, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        for layer, before in zip(self.layers, self.before, strict=True):
            made = functional.leaky_relu(layer(x), 0.1)
            x = torch.cat([made, x] if before else [x, made], dim=1)
        return self.predict(x), x


def _seen_from_the_first(features: Tensor, flow: Tensor) -> Tensor:
    """Features of the second image where flow leads, zero where that is outside by more than a rounding error."""
    height, width = features.shape[2:]
    x = torch.arange(width, device=flow.device) + flow[:, :1]
    y = torch.arange(height, device=flow.device)[:, None] + flow[:, 1:]
    beyond_x = (-x).clamp(min=0) + (x - (width - 1)).clamp(min=0)
    beyond_y = (-y).clamp(min=0) + (y - (height - 1)).clamp(min=0)
    share = (1 - beyond_x) * (1 - beyond_y)
    inside = (share >= INSIDE) & (beyond_x < 1)
    return ops.warp(features.float(), flow, outside="border") * torch.where(inside, share, 0)  # type: ignore[no-any-return]
