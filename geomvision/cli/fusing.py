"""``geomvision fuse``: frames, poses and depth of a folder to one coloured mesh, and a page that shows it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import io
from ..cameras import Array, Camera, CameraModel
from ..datasets._folder_parts import number
from ..datasets._registered import registration_of
from ..datasets.posed_clip import PosedClip
from ..depth.from_motion import FromMotion
from ..geometry import fuse
from ..images import Image, as_image
from ..report.document import Report
from ..report.maps import colored, eight_bit
from ..report.surfaces import Surface
from ..results import Depth, PointCloud, RelativeDepth
from . import registering
from .calibrating import length_m
from .outputs import check_file, spare
from .saying import say

#: A voxel is so small a share of the median depth where none is given.
VOXEL_SHARE = 0.005
#: Depth from motion less sure than this is not fused: it is of short baselines, far and rough.
LEAST_CONFIDENCE = 0.1
DEPTHS = ("auto", "sensor", "motion")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags say: as in ``geomvision fuse --help``."""

    out: Path
    report: Path | None = None
    depth: str = "auto"
    camera: Path | None = None
    depth_scale: float | None = None
    voxel: str | None = None
    max_depth: str | None = None
    every: int = 1
    min_views: int = 1
    unscaled: bool = False
    register: str | None = None
    registration_out: Path | None = None


@dataclass(frozen=True, eq=False)
class Posed:
    """Frames with what is known of them; `depths` are None where the folder has none for a frame, poses without any."""

    names: list[str]
    images: list[Image]
    depths: list[Depth | None]
    camera: Camera
    T_world_cam: Array | None
    registered: bool = False  # from another camera's view


def run(folder: Path, choices: Choices) -> PointCloud:
    """Fuse a folder. ValueError when it cannot be right, before anything is written."""
    _check(choices)
    register = None if choices.register is None else Path(choices.register)
    outputs = (choices.out, choices.report, choices.registration_out)
    spare("--registration-out", filter(None, outputs), (choices.camera, register, folder))
    voxel = None if choices.voxel is None else length_m(choices.voxel, "--voxel")
    farthest = float("inf") if choices.max_depth is None else length_m(choices.max_depth, "--max-depth")
    clip = read(folder, choices)
    height, width = clip.images[0].shape[:2]
    say(f"{folder}: {len(clip.names)} frames of {width}x{height} pixels, focal length {clip.camera.fx:.1f} px")
    source = "motion" if choices.unscaled else choices.depth
    if source == "auto":
        source = "sensor" if any(depth is not None for depth in clip.depths) else "motion"
    said: list[str] = []
    depths, cameras, poses, images = _warned(lambda: _depths(clip, source, folder, choices), said)
    voxel, unit = voxel or _voxel(depths), "median depths" if choices.unscaled else "m"
    words = "the folder's maps" if source == "sensor" else "the frames themselves (from_motion)"
    words += " in the colour camera's view" if source == "sensor" and clip.registered else ""
    facts = [f"{len(images)} frames", f"depth from {words}", f"voxels of {voxel:.3g} {unit}"]
    if choices.unscaled:
        facts.append("no poses were given: nothing is known in metres")
    say("; ".join(facts[1:]))
    mesh: PointCloud
    options: dict[str, Any] = {"voxel_m": voxel, "max_depth_m": farthest, "min_views": choices.min_views}
    try:
        mesh = _warned(lambda: fuse(depths, images, cameras, poses, **options), said)
    except ImportError as error:
        raise ValueError(str(error)) from error
    triangles = 0 if mesh.triangles is None else len(mesh.triangles)
    if triangles == 0:
        raise ValueError(f"{folder}: no surface came of it{': ' if said else ''}{'; '.join(said)}")
    sides = " x ".join(f"{side:.3g}" for side in np.ptp(mesh.points, axis=0))
    for text in said:
        say(f"warning: {text}")
    say(f"mesh of {triangles:,} triangles, {sides} {unit}")
    io.write_ply(choices.out, mesh)
    say(f"wrote {choices.out}")
    if choices.report is not None:
        surface = Surface(
            name=folder.resolve().name,
            mesh=mesh,
            facts=[*facts, *(f"warning: {text}" for text in said)],
            camera=cameras[0],
            T_world_cam=poses,
            unit=unit,
            pictures=[_picture(*each) for each in zip(clip.names, images, depths, strict=False)],
        )
        Report(title=f"Fused from {folder.resolve().name}", surfaces=(surface,)).save(choices.report)
        say(f"wrote {choices.report} ({choices.report.stat().st_size / 1e6:.1f} MB)")
    return mesh


