"""Monodepth: from the left view alone to the disparities of both (Godard et al., CVPR 2017, the supplement's table).

A plan like DispNet's: seven stages that halve the size, then features raised again beside those of the way down. At
the last four sizes a sigmoid says both disparities as shares of the image's width, 0.3 at most. Two such maps are
what left-right consistency compares (`geomvision.losses.left_right`), so that pairs teach the net without labels.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._mono import Size, require_images, require_positive, resized
from ._scales import Scales
from .blocks import Convolution
from .resnet import normalised

#: Of the stages: the size of their convolutions, and their channels in units of the first.
SIZES = (7, 5, 3, 3, 3, 3, 3)
WIDTHS = (1, 2, 4, 8, 16, 16, 16)
#: Channels of the raised features from coarse to fine, in halves of the first stage's.
RAISED = (32, 32, 16, 8, 4, 2, 1)
#: Estimates at 1/8, 1/4, 1/2 of the size and at full size.
SCALES = 4
#: The largest disparity as a share of the width.
LARGEST = 0.3
#: Focal length in pixels that depth of a metric net is said for (`geomvision.depth`).
CANONICAL_PX = 256.0


class Monodepth(nn.Module):
    """The net on the encoder like VGG, 31.6 million parameters. Images are of any size."""

    def __init__(self, *, width: int = 32, baseline_m: float | None = None) -> None:
        """The net.

        Args:
            width: channels of the first stage, even.
            baseline_m: of the rig whose pairs it learnt from: depth is metric then.
        """
        super().__init__()
        if width < 2 or width % 2:
            raise ValueError(f"width is {width}; it must be even, at least 2")
        if baseline_m is not None:
            require_positive(baseline_m=baseline_m)
        self.baseline_m = baseline_m
        wide = [width * times for times in WIDTHS]
        self.down = nn.ModuleList(
            nn.Sequential(Convolution(a, b, size=size, stride=2), nn.ELU(), Convolution(b, b, size=size), nn.ELU())
            for a, b, size in zip([3, *wide], wide, SIZES, strict=False)
        )
        raised = [width * times // 2 for times in RAISED]
        skips = [*reversed(wide[:-1]), 0]
        answers = [0] * (len(raised) - SCALES + 1) + [2] * (SCALES - 1)
        self.enter = nn.ModuleList(Convolution(a, b) for a, b in zip([wide[-1], *raised], raised, strict=False))
        self.join = nn.ModuleList(
            Convolution(b + skip + seen, b) for b, skip, seen in zip(raised, skips, answers, strict=True)
        )
        self.predict = nn.ModuleList(Convolution(b, 2) for b in raised[-SCALES:])
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
                nn.init.kaiming_normal_(module.weight)

    @property
    def metric(self) -> bool:
        """Whether depth is metres, of a camera whose focal length is 256 pixels."""
        return self.baseline_m is not None

    def forward(self, image: Tensor) -> Scales:
        """Depth and disparities at the size of the images (`raised`), (B, 3, H, W) RGB, 0 … 255, and all estimates."""
        found = list(self.estimates(image))
        return Scales(self.raised(*found[-1]), tuple(shares for shares, _ in found))

    def estimates(self, image: Tensor) -> Iterator[tuple[Tensor, Size]]:
        """Disparities of the left and the right view over the width, (B, 2, h, w), and the size of the images.

        Coarse to fine. A share times w is pixels of the estimate's size. The left view is `image`.
        """
        size = require_images(image)
        x = normalised(image)
        sizes, skips = [size], []
        for stage in self.down:
            x = stage(x)
            sizes.append((x.shape[2], x.shape[3]))
            skips.append(x)
        skips.pop()
        shares: Tensor | None = None
        for k, (enter, join) in enumerate(zip(self.enter, self.join, strict=True)):
            joined = [functional.elu(enter(_twice(x, sizes[-k - 2])))]
            joined += [skips.pop()] if skips else []
            joined += [] if shares is None else [_twice(shares, sizes[-k - 2])]
            x = functional.elu(join(torch.cat(joined, dim=1)))
            if k >= len(self.join) - SCALES:
                shares = LARGEST * torch.sigmoid(self.predict[k + SCALES - len(self.join)](x).float())
                yield shares, size

    def raised(self, shares: Tensor, size: Size) -> Tensor:
        """An estimate at the size of the images, bilinear, (B, 3, H, W).

        Channel 0 is depth Z = f B / (d W), d the left disparity's share of the width W: with the baseline B of the
        net's rig metres for a camera of f = 256 pixels, otherwise 1 / d. The others are both shares.
        """
        shares = resized(shares, size)
        scale = 1.0 if self.baseline_m is None else CANONICAL_PX * self.baseline_m / size[1]
        return torch.cat([scale / shares[:, :1].clamp(min=1e-6), shares], dim=1)


def _twice(x: Tensor, size: Size) -> Tensor:
    """Each value four times, cut to a size that was halved and rounded up."""
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")[:, :, : size[0], : size[1]]
