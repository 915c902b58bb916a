"""What FlyingThings3D, Driving and Monkaa share: one tree for images, and one for each kind of truth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from .. import io
from ..cameras import Array, Camera, StereoRig, inverse
from ..images import Image
from ..io._files import naming, read_text
from ..results import Disparity
from ..samples import FlowSample, SceneFlowSample, StereoSample
from ._base import Listed
from ._files import disparity_map, flow_map, following, optional, partner, pose_of

Task = Literal["stereo", "flow", "scene_flow"]
Sample = StereoSample | FlowSample | SceneFlowSample
_TASKS = ("stereo", "flow", "scene_flow")
#: Published of images of 960x540; the 15 mm lens of Driving has 450.
_SIZE, _FOCAL_PX, _CENTRE_PX = (540, 960), 1050.0, (479.5, 269.5)
_CAMERAS = "lines 'Frame N', 'L' and 'R' with 16 numbers each"


class Freiburg(Listed[Sample, tuple[Path, str]]):
    """One sample per frame of the left camera. Subclasses say how deep their sequences lie."""

    #: Folders between that of the images and "left".
    depth: ClassVar[int]

    def __init__(self, path: str | Path, *, task: Task = "stereo", render: Literal["clean", "final"] = "clean") -> None:
        if task not in _TASKS or render not in ("clean", "final"):
            raise ValueError(f"task is {task!r}, render {render!r}; allowed are {', '.join(_TASKS)}; clean, final")
        self.task, self.render = task, render
        super().__init__(path)

    def _found(self) -> Mapping[str, tuple[Path, str]]:
        roots = (self.path / f"frames_{self.render}pass{kind}" for kind in ("", "_webp"))
        found: dict[str, tuple[Path, str]] = {}
        for root in roots:
            for file in sorted(root.glob("*/" * self.depth + "left/*")):
                if file.suffix in (".png", ".webp") and file.stem.isdecimal() and self._whole(file):
                    name = (file.parents[1].relative_to(root) / file.stem).as_posix()
                    found.setdefault(name, (root, file.suffix))
        return found

    def _whole(self, left: Path) -> bool:
        right, later = _beside(left), _next(left)
        wanted = {"stereo": [right], "flow": [later], "scene_flow": [right, later, _beside(later)]}[self.task]
        return all(file.is_file() for file in wanted)

    def read(self, name: str) -> Sample:
        """Read one frame with its partners and what is known of it."""
        root, ending = self._of(name)
        scene, _, number = name.rpartition("/")
        file = root / scene / "left" / f"{number}{ending}"
        left = io.read_image(file)
        rig, truth = self._rig(scene, left), self.path / "disparity" / scene / "left" / f"{number}.pfm"
        disparity: Disparity | None = optional(truth, _disparity, left)
        if self.task == "stereo":
            right = partner(_beside(file), left)
            return StereoSample(name=name, left=left, right=right, rig=rig, disparity=disparity)
        later = partner(_next(file), left)
        path = self.path / "optical_flow" / scene / "into_future" / "left" / f"OpticalFlowIntoFuture_{number}_L.pfm"
        flow = optional(path, lambda file: flow_map(file, io.read_flow(file).px, left))
        if self.task == "flow":
            camera = None if rig is None else rig.left
            return FlowSample(name=name, frame0=left, frame1=later, camera=camera, flow=flow)
        change = self.path / "disparity_change" / scene / "into_future" / "left" / f"{number}.pfm"
        poses = self.path / "camera_data" / scene / "camera_data.txt"
        return SceneFlowSample(
            name=name,
            left0=left,
            right0=partner(_beside(file), left),
            left1=later,
            right1=partner(_beside(_next(file)), left),
            rig=rig,
            disparity0=disparity,
            disparity1=optional(change, lambda file: _changed(file, disparity, left)),
            disparity_of_left1=optional(_next(truth), _disparity, left),
            flow=flow,
            T_1_0=optional(poses, _motion, int(number)),
        )

    def _rig(self, scene: str, image: Image) -> StereoRig | None:
        if image.shape[:2] != _SIZE:
            return None
        f, (height, width) = _FOCAL_PX * (450 / 1050 if "15mm" in scene else 1), _SIZE
        camera = Camera(width=width, height=height, fx=f, fy=f, cx=_CENTRE_PX[0], cy=_CENTRE_PX[1])
        return StereoRig.rectified(camera, 1.0)


def _beside(left: Path) -> Path:
    return left.parents[1] / "right" / left.name


def _next(file: Path) -> Path:
    return file.with_name(following(file.stem) + file.suffix)


def _disparity(path: Path, image: Image) -> Disparity:
    return disparity_map(path, io.read_disparity(path).px, image)


def _changed(path: Path, before: Disparity | None, image: Image) -> Disparity | None:
    change = _disparity(path, image)
    return None if before is None else Disparity(px=before.px + change.px)


def _motion(path: Path, number: int) -> Array | None:
    """T_1_0 of the left cameras of a frame and the next; None where the file leaves out one of them."""
    places: dict[int, Array] = {}
    frame = -1
    for line in read_text(path, _CAMERAS).splitlines():
        words = line.split()
        with naming(path, _CAMERAS):
            if words[:1] == ["Frame"]:
                frame = int(words[1])
            elif words[:1] == ["L"] and frame in (number, number + 1):
                world = pose_of(path, np.array([float(word) for word in words[1:]]))
                places[frame] = world @ np.diag([1.0, -1.0, -1.0, 1.0])  # Blender's y is up, its z backwards
    if len(places) < 2:
        return None
    with naming(path, _CAMERAS):
        return inverse(places[number + 1]) @ places[number]
