"""What completions share: a few given depths, perhaps an image, and depth of every pixel from them."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from ..arguments import HINTS
from ..cameras import Array
from ..images import Float32, ImageError, as_image, levels
from ..method import option
from ..results import Depth, RelativeDepth
from ._base import DepthMethod
from ._planes import SCATTER, Planes, planes_through

if TYPE_CHECKING:
    from ..samples import DepthSample


#: Depths whose inverses, and their differences, float32 holds.
LEAST_M, MOST_M = 1e-6, 1e9


@dataclass(frozen=True, kw_only=True)
class Completion(DepthMethod, ABC):
    """Sparse to dense: depth at every pixel from depth at some, guided by an image where one is given."""

    def __call__(self, sparse: Depth, image: Any = None) -> Depth:
        """Depth of every pixel.

        Given depths stay where their surroundings agree, and are drawn to them where these do not: a laser beside the
        camera sees behind what the camera sees. `confidence` is 1 / (1 + s / 5 %) / (1 + (d / 4a)²), with s the
        relative scatter of the given points about the plane at the nearest of them (0 where a method fits none), d its
        distance, and a the mean distance of given points.

        Args:
            sparse: depth where it is known, metres; NaN elsewhere. `DepthPoints.to_depth` makes one of points.
            image: (H, W) or (H, W, 3) RGB of the same size, whose edges depth may follow; uint8, uint16 or float.

        Raises:
            TypeError: when `sparse` is no `Depth`.
            ValueError: when it has no depth at all, or some outside 1 µm … 10⁹ m.
            ImageError: when the image is none, or of another size.
        """
        result: Depth = self.execute(*self.checked(sparse, image))
        return result

    @staticmethod
    def checked(sparse: Depth, image: Any) -> tuple[Float32, Float32 | None]:
        """What backends take: the depths, NaN where there is none, and the image as grey levels. Raises as a call."""
        if not isinstance(sparse, Depth):
            why = ": its scale is unknown" if isinstance(sparse, RelativeDepth) else ""
            raise TypeError(f"sparse is {type(sparse).__name__}{why}; it must be a Depth{HINTS['Depth']}")
        if not sparse.valid.any():
            raise ValueError(f"none of the {sparse.size[1]}x{sparse.size[0]} pixels has depth; at least one must")
        low, high = float(np.nanmin(sparse.m)), float(np.nanmax(sparse.m))
        if not (low >= LEAST_M and high <= MOST_M):
            raise ValueError(f"depths are {low:g} to {high:g} m; allowed are {LEAST_M:g} to {MOST_M:g} m")
        guide = None if image is None else as_image(image)
        if guide is not None:
            if guide.shape[:2] != sparse.size:
                given, wanted = f"{guide.shape[1]}x{guide.shape[0]}", f"{sparse.size[1]}x{sparse.size[0]}"
                raise ImageError(f"the image is {given} but the depth is {wanted} pixels; they must be equal")
            guide = levels(guide, guide)[0]
        return sparse.m, guide

    def on(self, sample: DepthSample) -> Depth:
        """Depth of the sample's image from its `sparse` depth. ValueError when it has none."""
        if sample.sparse is None:
            told = "dataclasses.replace(sample, sparse=…), as sample.depth.split()[0], gives it some"
            raise ValueError(f"{self.name()} completes given depth; sample {sample.name!r} has no sparse depth: {told}")
        return self(sample.sparse, sample.image)


@dataclass(frozen=True, kw_only=True)
class PlaneCompletion(Completion, ABC):
    """A completion that spreads the planes through the given points."""

    neighbours: int = option(16, "given points to which a plane is fitted", minimum=1, maximum=256)

    def planes(self, sparse_m: Float32, guide: Float32 | None) -> Planes:
        """Those through the given depths."""
        return planes_through(sparse_m, guide, self.neighbours)


def completed(sparse_m: Float32, near: Array, planes: Planes | None = None) -> Depth:
    """The result of inverse depths (H, W) at every pixel, given depths kept as far as these agree."""
    known = ~np.isnan(sparse_m)
    given = 1.0 / sparse_m[known].astype(np.float64)
    model = near[known]
    trust = 1 / (1 + ((given - model) / (SCATTER * model)) ** 2)
    near = near.copy()
    near[known] = trust * given + (1 - trust) * model
    if planes is None:
        distance, sure = distance_transform_edt(~known), np.ones(known.shape)
        spacing = float(np.sqrt(known.size / known.sum()))
    else:
        distance, spacing = planes.distance, planes.spacing
        sure = (1 / (1 + planes.scatter / SCATTER))[planes.nearest]
    confidence = sure / (1 + (distance / (4 * spacing)) ** 2)
    return Depth(m=(1 / near).astype(np.float32), confidence=confidence.astype(np.float32))
