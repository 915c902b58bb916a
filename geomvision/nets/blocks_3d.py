"""Pieces that nets with volumes of disparities share: convolutions in three dimensions, hourglasses, the estimate.

Volumes are (B, C, D, H, W). Batch statistics are those that training left.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from .blocks import steady

#: Volumes of fewer voxels are small.
SMALL = 1 << 16
#: Numbers of an upsampled volume that are held at a time.
AT_ONCE = 1 << 22


def _steady(x: Tensor, training: bool) -> AbstractContextManager[None]:
    """Around what is computed of volumes like x: torch's depends on the number of threads where they are small."""
    return steady(x, training, at_all_sizes=x.shape[-3:].numel() < SMALL)


@contextmanager
def _exact(x: Tensor, training: bool) -> Iterator[Tensor]:
    """x for one of torch's convolutions of volumes, with what it needs around.

    On a CPU that is single precision: of small volumes in bfloat16, which `torch.autocast` makes, torch 2.13 has
    derivatives that are not even finite.
    """
    single = x.device.type == "cpu" and torch.is_autocast_enabled("cpu")
    with _steady(x, training), torch.autocast("cpu", enabled=False) if single else nullcontext():
        yield x.float() if single else x


class Convolution3D(nn.Conv3d):
    """A 3×3×3 convolution without bias that keeps the size (divided by `stride`); zeros beyond the border."""

    def __init__(self, inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> None:
        super().__init__(inputs, outputs, size, stride=stride, padding=size // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, D, H, W) → (B, outputs, D / stride, H / stride, W / stride)."""
        with _exact(x, self.training) as given:
            return super().forward(given)


class Deconvolution3D(nn.ConvTranspose3d):
    """A transposed 3×3×3 convolution without bias to twice the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=False)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """(B, inputs, D, H, W) → (B, outputs, 2 D, 2 H, 2 W)."""
        with _exact(x, self.training) as given:
            return super().forward(given, output_size)


class Normed(nn.Module):
    """A convolution in two or three dimensions and its batch normalisation."""

    def __init__(self, convolution: Any) -> None:
        super().__init__()
        self.convolution = convolution
        kind = nn.BatchNorm3d if convolution.weight.ndim == 5 else nn.BatchNorm2d
        self.norm = kind(convolution.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """As the convolution."""
        y: Tensor = self.norm(self.convolution(x))
        return y


class Head(nn.Module):
    """What a volume of features says of each disparity: larger is likelier."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Normed(Convolution3D(channels, channels))
        self.leave = Convolution3D(channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) → (B, D, H, W)."""
        y: Tensor = self.leave(functional.relu(self.first(x), inplace=True))
        return y[:, 0]


class Entrance(nn.Module):
    """Four convolutions on the whole volume, the last two beside a skip (Chang & Chen, CVPR 2018, table 1)."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        widths = (inputs, channels)
        self.enter = nn.ModuleList(Normed(Convolution3D(width, channels)) for width in widths)
        self.residual = nn.ModuleList(Normed(Convolution3D(channels, channels)) for _ in range(2))

    def forward(self, volume: Tensor) -> Tensor:
        """(B, inputs, D, H, W) → (B, channels, D, H, W)."""
        for layer in self.enter:
            volume = functional.relu(layer(volume), inplace=True)
        y: Tensor = self.residual[1](functional.relu(self.residual[0](volume), inplace=True))
        return y + volume


class Hourglass(nn.Module):
    """The layers of an hourglass: to a quarter of the size and back; nets join them in their own ways.

    Sides of volumes must be multiples of 4.
    """

    def __init__(self, channels: int, deepest: int, *, beside: bool) -> None:
        """`deepest` is the number of channels at a quarter of the size; `beside` adds 1×1×1 convolutions on skips."""
        super().__init__()
        double = 2 * channels
        down = ((channels, double, 2), (double, double, 1), (double, deepest, 2), (deepest, deepest, 1))
        self.down = nn.ModuleList(Normed(Convolution3D(a, b, stride=stride)) for a, b, stride in down)
        self.up = nn.ModuleList(Normed(Deconvolution3D(a, b)) for a, b in ((deepest, double), (double, channels)))
        if beside:
            self.beside = nn.ModuleList(Normed(Convolution3D(c, c, size=1)) for c in (channels, double))


def regressed(likely: Tensor, size: tuple[int, int, int], *, corners: bool) -> Tensor:
    """The disparity that softmax expects, of a volume raised trilinearly to `size`, which is never held as a whole.

    Args:
        likely: (B, D, H, W), larger where likelier.
        size: disparities, height and width to raise it to.
        corners: whether the first and last voxels of both sizes fall together, or their outer faces do.

    Returns:
        (B, 1, height, width), pixels.
    """
    if not corners:
        # Where torch.jit traces, sides are tensors.
        sides = [int(side) if isinstance(side, Tensor) else side for side in size]
        expected: Tensor = ops.upsampled_soft_argmin(-likely, size=(sides[0], sides[1], sides[2]))[:, None]
        return expected
    return torch.cat([ops.soft_argmin(-band) for band in _bands(likely, size, corners)], dim=1)[:, None]


def confidence(
    likely: Tensor, disparity: Tensor, size: tuple[int, int, int], *, corners: bool, within: float
) -> Tensor:
    """The probability, by that softmax, of disparities no farther than `within` pixels from the estimate.

    Args are those of `regressed`, `disparity` (B, 1, height, width) what it gives. Returns the same shape, 0 … 1.
    """
    candidates = torch.arange(size[0], device=likely.device, dtype=disparity.dtype)[:, None, None]
    found, top = [], 0
    for band in _bands(likely, size, corners):
        powers = (band - band.amax(dim=1, keepdim=True)).exp()
        near = (candidates - disparity[:, :, top : top + band.shape[2]]).abs() <= within
        found.append((powers * near).sum(dim=1) / powers.sum(dim=1))
        top += band.shape[2]
    return torch.cat(found, dim=1)[:, None]


def resized(x: Tensor, size: tuple[int, ...], *, corners: bool) -> Tensor:
    """The last sides of x made `size`, linearly along each; the same for any number of threads."""
    for dim, length in zip(range(-len(size), 0), size, strict=True):
        x = _resized_along(x, dim, length, slice(None), corners)
    return x


def _bands(volume: Tensor, size: tuple[int, int, int], corners: bool) -> Iterator[Tensor]:
    """The raised volume in bands of rows from the top, each (B, disparities, rows, width)."""
    disparities, height, width = size
    rows = max(1, AT_ONCE // (volume.shape[0] * disparities * width))
    for top in range(0, height, rows):
        band = _resized_along(volume, 2, height, slice(top, top + rows), corners)
        yield _resized_along(_resized_along(band, 3, width, slice(None), corners), 1, disparities, slice(None), corners)


def _resized_along(x: Tensor, dim: int, length: int, part: slice, corners: bool) -> Tensor:
    """`part` of what x is along `dim` when it is made `length` long."""
    before = x.shape[dim]
    if before == length:
        return x.narrow(dim, *_start_and_length(part, length))
    places = torch.arange(length, device=x.device, dtype=torch.float64)[part]
    if corners:
        places = places * ((before - 1) / max(length - 1, 1))
    else:
        places = ((places + 0.5) * (before / length) - 0.5).clamp(min=0)
    low = places.long().clamp(max=before - 1)
    shape = [1] * x.ndim
    shape[dim] = -1
    share = (places - low).to(x.dtype).view(shape)
    return x.index_select(dim, low) * (1 - share) + x.index_select(dim, (low + 1).clamp(max=before - 1)) * share


def _start_and_length(part: slice, length: int) -> tuple[int, int]:
    start, stop, _ = part.indices(length)
    return start, stop - start
