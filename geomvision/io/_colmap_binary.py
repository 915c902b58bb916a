"""COLMAP's cameras.bin and images.bin: little-endian, counted, names ended by a zero."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..cameras import CameraModel
from ._files import FormatError, read_bytes, write_bytes
from ._rotations import quaternion_of, rotation_of
from .colmap import CAMERAS, IMAGES, MODELS, ColmapImage, camera_of, numbers_of

_NAMES = {number: name for name, (number, _) in MODELS.items()}
#: Longer names are taken for damage.
_LONGEST_NAME = 4096


class _Reader:
    """Takes values off a file's bytes; what is missing is a FormatError that names the byte."""

    def __init__(self, path: Path, expected: str) -> None:
        self.path, self.expected, self.at = path, expected, 0
        self.data = read_bytes(path, expected)

    def wrong(self, found: str) -> FormatError:
        return FormatError(self.path, f"byte {self.at}: {found}", self.expected)

    def bytes(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise self.wrong(f"the file ends here, {size} bytes are missing")
        part = self.data[self.at : self.at + size]
        self.at += size
        return part

    def values(self, form: str) -> tuple[int | float, ...]:
        return struct.unpack("<" + form, self.bytes(struct.calcsize("<" + form)))

    def count(self, smallest: int) -> int:
        """A number of things that take `smallest` bytes each."""
        (number,) = self.values("Q")
        if number * smallest > len(self.data) - self.at:
            raise self.wrong(f"{number} entries do not fit into the {len(self.data) - self.at} bytes left")
        return int(number)

    def name(self) -> str:
        end = self.data.find(b"\0", self.at, self.at + _LONGEST_NAME)
        if end < 0:
            raise self.wrong("a name does not end")
        text = self.bytes(end + 1 - self.at)[:-1]
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.wrong("a name is no UTF-8") from error

    def finish(self) -> None:
        if self.at != len(self.data):
            raise self.wrong(f"{len(self.data) - self.at} bytes too many")


def read_cameras(path: Path) -> dict[int, CameraModel]:
    """Cameras by id. Raises FormatError naming file and byte."""
    reader = _Reader(path, CAMERAS)
    found: dict[int, CameraModel] = {}
    for _ in range(reader.count(24)):
        number, model, width, height = (int(v) for v in reader.values("iiQQ"))
        if model not in _NAMES:
            raise reader.wrong(f"the camera model {model} has no counterpart; known are {_NAMES}")
        name = _NAMES[model]
        values = [float(v) for v in reader.values(f"{len(MODELS[name][1])}d")]
        try:
            found[number] = camera_of(name, width, height, values)
        except ValueError as error:
            raise reader.wrong(str(error)) from error
    reader.finish()
    if not found:
        raise FormatError(path, "has no camera", CAMERAS)
    return found


def read_images(path: Path) -> dict[int, ColmapImage]:
    """Images by id. Raises FormatError naming file and byte."""
    reader = _Reader(path, IMAGES)
    found: dict[int, ColmapImage] = {}
    for _ in range(reader.count(73)):
        number, *place, camera = reader.values("i7di")
        name = reader.name()
        count = reader.count(24)
        rows = np.frombuffer(reader.bytes(24 * count), dtype=[("xy", "<f8", 2), ("id", "<i8")])
        try:
            T = np.eye(4)
            T[:3, :3], T[:3, 3] = rotation_of(place[:4]), place[4:]
            found[int(number)] = ColmapImage(
                name=name,
                camera_id=int(camera),
                T_camera_world=T,
                pixels=rows["xy"].reshape(-1, 2) - 0.5,
                point_ids=rows["id"].astype(np.int64),
            )
        except ValueError as error:
            raise reader.wrong(str(error)) from error
    reader.finish()
    return found


def write_cameras(path: Path, cameras: Mapping[int, CameraModel]) -> None:
    """Write cameras.bin, atomically."""
    parts = [struct.pack("<Q", len(cameras))]
    for number, camera in cameras.items():
        name, values = numbers_of(camera)
        parts.append(struct.pack("<iiQQ", number, MODELS[name][0], camera.width, camera.height))
        parts.append(struct.pack(f"<{len(values)}d", *values))
    write_bytes(path, b"".join(parts))


def write_images(path: Path, images: Mapping[int, ColmapImage]) -> None:
    """Write images.bin, atomically."""
    parts = [struct.pack("<Q", len(images))]
    for number, image in images.items():
        place = (*quaternion_of(image.T_camera_world[:3, :3]), *image.T_camera_world[:3, 3])
        parts += [struct.pack("<i7di", number, *place, image.camera_id), image.name.encode() + b"\0"]
        rows = np.empty(len(image.pixels), dtype=[("xy", "<f8", 2), ("id", "<i8")])
        rows["xy"], rows["id"] = image.pixels + 0.5, image.point_ids
        parts += [struct.pack("<Q", len(rows)), rows.tobytes()]
    write_bytes(path, b"".join(parts))
