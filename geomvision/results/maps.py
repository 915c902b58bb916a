"""Maps: an estimate at every pixel, or none.

Every map is float32 ``(height, width)`` (flow: ``(height, width, 2)``), NaN where there is no estimate and
nowhere else; zero disparity is legal (a point at infinity). `confidence` lies in [0, 1]; `occluded` marks
pixels that the other view does not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import ops
from ..cameras import CameraModel, StereoRig
from ..images import Float32, Image, Mask
from .run import Run

RelativeKind = Literal["disparity_affine", "depth_affine", "depth_scale"]


def _float_map(array: ArrayLike, name: str, channels: int = 0) -> Float32:
    values = np.asarray(array)
    expected = "(H, W)" if channels == 0 else f"(H, W, {channels})"
    if values.ndim != (2 if channels == 0 else 3) or (channels and values.shape[2] != channels):
        raise ValueError(f"{name} has shape {values.shape}; it must be {expected}")
    if values.dtype.kind not in "fui":
        raise ValueError(f"{name} has dtype {values.dtype}; it must be a number")
    with np.errstate(over="ignore"):
        values = values.astype(np.float32, copy=True)
    if not np.isfinite(values).all():
        if np.isinf(values).any():
            raise ValueError(f"{name} holds infinities; use NaN where there is no estimate")
        if channels:
            values[np.isnan(values).any(axis=2)] = np.nan
    return values


class _Map:
    """What all maps share: checks, validity, size."""

    confidence: Float32 | None
    occluded: Mask | None
    _values: str
    _channels = 0

    def __post_init__(self) -> None:
        values = _float_map(getattr(self, self._values), self._values, self._channels)
        object.__setattr__(self, self._values, values)
        for name, dtype in (("confidence", np.float32), ("occluded", np.bool_)):
            extra = getattr(self, name)
            if extra is None:
                continue
            if np.shape(extra) != values.shape[:2]:
                raise ValueError(f"{name} has shape {np.shape(extra)}; the map has {values.shape[:2]}")
            object.__setattr__(self, name, np.asarray(extra, dtype))
        if self.confidence is not None:
            outside = int((~((self.confidence >= 0) & (self.confidence <= 1))).sum())  # NaN is outside, too
            if outside:
                raise ValueError(f"confidence holds {outside} values outside [0, 1]; give 0 where nothing is known")

    @property
    def _array(self) -> Float32:
        array: Float32 = getattr(self, self._values)
        return array

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        height, width = self._array.shape[:2]
        return height, width

    @property
    def valid(self) -> Mask:
        """Where there is an estimate, bool (H, W)."""
        array = self._array
        return ~np.isnan(array[..., 0] if self._channels else array)

    @property
    def density(self) -> float:
        """Share of pixels with an estimate, 0…1."""
        return float(self.valid.mean())


@dataclass(frozen=True, kw_only=True, eq=False)
class Disparity(_Map):
    """Disparity of the left view in pixels: left (x, y) is right (x − px, y). Positive for points in front."""

    px: Float32
    confidence: Float32 | None = None
    occluded: Mask | None = None
    run: Run | None = None
    _values = "px"

    def to_depth(self, rig: StereoRig) -> Depth:
        """Depth Z = f·B / (d + doffs) in metres; NaN where d + doffs ≤ 0 or float32 cannot hold Z.

        Raises ValueError when the rig is not rectified or its size is not the map's.
        """
        rig.require_rectified()
        _same_size(self.size, rig.left)
        shifted = self.px.astype(np.float64) + rig.doffs_px
        with np.errstate(divide="ignore", invalid="ignore"):
            m = np.where(shifted > 0, rig.left.fx * rig.baseline_m / shifted, np.nan)
        return Depth(m=_finite32(m), confidence=self.confidence, occluded=self.occluded, run=self.run)

    def warp(self, right: Image) -> Float32:
        """The right image seen from the left: float32, NaN where it is not seen (bilinear).

        Raises ValueError when the image is of another size than the map.
        """
        _same_image_size(self.size, right)
        displacement = np.stack([-self.px, np.where(self.valid, 0.0, np.nan).astype(np.float32)], axis=-1)
        warped: Float32 = ops.warp(right, displacement)
        return warped


@dataclass(frozen=True, kw_only=True, eq=False)
class Flow(_Map):
    """Optical flow in pixels, (H, W, 2) as (dx, dy): frame-0 pixel (x, y) moves to (x + dx, y + dy)."""

    px: Float32
    confidence: Float32 | None = None
    occluded: Mask | None = None
    run: Run | None = None
    _values = "px"
    _channels = 2

    def warp(self, frame1: Image) -> Float32:
        """Frame 1 seen from frame 0: float32, NaN where it is not seen (bilinear).

        Raises ValueError when the image is of another size than the map.
        """
        _same_image_size(self.size, frame1)
        warped: Float32 = ops.warp(frame1, self.px)
        return warped


@dataclass(frozen=True, kw_only=True, eq=False)
class Depth(_Map):
    """Metric depth z in metres (not the length of the ray), positive."""

    m: Float32
    confidence: Float32 | None = None
    occluded: Mask | None = None
    run: Run | None = None
    _values = "m"

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.m <= 0).any():
            raise ValueError("depth must be positive; use NaN where there is no estimate")

    def to_disparity(self, rig: StereoRig) -> Disparity:
        """Disparity d = f·B / Z − doffs of this depth in a rectified rig, pixels."""
        rig.require_rectified()
        _same_size(self.size, rig.left)
        px = rig.left.fx * rig.baseline_m / self.m.astype(np.float64) - rig.doffs_px
        return Disparity(px=_finite32(px), confidence=self.confidence, occluded=self.occluded, run=self.run)

    def to_point_map(self, camera: CameraModel) -> Float32:
        """Points (H, W, 3) in metres in the camera's frame; NaN where there is no estimate."""
        _same_size(self.size, camera)
        return camera.unproject(camera.pixel_grid(), self.m).astype(np.float32)

    def to_points(self, camera: CameraModel) -> Float32:
        """Points (N, 3) in metres of the pixels that have an estimate, row by row."""
        return self.to_point_map(camera)[self.valid]


