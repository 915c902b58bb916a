"""Pairs of layered pictures with exact flow: what nets for optical flow learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..images import Image
from ..results import Flow
from ..samples import FlowSample
from ._camera_faults import photographed
from ._layer_scenes import Look, scene
from ._layers import Drawn, Layer, draw, occluded


@dataclass(frozen=True, kw_only=True)
class Layered:
    """Textured pieces that move over a moving background, drawn in milliseconds; exact flow at every pixel.

    After FlyingChairs (Dosovitskiy et al., ICCV 2015) and AutoFlow (Sun et al., CVPR 2021), with textures that are all
    made here: mostly dead leaves. Motions are homographies and smooth bends. Half of the pieces move with the
    background and half do not; their sizes and speeds are even in the logarithm, with slow ones more often.
    The same options and index give the same pair, whatever was made before.

    Args:
        seed, count: of the pairs.
        height, width: pixels.
        motion: (low, high) pixels between which a layer's speed is drawn.
        pieces: (low, high), how many lie before the background.
        faults: unequal exposure, haze, blur and noise; False gives the frames as they were drawn.

    Raises:
        ValueError: for options outside of what they allow.
    """

    seed: int = 0
    count: int = 1000
    height: int = 384
    width: int = 512
    motion: tuple[float, float] = (0.3, 60.0)
    pieces: tuple[int, int] = (2, 14)
    faults: bool = True

    def __post_init__(self) -> None:
        for name, low in (("seed", 0), ("count", 1), ("height", 16), ("width", 16)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
                raise ValueError(f"Layered: {name} is {value!r}; it must be an integer of at least {low}")
        for name, least, most in (("motion", 1e-3, 1e3), ("pieces", 0, 1000)):
            ends = getattr(self, name)
            if not isinstance(ends, tuple) or len(ends) != 2 or not least <= ends[0] <= ends[1] <= most:
                raise ValueError(f"Layered: {name} is {ends!r}; it must be (low, high) between {least:g} and {most:g}")
        if any(int(end) != end for end in self.pieces):
            raise ValueError(f"Layered: pieces is {self.pieces!r}; both must be whole numbers")

    def __len__(self) -> int:
        return int(self.count)

    def __iter__(self) -> Iterator[FlowSample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> FlowSample:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is outside a data set of {len(self)} pairs")
        index = int(index) % len(self)
        layers, drawn, (frame0, frame1) = self._made(index)
        hidden = occluded(layers, drawn)
        flow = Flow(px=drawn.flow, occluded=hidden)
        name = f"layered-{self.seed}-{index}"
        return FlowSample(name=name, frame0=frame0, frame1=frame1, flow=flow, occluded=hidden)

    def pair(self, index: int) -> tuple[Image, Image, Image]:
        """Pair `index`, which here need not be below `count`: both frames, uint8, and the flow (H, W, 2) in pixels."""
        _, drawn, (frame0, frame1) = self._made(index)
        return frame0, frame1, drawn.flow

    def _made(self, index: int) -> tuple[list[Layer], Drawn, tuple[Image, Image]]:
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([int(self.seed), int(index), 43])))
        pieces = (int(self.pieces[0]), int(self.pieces[1]))
        layers = scene(rng, Look(int(self.height), int(self.width), self.motion, pieces))
        drawn = draw(layers, int(self.height), int(self.width))
        if self.faults:
            return layers, drawn, photographed(rng, drawn)
        frame0, frame1 = (np.clip(np.rint(frame), 0, 255).astype(np.uint8) for frame in drawn.frames)
        return layers, drawn, (frame0, frame1)