def read(folder: Path, choices: Choices) -> Posed:
    """The chosen frames of the folder with their poses. ValueError for a camera that is unknown or does not fit."""
    if not folder.is_dir():
        wrong = "is one file" if folder.exists() else "does not exist"
        raise ValueError(f"{folder} {wrong}: give the folder with frames and poses")
    source, meta = registering.words_of(folder, choices.register)
    scale = choices.depth_scale or number(folder, meta, "depth_scale", above=0) or 1000.0
    any_camera = Camera(width=1, height=1, fx=1.0, fy=1.0, cx=0.0, cy=0.0)
    names = PosedClip(folder, any_camera).names[:: choices.every]
    if len(names) < 2:
        raise ValueError(f"{folder}: {len(names)} frame is left by --every {choices.every}; two or more make a surface")
    first = PosedClip(folder, any_camera).image(names[0])
    camera = _camera(folder, meta, choices.camera, first)
    clip = PosedClip(folder, camera, depth_scale=scale)
    stored = None if choices.register == registering.ESTIMATE else next(filter(None, map(clip.depth, names)), None)
    place = None if stored is None else registration_of(source, meta, stored.size, camera)
    clip = PosedClip(folder, camera, depth_scale=scale, registration=place)
    poses = None if choices.unscaled else _poses(folder, clip)[:: choices.every]
    images = [as_image(clip.image(name), name) for name in names]
    sizes = {image.shape[:2] for image in images}
    if len(sizes) > 1:
        told = ", ".join(f"{width}x{height}" for height, width in sorted(sizes))
        raise ValueError(f"{folder}: the frames differ in size ({told} pixels); one camera took them all")
    return Posed(names, images, [clip.depth(name) for name in names], clip.camera, poses, place is not None)


def _poses(folder: Path, clip: PosedClip) -> Array:
    if not (folder / "poses.txt").exists() and not any(folder.glob("frame-*.pose.txt")):
        raise ValueError(
            f"{folder} has no poses (poses.txt, frame-000000.pose.txt): without them nothing is known in metres; "
            "--unscaled finds them up to scale"
        )
    return clip.T_world_cam


def _camera(folder: Path, meta: Any, path: Path | None, image: Image) -> Camera:
    if path is not None:
        camera = io.read_camera(path, image=image)
        if not isinstance(camera, Camera):
            raise ValueError(f"{path} is a {type(camera).__name__}; fuse takes a pinhole camera here: undistort first")
        return camera
    if "intrinsics" not in meta:
        formats = io.CAMERA_FORMATS.partition(";")[0]
        example = '{"intrinsics": {"fx": 525, "fy": 525, "cx": 319.5, "cy": 239.5}}'
        raise ValueError(f"{folder} tells no camera: give --camera FILE ({formats}), or write meta.json: {example}")
    try:
        fx, fy, cx, cy = (float(meta["intrinsics"][key]) for key in ("fx", "fy", "cx", "cy"))
    except (KeyError, TypeError, ValueError) as error:
        raise io.FormatError(folder / "meta.json", f"intrinsics: {error!r}", "numbers fx, fy, cx, cy") from error
    return Camera(width=image.shape[1], height=image.shape[0], fx=fx, fy=fy, cx=cx, cy=cy)


