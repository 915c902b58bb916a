"""FastDepth: a MobileNet and a decoder of depthwise convolutions (Wofk et al., ICRA 2019)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._mono import Estimated, Size, require_images, require_positive, resized
from .blocks import Convolution, Pointwise
from .blocks_3d import Normed
from .residual_features import initialised

#: Channels after each of the fourteen layers of MobileNet (Howard et al., 2017, table 1), and which halve the size.
ENCODER = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
HALVING = (0, 2, 4, 6, 12)
#: Channels after each layer of the decoder; behind the second to fourth, the outputs of these encoder layers are added.
DECODER = (512, 256, 128, 64, 32)
SKIPS = {1: 5, 2: 3, 3: 1}
STRIDE = 32


class FastDepth(nn.Module):
    """The paper's net: 3.93 million weights of convolutions, 3.96 million parameters with the normalisations."""

    def __init__(
        self,
        *,
        width: float = 1.0,
        encoder: Sequence[int] = ENCODER,
        decoder: Sequence[int] = DECODER,
        skips: bool = True,
        scale: float = 1.0,
    ) -> None:
        """The net.

        Args:
            width: all numbers of channels are multiplied by this (and are 2 at least).
            encoder: channels after each of the 14 layers of the encoder; pruned nets have odd ones.
            decoder: channels after each of the 5 layers of the decoder.
            skips: whether features of the encoder are added in the decoder.
            scale: metres for an output of one.
        """
        super().__init__()
        require_positive(width=width, scale=scale)
        if len(encoder) != len(ENCODER) or len(decoder) != len(DECODER):
            wanted = f"they must be {len(ENCODER)} and {len(DECODER)}"
            raise ValueError(f"encoder and decoder have {len(encoder)} and {len(decoder)} layers; {wanted}")
        inner, outer = ([max(2, round(width * each)) for each in widths] for widths in (encoder, decoder))
        for up, down in SKIPS.items() if skips else ():
            if outer[up] != inner[down]:
                raise ValueError(
                    f"layer {up} of the decoder has {outer[up]} channels, and layer {down} of the encoder, "
                    f"which is added to it, {inner[down]}; they must be equal"
                )
        self.scale, self.skips = scale, skips
        self.enter = Normed(Convolution(3, inner[0], stride=2, bias=False))
        self.down = nn.ModuleList(
            Separable(a, b, size=3, stride=2 if layer in HALVING else 1, six=True)
            for layer, (a, b) in enumerate(pairwise(inner), start=1)
        )
        self.up = nn.ModuleList(Separable(a, b, size=5) for a, b in pairwise((inner[-1], *outer)))
        self.predict = Normed(Pointwise(outer[-1], 1, bias=False))
        initialised(self)
        nn.init.ones_(self.predict.norm.bias)  # most pixels begin above the rectifier

    def forward(self, images: Tensor) -> Estimated:
        """Depth of images (B, 3, H, W) RGB, 0 … 255; H and W multiples of 32."""
        (estimate,) = self.estimates(images)
        depth = self.raised(*estimate)
        return Estimated(depth, (depth,))

    def estimates(self, images: Tensor) -> Iterator[tuple[Tensor, Size]]:
        """The only estimate, metres, 0 where the last rectifier cuts; and the size of the images."""
        whole = require_images(images, STRIDE)
        x = (images / 255).contiguous(memory_format=torch.channels_last)
        x, seen = functional.relu6(self.enter(x)), []
        for layer in self.down:
            x = layer(x)
            seen.append(x)
        for step, layer in enumerate(self.up):
            x = functional.interpolate(layer(x), scale_factor=2.0, mode="nearest")
            if self.skips and step in SKIPS:
                x = x + seen[SKIPS[step] - 1]
        yield self.scale * functional.relu(self.predict(x)).float(), whole

    @staticmethod
    def raised(depth: Tensor, size: Size) -> Tensor:
        """The estimate at the size of the images, (B, 1, H, W), metres."""
        return resized(depth, size)


class Separable(nn.Module):
    """A depthwise and a pointwise convolution, each normalised and under a rectifier."""

    def __init__(self, inputs: int, outputs: int, *, size: int, stride: int = 1, six: bool = False) -> None:
        """`six`: whether rectifiers end at 6."""
        super().__init__()
        self.rectified: Callable[[Tensor], Tensor] = functional.relu6 if six else functional.relu
        options = {"stride": stride, "padding": size // 2, "groups": inputs, "bias": False}
        self.depthwise = Normed(nn.Conv2d(inputs, inputs, size, **options))  # type: ignore[arg-type]
        self.pointwise = Normed(Pointwise(inputs, outputs, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H / stride, W / stride)."""
        return self.rectified(self.pointwise(self.rectified(self.depthwise(x))))
