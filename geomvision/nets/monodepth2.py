"""Monodepth2's depth net: a U-Net on ResNet-18 (Godard et al., "Digging into self-supervised …", ICCV 2019).

The decoder doubles the size five times, joins features of the encoder, and reflects maps at their borders. At the last
four sizes a sigmoid says the inverse of depth between two limits (the supplement's table 6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._mono import Size, require_images
from ._scales import Ranged, stretched
from .blocks import Convolution
from .resnet import STRIDE, ResNet18, normalised

#: Metres of the baseline that counts as 0.1 in training with pairs of KITTI, divided by 0.1.
STEREO_FACTOR = 5.4
#: Reflection needs two pixels at 1/32 of the size.
LEAST = 2 * STRIDE
#: Estimates at 1/8, 1/4, 1/2 of the size and at full size.
SCALES = 4


class Monodepth2(Ranged):
    """The depth net, 14.3 million parameters: from one image to depth, whose scale is that of its training."""

    def __init__(
        self,
        *,
        width: int = 64,
        near: float = 0.1,
        far: float = 100.0,
        metric: bool = False,
        stereo: bool = False,
        feed: Sequence[int] | None = None,
    ) -> None:
        """The net.

        Args:
            width: channels of the encoder's finest features, a multiple of 4; 16 makes a net of 0.9 million parameters.
            near, far: depths that a sigmoid of 1 and of 0 stands for.
            metric: taught metres, of a camera whose focal length is 256 pixels (`geomvision.depth`).
            stereo: taught with pairs of KITTI, whose baseline of 0.54 m counted as 0.1: depth is 5.4 times larger, then
                metres of KITTI's camera.
            feed: height and width of the images that it was taught with, if in use it is to see no others.
        """
        super().__init__(near=near, far=far, metric=metric or stereo)
        if width < 4 or width % 4:
            raise ValueError(f"width is {width}; it must be a multiple of 4, at least 4")
        if feed is not None and (len(feed) != 2 or any(side < LEAST or side % STRIDE for side in feed)):
            raise ValueError(f"feed is {tuple(feed)}; it must be two multiples of {STRIDE}, at least {LEAST}")
        self.stereo = stereo
        self.feed = None if feed is None else (int(feed[0]), int(feed[1]))
        self.encoder = ResNet18(width=width)
        down = [0, *self.encoder.widths[:-1]]
        wide = [width * 4 >> k for k in range(5)]
        before = [self.encoder.widths[-1], *wide[:-1]]
        self.enter = nn.ModuleList(Reflected(a, b) for a, b in zip(before, wide, strict=True))
        self.join = nn.ModuleList(Reflected(b + skip, b) for b, skip in zip(wide, reversed(down), strict=True))
        self.predict = nn.ModuleList(Reflected(b, 1) for b in wide[-SCALES:])

    def estimates(self, image: Tensor) -> Iterator[tuple[Tensor, Size]]:
        """Sigmoids from coarse to fine, (B, 1, h, w), larger where nearer, and the size of the images.

        Images are resized to the next multiples of 32, at least 64.
        """
        size = require_images(image)
        *skips, x = self.encoder(normalised(stretched(image, STRIDE, LEAST)))
        for k, (enter, join) in enumerate(zip(self.enter, self.join, strict=True)):
            x = functional.interpolate(functional.elu(enter(x)), scale_factor=2.0, mode="nearest")
            x = functional.elu(join(torch.cat([x, skips.pop()], dim=1) if skips else x))
            if k >= len(self.join) - SCALES:
                yield torch.sigmoid(self.predict[k + SCALES - len(self.join)](x).float()), size

    def raised(self, sigmoid: Tensor, size: Size) -> Tensor:
        """Depth of an estimate at the size of the images, (B, 1, H, W); the sigmoid is raised bilinearly."""
        depth = super().raised(sigmoid, size)
        return depth * STEREO_FACTOR if self.stereo else depth


class Reflected(Convolution):
    """A 3×3 convolution that keeps the size; maps are reflected at their borders, and have sides of 2 or more."""

    def forward(self, x: Tensor, *, residual: Tensor | None = None, relu: bool = False) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H, W), plus the residual, then ReLU."""
        x = functional.pad(x, (1, 1, 1, 1), mode="reflect")
        y = super().forward(x)[:, :, 1:-1, 1:-1]  # what zeros around have reached is left away
        y = y if residual is None else y + residual
        return functional.relu(y) if relu else y
