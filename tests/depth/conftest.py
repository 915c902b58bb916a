"""A method of one image whose errors are known, and an image for it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from geomvision import depth
from geomvision.depth._base import DepthMethod
from geomvision.images import to_grey
from geomvision.method import backend, option
from geomvision.results import Depth, RelativeDepth


@dataclass(frozen=True, kw_only=True)
class Painted(DepthMethod):
    """Images whose grey level is what is asked for, and errors that depend on what is seen."""

    registered_as: ClassVar[str] = "painted"

    kind: str = option("disparity_affine", "of the answer", choices=("metric", "depth_scale", "disparity_affine"))
    adrift: bool = option(False, "whether scale and shift are those of what is seen")
    tilt: float = option(0.0, "what the right end of what is seen is more than the left one")
    coarse: int = option(1, "pixels of the image that are one", minimum=1)
    gap: bool = option(False, "whether bright pixels have no answer")
    factor: float = option(1.0, "what the answer is multiplied by")

    def __call__(self, image):
        return self.execute(image)

    def on(self, sample):
        return self(sample.image)

    @backend("numpy")
    def _numpy(self, image):
        image = to_grey(image)
        seen = image.astype(np.float64)
        for axis in (0, 1):
            means = np.add.reduceat(seen, np.arange(0, seen.shape[axis], self.coarse), axis=axis) / self.coarse
            seen = np.repeat(means, self.coarse, axis=axis)[: image.shape[0], : image.shape[1]]
        values = seen / 50 if self.kind == "disparity_affine" else np.log(self.factor * seen / 50)
        if self.adrift:
            scale = 1 + 0.3 * np.cos(7 * image.mean())
            values = scale * values + np.sin(image.mean())
        values = values + self.tilt * np.linspace(0, 1, image.shape[1])
        if self.gap:
            values[image > 200] = np.nan
        if self.kind == "disparity_affine":
            return RelativeDepth(values=values, kind=self.kind, confidence=np.full(image.shape, 0.5))
        values = np.exp(values)
        return Depth(m=values) if self.kind == "metric" else RelativeDepth(values=values, kind=self.kind)


@pytest.fixture
def painted():
    depth.METHODS.add(Painted)
    yield Painted
    del depth.METHODS._added["painted"]


@pytest.fixture(scope="module")
def image():
    """Hills and two boxes, grey (100, 130), 40 … 240."""
    y, x = np.mgrid[:100, :130]
    levels = 130 + 60 * np.sin(x / 31.0) * np.cos(y / 23.0)
    levels[20:50, 30:60] += 45
    levels[60:64, 10:120] -= 30
    return levels.astype(np.float32)
