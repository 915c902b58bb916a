"""What methods share that ask another one about parts of an image, its mirror image, or other sizes of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..cameras import Camera
from ..images import Float32, Image, Mask
from ..packages import needed_by
from ..results import Depth, RelativeDepth
from ._base import DepthMethod, checked

if TYPE_CHECKING:
    from ..samples import DepthSample


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """An image, its camera, and what a sample may know of it beside its truth; parts of it know the same."""

    image: Image
    camera: Camera | None = None
    camera_height_m: float | None = None
    horizon_px: float | None = None
    down: tuple[float, float, float] | None = None
    sparse: Depth | None = None
    masks: Mapping[str, Mask] = field(default_factory=dict)
    things: tuple[str, ...] = ()

    @classmethod
    def checked(
        cls, image: Any, camera: Any, camera_height_m: float | None = None, horizon_px: float | None = None
    ) -> View:
        """Raises ImageError for what is no image or of another size than the camera, TypeError for no camera."""
        found, camera = checked(image, camera)
        return cls(image=found, camera=camera, camera_height_m=camera_height_m, horizon_px=horizon_px)

    @classmethod
    def of(cls, sample: DepthSample) -> View:
        """What a sample holds of one image: neither its pair nor its clip."""
        image, camera = checked(sample.image, sample.camera)
        known = {each.name: getattr(sample, each.name) for each in fields(cls)}
        return cls(**{**known, "image": image, "camera": camera})

    def part(self, rows: slice, columns: slice) -> View:
        """What lies in these rows and columns."""
        height, width = rows.stop - rows.start, columns.stop - columns.start
        camera = None if self.camera is None else self.camera.crop(columns.start, rows.start, width, height)
        horizon = None if self.horizon_px is None else self.horizon_px - rows.start
        return replace(self._moved(lambda array: array[rows, columns]), camera=camera, horizon_px=horizon)

    def mirrored(self) -> View:
        """Left and right exchanged. ValueError where the camera's distortion has sides of its own."""
        camera, down = self.camera, self.down
        if camera is not None:
            if any(camera.distortion):
                raise ValueError("the camera has distortion, whose mirror image is no camera's: undistort first")
            camera = replace(camera, cx=camera.width - 1 - camera.cx)
        if down is not None:
            down = (-down[0], down[1], down[2])
        return replace(self._moved(lambda array: array[:, ::-1]), camera=camera, down=down)

    def resized(self, height: int, width: int) -> View:
        """At another size: means over areas where it shrinks, bilinear where it grows; masks by the nearest pixel."""
        with needed_by("depth of one image"):
            import cv2

        old = self.image.shape[:2]
        way = cv2.INTER_AREA if height * width < old[0] * old[1] else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(self.image, (width, height), interpolation=way), self.image.dtype)
        camera = None if self.camera is None else self.camera.resize(width, height)
        horizon = None if self.horizon_px is None else (self.horizon_px + 0.5) * height / old[0] - 0.5
        rows, columns = ((np.arange(new) * was // new) for new, was in zip((height, width), old, strict=True))
        masks = {name: np.ascontiguousarray(mask[np.ix_(rows, columns)]) for name, mask in self.masks.items()}
        sparse = None if self.sparse is None else Depth(m=_scattered(self.sparse.m, height, width))
        return replace(self, image=image, camera=camera, horizon_px=horizon, masks=masks, sparse=sparse)

    def _moved(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> View:
        """All arrays, changed alike."""
        masks = {name: np.ascontiguousarray(change(mask)) for name, mask in self.masks.items()}
        sparse = None if self.sparse is None else Depth(m=change(self.sparse.m))
        return replace(self, image=np.ascontiguousarray(change(self.image)), masks=masks, sparse=sparse)

    def shown_to(self, base: DepthMethod) -> Depth | RelativeDepth:
        """What the method says of it. ValueError where it needs more than there is, with the reason."""
        from ..samples import DepthSample

        if self.camera is not None:
            known: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
            return base.on(DepthSample(name="", **known))
        try:
            inspect.signature(base).bind(self.image)  # type: ignore[arg-type]
        except TypeError as error:
            told = f"{base.name()} needs more than an image ({error})"
            raise ValueError(f"{told}: give camera=, and what else is known, or call on(sample)") from None
        result: Depth | RelativeDepth = base(self.image)  # type: ignore[operator]
        return result


def _scattered(values: Float32, height: int, width: int) -> Float32:
    """A map of few known pixels at another size: each goes where it lies then; the rest is NaN."""
    rows, columns = np.nonzero(np.isfinite(values))
    old_height, old_width = values.shape
    found = np.full((height, width), np.nan, np.float32)
    found[rows * height // old_height, columns * width // old_width] = values[rows, columns]
    return found
