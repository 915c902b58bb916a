"""What every camera model offers: points to pixels and back, and staying true when the image changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import LARGEST, checked, numbers

Array = NDArray[np.float64]


class CameraModel(ABC):
    """A central camera of ``width`` x ``height`` pixels: every ray goes through one point.

    What a model cannot answer is NaN: pixels of points that it does not see, rays of pixels that it does not reach.
    """

    width: int
    height: int

    @abstractmethod
    def project(self, points: ArrayLike) -> Array:
        """Pixels (..., 2) of points (..., 3) in metres; NaN for points that the model does not see."""

    @abstractmethod
    def rays(self, pixels: ArrayLike) -> Array:
        """Unit directions (..., 3) of pixels (..., 2), beyond 90° where the model reaches; NaN outside the model."""

    @abstractmethod
    def jacobians(self, points: ArrayLike) -> tuple[Array, Array, Array]:
        """Pixels (..., 2), their derivatives by the points (..., 2, 3) and by the parameters (..., 2, P)."""

    @property
    @abstractmethod
    def parameter_names(self) -> tuple[str, ...]:
        """The P names of `parameters`."""

    @property
    @abstractmethod
    def parameters(self) -> Array:
        """What calibration may change, a vector (P,): all but the size of the image."""

    @abstractmethod
    def with_parameters(self, vector: ArrayLike) -> Self:
        """The same model and size with other `parameters` (P,); raises ValueError for numbers it cannot have."""

    @abstractmethod
    def resize(self, width: int, height: int) -> Self:
        """The camera of the image resized to width x height: c' = (c + 0.5)·s − 0.5."""

    @abstractmethod
    def crop(self, x: int, y: int, width: int, height: int) -> Self:
        """The camera of the crop whose first pixel is (x, y); it may reach beyond the image (padding)."""

    @abstractmethod
    def rotated(self, quarter_turns: int = 1) -> tuple[Self, Array]:
        """The camera of ``np.rot90(image, quarter_turns)``, counter-clockwise as seen, and the rotation of its frame.

        The frame turns with the image, so that x is right and y down again: ``X_new = R_new_old @ X_old`` with the
        returned 3x3 rotation about z. A pose of the old camera becomes ``pose(R_new_old) @ T_old_world``.
        """

    def unproject(self, pixels: ArrayLike, depth_m: ArrayLike = 1.0) -> Array:
        """Points (..., 3) at depth z `depth_m` behind pixels (..., 2); NaN where the ray has no such point.

        A ray at 90° or more has no positive depth: take `rays` and a distance there.
        """
        return at_depth(self.rays(pixels), depth_m)

    def pixel_grid(self) -> Array:
        """Pixel coordinates (height, width, 2) of the image."""
        x, y = np.meshgrid(np.arange(self.width, dtype=float), np.arange(self.height, dtype=float))
        return np.stack([x, y], axis=-1)

    def valid_mask(self) -> NDArray[np.bool_]:
        """Pixels (height, width) that have a ray."""
        return np.isfinite(self.rays(self.pixel_grid())[..., 0])

    def field_of_view_deg(self) -> tuple[float, float]:
        """Horizontal and vertical angle, degrees, that the image spans through the optical axis; NaN where none.

        Only pixels with a ray count, from outer edge to outer edge; the sum may exceed 180°.
        """
        x, y = self.project((0.0, 0.0, 1.0))
        across, down = np.linspace(-0.5, self.width - 0.5, 2049), np.linspace(-0.5, self.height - 0.5, 2049)
        row = self.rays(np.stack([across, np.full_like(across, y)], axis=-1))
        column = self.rays(np.stack([np.full_like(down, x), down], axis=-1))
        return _span(row[:, 0], row[:, 2]), _span(column[:, 1], column[:, 2])


def _span(sideways: Array, forward: Array) -> float:
    angles = np.degrees(np.arctan2(sideways, forward))
    known = angles[np.isfinite(angles)]
    return float(known.max() - known.min()) if known.size else float("nan")


