"""What nets share that give one estimate after the other: of the flow, at any size of images; and of the disparity."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from .blocks import steady
from .raft import Flows


@dataclass(frozen=True)
class Full:
    """How an estimate becomes full size: height and width, and what its x and y are multiplied by."""

    size: tuple[int, int]
    scale: tuple[float, float]


@dataclass(frozen=True)
class Disparities:
    """What a stereo net returns."""

    #: (B, 1, H, W), pixels.
    disparity: Tensor
    #: The last estimate before it was raised to full size, (B, 1, h, w), in pixels of its own size.
    coarse: Tensor
    #: All estimates at full size while training, else none. The last is `disparity`.
    steps: tuple[Tensor, ...] = ()

    @classmethod
    def of(cls, net: nn.Module, estimates: Iterator[tuple[Any, ...]], given: str = "no estimate") -> Disparities:
        """The last of a net's estimates raised; each while it trains. Raises ValueError (`given`) without any."""
        steps, last = [], None
        for last in estimates:
            if net.training:
                steps.append(net.raised(*last))  # type: ignore[operator]
        if last is None:
            raise ValueError(given)
        full = steps[-1] if steps else net.raised(*last)  # type: ignore[operator]
        return cls(disparity=full, coarse=last[0], steps=tuple(steps))


class Estimator(nn.Module):
    """A net whose estimates each can be raised to the size of the images."""

    def forward(self, images0: Tensor, images1: Tensor) -> Flows:
        """Flow from images 0 to images 1, both (B, 3, H, W) RGB, 0 … 255, of any size."""
        found = list(self.estimates(images0, images1))
        steps = tuple(self.raised(*each) for each in found) if self.training else ()
        return Flows(flow=steps[-1] if steps else self.raised(*found[-1]), coarse=found[-1][0], steps=steps)

    @abstractmethod
    def estimates(self, images0: Tensor, images1: Tensor) -> Iterator[tuple[Tensor, Full]]:
        """Flows (B, 2, h, w) in pixels of their own size, and what `raised` needs to know of each."""

    @staticmethod
    def raised(flow: Tensor, full: Full) -> Tensor:
        """An estimate at the size of the images, bilinear."""
        raised = functional.interpolate(flow, size=full.size, mode="bilinear", align_corners=False)
        return raised * raised.new_tensor(full.scale).view(1, 2, 1, 1)


def stretched(images0: Tensor, images1: Tensor, multiple: int) -> tuple[Tensor, Tensor]:
    """Both images with sides that are the next multiples, bilinear. Raises ValueError where they are no such pair."""
    require_pair(images0, images1)
    size = [-(-side // multiple) * multiple for side in images0.shape[2:]]
    if size == list(images0.shape[2:]):
        return images0, images1
    with steady(images0, training=False, at_all_sizes=True):  # of three channels, torch's depends on threads
        first, second = (
            functional.interpolate(images, size=size, mode="bilinear", align_corners=False)
            for images in (images0, images1)
        )
    return first, second


def require_pair(images0: Tensor, images1: Tensor) -> None:
    """Raises ValueError unless both are (B, 3, H, W) with pixels."""
    if images0.shape != images1.shape or images0.ndim != 4 or images0.shape[1] != 3 or 0 in images0.shape:
        shapes = f"{tuple(images0.shape)} and {tuple(images1.shape)}"
        raise ValueError(f"images are {shapes}; both must be (B, 3, H, W) with at least one pixel")


def fitted(flow: Tensor, size: tuple[int, int]) -> tuple[Tensor, Full]:
    """An estimate of images that were `stretched` from `size`: its pixels are theirs times the ratio of sizes."""
    height, width = flow.shape[2:]
    return flow, Full(size, (size[1] / width, size[0] / height))
