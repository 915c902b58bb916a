"""What nets of one image share: what they take, other sizes of it, and what they give back."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional

from .blocks import steady

Size = tuple[int, int]


class Estimated(NamedTuple):
    """What a net makes of images."""

    #: (B, 1, H, W), at the size of the images: the last of `steps`.
    last: Tensor
    #: All estimates, coarse to fine, each at the size of the images.
    steps: tuple[Tensor, ...]


def require_images(images: Tensor, multiple: int = 1) -> Size:
    """Their height and width. Raises ValueError unless they are (B, 3, H, W), H and W such multiples above 0."""
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape:
        raise ValueError(f"images are {tuple(images.shape)}; they must be (B, 3, H, W) with at least one pixel")
    height, width = images.shape[2:]
    if height % multiple or width % multiple:
        raise ValueError(f"images are {height} x {width} pixels; sides must be multiples of {multiple}: pad them")
    return height, width


def require_positive(**numbers: float) -> None:
    """Raises ValueError unless all are finite and above zero."""
    for name, value in numbers.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} is {value}; it must be above 0")


def resized(images: Tensor, size: Size) -> Tensor:
    """Images or maps at another size, bilinear; without aliases where they shrink."""
    if tuple(images.shape[2:]) == tuple(size):
        return images
    shrinks = size[0] < images.shape[2] or size[1] < images.shape[3]
    with steady(images, training=False, at_all_sizes=True):  # of few channels, torch's depends on threads
        return functional.interpolate(images, size=size, mode="bilinear", align_corners=False, antialias=shrinks)


def closer(own: Size, size: Size) -> float:
    """What depth of images of `own` size is multiplied by to be that of the same images at `size`.

    Depth is that of a camera of a certain focal length in pixels: at twice the size, the true camera has twice as
    many, so that the same metres are half of them in the net's unit.
    """
    return math.sqrt(own[0] * own[1] / (size[0] * size[1]))
