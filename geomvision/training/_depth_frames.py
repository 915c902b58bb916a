"""Frames of one camera or of several over time, at the size that a depth net sees, with their cameras."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import io
from ..cameras import Array, Camera, CameraModel, StereoRig
from ..io.kalibr import KalibrChain, read_kalibr
from ._frames import Frame, by_numbers, images_in, rgb, spread


@dataclass(frozen=True, eq=False)
class Rig:
    """Cameras that are fixed to each other, and T (K, 4, 4) from the first one's frame to each one's, metres."""

    cameras: tuple[CameraModel, ...]
    T: Array

    @classmethod
    def of(cls, given: CameraModel | StereoRig[Any] | KalibrChain) -> Rig:
        """Of one camera, of a pair, or of a chain of any number."""
        if isinstance(given, KalibrChain):
            return cls(given.cameras, np.stack(given.T_camera_first))
        if isinstance(given, StereoRig):
            return cls((given.left, given.right), np.stack([np.eye(4), given.T_right_left]))
        return cls((given,), np.eye(4)[None])

    def resized(self, width: int, height: int) -> Rig:
        """For images of another size."""
        return Rig(tuple(camera.resize(width, height) for camera in self.cameras), self.T)


def folders_of(views: Path, right: Path | None) -> list[Path]:
    """Folders of images, one for each camera: both given; those inside `views`, in order, where it has no files; it."""
    if right is not None:
        return [views, right]
    inside = sorted(views.iterdir(), key=by_numbers) if views.is_dir() else []
    return inside if inside and all(path.is_dir() for path in inside) else [views]


def rigs_of(given: Any, folders: Sequence[Path]) -> tuple[Rig, ...]:
    """The cameras of as many folders of images, as `training.run` takes them; none where they are to be learnt.

    One rig for all times; or one for each, from a folder of calibrations in the order of the images.
    Raises ValueError where they are none, or for images of another size.
    """
    if given is None or given == "learned":
        return ()
    if isinstance(given, str | Path) and Path(given).is_dir():
        return tuple(_rig_of(path, folders) for path in sorted(Path(given).iterdir(), key=by_numbers))
    return (_rig_of(given, folders),)


def _rig_of(given: Any, folders: Sequence[Path]) -> Rig:
    files = images_in(folders[0], "frames")
    if not files:
        raise ValueError(f"{folders[0]} holds no images")
    image = io.read_image(files[0])
    numbers = _numbers(given)
    if numbers is not None:
        fx, fy, cx, cy = numbers
        given = Camera(width=image.shape[1], height=image.shape[0], fx=fx, fy=fy, cx=cx, cy=cy)
    elif isinstance(given, str | Path):
        if "," in str(given) and not Path(given).exists():
            raise ValueError(f"camera is {str(given)!r}; it must be four numbers in pixels, fx,fy,cx,cy, or a file")
        if len(folders) > 2:
            given = read_kalibr(given)
        else:
            given = io.read_camera(given, image=image) if len(folders) == 1 else io.read_rig(given, image=image)
    if not isinstance(given, CameraModel | StereoRig | KalibrChain):
        raise ValueError(f"camera is {given!r}; it must be a calibration file, fx,fy,cx,cy in pixels, or 'learned'")
    rig = Rig.of(given)
    for camera in rig.cameras:
        if (camera.height, camera.width) != image.shape[:2]:
            told = f"frames are {image.shape[1]}x{image.shape[0]}"
            raise ValueError(f"{told}, the camera is for {camera.width}x{camera.height} pixels: camera.resize(…)")
    return rig


def _numbers(given: Any) -> tuple[float, ...] | None:
    """Four numbers in a text, if that is what it says."""
    if not isinstance(given, str) or given.count(",") != 3:
        return None
    try:
        found = tuple(float(part) for part in given.split(","))
    except ValueError:
        return None
    return found


class DepthFrames:
    """At most `most` frames of each camera, neighbours in time, from folders whose images are in the same order.

    Raises:
        ValueError: where a folder is none or has too few images, folders differ in number; by `prepare`: where images
            differ in size.
    """

    def __init__(self, folders: Sequence[Path], most: int, *, least: int) -> None:
        self.source = folders[0]
        listed = [images_in(folder, "frames") for folder in folders]
        if len({len(files) for files in listed}) > 1:
            told = ", ".join(f"{folder} holds {len(files)}" for folder, files in zip(folders, listed, strict=True))
            raise ValueError(f"{told} images; all cameras need the same frames, in the same order")
        if len(listed[0]) < least:
            raise ValueError(f"{folders[0]} holds {len(listed[0])} images; {least} or more are needed")
        #: Images in each folder, and which of them is the first one taken.
        self.listed = len(listed[0])
        self.first = max(0, (self.listed - most) // 2)
        self.files = [files[self.first : self.first + most] for files in listed]
        entries = [[path.name, path.stat().st_size] for files in self.files for path in files]
        self.key = hashlib.sha256(json.dumps([entries, most]).encode()).hexdigest()[:12]
        #: By camera and time, RGB (H, W, 3), as the net sees them; set by `prepare`.
        self.images: list[list[Frame]] = []

    @property
    def count(self) -> int:
        """Frames of each camera."""
        return len(self.files[0])

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images on disk, by the first one."""
        height, width = io.read_image(self.files[0][0]).shape[:2]
        return height, width

    def prepare(self, height: int, width: int, advance: Callable[[int], None]) -> None:
        """Read all frames and bring them to the size that the net sees."""
        from ..depth._learned import resized

        expected = self.size
        self.images = []
        for files in self.files:
            kept = []
            for path in files:
                image = io.read_image(path)
                if image.shape[:2] != expected:
                    told = f"{path} is {image.shape[1]}x{image.shape[0]}, the first frame {expected[1]}x{expected[0]}"
                    raise ValueError(f"{told} pixels; frames must be of one size")
                small = resized(rgb(image, image)[0].astype(np.float32), height, width)
                kept.append(np.clip(np.rint(small), 0, 255).astype(np.uint8))
                advance(1)
            self.images.append(kept)

    def solved(self, camera: CameraModel, most: int = 480) -> NDArray[np.float64]:
        """Poses T_k_w (N, 4, 4) of the first camera's frames from matched points, NaN where one found no place.

        The unit is the median depth of the points of the middle frame. Raises ValueError as `depth.FromMotion` does.
        """
        from ..depth._learned import resized
        from ..depth.from_motion import FromMotion

        height, width = self.size
        scale = min(1.0, most / max(height, width))
        rows, columns = (max(1, round(scale * side)) for side in (height, width))
        frames = []
        for path in self.files[0]:
            image = io.read_image(path)
            frames.append(np.rint(resized(rgb(image, image)[0].astype(np.float32), rows, columns)).astype(np.uint8))
        T_world_cam, _ = FromMotion().poses(frames, camera.resize(columns, rows))
        return np.stack([_inverse(T) for T in T_world_cam])


def held_out(count: int, most: int = 16) -> list[int]:
    """Frames that are judged and never learnt from, though others are compared with them: of long clips alone."""
    return [round(index) for index in np.asarray(spread(count, most)).tolist()] if count >= 8 * most else []


def _inverse(T: Array) -> Array:
    found = np.full((4, 4), np.nan)
    if np.isfinite(T).all():
        found = np.linalg.inv(T)
    return found
