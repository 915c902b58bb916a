"""A ResNet-50 and up-projections (Laina et al., 3DV 2016)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._mono import Estimated, Size, require_images, require_positive, resized
from .blocks import Convolution, Pointwise, steady
from .blocks_3d import Normed
from .bottlenecks import Bottlenecks
from .residual_features import initialised, normalised

STRIDE = 32


class FCRN(nn.Module):
    """The paper's net of 63.6 million parameters; its depth has half the size of the images."""

    def __init__(
        self,
        *,
        width: int = 64,
        blocks: Sequence[int] = (3, 4, 6, 3),
        scale: float = 1.0,
    ) -> None:
        """The net.

        Args:
            width: channels of the first convolution; the up-projections have 8, 4, 2 and 1 times as many.
            blocks: bottlenecks in each of the four stages of the encoder.
            scale: metres for an output of one.
        """
        super().__init__()
        require_positive(width=width, scale=scale)
        self.scale = scale
        self.encoder = Bottlenecks(width, blocks)
        self.reduce = Normed(Pointwise(self.encoder.channels, 16 * width, bias=False))
        self.up = nn.Sequential(*(UpProjection(2 * width << level, width << level) for level in (3, 2, 1, 0)))
        self.predict = Convolution(width, 1)
        initialised(self)
        assert self.predict.bias is not None
        nn.init.ones_(self.predict.bias)
        with torch.no_grad():
            self.predict.weight *= 0.1  # begin near the same depth everywhere

    def forward(self, images: Tensor) -> Estimated:
        """Depth of images (B, 3, H, W) RGB, 0 … 255; H and W multiples of 32."""
        (estimate,) = self.estimates(images)
        depth = self.raised(*estimate)
        return Estimated(depth, (depth,))

    def estimates(self, images: Tensor) -> Iterator[tuple[Tensor, Size]]:
        """The only estimate, metres; it is not positive where the net errs badly. And the size of the images."""
        whole = require_images(images, STRIDE)
        x = self.encoder(normalised(images))
        x = self.up(self.reduce(x))
        with steady(x, self.training, at_all_sizes=True):  # of one channel, torch's depends on threads
            yield self.scale * self.predict(x).float(), whole

    @staticmethod
    def raised(depth: Tensor, size: Size) -> Tensor:
        """The estimate at the size of the images, (B, 1, H, W), metres."""
        return resized(depth, size)


class UpProjection(nn.Module):
    """Twice the size: ReLU(f(u) + g(u)), u the features with zeros between them (figure 2).

    f is a convolution of 5×5 and one of 3×3, g one of 5×5. What convolves zeros with 5×5 weights is a transposed
    convolution that never multiplies by them; f's and g's are computed as one.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        both = nn.ConvTranspose2d(inputs, 2 * outputs, 5, stride=2, padding=2, output_padding=1, bias=False)
        self.both = Normed(both)
        self.last = Normed(Convolution(outputs, outputs, bias=False))
        if not both.weight.is_meta:
            nn.init.normal_(both.weight, std=(2 / (25 / 4 * inputs)) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, 2 H, 2 W)."""
        with steady(x, self.training, at_all_sizes=True):
            first, second = self.both(x).chunk(2, dim=1)
        return functional.relu(self.last(functional.relu(first)) + second)
