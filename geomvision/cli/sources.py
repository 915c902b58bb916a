"""Samples from the paths a user gives: two images and what is known about them, or a scene folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .. import io
from ..cameras import Camera, CameraModel, StereoRig
from ..datasets._layouts import LAYOUTS
from ..datasets.folder import Folder
from ..datasets.kitti import KITTI
from ..datasets.middlebury import Middlebury
from ..datasets.synthetic import Synthetic
from ..images import Image, Mask
from ..io._files import read_text
from ..samples import DepthSample, FlowSample, PointPairs, Sample, SceneFlowSample, StereoSample
from .objects import classed, frames_of, known_as

#: File names that say nothing about the scene: its folder's name is taken.
PLAIN = {"left", "im0", "im2", "view1", "frame0", "frame10", "color", "image", "0", "1"}

#: Options of rendered scenes of scene flow.
RENDERED: dict[str, Any] = {"task": "scene_flow", "height": 240, "width": 320}

#: What data sets of stereo scenes call the left image.
LEFT = ("left", "im0", "view1", "im2")

#: Words for the unit of OpenCV's T, and its length in metres.
UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def stereo(
    left: Path,
    right: Path | None,
    *,
    truth: Path | None = None,
    truth_scale: float | None = None,
    calib: Sequence[Path] = (),
    mask: Path | None = None,
    unit: str | None = None,
    objects: Path | None = None,
) -> list[StereoSample]:
    """One pair from two files, or the scenes of a folder; `objects` are masks of theirs by class."""
    if right is None:
        _alone(left, truth=truth, calib=calib, mask=mask)
        scenes: list[StereoSample] = _scenes(left, "stereo")
        alone = LEFT if len(scenes) == 1 else ()
        return classed(scenes, objects, {s.name: [*(f"{s.name}/{stem}" for stem in LEFT), *alone] for s in scenes})
    image, other = io.read_image(left), io.read_image(right)
    disparity = None if truth is None else io.read_disparity(truth, scale=truth_scale)
    if disparity is not None:
        _same_size(truth, disparity.size, image)
    rig, ndisp = calibration(calib, image, unit) if calib else (None, None)
    hidden = None if mask is None else _occluded(mask, image, None if disparity is None else disparity.valid)
    pair = StereoSample(
        name=_name(left),
        left=image,
        right=other,
        rig=rig,
        disparity=disparity,
        occluded=hidden,
        max_disparity=ndisp,
    )
    return classed([pair], objects, {pair.name: known_as(left)})


def flow(
    frame0: Path,
    frame1: Path | None,
    *,
    truth: Path | None = None,
    mask: Path | None = None,
    objects: Path | None = None,
) -> list[FlowSample]:
    """Two frames from two files, or the scenes of a folder. In the mask what is not 0 is occluded.

    `objects` are masks of the first frames by class.
    """
    if frame1 is None:
        _alone(frame0, truth=truth, mask=mask)
        scenes: list[FlowSample] = _scenes(frame0, "flow")
        return classed(scenes, objects, frames_of([scene.name for scene in scenes], ("frame0",)))
    image, other = io.read_image(frame0), io.read_image(frame1)
    known = None if truth is None else io.read_flow(truth)
    if known is not None:
        _same_size(truth, known.size, image)
    hidden = None
    if mask is not None:
        values = io.read_image(mask)
        _same_size(mask, values.shape[:2], image)
        hidden = np.asarray((values if values.ndim == 2 else values[..., 0]) > 0)
    pair = FlowSample(name=_name(frame0), frame0=image, frame1=other, flow=known, occluded=hidden)
    return classed([pair], objects, {pair.name: known_as(frame0)})


def depth(
    image: Path,
    right: Path | None,
    *,
    truth: Path | None = None,
    truth_scale: float | None = None,
    calib: Sequence[Path] = (),
    camera_height: float | None = None,
    horizon: float | None = None,
    unit: str | None = None,
    pairs: Path | None = None,
    objects: Path | None = None,
) -> list[DepthSample]:
    """One image with its camera, or the scenes of a folder; stereo scenes with a rig count, by their disparity.

    `pairs` names points of which one is further, by the image's file name; `objects` are masks by class.
    """
    names: Mapping[str, Sequence[str]] = {}
    _ground(camera_height, horizon)
    if image.is_dir():
        _alone(image, right=right, truth=truth, calib=calib)
        found = _depth_scenes(image)
        names = frames_of([scene.name for scene in found], ("color", *LEFT))
    else:
        view = io.read_image(image)
        if not calib:
            raise ValueError("depth needs a camera: give --calib FILE, or a scene folder")
        metric = None if truth is None else io.read_depth(truth, scale=truth_scale)
        if metric is not None:
            _same_size(truth, metric.size, view)
        pair = None
        if right is None:
            camera = _plain(calib[0], io.read_camera(calib[0], image=view))
        else:
            rig, ndisp = calibration(calib, view, unit)
            other, camera = io.read_image(right), rig.left
            pair = StereoSample(name=_name(image), left=view, right=other, rig=rig, max_disparity=ndisp)
        found = [DepthSample(name=_name(image), image=view, camera=camera, depth=metric, stereo=pair)]
        names = {found[0].name: known_as(image)}
    found = classed(found, objects, names)
    known = None if pairs is None else _pairs_of(pairs, image, [sample.name for sample in found])
    for sample in found:
        height, row = camera_height or sample.camera_height_m, sample.horizon_px if horizon is None else horizon
        if (camera_height, horizon) != (None, None) and (height is None or (row is None and sample.down is None)):
            lacks = "--camera-height" if height is None else "--horizon"
            raise ValueError(f"{lacks} is not told, and {sample.name} does not know it: ground_plane needs both")
    return [
        replace(
            sample,
            camera_height_m=sample.camera_height_m if camera_height is None else camera_height,
            horizon_px=sample.horizon_px if horizon is None else horizon,
            pairs=sample.pairs if known is None else known,
        )
        for sample in found
    ]


def _ground(camera_height: float | None, horizon: float | None) -> None:
    if camera_height is not None and not 0 < camera_height < float("inf"):
        raise ValueError(f"--camera-height is {camera_height:g}; it must be a positive number of metres")
    if horizon is not None and not abs(horizon) < float("inf"):
        raise ValueError(f"--horizon is {horizon}; it must be a finite image row")


def _pairs_of(path: Path, image: Path, names: Sequence[str]) -> PointPairs:
    """The pairs of the one image."""
    if len(names) > 1:
        raise ValueError(f"--pairs {path} is for one image, but {image} holds {len(names)}")
    every = io.read_point_pairs(path)
    found = [pairs for name, pairs in every.items() if Path(name).stem == image.stem or len(every) == 1]
    if len(found) != 1:
        raise ValueError(f"--pairs {path}: {len(found)} of its {len(every)} images are called {image.stem!r}")
    return found[0]


def scene_flow(
    folder: Path | None, *, seed: int | None = None, layouts: Sequence[str] = (), objects: Path | None = None
) -> list[SceneFlowSample]:
    """The frames of a KITTI 2015 folder; without one a rendered scene of each layout, with exact truth.

    `objects` are masks of the left images ``NNNNNN_10`` by class.
    """
    if folder is None:
        if objects is not None:
            raise ValueError("--objects are of a folder's images; rendered scenes have masks of their own")
        chosen = dict.fromkeys(layouts or LAYOUTS)
        scenes = {layout: Synthetic(seed=seed or 0, layout=layout, **RENDERED) for layout in chosen}
        return [replace(each.scene_flow(0), name=layout) for layout, each in scenes.items()]
    if seed is not None or layouts:
        raise ValueError(f"{folder} holds its own scenes: leave out --seed and --layout, which are of rendered ones")
    found = [sample for sample in KITTI(folder, task="scene_flow") if isinstance(sample, SceneFlowSample)]
    return classed(found, objects, {sample.name: [f"{sample.name}_10"] for sample in found})


def depth_of(pair: StereoSample) -> DepthSample:
    """A stereo scene with a rig as a depth scene: its true disparity gives the true depth."""
    if pair.rig is None:
        raise ValueError(f"{pair.name} has no calibration: its disparities cannot become metres")
    known = None if pair.disparity is None else pair.disparity.to_depth(pair.rig)
    camera, masks, things = pair.rig.left, pair.masks, pair.things
    return DepthSample(
        name=pair.name, image=pair.left, camera=camera, depth=known, stereo=pair, masks=masks, things=things
    )


def _plain(path: Path, camera: CameraModel) -> Camera:
    """The camera where it is a pinhole without distortion, which is what methods of one image know."""
    if isinstance(camera, Camera) and not camera.is_distorted:
        return camera
    raise ValueError(f"{path} has a lens with distortion: undistort the image first (gv.cameras.undistort)")


def rig_of(paths: Sequence[Path], image: Image, *, unit: str | None = None, rectified: bool = False) -> StereoRig[Any]:
    """The rig of one calibration file of any format, or two; `unit` is that of OpenCV's T."""
    if len(paths) > 2:
        raise io.FormatError(paths[0], f"and {len(paths) - 1} more make no rig", io.RIG_FORMATS)
    if unit is not None and unit not in UNITS:
        raise ValueError(f"--unit is {unit!r}; it must be one of {', '.join(UNITS)}")
    known = None if unit is None else UNITS[unit]
    return io.read_rig(*paths, image=image, rectified=rectified, unit_m=known)


