"""A coarse and a fine stack: depth of the whole image at a glance, then its details (Eigen et al., NeurIPS 2014)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._mono import Estimated, Size, closer, require_images, require_positive, resized
from .blocks import Convolution, steady
from .residual_features import initialised, normalised

#: Pixels from one value of an estimate to the next, where the first lies, and the least height and width of images.
STEP, FIRST, LEAST = 4, 5, 63


class Eigen(nn.Module):
    """The paper's net (figure 1), which looks at images of one size alone: others are stretched to it and back.

    The fine stack is not taught through the coarse one, which is what training one after the other comes to.
    """

    def __init__(
        self,
        *,
        width: int = 96,
        hidden: int = 4096,
        fine: int = 64,
        size: Size = (228, 304),
        scale: float = 1.0,
        dropout: float = 0.5,
    ) -> None:
        """The net.

        Args:
            width: channels of the first convolution; those after it have 8/3, 4, 4 and 8/3 times as many.
            hidden: values between the two full connections.
            fine: channels of the fine stack, the coarse estimate among them.
            size: height and width of the images that it looks at, pixels, 63 at least.
            scale: metres for a logarithm of zero.
            dropout: share of the hidden values that is left out in training.
        """
        super().__init__()
        require_positive(width=width, hidden=hidden, fine=fine - 1, scale=scale)
        if min(size) < LEAST:
            raise ValueError(f"size is {size[0]} x {size[1]} pixels; it must be {LEAST} x {LEAST} at least")
        self.size, self.scale = (size[0], size[1]), scale
        self.grid = tuple((side - 11) // STEP + 1 for side in size)
        wide, wider = round(8 * width / 3), 4 * width
        self.enter = nn.Conv2d(3, width, 11, stride=STEP)
        plan = ((width, wide, 5), (wide, wider, 3), (wider, wider, 3), (wider, wide, 3))
        self.coarse = nn.ModuleList(Convolution(a, b, size=kernel) for a, b, kernel in plan)
        halves = [side // 2 for side in self.grid]
        last = [((side - 3) // 2 + 1 - 3) // 2 + 1 for side in halves]
        self.hidden = nn.Linear(wide * last[0] * last[1], hidden)
        self.dropout = nn.Dropout(dropout)
        self.map = nn.Linear(hidden, self.grid[0] * self.grid[1])
        self.look = nn.Conv2d(3, fine - 1, 9, stride=2)
        self.refine = Convolution(fine, fine, size=5)
        self.predict = Convolution(fine, 1, size=5)
        initialised(self)
        self._begin()

    @torch.no_grad()
    def _begin(self) -> None:
        """The coarse stack begins near the same depth everywhere, the fine one near what the coarse one says."""
        for head in (self.map, self.predict):
            head.weight *= 0.1
        # The coarse estimate c is the last channel; two channels become ReLU(c) and ReLU(-c), whose difference is c.
        middle = self.refine.weight.shape[2] // 2
        for channel, sign in enumerate((1.0, -1.0)):
            self.refine.weight[channel] = 0
            self.refine.weight[channel, -1, middle, middle] = sign
            self.predict.weight[0, channel] = 0
            self.predict.weight[0, channel, middle, middle] = sign

    def forward(self, images: Tensor) -> Estimated:
        """Coarse and fine depth of images (B, 3, H, W) RGB, 0 … 255, of any size."""
        steps = tuple(self.raised(*estimate) for estimate in self.estimates(images))
        return Estimated(steps[-1], steps)

    def estimates(self, images: Tensor) -> Iterator[tuple[Tensor, Size]]:
        """The coarse, then the fine estimate: the logarithm of depth over `scale`; and the size of the images."""
        whole = require_images(images)
        x = normalised(resized(images, self.size)).contiguous(memory_format=torch.channels_last)
        with steady(x, self.training, at_all_sizes=True):  # a torch.Linear depends on threads, and so do narrow ends
            coarse = self._glanced(x)
            fine = self._refined(x, coarse.detach())
        yield coarse, whole
        yield fine, whole

    def _refined(self, x: Tensor, coarse: Tensor) -> Tensor:
        """The fine stack's estimate of images and the coarse one's."""
        seen = functional.max_pool2d(functional.relu(self.look(x)), 2)
        fine: Tensor = self.predict(self.refine(torch.cat([seen, coarse], dim=1), relu=True)).float()
        return fine

    def _glanced(self, x: Tensor) -> Tensor:
        """The coarse stack's estimate of images."""
        x = functional.max_pool2d(functional.relu(self.enter(x)), 2)
        x = functional.max_pool2d(self.coarse[0](x, relu=True), 3, stride=2)
        for layer in list(self.coarse)[1:]:
            x = layer(x, relu=True)
        x = functional.max_pool2d(x, 3, stride=2).flatten(1)
        values: Tensor = self.map(self.dropout(functional.relu(self.hidden(x)))).float()
        return values.view(-1, 1, *self.grid)

    def raised(self, logarithm: Tensor, size: Size) -> Tensor:
        """Depth at the size of the images, (B, 1, H, W), metres.

        Each value of an estimate stands for the pixel in the middle of what its convolutions see; towards the border,
        beyond the last of them, it is repeated.
        """
        rows, columns = (
            ((torch.arange(side, device=logarithm.device) + 0.5) * own / side - 0.5 - FIRST) / STEP
            for side, own in zip(size, self.size, strict=True)
        )
        y, x = (2 * at / max(1, count - 1) - 1 for at, count in zip((rows, columns), self.grid, strict=True))
        grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], dim=-1).to(logarithm.dtype)
        grid = grid.expand(logarithm.shape[0], -1, -1, -1)
        full = functional.grid_sample(logarithm, grid, mode="bilinear", padding_mode="border", align_corners=True)
        return self.scale * closer(self.size, size) * full.exp()
