"""Pieces that the nets share: convolutions without batch statistics, and what is carried along rows and columns.

No block normalises over a batch or an image: what a net does with one region must not depend on what else is
in view, or crops in training and whole images in use would be two different things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops, packages
from ._memory import again, made, reusable

#: Maps of fewer pixels are small.
SMALL = 2048


def steady(x: Tensor, training: bool, *, at_all_sizes: bool = False) -> AbstractContextManager[None]:
    """Around what is computed of maps like x, (…, H, W): one thread where they are small and nobody trains."""
    if torch.compiler.is_compiling() or training or (x.shape[-2] * x.shape[-1] >= SMALL and not at_all_sizes):
        return nullcontext()
    return _one_thread()


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    if threads > 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if threads > 1:
            torch.set_num_threads(threads)


class Convolution(nn.Conv2d):
    """A convolution, 3×3 unless said, that keeps the size (divided by `stride`); zeros beyond the border.

    On a CPU, where nobody asks for a derivative, it is `ops.convolution`, whose result does not depend on the number of
    threads; within `torch.autocast` its factors are rounded to bfloat16, its sums and results stay float32. Elsewhere
    it is torch's, on one thread where maps are small: more would change its last bits.
    """

    def __init__(
        self, inputs: int, outputs: int, *, size: int = 3, stride: int = 1, dilation: int = 1, bias: bool = True
    ) -> None:
        padding = dilation * (size // 2)
        super().__init__(inputs, outputs, size, stride=stride, padding=padding, dilation=dilation, bias=bias)

    def forward(self, x: Tensor, *, residual: Tensor | None = None, relu: bool = False) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, H / stride, W / stride), plus the residual, then ReLU."""
        return self._convolved(x, self.weight, self.bias, residual, relu)

    def beside(self, last: Tensor) -> Callable[[Tensor], Tensor]:
        """The convolution of (what it is given, `last`) joined along channels; the share of `last` is computed once."""
        own = self.in_channels - last.shape[1]
        share = self._convolved(last, self.weight[:, own:], self.bias)
        return lambda x: self._convolved(x, self.weight[:, :own], None, share)

    def _convolved(
        self, x: Tensor, weight: Tensor, bias: Tensor | None, residual: Tensor | None = None, relu: bool = False
    ) -> Tensor:
        if not self._without_derivative(x, residual):
            with steady(x, self.training):
                y = self._strided(x, weight, bias)
            y = y if residual is None else residual + y
            return functional.relu(y) if relu else y
        options: dict[str, Any] = {"stride": self.stride[0], "dilation": self.dilation[0], "relu": relu}
        if torch.is_autocast_enabled("cpu"):
            x, residual = x.float(), None if residual is None else residual.float()
            options["precision"] = "bfloat16"
        return ops.convolution(x, weight, bias, residual=residual, **options)

    def _strided(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """What torch 2.13 errs in is done otherwise.

        Its derivative of a 1×1 convolution with a stride may write past narrow maps: here it has none. In bfloat16 on a
        CPU it leaves parts of a weight's derivative unset where maps are narrower than the weights reach: they are
        float32 here.
        """
        if self._narrow(x):
            with torch.autocast("cpu", enabled=False):
                narrow: Tensor = self._conv_forward(x.float(), weight, bias)
            return narrow
        if self.kernel_size != (1, 1) or self.stride == (1, 1):
            y: Tensor = self._conv_forward(x, weight, bias)
            return y
        return functional.conv2d(x[:, :, :: self.stride[0], :: self.stride[1]], weight, bias)

    def _narrow(self, x: Tensor) -> bool:
        """Whether weights reach beyond both borders of maps, where torch might multiply bfloat16 on a CPU."""
        if torch.compiler.is_compiling() or x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return False
        return min(x.shape[2:]) <= self.kernel_size[0] // 2

    def _without_derivative(self, *given: Tensor | None) -> bool:
        """Whether this is a CPU with kernels, where nobody trains, compiles or asks for a derivative."""
        if self.training or torch.compiler.is_compiling() or not packages.has_core():
            return False
        tensors = [each for each in (self.weight, *given) if each is not None]
        derived = torch.is_grad_enabled() and any(each.requires_grad for each in tensors)
        return not derived and all(each.device.type == "cpu" for each in tensors)


class Pointwise(Convolution):
    """A 1×1 convolution."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, size=1, bias=bias)


class Deconvolution(nn.ConvTranspose2d):
    """A transposed convolution, 4×4 unless said, to twice the size.

    Torch's depends on the number of threads on maps of any size, so in use it takes one.
    """

    def __init__(self, inputs: int, outputs: int, *, size: int = 4, bias: bool = True) -> None:
        super().__init__(inputs, outputs, size, stride=2, padding=size // 2 - 1, bias=bias)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """(B, inputs, H, W) → (B, outputs, 2 H, 2 W)."""
        with steady(x, self.training, at_all_sizes=True):
            return super().forward(x, output_size)


class Residual(nn.Module):
    """x + f(x), f two convolutions (He et al., CVPR 2016); the second starts at zero, so a deep stack starts flat."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = Convolution(channels, channels, dilation=dilation)
        self.second = Convolution(channels, channels)
        assert self.second.bias is not None
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → the same shape."""
        y: Tensor = self.second(self.first(x, relu=True), residual=x, relu=True)
        return y


class Down(nn.Module):
    """Half the size, then residual blocks."""

    def __init__(self, inputs: int, outputs: int, dilations: tuple[int, ...] = (1,)) -> None:
        super().__init__()
        self.enter = Convolution(inputs, outputs, stride=2)
        self.blocks = nn.Sequential(*(Residual(outputs, dilation) for dilation in dilations))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, outputs, H/2, W/2)."""
        y: Tensor = self.blocks(self.enter(x, relu=True))
        return y


class Up(nn.Module):
    """Twice the size, joined with the finer features of the way down (Ronneberger et al., MICCAI 2015)."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.reduce = Pointwise(coarse, fine)
        self.block = Residual(fine)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """(B, coarse, H/2, W/2) and (B, fine, H, W) → (B, fine, H, W)."""
        reduced = self.reduce(coarse)
        if reusable(reduced, fine):
            batch, channels, height, width = reduced.shape
            twice = made(batch, channels, height, 2, width, 2).copy_(reduced[:, :, :, None, :, None])
            raised = twice.view(fine.shape).add_(fine).relu_()
        else:
            raised = functional.relu(functional.interpolate(reduced, scale_factor=2.0, mode="nearest") + fine)
        y: Tensor = self.block(raised)
        return y


def shuffled_onto(fine: Tensor, coarse: Tensor) -> Tensor:
    """ReLU(fine + what `coarse`, (B, 4 C, H, W), is shuffled to, (B, C, 2 H, 2 W): Shi et al., CVPR 2016).

    Where nobody asks for a derivative, it is done in place of `fine`.
    """
    if torch.is_grad_enabled():
        return functional.relu(fine + functional.pixel_shuffle(coarse, 2))
    for phase in range(4):
        fine[:, :, phase // 2 :: 2, phase % 2 :: 2] += coarse[:, phase::4]
    return fine.relu_()


def convex_weights(logits: Tensor) -> Tensor:
    """Softmax over dimension 1. Torch's own gives, on a CPU, other last bits for other numbers of threads."""
    powers = again(torch.exp, again(torch.sub, logits, logits.amax(dim=1, keepdim=True).detach()))
    return again(torch.div, powers, powers.sum(dim=1, keepdim=True))