@dataclass(frozen=True, kw_only=True, eq=False)
class RelativeDepth(_Map):
    """Depth up to what `kind` leaves open: no metres, and no protocol in metres takes it.

    ``disparity_affine``: values = a/Z + b with unknown a > 0, b. ``depth_affine``: values = a·Z + b.
    ``depth_scale``: values = a·Z.
    """

    values: Float32
    kind: RelativeKind
    confidence: Float32 | None = None
    occluded: Mask | None = None
    run: Run | None = None
    _values = "values"

    def __post_init__(self) -> None:
        super().__post_init__()
        allowed = ("disparity_affine", "depth_affine", "depth_scale")
        if self.kind not in allowed:
            raise ValueError(f"kind is {self.kind!r}; allowed are {', '.join(allowed)}")

    def align_to(self, reference: Depth) -> Depth:
        """Metric depth by least squares of the open scale (and shift) to `reference` where both exist.

        Raises ValueError when the sizes differ, fewer than two pixels are shared, or the values are constant (for
        ``depth_scale``: all zero) there.
        """
        if self.size != reference.size:
            (h, w), (height, width) = self.size, reference.size
            raise ValueError(f"the map is {w}x{h} but the reference is {width}x{height} pixels; they must be equal")
        both = self.valid & reference.valid
        if int(both.sum()) < 2:
            raise ValueError(f"only {int(both.sum())} pixels are shared with the reference; at least 2 are needed")
        values, z = self.values[both].astype(np.float64), reference.m[both].astype(np.float64)
        target = 1.0 / z if self.kind == "disparity_affine" else z
        if self.kind == "depth_scale":
            if not values.any():
                raise ValueError("the values are 0 on the shared pixels: they have no scale")
            scale, shift = float(values @ target / (values @ values)), 0.0
        else:
            if np.ptp(values) == 0:
                raise ValueError("the values are constant on the shared pixels: scale and shift cannot be told apart")
            scale, shift = (float(v) for v in np.polyfit(values, target, 1))
        metric = scale * self.values.astype(np.float64) + shift
        with np.errstate(divide="ignore", invalid="ignore"):
            metric = np.where(metric > 0, 1.0 / metric if self.kind == "disparity_affine" else metric, np.nan)
        return Depth(m=_finite32(metric), confidence=self.confidence, occluded=self.occluded, run=self.run)


def _same_size(size: tuple[int, int], camera: CameraModel) -> None:
    if size != (camera.height, camera.width):
        given, allowed = f"{size[1]}x{size[0]}", f"{camera.width}x{camera.height}"
        raise ValueError(f"the map is {given} but the camera is {allowed}: resize the camera with camera.resize(…)")


def _same_image_size(size: tuple[int, int], image: Image) -> None:
    if size != image.shape[:2]:
        given, wanted = f"{image.shape[1]}x{image.shape[0]}", f"{size[1]}x{size[0]}"
        raise ValueError(f"the image is {given} but the map is {wanted} pixels; they must be equal")


def _finite32(values: NDArray[np.float64]) -> Float32:
    """As float32, NaN for what float32 cannot hold."""
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    narrow[np.isinf(narrow)] = np.nan
    return narrow
