"""Nets in files of other programs: what such a file says of itself, and what is done around it, in numpy alone.

A file holds a net and a `FileCard`: which method it was, what it must be given, and what it gives. That is enough to be
a method by itself, without torch and without the weights that it was made from.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .images import Float32, Image, ImageError, levels
from .learned import at_least, framed
from .weights import WeightsError

#: Under this name files carry their card.
KEY = "geomvision"
#: How an image is brought to a size of the net: its border repeated, stretched, or not at all.
FITS = ("border", "stretch", "exact")
TASKS = ("stereo", "flow", "depth")
#: Channels in a unit; others are probabilities.
MEASURED = ("disparity", "x", "y", "depth")
#: A net: from arrays (1, C, H, W) in the card's order to maps (K, H, W).
Runner = Callable[[Sequence[Float32]], Float32]


@dataclass(frozen=True, kw_only=True)
class FileCard:
    """What a file says of its net. Inputs are named tensors NCHW, batch 1, float32; images are RGB."""

    task: str
    #: The method that was exported, its options, and the version of geomvision that did it.
    method: str
    options: Mapping[str, Any]
    version: str
    #: Names of inputs: images, and what a matcher says where the net refines it.
    inputs: Sequence[str]
    #: "0…255": see `images.levels`; "any": as they are, the net normalises them itself.
    levels: str = "0…255"
    #: What is taken from the channels of images, and what they are divided by then: a number for all, or three.
    mean: Sequence[float] = (0.0,)
    deviation: Sequence[float] = (1.0,)
    #: Height and width that the net takes, or None: any multiple of `multiple`, at least `least`.
    size: Sequence[int] | None
    multiple: int = 1
    least: int = 1
    #: One of `FITS`.
    fit: str = "border"
    #: Of "stretch" without a size: the longer side as the net sees it, 0 for as it is, pixels.
    side_px: int = 0
    #: Columns that the second image is moved by, to the right, before the net sees it: its disparities begin there.
    first_px: int = 0
    #: Of a net that refines: the matcher's name and its options.
    matcher: Mapping[str, Any] = field(default_factory=dict)
    #: Names of the output's channels.
    channels: Sequence[str]
    #: Name of the output; "" of the only one.
    output: str = ""
    #: "disparity_px", "flow_px", "metric" (for a camera of `focal_px`, pixels of what the net sees), or what a
    #: `RelativeDepth` may be.
    kind: str
    focal_px: float = 0.0
    #: What the first channels are multiplied with, and the least that they may be then.
    scale: float = 1.0
    lowest: float | None = None
    #: Of depth: whether its inverse, not itself, is brought to the size of the image.
    inverse_resized: bool = False
    #: Of the file that weights came from, hexadecimal, and their licence, "" where it is unknown.
    weights_sha256: str
    licence: str = ""
    commercial_use: bool = False

    def text(self) -> str:
        """JSON."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=True, sort_keys=True)

    @classmethod
    def parse(cls, text: str | None, file: object) -> FileCard:
        """The reverse of `text`. Raises WeightsError, which names the file, where that is none."""
        way = "export it with geomvision export"
        if text is None:
            beside = "or, where others made it, write what it takes and gives into a .json file of its name beside it"
            raise WeightsError(f"{file} says nothing of its net ({KEY!r} is not in its metadata): {way}, {beside}")
        try:
            entries = json.loads(text)
            known = cls(**entries)
        except (json.JSONDecodeError, TypeError) as error:
            raise WeightsError(f"{file}: what it says of its net is damaged or of another version: {error}") from None
        if known.task not in TASKS or known.fit not in FITS or not known.inputs or not known.channels:
            raise WeightsError(f"{file}: what it says of its net is damaged or of another version: {way}")
        return known

    def require(self, task: str, file: object) -> FileCard:
        """Itself. Raises WeightsError where the file is for another task."""
        if self.task != task:
            raise WeightsError(f"{file} is for {self.task} ({self.method}), not {task}: {self.task}/onnx runs it")
        return self

    def taken(self, height: int, width: int) -> tuple[int, int]:
        """Height and width that an image of this size has for the net; ImageError where the file does not allow it."""
        given = f"an image is {height} x {width} pixels; the file takes {self.allowed()}"
        again = "export it with the size of the image, or dynamic"
        if self.fit == "exact":
            wrong = self.size is not None and (height, width) != tuple(self.size)
            if wrong or height % self.multiple or width % self.multiple or min(height, width) < self.least:
                raise ImageError(f"{given}: {again}")
            return height, width
        if self.size is None:
            return at_least((height, width), self.multiple, self.least)
        rows, columns = self.size
        if height > rows or width > columns:
            raise ImageError(f"{given}: {again}")
        return rows, columns

    def stretched(self, height: int, width: int) -> tuple[int, int]:
        """Height and width that an image is stretched to, as its method's `side_px` says, before it gets a border."""
        if self.size is not None:
            return int(self.size[0]), int(self.size[1])
        if not self.side_px:
            return height, width
        scale, stride = self.side_px / max(height, width), self.multiple
        rows, columns = (max(self.least, round(scale * side / stride) * stride) for side in (height, width))
        return rows, columns

    def allowed(self) -> str:
        """The sizes of images that the file takes."""
        if self.fit == "stretch" or (self.fit == "border" and self.size is None):
            return "images of any size"
        if self.size is None:
            return f"images whose sides are multiples of {self.multiple}, at least {self.least}"
        most = "up to" if self.fit == "border" else "of"
        return f"images {most} {self.size[0]} x {self.size[1]} pixels (height x width)"

    def shown(self, images: tuple[Image, ...]) -> tuple[Float32, ...]:
        """Images as the net sees them, before they are brought to its size."""
        grey = levels(*images) if self.levels == "0…255" else tuple(each.astype(np.float32) for each in images)
        if not self.first_px:
            return grey
        width = images[0].shape[1]
        columns = (np.arange(width) - self.first_px).clip(0, width - 1)
        return grey[0], *(each[:, columns] for each in grey[1:])

    def maps(self, runner: Runner, shown: tuple[Float32, ...], further: Sequence[Float32] = ()) -> dict[str, Float32]:
        """Channels by name, (H, W) each, that the net says of images as they are `shown`.

        `further` are inputs beside the images, (1, C, H, W). Raises ImageError for a size that is not allowed.
        """
        height, width = shown[0].shape[:2]
        size = self.taken(height, width)
        (top, left), arrays = framed(shown, size)
        maps = np.asarray(runner([*map(self._normalised, arrays), *further]), np.float32)
        if maps.shape != (len(self.channels), *size):
            told = f"{(len(self.channels), *size)} as the file's card says"
            raise WeightsError(f"the net gives maps of shape {maps.shape}; it should be {told}: export it again")
        cut = maps[:, top : top + height, left : left + width]
        return {name: self._said(name, each) for name, each in zip(self.channels, cut, strict=True)}

    def _normalised(self, image: Float32) -> Float32:
        """An image (1, C, H, W) with its channels as the net wants them."""
        if (*self.mean, *self.deviation) == (0.0, 1.0):
            return image
        mean, deviation = (np.asarray(each, np.float32).reshape(1, -1, 1, 1) for each in (self.mean, self.deviation))
        return np.asarray((image - mean) / deviation, np.float32)

    def _said(self, name: str, values: Float32) -> Float32:
        """A channel in its unit."""
        if name in MEASURED:
            values = values * np.float32(self.scale) + np.float32(self.first_px)
            if self.lowest is not None:
                values = np.maximum(values, np.float32(self.lowest))
        return np.ascontiguousarray(values, np.float32)
