"""Maps: an estimate at every pixel, or none.

Every map is float32 ``(height, width)`` (flow: ``(height, width, 2)``), NaN where there is no estimate and
nowhere else; zero disparity is legal (a point at infinity). `confidence` lies in [0, 1]; `occluded` marks
pixels that the other view does not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import ops
from ..arguments import numbers
from ..cameras import CameraModel, StereoRig
from ..images import Float32, Image, Mask, as_mask
from .depth_alignment import AlignedHow, DepthAlignment, RelativeKind
from .run import Run

if TYPE_CHECKING:
    from .depth_references import CameraHeight, DepthPoints, DepthZones


def _float_map(array: ArrayLike, name: str, channels: int = 0) -> Float32:
    values = numbers("", name, array)
    expected = "(H, W)" if channels == 0 else f"(H, W, {channels})"
    if values.ndim != (2 if channels == 0 else 3) or (channels and values.shape[2] != channels):
        raise ValueError(f"{name} has shape {values.shape}; it must be {expected}")
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
        for name in ("confidence", "occluded"):
            extra = getattr(self, name)
            if extra is None:
                continue
            if np.shape(extra) != values.shape[:2]:
                raise ValueError(f"{name} has shape {np.shape(extra)}; the map has {values.shape[:2]}")
            held = (
                as_mask(extra, name) if name == "occluded" else numbers("", name, extra).astype(np.float32, copy=False)
            )
            object.__setattr__(self, name, held)
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
        """The right image, (H, W) or (H, W, 3), seen from the left: float32, NaN where it is not seen (bilinear).

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
        """Frame 1, (H, W) or (H, W, 3), seen from frame 0: float32, NaN where it is not seen (bilinear).

        Raises ValueError when the image is of another size than the map.
        """
        _same_image_size(self.size, frame1)
        warped: Float32 = ops.warp(frame1, self.px)
        return warped


@dataclass(frozen=True, kw_only=True, eq=False)
class Depth(_Map):
    """Metric depth z in metres (not the length of the ray), positive.

    `alignment` says how relative depth became metres, None where none did.
    """

    m: Float32
    confidence: Float32 | None = None
    occluded: Mask | None = None
    run: Run | None = None
    #: Focal length in pixels that the depth rests on, where a method estimated it or was given it; else None.
    focal_px: float | None = None
    alignment: DepthAlignment | None = None
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

    def split(self, share: float = 0.05, *, seed: int = 0) -> tuple[Depth, Depth]:
        """A drawn share of the estimates, 0 … 1, and all others: what is given to a completion, and what judges it.

        Raises ValueError for another share, or a seed below 0.
        """
        if not 0 <= share <= 1 or seed < 0:
            raise ValueError(f"share is {share}, seed {seed}; allowed are 0 to 1, and 0 or more")
        places = np.random.default_rng(seed).permutation(np.flatnonzero(self.valid))
        rest = places[round(share * len(places)) :]
        given, others = self.m.copy(), np.full(self.size, np.nan, np.float32)
        others.ravel()[rest] = self.m.ravel()[rest]
        given.ravel()[rest] = np.nan
        return Depth(m=given), Depth(m=others)


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

    def align_to(
        self,
        reference: Depth | Disparity | DepthPoints | DepthZones | CameraHeight,
        how: AlignedHow | None = None,
        *,
        robust: bool = True,
        rig: StereoRig | None = None,
        seed: int = 0,
    ) -> Depth:
        """Metric depth by what `reference` knows; `Depth.alignment` says how, from what, and how sure it is.

        What the kind leaves open is fitted: inverse depth for ``disparity_affine``, else depth. Errors there are taken
        for alike, or growing with the fitted value or its square, whichever explains 16 and more residuals best; where
        the reference knows its own, `sigma_m`, for those and an unknown one of the map.

        Args:
            reference: `Depth`, or the `Disparity` of a pair of `rig` whose left image this is, of this map's size;
                `DepthPoints`; `DepthZones`; or `CameraHeight` over a ground that the map shows.
            how: ``"scale"``; ``"scale_shift"``; ``"median"``: the median and, where a shift is open, the mean absolute
                deviation from it are made equal (Zhou et al., CVPR 2017; Ranftl et al., TPAMI 2022). None: all.
            robust: up to half of the reference may be wrong (of a ground, 70 %); False: plain least squares.
            rig: of a disparity.
            seed: of the samples drawn.

        Raises:
            ValueError: for another size, too few data, one depth or one value, a scale that is negative or not told
                apart from 0, a result most of which is behind the camera, a shift of ``depth_scale``.
        """
        from ..geometry._relative_alignment import align  # geometry's results are of this package

        return align(self, reference, how, robust, rig, seed)

    def __getattr__(self, name: str) -> Any:
        if name in ("m", "to_points", "to_point_map", "to_disparity"):
            raise AttributeError(
                f"relative depth ({self.kind}) has no {name}: its scale is unknown; "
                "align it first with align_to(reference), which gives a Depth in metres"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _same_size(size: tuple[int, int], camera: CameraModel) -> None:
    if size != (camera.height, camera.width):
        given, allowed = f"{size[1]}x{size[0]}", f"{camera.width}x{camera.height}"
        raise ValueError(f"the map is {given} but the camera is {allowed}: resize the camera with camera.resize(…)")


def _same_image_size(size: tuple[int, int], image: Image) -> None:
    if not isinstance(image, np.ndarray) or image.ndim < 2:
        given = f"of shape {image.shape}" if isinstance(image, np.ndarray) else f"a {type(image).__name__}"
        raise TypeError(f"the image is {given}; it must be a numpy array (H, W) or (H, W, C)")
    if size != image.shape[:2]:
        given, wanted = f"{image.shape[1]}x{image.shape[0]}", f"{size[1]}x{size[0]}"
        raise ValueError(f"the image is {given} but the map is {wanted} pixels; they must be equal")


def _finite32(values: NDArray[np.float64]) -> Float32:
    """As float32, NaN for what float32 cannot hold."""
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    narrow[np.isinf(narrow)] = np.nan
    return narrow
