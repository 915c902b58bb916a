"""What readers of data sets share: images that belong together, and maps that must fit to them.

Each names the file in its error: a truth of another size than its image is damage, not data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import io
from ..cameras import Array, Camera
from ..geometry import nearest_pose
from ..images import Image, Mask
from ..io._files import by_number, naming, read_numbers
from ..results import Depth, Disparity, Flow

PICTURES = (".png", ".jpg", ".jpeg", ".ppm", ".pgm", ".webp", ".bmp", ".tif", ".tiff")
_INTRINSICS = "fx, fy, cx, cy, or the matrix K, or P, row by row"
#: Width and height, pixels.
Size = tuple[int, int]
#: A principal point farther from the middle, as a share of the width, is that of images of another size.
_FAR = 0.2


def if_there(path: Path) -> Path | None:
    """The path where it is a file; None, where truth may lack, else."""
    return path if path.is_file() else None


def pictures(folder: Path, endings: Iterable[str] = PICTURES) -> list[Path]:
    """The images of a folder by name, numbers in names by value; none where there is no such folder."""
    if not folder.is_dir():
        return []
    found = [e for e in folder.iterdir() if e.suffix.lower() in endings and not e.name.startswith(".")]
    return sorted(found, key=lambda e: by_number(e.name))


def partner(path: Path, image: Image) -> Image:
    """A second image of the size and kind of the first. FormatError where it differs."""
    other = io.read_image(path)
    if other.shape != image.shape or other.dtype != image.dtype:
        raise io.FormatError(path, f"is {_told(other)}", f"{_told(image)}, as the image that it belongs to")
    return other


def fitting(path: Path, size: tuple[int, ...], image: Image) -> None:
    """FormatError unless the map of a file has the image's height and width."""
    if tuple(size[:2]) != image.shape[:2] or len(size) < 2:
        given, wanted = ("x".join(map(str, reversed(shape[:2]))) for shape in (size, image.shape))
        raise io.FormatError(path, f"is {given} pixels", f"{wanted}, as its image")


def depth_map(path: Path, m: NDArray[Any], image: Image) -> Depth:
    """Metres of a file as `Depth` of the image; what is not above 0 and finite is unknown."""
    fitting(path, m.shape, image)
    with naming(path, "a depth (H, W) for each pixel"), np.errstate(invalid="ignore", over="ignore"):
        values = m.astype(np.float32)
        return Depth(m=np.where(np.isfinite(values) & (values > 0), values, np.nan))


def disparity_map(path: Path, px: NDArray[Any], image: Image, known: Mask | None = None) -> Disparity:
    """Pixels of a file as `Disparity` of the image; what is not finite, or not `known`, is unknown."""
    fitting(path, px.shape, image)
    with naming(path, "a disparity (H, W) for each pixel"), np.errstate(over="ignore"):
        values = px.astype(np.float32)
        return Disparity(px=np.where(np.isfinite(values) & (True if known is None else known), values, np.nan))


def flow_map(path: Path, px: NDArray[Any], image: Image, known: Mask | None = None) -> Flow:
    """Pixels of a file, (H, W, 2), as `Flow` of the image; what is not finite, or not `known`, is unknown."""
    fitting(path, px.shape, image)
    with naming(path, "a flow (H, W, 2) for each pixel"), np.errstate(over="ignore"):
        values = px.astype(np.float32)
        finite: Mask = np.asarray(np.isfinite(values).all(axis=2))
        finite = finite if known is None else finite & known
        return Flow(px=np.where(finite[..., None], values, np.nan))


def mask_map(path: Path, image: Image) -> Mask:
    """Where a grey image, of 1 bit or more, is not 0; of the image's size."""
    values = io.read_image(path)
    if values.ndim == 3 and (values != values[..., :1]).any():
        raise io.FormatError(path, "is a colour image", "a grey mask (is it a visualisation?)")
    fitting(path, values.shape, image)
    return np.asarray((values if values.ndim == 2 else values[..., 0]) > 0)


