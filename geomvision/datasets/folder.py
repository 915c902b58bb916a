"""Scenes with a `meta.json`: one folder per scene, pairs, frames or depth images with their truth."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .. import io
from ..cameras import Camera, StereoRig
from ..images import Image, Mask
from ..io._files import by_number, naming, read_text
from ..io.kitti import kitti_rig_of
from ..results import Disparity, Flow
from ..samples import Clip, DepthSample, FlowSample, Sample, StereoSample
from ._base import Dataset, DatasetError, empty, existing_folder
from ._files import fitting, of_size, partner
from ._folder_parts import (
    LAYOUT,
    camera_of,
    depth_of,
    find_image,
    grey_mask,
    invalid_values,
    number,
    objects_of,
    read_meta,
    required,
)
from ._occlusion import cross_check
from ._poses import read_poses
from ._registered import registered
from ._two_views import read_two_views

Task = Literal["stereo", "flow", "depth", "pose"]
_TASKS: tuple[Task, ...] = ("stereo", "flow", "depth")
#: Where scenes of a task lie in a root; those of a pose are taken where they are asked for.
_ROOMS: Mapping[Task | None, tuple[str, ...]] = {None: _TASKS, "pose": ("pose", "twoview")}
#: Frames before and after a frame that its clip has.
AROUND = 9


class Folder(Dataset[Sample]):
    """Scenes in folders: a root with ``stereo/``, ``flow/``, ``depth/`` and ``twoview/``, one of those, or one scene.

    A stereo scene holds ``left``, ``right``, optionally ``disp``, ``disp_right``, ``disp_noc``, masks and
    ``calib.txt``; a flow scene ``frame0``, ``frame1`` and ``flow``; a depth scene ``color*`` and ``depth*`` images (one
    sample per frame, named ``scene/001``) and ``poses.txt``, camera to world, which make the frames around a sample's
    its clip, and ``edges*.png``, white where true depth jumps. Each may hold ``objects.json``, ``.xml`` or ``.png`` (of
    several depth frames ``objects_001.png``), the classes of its left or first image: `io.read_masks`. ``meta.json``
    holds `category` (what scene it is), `disparity_scale`, `depth_scale`, `invalid_value`, `focal_px`, `baseline_m`,
    `doffs_px` and `intrinsics`; of a depth camera beside the colour camera `depth_intrinsics` and `T_depth_color` (16
    numbers, X_depth = T · X_color in metres), by which depth is brought to the colour camera's view. A scene of a pose
    holds ``image0`` and ``image1``, of any sizes, perhaps ``depth0`` and ``depth1``, and the meta data `K0`, `K1` (3x3,
    pixels) and `T_0to1` (4x4, X1 = T_0to1 · X0, metres); such are taken with ``task="pose"`` alone.

    A rig needs focal length, baseline and doffs, from ``calib.txt`` or the meta data; where nobody published the
    principal point (Middlebury 2005) it is taken at the image centre. Occlusion comes from ``mask_nonocc.png``,
    ``disp_noc.png``, ``occlusion.png`` or the cross-check of both views' truth; otherwise it is unknown.

    Args:
        path: root, task folder or scene folder.
        task: take only the scenes of this task; None takes all of stereo, flow and depth.
        final_pass: read Sintel's final pass (``frame0_final.png``) where a scene has one.

    Raises:
        DatasetError: when there is no scene; the message tells the layout.
    """

    def __init__(self, path: str | Path, *, task: Task | None = None, final_pass: bool = False) -> None:
        if task not in (None, *_TASKS, "pose"):
            raise ValueError(f"task is {task!r}; allowed are {', '.join(_TASKS)}, pose or None")
        self.path = existing_folder(path, LAYOUT)
        self.task = task
        self.final_pass = final_pass
        if not self._entries:
            raise empty(self.path, LAYOUT + (f" (only {task} scenes were asked for)" if task else ""))

    @cached_property
    def _entries(self) -> dict[str, tuple[Task, Path, str]]:
        """Sample name → task, scene folder, frame (depth) or ""."""
        pose = self.task == "pose"
        named = _ROOMS.get(self.task, _TASKS)
        rooms = [self.path / room for room in named if (self.path / room).is_dir()]
        scenes = [s for room in rooms or [self.path] for s in sorted(room.iterdir()) if s.is_dir()]
        if not rooms and task_of(self.path, pose=pose) is not None:
            scenes = [self.path]
        entries: dict[str, tuple[Task, Path, str]] = {}
        for scene in scenes:
            task = task_of(scene, pose=pose)
            if task is None or self.task not in (None, task):
                continue
            for frame in _frames(scene) if task == "depth" else [""]:
                name = scene.name + (f"/{frame}" if frame else "")
                name = f"{task}/{name}" if name in entries else name
                entries[name] = (task, scene, frame)
        return entries

    @property
    def names(self) -> list[str]:
        """Scene names in order, frames of depth sequences as ``scene/frame``."""
        return list(self._entries)

    def read(self, name: str) -> Sample:
        """Read one scene or frame."""
        task, scene, frame = self._entries[name]
        meta = read_meta(scene)
        if task == "stereo":
            return _read_stereo(name, scene, meta)
        if task == "flow":
            return _read_flow(name, scene, meta, "_final" if self.final_pass else "")
        if task == "pose":
            return read_two_views(name, scene, meta)
        return _read_depth(name, scene, meta, frame)


def task_of(scene: Path, *, pose: bool = False) -> Task | None:
    """Which task a scene folder serves, told by its files; None when it is no scene. `pose`: two views are one."""
    if pose:
        return "pose" if all(find_image(scene, f"image{k}") is not None for k in (0, 1)) else None
    for task, files in (("stereo", ("left", "right")), ("flow", ("frame0", "frame1"))):
        if all(find_image(scene, file) is not None for file in files):
            return task  # type: ignore[return-value]
    return "depth" if _frames(scene) else None


def _frames(scene: Path) -> list[str]:
    """The frames of a depth scene: "001" for depth_001.png, "" for a single depth.png."""
    names = sorted((entry.name for entry in scene.iterdir()), key=by_number)
    found = [re.fullmatch(r"depth(?:_(\w+))?\.(?:png|pfm)", name) for name in names]
    return [match[1] or "" for match in found if match]


def _read_stereo(name: str, scene: Path, meta: Mapping[str, Any]) -> StereoSample:
    left = io.read_image(required(scene, "left"))
    right = partner(required(scene, "right"), left)
    disparity, disparity_right = (_disparity(scene, stem, meta, left) for stem in ("disp", "disp_right"))
    rig, ndisp = _rig(scene, meta, left)
    sample = StereoSample(
        name=name,
        left=left,
        right=right,
        rig=rig,
        disparity=disparity,
        disparity_right=disparity_right,
        max_disparity=ndisp,
        masks=_region_masks(scene, left),
    )
    return replace(sample, occluded=_occluded(scene, meta, sample))


def _disparity(scene: Path, stem: str, meta: Mapping[str, Any], image: Image) -> Disparity | None:
    path = find_image(scene, stem, (".pfm", ".png", ".pgm"))
    if path is None:
        return None
    if path.suffix == ".pfm":
        found = io.read_disparity(path)
    else:
        scale = number(scene, meta, "disparity_scale", above=0)
        found = io.read_disparity(path, scale=scale, invalid=invalid_values(scene, meta))
    fitting(path, found.size, image)
    return found


def _occluded(scene: Path, meta: Mapping[str, Any], sample: StereoSample) -> Mask | None:
    """Unknown (None) unless a file tells it; `mask_nonocc` comes in two codings."""
    if sample.disparity is None:
        return None
    nonocc = grey_mask(scene / "mask_nonocc.png", sample.left)
    if nonocc is not None and (nonocc == 128).any():  # 2014: 255 seen, 128 occluded, 0 no truth
        return np.asarray(nonocc == 128)
    if nonocc is not None:  # 2001, 2003: 255 seen; what else may be scored is occluded
        every = grey_mask(scene / "mask_all.png", sample.left)
        scored = sample.disparity.valid if every is None else every == 255
        return np.asarray(scored & (nonocc != 255))
    noc = _disparity(scene, "disp_noc", meta, sample.left)
    if noc is not None:
        return sample.disparity.valid & ~noc.valid
    return cross_check(sample.disparity, sample.disparity_right) if sample.disparity_right is not None else None


def _region_masks(scene: Path, left: Image) -> dict[str, Mask]:
    masks = objects_of(scene, left, "left")
    disc = grey_mask(scene / "mask_disc.png", left)
    return masks if disc is None else {**masks, "discontinuities": disc == 255}


def _rig(scene: Path, meta: Mapping[str, Any], image: Image) -> tuple[StereoRig | None, int | None]:
    height, width = image.shape[:2]
    calib = scene / "calib.txt"
    text = read_text(calib, "stereo calibration") if calib.exists() else ""
    if "cam0" in text:
        calibration = io.read_middlebury_calib(calib)
        ndisp = calibration.ndisp
        fitting(calib, (calibration.rig.left.height, calibration.rig.left.width), image)
        return calibration.rig, ndisp if ndisp is not None and ndisp < width else None  # ETH3D writes the width
    if re.search(r"^P(\d|_rect_\d\d):", text, re.MULTILINE):
        with naming(calib, "KITTI's rectified cameras"):
            rig = kitti_rig_of(io.read_kitti_calib(calib), image)
            of_size(calib, rig.left)
            return rig, None
    f, baseline_m = (number(scene, meta, name, above=0) for name in ("focal_px", "baseline_m"))
    doffs_px = number(scene, meta, "doffs_px")
    if f is None or baseline_m is None or doffs_px is None:
        return None, None  # Middlebury 2006 was cropped by an unpublished amount: its metres are unknown
    camera = Camera(width=width, height=height, fx=f, fy=f, cx=(width - 1) / 2, cy=(height - 1) / 2)
    return StereoRig.rectified(camera, baseline_m, doffs_px), None


def _read_flow(name: str, scene: Path, meta: Mapping[str, Any], version: str) -> FlowSample:
    frames = [find_image(scene, stem + version) or required(scene, stem) for stem in ("frame0", "frame1")]
    frame0 = io.read_image(frames[0])
    frame1 = partner(frames[1], frame0)
    truth = find_image(scene, "flow", (".flo", ".png", ".pfm"))
    flow = None if truth is None else io.read_flow(truth)
    if flow is not None and truth is not None:
        fitting(truth, flow.size, frame0)
    invalid, occluded = (grey_mask(scene / file, frame0) for file in ("invalid.png", "occlusion.png"))
    if flow is not None and invalid is not None:
        flow = Flow(px=np.where((invalid > 0)[..., None], np.nan, flow.px))
    intrinsics = meta.get("intrinsics")
    return FlowSample(
        name=name,
        frame0=frame0,
        frame1=frame1,
        camera=None if intrinsics is None else camera_of(scene, intrinsics, frame0),
        flow=flow,
        occluded=None if occluded is None else occluded > 0,
        masks=objects_of(scene, frame0, "frame0"),
    )


def _read_depth(name: str, scene: Path, meta: Mapping[str, Any], frame: str) -> DepthSample:
    suffix = f"_{frame}" if frame else ""
    image = io.read_image(required(scene, f"color{suffix}"))
    if "intrinsics" not in meta:
        raise DatasetError(f"{scene / 'meta.json'} has no intrinsics; expected fx, fy, cx and cy in pixels")
    camera = camera_of(scene, meta["intrinsics"], image)
    depth = None
    if (found := depth_of(scene, meta, f"depth{suffix}")) is not None:
        path, stored = found
        depth = registered(scene / "meta.json", meta, stored, camera)
        fitting(path, depth.size, image)
    return DepthSample(
        name=name,
        image=image,
        camera=camera,
        clip=_clip(scene, camera, frame, image),
        masks={**objects_of(scene, image, "color", suffix), **_edges(scene, suffix, image)},
        category=None if meta.get("category") is None else str(meta["category"]),
        depth=depth,
    )


def _edges(scene: Path, suffix: str, image: Image) -> dict[str, Mask]:
    edges = grey_mask(scene / f"edges{suffix}.png", image)
    return {} if edges is None else {"edges": edges > 0}


def _clip(scene: Path, camera: Camera, frame: str, image: Image) -> Clip | None:
    """The posed frames around one; None where the scene has no ``poses.txt``."""
    frames, table = _frames(scene), scene / "poses.txt"
    if not table.is_file() or len(frames) < 2:
        return None
    poses, at = read_poses(table, len(frames)), frames.index(frame)
    chosen = range(max(0, at - AROUND), min(len(frames), at + AROUND + 1))
    images = tuple(image if k == at else partner(required(scene, f"color_{frames[k]}"), image) for k in chosen)
    return Clip(frames=images, cameras=camera, T_world_cam=poses[list(chosen)], reference=at - chosen.start)
