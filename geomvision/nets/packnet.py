"""PackNet: detail is packed into channels on the way down and unpacked on the way up (Guizilini et al., CVPR 2020).

Where other nets stride or pool, 2×2 pixels become four times as many channels, from which nothing is lost. Convolutions
in three dimensions, over channels and places, and one in two dimensions then choose what to keep (section 4.1). Beside
the paper's net, no layer here normalises over an image: what is said of one place must not depend on what else is in
view.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._mono import Size, require_images
from ._scales import Ranged, stretched
from .blocks import Convolution, Residual
from .blocks_3d import Convolution3D
from .resnet import normalised

#: Channels at full size, 1/2 … 1/16 of it (and at 1/32), in units of the first; sizes of the packing convolutions.
WIDTHS = (1, 1, 2, 4, 8)
SIZES = (5, 3, 3, 3, 3)
STRIDE = 1 << len(WIDTHS)
#: Estimates at 1/8, 1/4, 1/2 of the size and at full size.
SCALES = 4
#: Channels that are few (`_Deep`).
FEW = 128


class PackNet(Ranged):
    """A small PackNet, 5.0 million parameters, from one image to depth; the paper's has 128 million."""

    def __init__(
        self,
        *,
        width: int = 16,
        features: int = 4,
        blocks: Sequence[int] = (1, 1, 1, 1),
        near: float = 0.5,
        far: float = 100.0,
        metric: bool = False,
    ) -> None:
        """The net.

        Args:
            width: channels at full size, a multiple of `features`.
            features: of the convolutions in three dimensions (the paper's D).
            blocks: residual blocks at 1/2, 1/4, 1/8 and 1/16 of the size.
            near, far: depths that a sigmoid of 1 and of 0 stands for.
            metric: taught metres, of a camera whose focal length is 256 pixels (`geomvision.depth`).
        """
        super().__init__(near=near, far=far, metric=metric)
        if features < 1 or width < features or width % features:
            raise ValueError(f"width is {width}, features {features}; width must be a multiple of features")
        if len(blocks) != len(WIDTHS) - 1 or min(blocks) < 0:
            raise ValueError(f"blocks is {tuple(blocks)}; it must be {len(WIDTHS) - 1} counts of 0 or more")
        wide = [width * times for times in WIDTHS]
        self.enter = Convolution(3, width, size=5)
        after = [*wide[1:], wide[-1]]
        self.pack = nn.ModuleList(
            Packing(a, b, features=features, size=size) for a, b, size in zip(wide, after, SIZES, strict=True)
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(*(Residual(each) for _ in range(count)))
            for each, count in zip(after, (*blocks, 0), strict=True)
        )
        up = list(reversed(wide))
        self.unpack = nn.ModuleList(Unpacking(a, b, features=features) for a, b in pairwise([up[0], *up]))
        seen = [0] * (len(up) - SCALES + 1) + [1] * (SCALES - 1)
        self.join = nn.ModuleList(Convolution(2 * b + more, b) for b, more in zip(up, seen, strict=True))
        self.predict = nn.ModuleList(Convolution(b, 1) for b in up[-SCALES:])

    def estimates(self, image: Tensor) -> Iterator[tuple[Tensor, Size]]:
        """Sigmoids from coarse to fine, (B, 1, h, w), larger where nearer, and the size of the images.

        Images are resized to the next multiples of 32.
        """
        size = require_images(image)
        x, skips = functional.elu(self.enter(normalised(stretched(image, STRIDE, STRIDE)))), []
        for pack, blocks in zip(self.pack, self.blocks, strict=True):
            skips.append(x)
            x = blocks(functional.elu(pack(x)))
        sigmoid: Tensor | None = None
        for k, (unpack, join) in enumerate(zip(self.unpack, self.join, strict=True)):
            joined = [functional.elu(unpack(x)), skips.pop()]
            if sigmoid is not None:
                joined.append(functional.interpolate(sigmoid, scale_factor=2.0, mode="nearest"))
            x = functional.elu(join(torch.cat(joined, dim=1)))
            if k >= len(self.join) - SCALES:
                sigmoid = torch.sigmoid(self.predict[k + SCALES - len(self.join)](x).float())
                yield sigmoid, size


class Packing(nn.Module):
    """To half the size: 2×2 pixels into channels, a convolution in three dimensions, one in two (figure 2a)."""

    def __init__(self, inputs: int, outputs: int, *, features: int, size: int = 3) -> None:
        super().__init__()
        self.deep = _Deep(features)
        self.flat = Convolution(4 * inputs * features, outputs, size=size)
        _begin(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) of even sides → (B, outputs, H / 2, W / 2)."""
        folded = functional.pixel_unshuffle(x, 2)
        y: Tensor = self.flat(self.deep(folded))
        return y


class Unpacking(nn.Module):
    """To twice the size: the same in reverse order, channels to 2×2 pixels last (figure 2b)."""

    def __init__(self, inputs: int, outputs: int, *, features: int, size: int = 3) -> None:
        super().__init__()
        if 4 * outputs % features:
            raise ValueError(f"outputs is {outputs}, features {features}; 4 outputs must be a multiple of features")
        self.flat = Convolution(inputs, 4 * outputs // features, size=size)
        self.deep = _Deep(features)
        _begin(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, 2 H, 2 W)."""
        return functional.pixel_shuffle(self.deep(self.flat(x)), 2)


class _Deep(Convolution3D):
    """A 3×3×3 convolution over channels and places, from one volume to several.

    To teach few channels, it is computed as one of two dimensions whose weights are zero beyond neighbouring channels:
    more products, but of a kind that takes a fifth of the time on a CPU.
    """

    def __init__(self, features: int) -> None:
        super().__init__(1, features)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, features · C, H, W)."""
        channels = x.shape[1]
        if not self.training or x.device.type != "cpu" or channels > FEW:
            return super().forward(x[:, None]).flatten(1, 2)
        own = torch.arange(channels)
        flat = self.weight.new_zeros(len(self.weight), channels, channels + 2, 3, 3)
        for k in range(3):
            flat[:, own, own + k] = self.weight[:, :, k]
        return functional.conv2d(x, flat[:, :, 1:-1].flatten(0, 1), padding=1)


def _begin(block: nn.Module) -> None:
    """Weights at random that keep the variance: between a block's convolutions there is nothing else."""
    for module in block.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d) and not module.weight.is_meta:
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