def calibration(paths: Sequence[Path], image: Image, unit: str | None = None) -> tuple[StereoRig, int | None]:
    """Rectified rig and, where the file says it, number of disparities, for this image's size.

    Raises ValueError where the rig is not rectified: then images have to be first.
    """
    rig = rig_of(paths, image, unit=unit, rectified=True)
    if not rig.is_rectified:
        flags = " ".join(f"--rig {path}" for path in paths)
        raise ValueError(
            f"{paths[0]} is of a pair as recorded, not rectified. First: geomvision rectify LEFT RIGHT {flags} --out "
            "rectified; then give rectified/left.png, rectified/right.png and --calib rectified/calib.txt"
        )
    if "cam0" not in read_text(paths[0], io.RIG_FORMATS) or paths[0].suffix.lower() in (".yaml", ".yml", ".json"):
        return rig, None
    ndisp = io.read_middlebury_calib(paths[0]).ndisp
    return rig, ndisp if ndisp is not None and ndisp < image.shape[1] else None


def _scenes(folder: Path, task: Literal["stereo", "flow"]) -> list[Any]:
    """The scenes of a folder in the layout of meta.json files, or as Middlebury has them."""
    try:
        found: list[Sample] = list(Folder(folder, task=task))
    except ValueError as error:
        if task != "stereo" or not folder.is_dir():
            raise
        try:
            found = list(Middlebury(folder))
        except ValueError:
            raise error from None
    return found


