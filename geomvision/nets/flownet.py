"""FlowNetS and FlowNetC: features from fine to coarse, flow from coarse to fine (Dosovitskiy et al., ICCV 2015).

FlowNetS sees both images as six channels. FlowNetC makes features of each, compares those of one image with all that
lie up to 20 of their pixels away in the other, and goes on with the result. Weights of others fit through
`geomvision.nets.public_flownet`, which knows in what their nets differ: batch normalisation, biases, the mean that is
taken off images.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ._estimates import Estimator, Full, require_pair
from .blocks import Convolution, Deconvolution, Pointwise

#: What is taken off images of 0 … 1: FLYING_CHAIRS of red, green and blue, or the mean of each over the pair.
Mean = Literal["chairs", "pair"]
FLYING_CHAIRS = (0.411, 0.432, 0.45)
#: Convolutions of the second part that may have a bias.
Bias = Literal["predict", "features", "upsample"]
#: FlowNetC compares with (2 · 10 + 1)² features, every other one.
RADIUS, STEP = 10, 2
#: Channels of the six stages, each of which halves the size, and of the features raised to stages 5, 4, 3 and 2; in
#: units of the first.
STAGES = (1, 2, 4, 8, 8, 16)
RAISED = (8, 4, 2, 1)


class Contraction(nn.Module):
    """Six stages that halve the size; from the third on, each is followed by a convolution that keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList()
        self.same = nn.ModuleList()

    def _stages(self, widths: list[int], sizes: tuple[int, ...], third: int, batch_norm: bool) -> None:
        """Stages that halve the size, and those after them that keep it; the first of these sees `third` channels."""
        for inputs, outputs, size in zip(widths[:-1], widths[1:], sizes, strict=True):
            self.down.append(Unit(inputs, outputs, size, 2, batch_norm))
        for inputs, outputs in zip([third, *widths[4:]], widths[3:], strict=True):
            self.same.append(Unit(inputs, outputs, 3, 1, batch_norm))

    def _further(self, x: Tensor) -> list[Tensor]:
        """Features of stages 3 to 6; x has been halved three times."""
        found = [self.same[0](x)]
        for down, same in zip(self.down[3:], self.same[1:], strict=True):
            found.append(same(down(found[-1])))
        return found