def following(name: str) -> str:
    """The name of the next frame: "frame_0002" for "frame_0001"; "" where a name does not end in a number."""
    digits = name[len(name.rstrip("0123456789")) :]
    return f"{name.removesuffix(digits)}{int(digits) + 1:0{len(digits)}d}" if digits else ""


def halved(path: Path, values: NDArray[Any], image: Image) -> NDArray[Any]:
    """Every second value of every second row of a map of twice the image's size. FormatError for another size."""
    height, width = image.shape[:2]
    if values.shape[:2] != (2 * height, 2 * width):
        given = f"is {values.shape[1]}x{values.shape[0]} pixels"
        raise io.FormatError(path, given, f"{2 * width}x{2 * height}, twice its image")
    return values[::2, ::2]


def optional(path: Path, read: Callable[..., Any], *arguments: Any) -> Any:
    """``read(path, …)`` where the file is there, else None."""
    return read(path, *arguments) if path.is_file() else None


def camera_of(path: Path, numbers: Array, image: Image, whole: Size | None = None) -> Camera:
    """The camera of an image from fx, fy, cx, cy, or K (9 numbers) or 4x4 (16), as a file has them.

    `whole` is the width and height of published images: see `of_size`.
    """
    height, width = image.shape[:2]
    with naming(path, _INTRINSICS):
        if numbers.size in (9, 16):
            side = 3 if numbers.size == 9 else 4
            K = numbers.reshape(side, side)[:3, :3]
            return of_size(path, Camera.from_matrix(K, width, height), whole)
        if numbers.size != 4:
            raise ValueError(f"holds {numbers.size} numbers")
        fx, fy, cx, cy = (float(value) for value in numbers)
        return of_size(path, Camera(width=width, height=height, fx=fx, fy=fy, cx=cx, cy=cy), whole)


def read_camera(path: Path, image: Image, whole: Size | None = None) -> Camera:
    """The camera of an image from a text file of 4, 9 or 16 numbers; `whole` as of `camera_of`."""
    return camera_of(path, read_numbers(path, _INTRINSICS), image, whole)


def of_size(path: Path, camera: Camera, whole: Size | None = None) -> Camera:
    """The camera of an image that may have been made smaller, from a file that tells no size.

    Of the image's size, which `camera` has, and that of the published images (`whole`: width, height), the file's is
    the one in whose middle the principal point rather lies. FormatError where the image must be cut from a published
    one; and, where nobody knows the published size, where the principal point lies far from the image's middle.
    """
    width, height = camera.width, camera.height
    if whole is None:
        if abs((camera.cx + 0.5) / width - 0.5) > _FAR:
            found = f"has its principal point at ({camera.cx:.6g}, {camera.cy:.6g})"
            raise io.FormatError(path, found, f"one near the middle of {width}x{height} pixels, the image's size")
        return camera
    published = replace(camera, width=whole[0], height=whole[1])
    if (width, height) == whole or _off_middle(camera) < _off_middle(published):
        return camera
    if (width == whole[0]) != (height == whole[1]):
        found = f"is of {whole[0]}x{whole[1]} pixels"
        raise io.FormatError(path, found, f"that of {width}x{height}, as its image was cut")
    return published.resize(width, height)


def _off_middle(camera: Camera) -> float:
    """How far the principal point is from the middle: 0, at the border 0.5."""
    across, down = (camera.cx + 0.5) / camera.width, (camera.cy + 0.5) / camera.height
    return max(abs(across - 0.5), abs(down - 0.5))


def pose_of(path: Path, numbers: Array) -> Array:
    """A pose (4, 4) from 12 or 16 numbers of a file, row by row; its rotation is made exact."""
    with naming(path, "a pose: 12 or 16 numbers, row by row"):
        if numbers.size not in (12, 16):
            raise ValueError(f"holds {numbers.size} numbers")
        T = np.eye(4)
        T[: numbers.size // 4] = numbers.reshape(-1, 4)
        return nearest_pose(T, "the pose")


def _told(image: Image) -> str:
    kind = "grey" if image.ndim == 2 else "RGB"
    return f"{image.shape[1]}x{image.shape[0]} {kind} {image.dtype}"
