"""Spring: stereo, flow and scene flow in high resolution (Mehl et al., CVPR 2023). Reading truth needs h5py."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from .. import io
from ..cameras import Camera, StereoRig
from ..images import Image, Mask
from ..io._files import naming, read_numbers
from ..results import Disparity
from ..samples import FlowSample, SceneFlowSample, StereoSample
from ._base import Listed
from ._files import camera_of, disparity_map, flow_map, halved, optional, partner

Task = Literal["stereo", "flow", "scene_flow"]
Sample = StereoSample | FlowSample | SceneFlowSample
_BASELINE_M = 0.065
_WHOLE = (1920, 1080)  # width and height of the published images, which cameras are of
_INTRINSICS = "a line 'fx fy cx cy' for each frame"


class Spring(Listed[Sample, Path]):
    """One sample per frame of the left camera, named ``0001/0001``; flow leads forward.

    Truth is stored at twice the images' width and height, in pixels of the images: of four values the first is taken,
    as in the authors' code. The sky (``maps/skymap_left``) is a mask; occlusion is not told. Frames have cameras by
    ``cam_data/intrinsics.txt``; the baseline is 65 mm. Whether ``extrinsics.txt`` leads to the world or from it could
    not be made sure, so that poses are left out.

    Args:
        path: the folder that holds ``train`` (or ``test``), or that folder itself.
        task: "stereo", "flow" or "scene_flow".

    Raises:
        DatasetError: when there is no frame; the message tells the layout. ValueError for another task.
    """

    layout = (
        "train/0001/frame_left/frame_left_0001.png and frame_right/, truth in disp1_left/disp1_left_0001.dsp5, "
        "flow_FW_left/flow_FW_left_0001.flo5, disp2_FW_left/disp2_FW_left_0001.dsp5, cameras in cam_data/intrinsics.txt"
    )

    def __init__(self, path: str | Path, *, task: Task = "stereo") -> None:
        if task not in ("stereo", "flow", "scene_flow"):
            raise ValueError(f"task is {task!r}; allowed are stereo, flow, scene_flow")
        self.task = task
        super().__init__(path)

    def _found(self) -> dict[str, Path]:
        root = next((self.path / part for part in ("train", "test") if (self.path / part).is_dir()), self.path)
        found = {}
        for file in sorted(root.glob("*/frame_left/frame_left_*.png")):
            scene, number = file.parents[1], file.stem.rpartition("_")[2]
            if number.isdecimal():
                right, later = _frame(scene, "right", int(number)), _frame(scene, "left", int(number) + 1)
                last = _frame(scene, "right", int(number) + 1)
                wanted = {"stereo": [right], "flow": [later], "scene_flow": [right, later, last]}[self.task]
                if all(each.is_file() for each in wanted):
                    found[f"{scene.name}/{number}"] = scene
        return found

    def read(self, name: str) -> Sample:
        """Read one frame with its partners and what is known of it."""
        scene, frame = self._of(name), int(name.rpartition("/")[2])
        left = io.read_image(_frame(scene, "left", frame))
        rig = optional(scene / "cam_data" / "intrinsics.txt", _rig, frame, left)
        before = optional(_map(scene, "disp1_left", frame, "dsp5"), _disparity, left)
        sky: Mask | None = optional(_map(scene / "maps", "skymap_left", frame, "png"), _sky, left)
        masks = {} if sky is None else {"sky": sky}
        if self.task == "stereo":
            right = partner(_frame(scene, "right", frame), left)
            return StereoSample(name=name, left=left, right=right, rig=rig, disparity=before, masks=masks)
        path, later = _map(scene, "flow_FW_left", frame, "flo5"), partner(_frame(scene, "left", frame + 1), left)
        flow = optional(path, lambda file: flow_map(file, halved(file, io.read_flo5(file), left), left))
        if self.task == "flow":
            camera = None if rig is None else rig.left
            return FlowSample(name=name, frame0=left, frame1=later, camera=camera, flow=flow, masks=masks)
        return SceneFlowSample(
            name=name,
            left0=left,
            right0=partner(_frame(scene, "right", frame), left),
            left1=later,
            right1=partner(_frame(scene, "right", frame + 1), left),
            rig=rig,
            disparity0=before,
            disparity1=optional(_map(scene, "disp2_FW_left", frame, "dsp5"), _disparity, left),
            disparity_of_left1=optional(_map(scene, "disp1_left", frame + 1, "dsp5"), _disparity, left),
            flow=flow,
            masks=masks,
        )


def _frame(scene: Path, side: str, number: int) -> Path:
    return _map(scene, f"frame_{side}", number, "png")


def _map(scene: Path, kind: str, number: int, ending: str) -> Path:
    return scene / kind / f"{kind}_{number:04d}.{ending}"


def _disparity(path: Path, image: Image) -> Disparity:
    return disparity_map(path, halved(path, io.read_dsp5(path), image), image)


def _sky(path: Path, image: Image) -> Mask:
    return np.asarray(halved(path, io.read_scaled(path, scale=1, invalid=None), image) > 0)


def _rig(path: Path, frame: int, image: Image) -> StereoRig | None:
    rows = read_numbers(path, _INTRINSICS, columns=4)
    with naming(path, f"{_INTRINSICS}, {frame} or more"):
        camera: Camera = camera_of(path, rows[frame - 1], image, _WHOLE)
        return StereoRig.rectified(camera, _BASELINE_M)