class FlowNetS(Contraction, Estimator):
    """FlowNetS, 38.7 million parameters: estimates at 1/64, 1/32 … 1/4 of the size."""

    def __init__(
        self,
        *,
        width: int = 64,
        batch_norm: bool = False,
        biases: Collection[Bias] = ("predict", "features"),
        mean: Mean = "chairs",
        scale: float = 20.0,
    ) -> None:
        """The net.

        Args:
            width: channels of the first stage.
            batch_norm: whether convolutions of the first part are normalised, and have no bias then.
            biases: which convolutions of the second part have one.
            mean: what is taken off images.
            scale: pixels for a flow of one, as the net predicts it.
        """
        super().__init__()
        if mean not in get_args(Mean) or not set(biases) <= set(get_args(Bias)):
            given = f"mean is {mean!r}, biases are {list(biases)}"
            raise ValueError(f"{given}; allowed are {get_args(Mean)}, and biases of {get_args(Bias)}")
        self.mean, self.scale = mean, scale
        stages = [width * factor for factor in STAGES]
        self._first_part(stages, batch_norm)
        raised = [width * factor for factor in RAISED]
        seen = [stages[5], *(fine + coarse + 2 for fine, coarse in zip(stages[4:0:-1], raised, strict=True))]
        self.predict = nn.ModuleList(Convolution(channels, 2, bias="predict" in biases) for channels in seen)
        self.features = nn.ModuleList(
            Deconvolution(*channels, bias="features" in biases) for channels in zip(seen[:4], raised, strict=True)
        )
        self.upsample = nn.ModuleList(Deconvolution(2, 2, bias="upsample" in biases) for _ in raised)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight, 0.1)

    def _first_part(self, stages: list[int], batch_norm: bool) -> None:
        self._stages([6, *stages], (7, 5, 5, 3, 3, 3), stages[2], batch_norm)

    def estimates(self, images0: Tensor, images1: Tensor) -> Iterator[tuple[Tensor, Full]]:
        """Flow of each level from coarse to fine, (B, 2, h, w) in pixels of its size, and how it becomes full size.

        Levels of images whose sides are no multiples of 64 are rounded up, and what is raised from one to the next is
        cut at the right and below.
        """
        require_pair(images0, images1)
        height, width = images0.shape[2:]
        *finer, seen = self._contracted(*self._scaled(images0, images1))
        flow = self.predict[0](seen)
        yield self._in_pixels(flow, 6, (height, width))
        for k, fine in enumerate(reversed(finer)):
            rows, columns = fine.shape[2:]
            raised = functional.leaky_relu(self.features[k](seen), 0.1)[:, :, :rows, :columns]
            upsampled = self.upsample[k](flow)[:, :, :rows, :columns]
            seen = torch.cat([fine, raised, upsampled], dim=1)
            flow = self.predict[k + 1](seen)
            yield self._in_pixels(flow, 5 - k, (height, width))

    def _in_pixels(self, flow: Tensor, level: int, size: tuple[int, int]) -> tuple[Tensor, Full]:
        return flow.float() * (self.scale / 2**level), Full(size, (2.0**level, 2.0**level))

    def _contracted(self, images0: Tensor, images1: Tensor) -> list[Tensor]:
        """Features of stages 2 to 6."""
        first = self.down[0](torch.cat([images0, images1], dim=1))
        second = self.down[1](first)
        return [second, *self._further(self.down[2](second))]

    def _scaled(self, images0: Tensor, images1: Tensor) -> list[Tensor]:
        if self.mean == "pair":
            # Sums of whole numbers are exact in float64: no mean depends on the order, and so on the threads.
            mean = torch.stack([images0, images1]).double().mean(dim=(0, 3, 4)).to(images0.dtype)[:, :, None, None]
            scaled = [(images - mean) / 255 for images in (images0, images1)]
        else:
            mean = images0.new_tensor(FLYING_CHAIRS).view(1, 3, 1, 1)
            scaled = [images / 255 - mean for images in (images0, images1)]
        return [images.contiguous(memory_format=torch.channels_last) for images in scaled]


class FlowNetC(FlowNetS):
    """FlowNetC, 39.2 million parameters."""

    def __init__(
        self,
        *,
        width: int = 64,
        batch_norm: bool = False,
        biases: Collection[Bias] = get_args(Bias),
        mean: Mean = "chairs",
        scale: float = 20.0,
    ) -> None:
        """The net; arguments are those of `FlowNetS`."""
        super().__init__(width=width, batch_norm=batch_norm, biases=biases, mean=mean, scale=scale)

    def _first_part(self, stages: list[int], batch_norm: bool) -> None:
        narrow = max(1, stages[0] // 2)
        self.redirect = Unit(stages[2], narrow, 1, 1, batch_norm)
        compared = (2 * RADIUS + 1) ** 2
        self._stages([3, *stages], (7, 5, 5, 3, 3, 3), narrow + compared, batch_norm)

    def _contracted(self, images0: Tensor, images1: Tensor) -> list[Tensor]:
        """Features of stages 2 to 6, the second of image 0 alone."""
        second = self.down[1](self.down[0](images0))
        features0 = self.down[2](second)
        features1 = self.down[2](self.down[1](self.down[0](images1)))
        costs = ops.local_correlation(features0.float(), features1.float(), radius=RADIUS, dilation=STEP)
        costs = functional.leaky_relu(costs, 0.1)
        return [second, *self._further(torch.cat([self.redirect(features0), costs], dim=1))]


class Unit(nn.Module):
    """A convolution, perhaps normalised, under leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int, batch_norm: bool) -> None:
        super().__init__()
        self.convolution: Convolution = (
            Pointwise(inputs, outputs, bias=not batch_norm)
            if size == 1
            else Convolution(inputs, outputs, size=size, stride=stride, bias=not batch_norm)
        )
        self.norm: nn.Module = nn.BatchNorm2d(outputs) if batch_norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H / stride, W / stride)."""
        y: Tensor = functional.leaky_relu(self.norm(self.convolution(x)), 0.1)
        return y
