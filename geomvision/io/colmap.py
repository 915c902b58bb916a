"""COLMAP's sparse models: cameras and images, as text or binary (Schönberger & Frahm, CVPR 2016).

COLMAP puts the centre of the first pixel at (0.5, 0.5), this library at (0, 0): principal points and observed points
are half a pixel smaller here. Its poses take world to camera: ``T_camera_world``. Lengths have the model's own scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked
from ..cameras import Camera, CameraModel, KannalaBrandt, check_pose
from ._files import FormatError, PathLike, read_text, write_bytes
from ._rotations import quaternion_of, rotation_of

CAMERAS = "COLMAP's cameras: CAMERA_ID MODEL WIDTH HEIGHT PARAMS[]"
IMAGES = "COLMAP's images: IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME, then X Y POINT3D_ID …"
#: What each model's parameters are, in COLMAP's order, and its number in binary files.
MODELS: dict[str, tuple[int, tuple[str, ...]]] = {
    "SIMPLE_PINHOLE": (0, ("f", "cx", "cy")),
    "PINHOLE": (1, ("fx", "fy", "cx", "cy")),
    "SIMPLE_RADIAL": (2, ("f", "cx", "cy", "k1")),
    "RADIAL": (3, ("f", "cx", "cy", "k1", "k2")),
    "OPENCV": (4, ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2")),
    "OPENCV_FISHEYE": (5, ("fx", "fy", "cx", "cy", "k1", "k2", "k3", "k4")),
    "FULL_OPENCV": (6, ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")),
    "SIMPLE_RADIAL_FISHEYE": (8, ("f", "cx", "cy", "k1")),
    "RADIAL_FISHEYE": (9, ("f", "cx", "cy", "k1", "k2")),
}
_HALF = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class ColmapImage:
    """An image: its camera, its pose, and the points seen in it (pixels of this library; −1: no 3-D point)."""

    name: str
    camera_id: int
    T_camera_world: NDArray[np.float64]
    pixels: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    point_ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        check_pose(self.T_camera_world, "T_camera_world")
        if self.pixels.shape != (len(self.point_ids), 2):
            raise ValueError(f"{self.name}: {self.pixels.shape} pixels but {len(self.point_ids)} point ids")
        if not self.name or "\n" in self.name:
            raise ValueError(f"an image's name is {self.name!r}; it must be one line")


@dataclass(frozen=True, kw_only=True, eq=False)
class ColmapModel:
    """Cameras and images by their ids."""

    cameras: Mapping[int, CameraModel]
    images: Mapping[int, ColmapImage]


@checked
def read_colmap(folder: PathLike) -> ColmapModel:
    """Read cameras and images of a sparse model's folder, binary where there are .bin files, else text.

    Raises:
        FormatError: naming the file, and the line or byte, for what is malformed, for models that have no counterpart
            here (FOV, THIN_PRISM_FISHEYE and newer ones), and for images whose camera is missing.
    """
    from ._colmap_binary import read_cameras, read_images

    root = Path(folder)
    if (root / "cameras.bin").exists():
        source = root / "images.bin"
        cameras, images = read_cameras(root / "cameras.bin"), read_images(source)
    else:
        source = root / "images.txt"
        cameras, images = _read_cameras(root / "cameras.txt"), _read_images(source)
    for number, image in images.items():
        if image.camera_id not in cameras:
            raise FormatError(source, f"image {number} has camera {image.camera_id}", f"one of {sorted(cameras)}")
    return ColmapModel(cameras=cameras, images=images)


@checked
def write_colmap(folder: PathLike, model: ColmapModel, *, binary: bool = False) -> None:
    """Write cameras and images into a folder that exists; points3D is left as it is.

    Raises:
        ValueError: for cameras that COLMAP does not have.
    """
    from ._colmap_binary import write_cameras, write_images

    root = Path(folder)
    if binary:
        write_cameras(root / "cameras.bin", model.cameras)
        write_images(root / "images.bin", model.images)
        return
    lines = ["# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]"]
    for number, camera in model.cameras.items():
        name, values = numbers_of(camera)
        lines.append(" ".join([str(number), name, str(camera.width), str(camera.height), *map(repr, values)]))
    write_bytes(root / "cameras.txt", ("\n".join(lines) + "\n").encode())
    lines = ["# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME", "# POINTS2D[] as (X, Y, POINT3D_ID)"]
    for number, image in model.images.items():
        place = [*quaternion_of(image.T_camera_world[:3, :3]), *image.T_camera_world[:3, 3]]
        lines.append(" ".join([str(number), *(repr(float(v)) for v in place), str(image.camera_id), image.name]))
        seen = zip((image.pixels + _HALF).tolist(), image.point_ids.tolist(), strict=True)
        lines.append(" ".join(f"{x!r} {y!r} {point}" for (x, y), point in seen))
    write_bytes(root / "images.txt", ("\n".join(lines) + "\n").encode())


def camera_of(name: str, width: int, height: int, values: list[float]) -> CameraModel:
    """The camera of a COLMAP model's numbers; ValueError saying what is wrong with them."""
    if name not in MODELS:
        raise ValueError(f"the camera model {name} has no counterpart; known are {', '.join(MODELS)}")
    names = MODELS[name][1]
    if len(values) != len(names):
        raise ValueError(f"{name} has {len(values)} parameters; it must have {len(names)}: {' '.join(names)}")
    p = dict(zip(names, values, strict=True))
    fx, fy = p.get("fx", p.get("f", 0.0)), p.get("fy", p.get("f", 0.0))
    place = {"width": width, "height": height, "fx": fx, "fy": fy, "cx": p["cx"] - _HALF, "cy": p["cy"] - _HALF}
    if name.endswith("FISHEYE"):
        fisheye = tuple(p.get(k, 0.0) for k in ("k1", "k2", "k3", "k4"))
        return KannalaBrandt(**place, distortion=fisheye)  # type: ignore[arg-type]
    order = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")
    count = {"FULL_OPENCV": 8, "SIMPLE_PINHOLE": 0, "PINHOLE": 0}.get(name, 4)
    brown = tuple(p.get(k, 0.0) for k in order[:count])
    return Camera(**place, distortion=brown)  # type: ignore[arg-type]


