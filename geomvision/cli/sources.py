"""Samples from the paths a user gives: two images and what is known about them, or a scene folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .. import io
from ..cameras import Camera, StereoRig
from ..datasets.folder import Folder
from ..datasets.middlebury import Middlebury
from ..images import Image, Mask
from ..io._files import read_text
from ..io.kitti import kitti_rig_of
from ..samples import DepthSample, FlowSample, Sample, StereoSample

#: File names that say nothing about the scene: its folder's name is taken.
PLAIN = {"left", "im0", "im2", "view1", "frame0", "frame10", "color", "image", "0", "1"}


def stereo(
    left: Path,
    right: Path | None,
    *,
    truth: Path | None = None,
    truth_scale: float | None = None,
    calib: Path | None = None,
    mask: Path | None = None,
) -> list[StereoSample]:
    """One pair from two files, or the scenes of a folder."""
    if right is None:
        _alone(left, truth=truth, calib=calib, mask=mask)
        return _scenes(left, "stereo")
    image, other = io.read_image(left), io.read_image(right)
    disparity = None if truth is None else io.read_disparity(truth, scale=truth_scale)
    if disparity is not None:
        _same_size(truth, disparity.size, image)
    rig, ndisp = (None, None) if calib is None else calibration(calib, image)
    hidden = None if mask is None else _occluded(mask, image, None if disparity is None else disparity.valid)
    return [
        StereoSample(
            name=_name(left),
            left=image,
            right=other,
            rig=rig,
            disparity=disparity,
            occluded=hidden,
            max_disparity=ndisp,
        )
    ]


def flow(frame0: Path, frame1: Path | None, *, truth: Path | None = None, mask: Path | None = None) -> list[FlowSample]:
    """Two frames from two files, or the scenes of a folder. In the mask what is not 0 is occluded."""
    if frame1 is None:
        _alone(frame0, truth=truth, mask=mask)
        return _scenes(frame0, "flow")
    image, other = io.read_image(frame0), io.read_image(frame1)
    known = None if truth is None else io.read_flow(truth)
    if known is not None:
        _same_size(truth, known.size, image)
    hidden = None
    if mask is not None:
        values = io.read_image(mask)
        _same_size(mask, values.shape[:2], image)
        hidden = np.asarray((values if values.ndim == 2 else values[..., 0]) > 0)
    return [FlowSample(name=_name(frame0), frame0=image, frame1=other, flow=known, occluded=hidden)]


def depth(
    image: Path,
    right: Path | None,
    *,
    truth: Path | None = None,
    truth_scale: float | None = None,
    calib: Path | None = None,
    camera_height: float | None = None,
    horizon: float | None = None,
) -> list[DepthSample]:
    """One image with its camera, or the scenes of a folder; stereo scenes with a rig count, by their disparity."""
    if image.is_dir():
        _alone(image, right=right, truth=truth, calib=calib)
        found = _depth_scenes(image)
    else:
        view = io.read_image(image)
        if calib is None:
            raise ValueError("depth needs a camera: give --calib FILE (Middlebury or KITTI), or a scene folder")
        rig, ndisp = calibration(calib, view)
        metric = None if truth is None else io.read_depth(truth, scale=truth_scale)
        if metric is not None:
            _same_size(truth, metric.size, view)
        pair = None
        if right is not None:
            other = io.read_image(right)
            pair = StereoSample(name=_name(image), left=view, right=other, rig=rig, max_disparity=ndisp)
        found = [DepthSample(name=_name(image), image=view, camera=rig.left, depth=metric, stereo=pair)]
    return [
        replace(
            sample,
            camera_height_m=sample.camera_height_m if camera_height is None else camera_height,
            horizon_px=sample.horizon_px if horizon is None else horizon,
        )
        for sample in found
    ]


def depth_of(pair: StereoSample) -> DepthSample:
    """A stereo scene with a rig as a depth scene: its true disparity gives the true depth."""
    if pair.rig is None:
        raise ValueError(f"{pair.name} has no calibration: its disparities cannot become metres")
    known = None if pair.disparity is None else pair.disparity.to_depth(pair.rig)
    return DepthSample(name=pair.name, image=pair.left, camera=pair.rig.left, depth=known, stereo=pair)


def calibration(path: Path, image: Image) -> tuple[StereoRig, int | None]:
    """Rig and number of disparities of a Middlebury or KITTI calibration file, for this image's size."""
    text = read_text(path, "a calib.txt of Middlebury (cam0=…) or KITTI (P0: …)")
    height, width = image.shape[:2]
    if "cam0" in text:
        known = io.read_middlebury_calib(path)
        rig, ndisp = known.rig, known.ndisp if known.ndisp is not None and known.ndisp < width else None
    elif "P0:" in text or "P_rect" in text:
        rig, ndisp = kitti_rig_of(io.read_kitti_calib(path), image), None
    else:
        raise io.FormatError(path, "holds neither cam0= nor P0:", "a calib.txt of Middlebury or KITTI")
    camera: Camera = rig.left
    if (camera.width, camera.height) != (width, height):
        size = f"{camera.width}x{camera.height}"
        raise ValueError(f"{path} is for images of {size} pixels, but the image is {width}x{height}")
    return rig, ndisp


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


def _alone(first: Path, **others: Path | None) -> None:
    """One path alone must be a folder, and a folder stands alone: it holds its own truth and calibration."""
    given = [f"--{name}" if name != "right" else "a second image" for name, path in others.items() if path is not None]
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
