"""ScanNet: rooms walked through with a depth camera (Dai et al., CVPR 2017), as its reader exports the .sens files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import io
from ..cameras import Array, Camera
from ..images import Image
from ..io._files import naming, read_numbers, read_text
from ..packages import needed_by
from ..samples import Clip, DepthSample
from ._base import Listed
from ._files import depth_map, optional, pose_of, read_camera

_WHOLE = (1296, 968)  # width and height of the published images, which cameras are of
_POSE = "a pose: 16 numbers, row by row, or -inf where tracking was lost"


class ScanNet(Listed[DepthSample, Path]):
    """One sample per frame, named ``scene0000_00/0``, at the size of its depth image.

    The colour image (1296x968) is resized to the depth's size (640x480), and the camera with it: the data set says that
    depth is registered to colour. Depth is in millimetres, 0 unknown. The pose, camera to world in metres, stands in a
    clip of one frame; where tracking was lost (-inf) there is none.

    Args:
        path: the folder of scenes, one that holds it as ``scans`` or ``scannet_frames``, or a scene.
        every: take every so many frames.

    Raises:
        DatasetError: when there is no frame; the message tells the layout. ValueError for a number below 1.
    """

    layout = (
        "scene0000_00/color/0.jpg, depth/0.png, pose/0.txt and intrinsic/intrinsic_color.txt (or "
        "intrinsics_color.txt), as SensReader exports them"
    )

    def __init__(self, path: str | Path, *, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"every is {every}; it must be at least 1")
        self.every = every
        super().__init__(path)

    def _found(self) -> dict[str, Path]:
        found = {}
        for scene in (self.path, *sorted(self.path.glob("*/")), *sorted(self.path.glob("*/*/"))):
            frames = [file for file in (scene / "color").glob("*.jpg") if file.stem.isdecimal()]
            for file in sorted(frames, key=lambda each: int(each.stem))[:: self.every]:
                found[f"{scene.resolve().name}/{file.stem}"] = file
        return found

    def read(self, name: str) -> DepthSample:
        """Read one frame."""
        file = self._of(name)
        scene, image = file.parents[1], io.read_image(file)
        camera = _camera(scene, image)
        truth = scene / "depth" / f"{file.stem}.png"
        depth = None
        if truth.is_file():
            m = io.read_scaled(truth, scale=1000.0)
            image, camera = _resized(image, m.shape), None if camera is None else camera.resize(*m.shape[::-1])
            depth = depth_map(truth, m, image)
        T = optional(scene / "pose" / f"{file.stem}.txt", _pose)
        clip = None if T is None or camera is None else Clip(frames=(image,), cameras=camera, T_world_cam=T[None])
        return DepthSample(name=name, image=image, camera=camera, depth=depth, clip=clip)


def _camera(scene: Path, image: Image) -> Camera | None:
    places = (scene / "intrinsic" / "intrinsic_color.txt", scene / "intrinsics_color.txt")
    path = next((each for each in places if each.is_file()), None)
    return None if path is None else read_camera(path, image, _WHOLE)


def _resized(image: Image, size: tuple[int, ...]) -> Image:
    if image.shape[:2] == size:
        return image
    with needed_by("resizing images"):
        import cv2

    return np.asarray(cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_AREA))


def _pose(path: Path) -> Array | None:
    if "inf" in read_text(path, _POSE):
        return None
    with naming(path, _POSE):
        return pose_of(path, read_numbers(path, _POSE))