def at_depth(directions: Array, depth_m: ArrayLike) -> Array:
    """Points (..., 3) of directions at depth z `depth_m`; NaN unless the direction is finite and leads forward."""
    with np.errstate(all="ignore"):
        plane = directions[..., :2] / np.where(directions[..., 2:] > 0, directions[..., 2:], np.nan)
        z = np.where(np.isfinite(plane).all(axis=-1), depths(depth_m, plane.shape[:-1]), np.nan)
        return np.concatenate([plane * z[..., None], z[..., None]], axis=-1)


def depths(depth_m: ArrayLike, shape: tuple[int, ...]) -> Array:
    """Depths as float64; ValueError unless they fit to pixels of this shape."""
    z = numbers("", "depth_m", depth_m).astype(float, copy=False)
    try:
        np.broadcast_shapes(z.shape, shape)
    except ValueError:
        raise ValueError(f"depth_m has shape {z.shape}; it must be one depth, or one for each pixel: {shape}") from None
    return z


def all_finite(vectors: Array) -> NDArray[np.bool_]:
    """Where all components (..., n) are finite, (..., 1). Short axes are slow to reduce: component by component."""
    finite = np.isfinite(vectors[..., :1])
    for k in range(1, vectors.shape[-1]):
        finite = finite & np.isfinite(vectors[..., k : k + 1])
    return finite


def turned(vectors: Array, matrix: Array) -> Array:
    """Vectors (..., n) times matrix (m, n): (..., m). Summed in one order, whatever the threads of a BLAS."""
    found: Array = vectors[..., :1] * matrix[:, 0]
    for k in range(1, vectors.shape[-1]):
        found += vectors[..., k : k + 1] * matrix[:, k]
    return found


def as_units(directions: Array) -> Array:
    """Directions (..., 3) of length 1; NaN where they are not finite or have no length."""
    x, y, z = (directions[..., k : k + 1] for k in range(3))
    with np.errstate(all="ignore"):
        scaled = directions / np.maximum(np.maximum(np.abs(x), np.abs(y)), np.abs(z))  # squares would overflow
        x, y, z = (scaled[..., k : k + 1] for k in range(3))
        return np.asarray(scaled / np.sqrt(x * x + y * y + z * z))


def as_vectors(values: ArrayLike, size: int, name: str, form: str) -> Array:
    """`values` (..., size) as float64; raises ValueError saying what was given, with a hint where it is transposed."""
    array = numbers("", name, values).astype(float, copy=False)
    if array.shape[-1:] != (size,):
        hint = "; transpose it" if array.ndim == 2 and array.shape[0] == size else ""
        raise ValueError(f"{name} have shape {array.shape}; they must be (..., {size}) {form}{hint}")
    return array


def as_points(points: ArrayLike) -> Array:
    """Points (..., 3) as float64, all NaN where one coordinate is not finite."""
    array = as_vectors(points, 3, "points", "as x, y, z")
    return np.where(all_finite(array), array, np.nan)


def as_pixels(pixels: ArrayLike) -> Array:
    """Pixels (..., 2) as float64."""
    return as_vectors(pixels, 2, "pixels", "as x, y")


def check_size(width: Any, height: Any) -> None:
    """Raise ValueError unless both are whole numbers, and at least one pixel."""
    whole = all(isinstance(side, Integral) and not isinstance(side, bool) for side in (width, height))
    if not whole or not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
        raise ValueError(
            f"camera size is {width!r}x{height!r}; width and height must be whole numbers of pixels, 1 to {LARGEST}"
        )


@checked
def check_camera(camera: Any, name: str = "camera") -> None:
    """Raise TypeError unless it is a camera: a matrix K alone is none."""
    if not isinstance(camera, CameraModel):
        given = camera.shape if isinstance(camera, np.ndarray) else ()
        hint = f": {name} = Camera.from_matrix(K, width, height)" if given == (3, 3) else ""
        raise TypeError(f"{name} is {type(camera).__name__}; it must be a geomvision.cameras.CameraModel{hint}")
