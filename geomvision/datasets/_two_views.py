"""A scene folder with two views of known pose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import io
from ..cameras import Array, Camera
from ..geometry import nearest_pose
from ..images import Image, as_image
from ..io._files import naming
from ..results import Depth
from ..samples import PoseSample
from ._base import DatasetError
from ._files import fitting
from ._folder_parts import depth_of, required


def read_two_views(name: str, scene: Path, meta: Mapping[str, Any]) -> PoseSample:
    """``image0``, ``image1`` of any sizes; K0, K1, T_0to1 of the meta data; ``depth0``, ``depth1`` where there are any.

    DatasetError where a camera is not told, FormatError for damaged files, and matrices that are no cameras or no pose.
    """
    images = [_image(required(scene, f"image{k}")) for k in (0, 1)]
    cameras = [_camera(scene, meta, f"K{k}", image) for k, image in enumerate(images)]
    depths = [_depth(scene, meta, f"depth{k}", image) for k, image in enumerate(images)]
    return PoseSample(
        name=name,
        image0=images[0],
        image1=images[1],
        camera0=cameras[0],
        camera1=cameras[1],
        T_1_0=_pose(scene, meta.get("T_0to1")),
        depth0=depths[0],
        depth1=depths[1],
    )


def _image(path: Path) -> Image:
    with naming(path, "an image without NaN"):
        return as_image(io.read_image(path), "it")


def _camera(scene: Path, meta: Mapping[str, Any], key: str, image: Image) -> Camera:
    path = scene / "meta.json"
    if key not in meta:
        raise DatasetError(f"{path} has no {key}; expected K0 and K1, 3x3 in pixels, and T_0to1, 4x4: X1 = T_0to1 · X0")
    with naming(path, f"{key}, 3x3 in pixels without skew"):
        return Camera.from_matrix(np.asarray(meta[key], float), image.shape[1], image.shape[0])


def _pose(scene: Path, given: Any) -> Array | None:
    if given is None:
        return None
    with naming(scene / "meta.json", "T_0to1, a 4x4 pose: X1 = T_0to1 · X0"):
        return nearest_pose(np.asarray(given, float), "T_0to1")


def _depth(scene: Path, meta: Mapping[str, Any], stem: str, image: Image) -> Depth | None:
    found = depth_of(scene, meta, stem)
    if found is None:
        return None
    path, depth = found
    fitting(path, depth.size, image)
    return depth
