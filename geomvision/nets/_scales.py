"""What nets of one image share that answer at several sizes: the range of depth, and what they return."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor, nn

from ._mono import Size, require_positive, resized


class Scales(NamedTuple):
    """What such a net returns."""

    #: (B, C, H, W): the last estimate at the size of the images, as `raised` makes it; channel 0 is depth.
    depth: Tensor
    #: Estimates from coarse to fine, each at its own size.
    estimates: tuple[Tensor, ...]


class Ranged(nn.Module):
    """A net that says by a sigmoid σ which depth between two limits it means: 1 / D = 1 / far + (1 / near − 1 / far) σ.

    `metric` says that it was taught metres, of a camera whose focal length is 256 pixels (`geomvision.depth`).
    """

    def __init__(self, *, near: float, far: float, metric: bool) -> None:
        super().__init__()
        require_positive(near=near, far=far)
        if not near < far:
            raise ValueError(f"near is {near}, far {far}; near must be less than far")
        self.near, self.far, self.metric = near, far, metric

    def forward(self, image: Tensor) -> Scales:
        """Depth at the size of the images, (B, 3, H, W) RGB, 0 … 255, and all estimates: sigmoids, 0 … 1."""
        found = list(self.estimates(image))
        return Scales(self.raised(*found[-1]), tuple(sigmoid for sigmoid, _ in found))

    @abstractmethod
    def estimates(self, image: Tensor) -> Iterator[tuple[Tensor, Size]]:
        """Sigmoids from coarse to fine, (B, 1, h, w), larger where nearer, and the size of the images."""

    def raised(self, sigmoid: Tensor, size: Size) -> Tensor:
        """Depth of an estimate at the size of the images, (B, 1, H, W); the sigmoid is raised bilinearly."""
        return 1 / (1 / self.far + (1 / self.near - 1 / self.far) * resized(sigmoid, size))


def stretched(image: Tensor, multiple: int, least: int) -> Tensor:
    """Images resized to sides that are the next multiples, no shorter than `least`."""
    height, width = (max(least, -(-side // multiple) * multiple) for side in image.shape[2:])
    return resized(image, (height, width))
