"""From one camera's image to another's: where pixels come from, and the image seen with another lens."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import checked, numbers
from ..images import DTYPES, ImageError
from ._base import Array, CameraModel, turned
from ._focal import FocalCamera
from .pinhole import Camera
from .poses import TOLERANCE, nearest_rotation

#: Maps this far outside are taken for the border.
BORDER_PX = 1e-3


@checked
def undistort_maps(
    camera: CameraModel, into: CameraModel, R_into_camera: ArrayLike | None = None
) -> NDArray[np.float32]:
    """Where each pixel of `into` lies in the image of `camera`: (into.height, into.width, 2) as x, y, NaN for nowhere.

    Any pair of models: fisheye into pinhole, pinhole into fisheye, one into the rectified other. ``maps[..., 0]`` and
    ``maps[..., 1]`` are what ``cv2.remap`` takes. A finite place may lie outside the image: `seen_in` tells.

    Args:
        camera: took the image.
        into: the camera wanted, at the same place.
        R_into_camera: 3x3 rotation, ``X_into = R_into_camera @ X_camera`` (OpenCV's R of a rectification); None for I.

    Raises:
        ValueError: when R is no rotation.
    """
    R = as_rotation(R_into_camera)
    maps = np.empty((into.height, into.width, 2), np.float32)
    x = np.arange(into.width, dtype=float)
    strip = max(1, 8192 // into.width)  # stays in the processor's cache
    for top in range(0, into.height, strip):
        rows = np.arange(top, min(top + strip, into.height), dtype=float)
        pixels = np.stack(np.meshgrid(x, rows), axis=-1)
        seen = camera.project(turned(into.rays(pixels), R.T))
        told = (np.abs(seen) <= np.finfo(np.float32).max).all(axis=-1, keepdims=True)
        maps[top : top + strip] = np.where(told, seen, np.nan)
    return maps


@checked
def undistort_pixels(
    pixels: ArrayLike, camera: CameraModel, into: CameraModel, R_into_camera: ArrayLike | None = None
) -> Array:
    """Where pixels (..., 2) of `camera` lie in `into` (arguments as for `undistort_maps`); NaN for nowhere."""
    return into.project(turned(camera.rays(pixels), as_rotation(R_into_camera)))


@checked
def seen_in(maps: NDArray[np.floating[Any]], width: int, height: int) -> NDArray[np.bool_]:
    """Where maps (H, W, 2) point between the outer pixel centres of a width x height image, so that it can be sampled.

    Up to 1/1000 px outside counts as on the border: the rounding of maps must not cost a row of pixels.
    """
    maps = as_maps(maps)
    last = (width - 1 + BORDER_PX, height - 1 + BORDER_PX)
    return np.asarray(((maps >= -BORDER_PX) & (maps <= last)).all(axis=-1))


@checked
def undistort(
    image: NDArray[Any],
    camera: CameraModel,
    into: CameraModel | None = None,
    R_into_camera: ArrayLike | None = None,
    *,
    maps: NDArray[np.floating[Any]] | None = None,
    bicubic: bool = False,
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The image that `into` would have taken from the same place, and where it is known.

    Args:
        image: (H, W) or (H, W, C) of `camera`'s size.
        camera: took the image.
        into: the camera wanted; None for the pinhole camera of the same size, focal lengths and principal point.
        R_into_camera: as for `undistort_maps`.
        maps: of `undistort_maps`, to save making them again; then `into` and R are not used.
        bicubic: sample by cubic convolution instead of bilinearly.

    Returns:
        The image (h, w) or (h, w, C): uint8 and uint16 keep their type and are 0 where unknown, all else becomes
        float32 and NaN there. And valid (h, w), bool.

    Raises:
        ValueError: when the image is not of the camera's size, or there is no default for `into`.
        ImageError: when it holds something else than uint8, uint16, float32 or float64 (float NaN may be among it).
    """
    from ..ops import warp

    if not isinstance(image, np.ndarray) or image.dtype.name not in DTYPES or image.ndim not in (2, 3):
        given = f"{image.dtype} of shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        allowed = f"a numpy array (H, W) or (H, W, C) of {', '.join(DTYPES)}"
        raise ImageError(f"image is {given}; it must be {allowed}: image.astype(np.uint8) for a mask")
    if image.shape[:2] != (camera.height, camera.width):
        raise ValueError(
            f"the image has shape {image.shape}; the camera's is {camera.width}x{camera.height}: resize one of them"
        )
    if maps is None:
        maps = undistort_maps(camera, without_distortion(camera) if into is None else into, R_into_camera)
    maps = as_maps(maps)
    height, width = maps.shape[:2]
    valid = seen_in(maps, camera.width, camera.height)
    last = np.array([camera.width - 1, camera.height - 1], np.float32)
    grid = np.stack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)), axis=-1)
    places = np.where(valid[..., None], np.clip(maps, 0, last), np.nan) - grid
    whole = image.dtype in (np.uint8, np.uint16)
    seen: NDArray[Any] = warp(
        image,
        places.astype(np.float32, copy=False),
        mode="bicubic" if bicubic else "bilinear",
        outside="zero" if whole else "nan",
        dtype=image.dtype if whole else None,
    )
    return seen, valid


def without_distortion(camera: CameraModel) -> Camera:
    """The pinhole camera of the same size, focal lengths and principal point; ValueError where there are none."""
    if not isinstance(camera, FocalCamera):
        raise ValueError(f"{type(camera).__name__} has no focal length: say into which camera to undistort")
    c = camera
    return Camera(width=c.width, height=c.height, fx=c.fx, fy=c.fy, cx=c.cx, cy=c.cy)


def as_rotation(R: ArrayLike | None) -> Array:
    """R as a 3x3 rotation, I for None; raises ValueError saying why it is none."""
    if R is None:
        return np.eye(3)
    return nearest_rotation(R, "R_into_camera", TOLERANCE)


def as_maps(maps: Any) -> NDArray[np.floating[Any]]:
    """Maps (H, W, 2) of floats; ValueError for another shape or dtype."""
    given = numbers("", "maps", maps)
    if given.ndim != 3 or given.shape[2] != 2 or given.dtype.kind != "f":
        raise ValueError(f"maps have dtype {given.dtype} and shape {given.shape}; they must be float (H, W, 2)")
    return given
