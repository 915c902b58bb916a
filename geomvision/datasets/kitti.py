"""KITTI 2012 and 2015: stereo, flow and scene flow, as downloaded (Geiger et al. 2012, Menze & Geiger 2015)."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from .. import io
from ..cameras import StereoRig
from ..images import Image
from ..samples import FlowSample, SceneFlowSample, StereoSample
from ._base import Dataset, empty, existing_folder
from ._files import partner
from ._kitti_truth import disparity_truth, flow_truth, foreground, rectified_rig, reflective

_LAYOUT = (
    "training/ or testing/ with image_0, image_1 or colored_0, colored_1 (2012) or image_2, image_3 (2015) holding "
    "000000_10.png and, for flow, 000000_11.png; truth in disp_noc, disp_occ, disp_refl_occ (2012), disp_noc_0, "
    "disp_occ_0, disp_noc_1, disp_occ_1 (2015), flow_noc, flow_occ, obj_map; calibration in calib or calib_cam_to_cam"
)
_GREY, _COLOUR = (("image_0", "image_1"),), (("colored_0", "colored_1"), ("image_2", "image_3"))
Task = Literal["stereo", "flow", "scene_flow"]
Sample = StereoSample | FlowSample | SceneFlowSample


class KITTI(Dataset[Sample]):
    """One sample per ``NNNNNN_10.png``: a stereo pair, the frames _10 and _11 of the left camera, or of both cameras.

    Truth is the one with occluded pixels (``_occ``); what it has beyond ``_noc`` is occluded. Where only one of them
    exists, occlusion is unknown. ``obj_map`` (2015) becomes the mask "foreground", which `kitti2015` scores apart; of
    ``disp_refl_occ`` (2012) what has truth is "reflective", which `kitti2012` does.

    Args:
        path: the folder that holds ``training`` (or ``testing``), or that folder itself.
        task: "stereo", "flow" or "scene_flow" (2015).
        colour: prefer the colour images (2012 has both; the truth was published for the grey ones).

    Raises:
        DatasetError: when there is no frame; the message tells the layout.
    """

    def __init__(self, path: str | Path, *, task: Task = "stereo", colour: bool = True) -> None:
        if task not in get_args(Task):
            raise ValueError(f"task is {task!r}; allowed are {', '.join(map(repr, get_args(Task)))}")
        folder = existing_folder(path, _LAYOUT)
        parts = [folder / part for part in ("training", "testing") if (folder / part).is_dir()]
        self.path = parts[0] if parts else folder
        self.task = task
        order = _COLOUR + _GREY if colour else _GREY + _COLOUR
        images = next((pair for pair in order if (self.path / pair[0]).is_dir()), None)
        if images is None:
            raise empty(self.path, _LAYOUT)
        self._images = images
        if not self._numbers:
            raise empty(self.path / images[0], f"000000_10.png with its partner; in all {_LAYOUT}")

    @property
    def names(self) -> list[str]:
        """Frame numbers, "000000" and on, that have every image the task needs."""
        return self._numbers

    @cached_property
    def _numbers(self) -> list[str]:
        left, right = (self.path / folder for folder in self._images)
        numbers = sorted(file.name.removesuffix("_10.png") for file in left.glob("*_10.png"))
        second, last = (right, "_10.png"), (left, "_11.png")
        partners = {"stereo": [second], "flow": [last], "scene_flow": [second, last, (right, "_11.png")]}[self.task]
        return [n for n in numbers if all((folder / (n + ending)).is_file() for folder, ending in partners)]

    def read(self, name: str) -> Sample:
        """Read one pair, or two."""
        left, right = (self.path / folder for folder in self._images)
        first = io.read_image(left / f"{name}_10.png")
        rig = rectified_rig(self.path, name, first, "grey" if self._images in _GREY else "colour")
        if self.task == "flow":
            flow, occluded = flow_truth(self.path, name, first)
            return FlowSample(
                name=name,
                frame0=first,
                frame1=partner(left / f"{name}_11.png", first),
                camera=None if rig is None else rig.left,
                flow=flow,
                occluded=occluded,
                masks=foreground(self.path, name, first),
            )
        if self.task == "scene_flow":
            return self._scene_flow(name, first, rig)
        disparity, occluded = disparity_truth(self.path, name, first)
        return StereoSample(
            name=name,
            left=first,
            right=partner(right / f"{name}_10.png", first),
            rig=rig,
            disparity=disparity,
            occluded=occluded,
            masks={**foreground(self.path, name, first), **reflective(self.path, name, first)},
        )

    def _scene_flow(self, name: str, left0: Image, rig: StereoRig | None) -> SceneFlowSample:
        left, right = (self.path / folder for folder in self._images)
        later = disparity_truth(self.path, name, left0, ("disp_occ_1",), ("disp_noc_1",))
        before, (flow, hidden) = disparity_truth(self.path, name, left0), flow_truth(self.path, name, left0)
        maps = [None if px is None else replace(px, occluded=gone) for px, gone in (before, later)]
        return SceneFlowSample(
            name=name,
            left0=left0,
            right0=partner(right / f"{name}_10.png", left0),
            left1=partner(left / f"{name}_11.png", left0),
            right1=partner(right / f"{name}_11.png", left0),
            rig=rig,
            disparity0=maps[0],
            disparity1=maps[1],
            flow=None if flow is None else replace(flow, occluded=hidden),
            masks=foreground(self.path, name, left0),
        )