def _depths(
    clip: Posed, source: str, folder: Path, choices: Choices
) -> tuple[list[Depth], Sequence[CameraModel], Array, list[Image]]:
    """Depths with the cameras, poses and images that they belong to."""
    if source == "motion":
        depths, cameras, poses, placed = _from_motion(clip)
        return depths, [cameras[k] for k in placed], poses[placed], [clip.images[k] for k in placed]
    missing = [name for name, depth in zip(clip.names, clip.depths, strict=True) if depth is None]
    if missing:
        raise ValueError(f"{folder}: no depth of frame {missing[0]}; --depth motion makes it from the frames")
    assert clip.T_world_cam is not None
    sensor = [depth for depth in clip.depths if depth is not None]
    if choices.register == registering.ESTIMATE:
        depths, cameras, poses, placed = _from_motion(clip)
        own, maps = [cameras[k] for k in placed], [sensor[k] for k in placed]
        place = registering.estimated(depths, own, maps, clip.camera)
        say(registering.told(place))
        if choices.registration_out is not None:
            place.save(choices.registration_out)
            say(f"wrote {choices.registration_out}")
        if "registered" not in place.flags:
            return [place.registered(each) for each in maps], own, poses[placed], [clip.images[k] for k in placed]
    elif (why := registering.doubt(clip.images, sensor, clip.camera, clip.T_world_cam)) is not None:
        warnings.warn(
            f"{why}: is the depth camera another one, beside the colour camera, or are poses or camera off? "
            f"--register {registering.ESTIMATE} finds out, and brings maps to the frames",
            UserWarning,
            stacklevel=2,
        )
    return sensor, [clip.camera] * len(sensor), clip.T_world_cam, clip.images


def _from_motion(clip: Posed) -> tuple[list[Depth], Sequence[CameraModel], Array, list[int]]:
    """Depth from the frames that found a place, all cameras and poses, and which frames these are."""
    found, cameras, poses = FromMotion().clip(clip.images, clip.camera, T_world_cam=clip.T_world_cam)
    placed = [int(k) for k in np.flatnonzero(np.isfinite(poses).all(axis=(1, 2)))]
    return [_surest(found[k]) for k in placed], cameras, poses, placed


def _surest(depth: Depth | RelativeDepth) -> Depth:
    """What is sure enough; relative depth in its own unit, which --unscaled asked for."""
    values = depth.m if isinstance(depth, Depth) else depth.values
    if depth.confidence is not None:
        values = np.where(depth.confidence >= LEAST_CONFIDENCE, values, np.nan).astype(np.float32)
    return Depth(m=values)


def _voxel(depths: Sequence[Depth]) -> float:
    known = np.concatenate([depth.m[depth.valid] for depth in depths])
    if known.size == 0:
        raise ValueError("no frame has any depth")
    return float(f"{VOXEL_SHARE * float(np.median(known)):.1g}")


def _warned(work: Callable[[], Any], said: list[str]) -> Any:
    """What the work gives; its warnings go to `said`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = work()
    said += [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
    return result


def _picture(name: str, image: Image, depth: Depth) -> tuple[str, Image]:
    """The frame beside its depth."""
    shown = eight_bit(image)
    shown = np.repeat(shown[..., None], 3, axis=2) if shown.ndim == 2 else shown
    return f"frame {name}", np.concatenate([shown, colored(depth.m)], axis=1)


def _check(choices: Choices) -> None:
    """Fail before the work when the flags are wrong or nothing can be written."""
    if choices.depth not in DEPTHS:
        raise ValueError(f"--depth is {choices.depth!r}; it must be one of {', '.join(DEPTHS)}")
    if choices.unscaled and (choices.voxel or choices.max_depth or choices.depth == "sensor"):
        raise ValueError("--unscaled knows no metres: leave out --voxel, --max-depth and --depth sensor")
    if choices.depth_scale is not None and not choices.depth_scale > 0:
        raise ValueError(f"--depth-scale is {choices.depth_scale}; it must be positive: 1000 for millimetres")
    if choices.register is not None and (choices.depth == "motion" or choices.unscaled):
        raise ValueError("--register is about the folder's maps: leave out --depth motion and --unscaled")
    if choices.registration_out is not None and choices.register != registering.ESTIMATE:
        raise ValueError(f"--registration-out writes what --register {registering.ESTIMATE} finds: give that, too")
    check_file("--out", choices.out, ".ply")
    check_file("--report", choices.report, ".html")
    check_file("--registration-out", choices.registration_out, ".json")
