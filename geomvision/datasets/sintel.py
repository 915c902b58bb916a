"""MPI Sintel: optical flow, stereo, and depth with cameras, as downloaded (Butler et al., ECCV 2012)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from .. import io
from ..cameras import Array, Camera, StereoRig, inverse
from ..images import Image, Mask
from ..io._files import naming
from ..samples import Clip, DepthSample, FlowSample, StereoSample
from ._base import Listed
from ._files import camera_of, depth_map, disparity_map, flow_map, following, mask_map, optional, partner, pose_of

Task = Literal["flow", "stereo", "depth"]
Pass = Literal["clean", "final"]
Sample = FlowSample | StereoSample | DepthSample
_WHOLE = (1024, 436)  # width and height of the published images, which cameras are of
_FOLDERS: Mapping[Task, tuple[str, ...]] = {
    "flow": ("{}",),
    "stereo": ("{}_left", "{}_right"),
    "depth": ("{}", "{}_left"),
}


class Sintel(Listed[Sample, tuple[Path, Path]]):
    """One sample per frame, named ``alley_1/frame_0001``.

    "flow": a frame and the next, with ``flow``, ``occlusions`` and ``invalid`` (unknown there). "stereo":
    ``clean_left`` and ``clean_right`` with ``disparities``; what is in ``occlusions`` or ``outofframe`` is occluded;
    the baseline is 10 cm, and a rig is known where ``camdata_left`` lies there, too (frames are taken to have the
    cameras of the depth archive: nobody says so). "depth": metres, the camera, and its pose in a clip of one frame.

    Args:
        path: the folder that holds ``training`` (or ``test``), or that folder itself.
        task: "flow", "stereo" or "depth".
        render: the "clean" or the "final" pass.

    Raises:
        DatasetError: when there is no frame; the message tells the layout. ValueError for another task or pass.
    """

    layout = (
        "training/ or test/ with clean/alley_1/frame_0001.png (or final/), truth in flow/alley_1/frame_0001.flo, "
        "occlusions, invalid; of stereo clean_left, clean_right, disparities, occlusions, outofframe; of depth "
        "depth/alley_1/frame_0001.dpt and camdata_left/alley_1/frame_0001.cam"
    )

    def __init__(self, path: str | Path, *, task: Task = "flow", render: Pass = "clean") -> None:
        if task not in _FOLDERS or render not in ("clean", "final"):
            raise ValueError(f"task is {task!r}, render {render!r}; allowed are {', '.join(_FOLDERS)}; clean, final")
        self.task, self.render = task, render
        super().__init__(path)

    def _found(self) -> dict[str, tuple[Path, Path]]:
        root = next((self.path / part for part in ("training", "test") if (self.path / part).is_dir()), self.path)
        folders = [root / each.format(self.render) for each in _FOLDERS[self.task]]
        first = next((folder for folder in folders if folder.is_dir()), folders[0])
        names = sorted(file.relative_to(first).with_suffix("").as_posix() for file in first.glob("*/frame_*.png"))
        if self.task == "flow":
            names = [name for name in names if (first / f"{following(name)}.png").is_file()]
        if self.task == "stereo":
            names = [name for name in names if (folders[1] / f"{name}.png").is_file()]
        return dict.fromkeys(names, (root, first))

    def read(self, name: str) -> Sample:
        """Read one frame with its partner and what is known of it."""
        root, folder = self._of(name)
        image = io.read_image(folder / f"{name}.png")
        camera = optional(root / "camdata_left" / f"{name}.cam", self._camera, image)
        if self.task == "depth":
            return self._depth(name, root, image, camera)
        if self.task == "stereo":
            return self._stereo(name, root, image, None if camera is None else camera[0])
        path = root / "flow" / f"{name}.flo"
        unknown: Mask | None = optional(root / "invalid" / f"{name}.png", mask_map, image)
        known = None if unknown is None else ~unknown
        return FlowSample(
            name=name,
            frame0=image,
            frame1=partner(folder / f"{following(name)}.png", image),
            camera=None if camera is None else camera[0],
            flow=optional(path, lambda file: flow_map(file, io.read_flo(file), image, known)),
            occluded=optional(root / "occlusions" / f"{name}.png", mask_map, image),
        )

    def _stereo(self, name: str, root: Path, left: Image, camera: Camera | None) -> StereoSample:
        hidden = [optional(root / part / f"{name}.png", mask_map, left) for part in ("occlusions", "outofframe")]
        told = [mask for mask in hidden if mask is not None]
        path = root / "disparities" / f"{name}.png"
        return StereoSample(
            name=name,
            left=left,
            right=partner(root / f"{self.render}_right" / f"{name}.png", left),
            rig=None if camera is None else StereoRig.rectified(camera, 0.1),
            disparity=optional(path, lambda file: disparity_map(file, io.read_sintel_disparity(file), left)),
            occluded=np.logical_or.reduce(told) if told else None,
        )

    @staticmethod
    def _depth(name: str, root: Path, image: Image, camera: tuple[Camera, Array] | None) -> DepthSample:
        path = root / "depth" / f"{name}.dpt"
        place = None if camera is None else camera[1][None]
        return DepthSample(
            name=name,
            image=image,
            camera=None if camera is None else camera[0],
            depth=optional(path, lambda file: depth_map(file, io.read_dpt(file), image)),
            clip=None if camera is None else Clip(frames=(image,), cameras=camera[0], T_world_cam=place),
        )

    @staticmethod
    def _camera(path: Path, image: Image) -> tuple[Camera, Array]:
        K, T_cam_world = io.read_sintel_camera(path)
        with naming(path, "a camera and its pose"):
            return camera_of(path, K, image, _WHOLE), inverse(pose_of(path, T_cam_world))
