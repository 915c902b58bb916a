"""A dense prediction transformer: tokens of four depths become maps, and are fused (Ranftl et al., ICCV 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._mono import Estimated, Size, require_images, require_positive, resized
from .blocks import Convolution, Pointwise, steady
from .residual_features import initialised
from .vision_transformer import VisionTransformer

#: Maps over patches in size, for each place where tokens are taken, from the first.
SCALES = (4.0, 2.0, 1.0, 0.5)


class DPT(nn.Module):
    """DPT-Large by default: 342 million parameters; the authors count 343, with layers that nothing goes through.

    It gives inverse depth up to a scale and a shift. Unlike theirs it ends without a rectifier: what may be shifted
    need not be positive, and below a rectifier nothing is learnt. Sides of images are multiples of two patches.
    """

    def __init__(
        self,
        *,
        channels: int = 1024,
        depth: int = 24,
        heads: int = 16,
        patch: int = 16,
        after: Sequence[int] = (5, 11, 17, 23),
        maps: Sequence[int] = (256, 512, 1024, 1024),
        fused: int = 256,
        size: Size = (384, 384),
    ) -> None:
        """The net.

        Args:
            channels: of a token, a multiple of `heads`.
            depth: blocks of the transformer.
            heads: of the attention in each.
            patch: height and width of what a token stands for: a multiple of 4, pixels.
            after: numbers, from 0, of the four blocks whose tokens are taken.
            maps: channels of the four maps that they become.
            fused: channels of the decoder.
            size: height and width of images for which places of patches are learnt; for others, they are interpolated.
        """
        super().__init__()
        require_positive(channels=channels, heads=heads, fused=fused, height=size[0], columns=size[1])
        if channels % heads or patch % 4 or patch < 4:
            told = "channels must be a multiple of heads, and patch one of 4"
            raise ValueError(f"channels is {channels}, heads {heads}, patch {patch}; {told}")
        if len(maps) != len(SCALES) or len(set(after)) != len(SCALES) or not set(after) <= set(range(depth)):
            told = f"they must be four each, and the former numbers of the {depth} blocks"
            raise ValueError(f"after is {tuple(after)} and maps {tuple(maps)}; {told}")
        self.patch, self.after = patch, tuple(sorted(after))
        grid = (max(1, size[0] // patch), max(1, size[1] // patch))
        self.transformer = VisionTransformer(channels=channels, depth=depth, heads=heads, patch=patch, grid=grid)
        self.reassemble = nn.ModuleList(
            _Reassemble(channels, each, scale, fused) for each, scale in zip(maps, SCALES, strict=True)
        )
        self.fuse = nn.ModuleList(_Fusion(fused, beside=level < len(SCALES) - 1) for level in range(len(SCALES)))
        narrow = max(1, fused // 8)
        self.enter, self.look, self.predict = (
            Convolution(fused, fused // 2),
            Convolution(fused // 2, narrow),
            Pointwise(narrow, 1),
        )
        initialised(self)
        with torch.no_grad():
            self.predict.weight *= 0.1  # begin near the same everywhere: a loss that knows no scale says nothing of it
        for unit in self.modules():
            if isinstance(unit, _Unit):
                nn.init.zeros_(unit.second.weight)

    def forward(self, images: Tensor) -> Estimated:
        """Inverse depth, of unknown scale and shift, of images (B, 3, H, W) RGB, 0 … 255."""
        (estimate,) = self.estimates(images)
        inverse = self.raised(*estimate)
        return Estimated(inverse, (inverse,))

    def estimates(self, images: Tensor) -> Iterator[tuple[Tensor, Size]]:
        """The only estimate, and the size of the images."""
        whole = require_images(images, 2 * self.patch)
        x = 2 * (images / 255) - 1
        rows, columns = (side // self.patch for side in whole)
        with steady(x, self.training):
            tokens = self.transformer(x, self.after)
            maps = [take(each, rows, columns) for take, each in zip(self.reassemble, tokens, strict=True)]
            y = self.fuse[-1](maps[-1])
            for level in reversed(range(len(SCALES) - 1)):
                y = self.fuse[level](y, maps[level])
            y = resized(self.enter(y), whole)
            inverse = self.predict(self.look(y, relu=True)).float()
        yield inverse, whole

    @staticmethod
    def raised(inverse: Tensor, size: Size) -> Tensor:
        """The estimate at the size of the images, (B, 1, H, W)."""
        return resized(inverse, size)


class _Reassemble(nn.Module):
    """Tokens to a map: what the reading token says joins each, places become pixels, the size changes (section 3)."""

    def __init__(self, channels: int, outputs: int, scale: float, fused: int) -> None:
        super().__init__()
        self.join = nn.Linear(2 * channels, channels)
        self.narrow = Pointwise(channels, outputs)
        if scale > 1:
            self.resample: nn.Module | None = nn.ConvTranspose2d(outputs, outputs, int(scale), stride=int(scale))
            nn.init.trunc_normal_(self.resample.weight, std=outputs**-0.5)  # each value is of one pixel alone
        else:
            self.resample = Convolution(outputs, outputs, stride=2) if scale < 1 else None
        self.leave = Convolution(outputs, fused, bias=False)

    def forward(self, tokens: Tensor, rows: int, columns: int) -> Tensor:
        """(B, 1 + rows · columns, channels) → (B, fused, scale · rows, scale · columns)."""
        reading, places = tokens[:, :1], tokens[:, 1:]
        x = functional.gelu(self._joined(places, reading)).transpose(1, 2)
        x = self.narrow(x.reshape(len(x), -1, rows, columns))
        y: Tensor = self.leave(x if self.resample is None else self.resample(x))
        return y

    def _joined(self, places: Tensor, reading: Tensor) -> Tensor:
        """The linear layer of both side by side; the share of the reading token, one for all, is computed once."""
        own, other = self.join.weight.chunk(2, dim=1)
        return functional.linear(places, own) + functional.linear(reading, other, self.join.bias)


class _Fusion(nn.Module):
    """A coarse map joined with a finer one, at twice the size (Lin et al., CVPR 2017: RefineNet)."""

    def __init__(self, channels: int, *, beside: bool) -> None:
        super().__init__()
        self.enter = _Unit(channels) if beside else None
        self.mix = _Unit(channels)
        self.leave = Pointwise(channels, channels)

    def forward(self, coarse: Tensor, fine: Tensor | None = None) -> Tensor:
        """(B, C, H, W), and as large a map beside it, → (B, C, 2 H, 2 W)."""
        if self.enter is not None and fine is not None:
            coarse = coarse + self.enter(fine)
        x = self.mix(coarse)
        y: Tensor = self.leave(resized(x, (2 * x.shape[2], 2 * x.shape[3])))
        return y


class _Unit(nn.Module):
    """x + f(x), f two convolutions, each behind a rectifier; at first f gives nothing."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = Convolution(channels, channels), Convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → the same shape."""
        y: Tensor = self.second(self.first(functional.relu(x), relu=True), residual=x)
        return y
