"""DDAD: street scenes by six cameras and long-range lasers, in TRI's DGP layout (Guizilini et al., CVPR 2020)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import io
from ..cameras import Array, Camera, inverse
from ..io._arrays import read_npz
from ..io._files import below, naming, read_json_object
from ..io._rotations import rotation_of
from ..results import Depth
from ..samples import Clip, DepthSample
from ._base import DatasetError, Listed
from ._files import camera_of
from ._velodyne import depth_of_points

_SCENE = "a scene of DGP: samples with datum_keys and calibration_key, data with id, key and datum"
_CALIBRATION = "a calibration of DGP: names, intrinsics (fx, fy, cx, cy), extrinsics"
_WHOLE = (1936, 1216)  # width and height of the published images, which cameras are of
_SPLITS = {"train": "0", "val": "1", "test": "2"}


class DDAD(Listed[DepthSample, tuple[Path, int]]):
    """One sample per moment of a scene, named ``000150/00003``, of one of the six cameras.

    Depth is that of the laser points of the moment, taken through the world, so that the car's motion between both is
    allowed for; sparse, at the nearest pixel. The pose, camera to world in metres, stands in a clip of one frame.
    Names need the scenes' JSON files, which are read when the data set is made.

    Args:
        path: the folder with ``ddad.json``, or one that holds it as ``ddad_train_val``.
        split: "train" or "val", by ``ddad.json``; None: all scenes there are.
        camera: "CAMERA_01" (front), 05, 06, 07, 08 or 09.

    Raises:
        DatasetError: when there is no scene; the message tells the layout. FormatError for damaged JSON.
    """

    layout = (
        "ddad.json, and 000000/scene_….json with calibration/….json, rgb/CAMERA_01/….png and point_cloud/LIDAR/….npz"
    )

    def __init__(self, path: str | Path, *, split: str | None = None, camera: str = "CAMERA_01") -> None:
        if split not in (None, *_SPLITS):
            raise ValueError(f"split is {split!r}; allowed are {', '.join(_SPLITS)} and None")
        self.split, self.camera = split, camera
        self._last: tuple[Path, dict[str, Any]] | None = None
        super().__init__(path)

    def _found(self) -> dict[str, tuple[Path, int]]:
        root = self.path / "ddad_train_val" if (self.path / "ddad_train_val").is_dir() else self.path
        listing = root / "ddad.json"
        if self.split is None:
            files = sorted(root.glob("*/scene_*.json"))
        elif listing.is_file():
            entries = read_json_object(listing, "scene_splits with the files of each split")
            with naming(listing, "scene_splits with the files of each split"):
                names = [str(name) for name in entries["scene_splits"][_SPLITS[self.split]]["filenames"]]
            files = [below(root, name, listing) for name in names]
        else:
            raise DatasetError(f"{listing} does not exist, which tells the split; expected {self.layout}")
        found: dict[str, tuple[Path, int]] = {}
        for file in files:
            with naming(file, _SCENE):
                count = len(_scene(file)["samples"])
            found |= {f"{file.parent.name}/{index:05d}": (file, index) for index in range(count)}
        return found

    def read(self, name: str) -> DepthSample:
        """Read one moment."""
        file, index = self._of(name)
        if self._last is None or self._last[0] != file:  # samples mostly come in order
            self._last = file, _scene(file)
        scene = self._last[1]
        with naming(file, _SCENE):
            sample = scene["samples"][index]
            keys, calibration = set(sample["datum_keys"]), str(sample["calibration_key"])
            data = {str(each["id"]["name"]).upper(): each["datum"] for each in scene["data"] if each["key"] in keys}
            shown = data[self.camera.upper()]["image"]
            picture = below(file.parent, str(shown["filename"]), file)
            place, laser = _pose(shown["pose"]), data.get("LIDAR", {}).get("point_cloud")
            cloud = None if laser is None else below(file.parent, str(laser["filename"]), file)
            at = None if laser is None else inverse(place) @ _pose(laser["pose"])
        image = io.read_image(picture)
        camera = _camera(below(file.parent, f"calibration/{calibration}.json", file), self.camera, image)
        depth = None if cloud is None or at is None else _depth(cloud, camera, at)
        clip = Clip(frames=(image,), cameras=camera, T_world_cam=place[None])
        return DepthSample(name=name, image=image, camera=camera, depth=depth, clip=clip)


def _scene(path: Path) -> dict[str, Any]:
    return read_json_object(path, _SCENE)


def _pose(entry: Any) -> Array:
    T = np.eye(4)
    T[:3, :3] = rotation_of([float(entry["rotation"][f"q{axis}"]) for axis in "wxyz"])
    T[:3, 3] = [float(entry["translation"][axis]) for axis in "xyz"]
    return T


def _camera(path: Path, name: str, image: np.ndarray) -> Camera:
    entries = read_json_object(path, _CALIBRATION)
    with naming(path, _CALIBRATION):
        found = entries["intrinsics"][[str(each).upper() for each in entries["names"]].index(name.upper())]
        return camera_of(path, np.array([float(found[each]) for each in ("fx", "fy", "cx", "cy")]), image, _WHOLE)


def _depth(path: Path, camera: Camera, T_camera_laser: Array) -> Depth:
    points = read_npz(path, "data", "laser points (N, 3 or more), x, y, z first")
    with naming(path, "laser points (N, 3 or more), x, y, z first"):
        if points.ndim != 2 or points.shape[1] < 3 or not np.isfinite(points[:, :3]).all():
            raise ValueError(f"holds {points.dtype} {points.shape}, or what is not finite")
        return depth_of_points(points[:, :3].astype(np.float64), camera, T_camera_laser)