def numbers_of(camera: CameraModel) -> tuple[str, list[float]]:
    """COLMAP's model and its numbers; ValueError where it has none for this camera."""
    if not isinstance(camera, Camera | KannalaBrandt):
        raise ValueError(f"COLMAP has no model for {type(camera).__name__}")
    focal = [camera.fx, camera.fy, camera.cx + _HALF, camera.cy + _HALF]
    if isinstance(camera, KannalaBrandt):
        return "OPENCV_FISHEYE", [*focal, *camera.distortion]
    d = camera.distortion
    if any(d[8:]):
        raise ValueError("COLMAP has no thin prisms and no tilted sensors; this camera has")
    if not any(d):
        return "PINHOLE", focal
    return ("FULL_OPENCV", [*focal, *d[:8], *[0.0] * (8 - len(d[:8]))]) if any(d[4:]) else ("OPENCV", [*focal, *d[:4]])


def _read_cameras(path: Path) -> dict[int, CameraModel]:
    found: dict[int, CameraModel] = {}
    for number, line in _lines(path, CAMERAS):
        words = line.split()
        if not words:
            continue
        try:
            width, height = int(words[2]), int(words[3])
            found[int(words[0])] = camera_of(words[1], width, height, [float(w) for w in words[4:]])
        except (IndexError, ValueError) as error:
            raise FormatError(path, f"line {number}: {_said(error, line)}", CAMERAS) from error
    if not found:
        raise FormatError(path, "has no camera", CAMERAS)
    return found


def _read_images(path: Path) -> dict[int, ColmapImage]:
    found: dict[int, ColmapImage] = {}
    lines = [(n, line) for n, line in _lines(path, IMAGES)]
    at = 0
    while at < len(lines):
        number, line = lines[at]
        words = line.split(maxsplit=9)
        at += 1
        if not words:
            continue
        try:
            q, t = [float(w) for w in words[1:5]], [float(w) for w in words[5:8]]
            T = np.eye(4)
            T[:3, :3], T[:3, 3] = rotation_of(q), t
            name, camera, own = words[9].strip(), int(words[8]), int(words[0])
            number, seen = lines[at] if at < len(lines) else (number, "")
            at += 1
            rows = np.array([float(w) for w in seen.split()]).reshape(-1, 3)
            if not (np.isfinite(rows) & (np.abs(rows) < 2**62)).all():
                raise ValueError(f"observed points are not finite numbers: {seen[:60]!r}")
            found[own] = ColmapImage(
                name=name,
                camera_id=camera,
                T_camera_world=T,
                pixels=rows[:, :2] - _HALF,
                point_ids=rows[:, 2].astype(np.int64),
            )
        except (IndexError, ValueError) as error:
            raise FormatError(path, f"line {number}: {_said(error, line)}", IMAGES) from error
    return found


def _lines(path: Path, expected: str) -> list[tuple[int, str]]:
    """Numbered lines without comments; empty ones stay, they may be images without points."""
    lines = enumerate(read_text(path, expected).splitlines(), 1)
    return [(number, line) for number, line in lines if not line.lstrip().startswith("#")]


def _said(error: Exception, line: str) -> str:
    return f"too few words in {line[:60]!r}" if isinstance(error, IndexError) else str(error)