def _depth_scenes(folder: Path) -> list[DepthSample]:
    try:
        found = list(Folder(folder, task="depth"))
    except ValueError as error:
        try:
            pairs = _scenes(folder, "stereo")
        except ValueError:
            raise error from None
        return [depth_of(pair) for pair in pairs]
    return [sample for sample in found if isinstance(sample, DepthSample)]


def _alone(first: Path, **others: Path | Sequence[Path] | None) -> None:
    """One path alone must be a folder, and a folder stands alone: it holds its own truth and calibration."""
    given = [f"--{name}" if name != "right" else "a second image" for name, path in others.items() if path]
    if not first.exists():
        raise ValueError(f"{first} does not exist")
    if not first.is_dir():
        raise ValueError(f"{first} is one file: give two images, or a scene folder")
    if given:
        raise ValueError(f"{first} is a scene folder, which holds its own files: leave out {', '.join(given)}")


def _occluded(path: Path, image: Image, known: Mask | None) -> Mask:
    """Left pixels without a partner: 128 in a mask of 255, 128 and 0; else what has truth and is not 255."""
    values = io.read_image(path)
    _same_size(path, values.shape[:2], image)
    values = values if values.ndim == 2 else values[..., 0]
    if (values == 128).any():
        return np.asarray(values == 128)
    return np.asarray((values != 255) if known is None else (values != 255) & known)


def _same_size(path: Path | None, size: tuple[int, ...], image: Image) -> None:
    if tuple(size) != image.shape[:2]:
        given, wanted = f"{size[1]}x{size[0]}", f"{image.shape[1]}x{image.shape[0]}"
        raise ValueError(f"{path} is {given} pixels, but the image is {wanted}")


def _name(path: Path) -> str:
    """The scene's name: the file's, or its folder's where the file is called "left"."""
    folder = path.resolve().parent.name
    return folder if path.stem.lower() in PLAIN and folder else path.stem
