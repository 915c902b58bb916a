"""The data sets of a run: ``name:PATH?option=value`` to samples, from a folder or a URL, on any machine."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import inspect
import json
import os
import re
import typing
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...cameras import Camera, StereoRig
from ...datasets import DATASETS
from ...io import read_camera, read_rig
from ...samples import DepthSample, FlowSample, PointsSample, PoseSample, Sample, SceneFlowSample, StereoSample
from .annotations import Annotated
from .plan import Source
from .remote import fetched, is_url, remote_stamp

#: Options that name a file: an export of an annotation tool with masks of the samples, for every data set that is read
#: from files, and calibrations, for those that take a camera or a rig.
OBJECTS, CALIBRATIONS = "objects", {"camera": Camera, "rig": StereoRig}
FORM = "[CALLED=]NAME:PATH[?OPTION=VALUE&OPTION=VALUE], like middlebury:data/trainingQ or kitti=kitti:data?colour=false"
#: Of a reader that has a choice without the task, what is taken instead; of others' tasks, rectified pairs.
INSTEAD = {"pose": ("scene_flow", "flow", "stereo")}
KINDS: dict[str, tuple[type, ...]] = {
    "stereo": (StereoSample,),
    "flow": (FlowSample,),
    "depth": (DepthSample,),
    "scene_flow": (SceneFlowSample, PointsSample),
    "pose": (PoseSample,),
}


class NoSample(TypeError):  # noqa: N818
    """A sample of another task: so is the whole data set, as it was opened."""


def parsed(text: str) -> Source:
    """A data set from what the command line is given; its options have the types that its reader says.

    Raises:
        ValueError: when the text has another form, or names a data set or an option that is none.
    """
    match = re.fullmatch(r"(?:([^=:?/]+)=)?(\w+)(?::([^?]*))?(?:\?(.*))?", text)
    if match is None:
        meant = f"; for scenes in folders, folder:{text}" if Path(text).exists() else ""
        raise ValueError(f"--dataset {text}: it must be {FORM}{meant}")
    called, name, location, options = match.groups()
    if name not in DATASETS:
        close = difflib.get_close_matches(name.lower(), list(DATASETS), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"--dataset {text}: there is no data set {name!r}; there are {', '.join(DATASETS)}{hint}")
    known = _parameters(DATASETS[name])
    if not location and "path" in known:
        raise ValueError(f"--dataset {text}: the data set {name!r} is read from somewhere; it must be {FORM}")
    own = {**known, **dict.fromkeys(_files(DATASETS[name]), str)}
    given = {}
    for item in filter(None, (options or "").split("&")):
        option, separator, value = item.partition("=")
        if not separator or option not in own or option == "path":
            allowed = ", ".join(sorted(set(own) - {"path"})) or "none"
            raise ValueError(f"--dataset {text}: {item!r} is no option of {name!r}; options are {allowed}")
        given[option] = _value(value, own[option]) if option in known else _absolute(value)
    return Source(name=called or name, dataset=name, location=_absolute(location or ""), options=given)


def _absolute(location: str) -> str:
    return location if is_url(location) or not location else str(Path(location).expanduser().absolute())


def _parameters(reader: type) -> dict[str, Any]:
    """The options of a reader that text can say, by name, with the types it gives; "path" is one where it reads one."""
    return {name: hint for name, hint in _every_parameter(reader).items() if name == "path" or _is_plain(hint)}


def _every_parameter(reader: type) -> dict[str, Any]:
    # Those of a dataclass are resolved where each was written.
    own = next(vars(each)["__init__"] for each in reader.__mro__ if "__init__" in vars(each))
    hints = typing.get_type_hints(reader if dataclasses.is_dataclass(reader) else own)
    return {name: hints.get(name, str) for name in inspect.signature(reader).parameters if name != "self"}


def _files(reader: type) -> list[str]:
    """The options of a reader that name a file, besides those that it has itself."""
    known = _every_parameter(reader)
    found = [
        name for name, kind in CALIBRATIONS.items() if kind in (known.get(name), *typing.get_args(known.get(name)))
    ]
    return found + [OBJECTS] * ("path" in known and OBJECTS not in known)


def _is_plain(hint: Any) -> bool:
    """Whether text can say a value of this type: numbers, words, lists of them, but no camera."""
    inner = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Literal:
        return True
    return all(map(_is_plain, inner)) if inner else hint in (bool, int, float, str, type(None), Path, Ellipsis)


def _value(text: str, hint: Any) -> Any:
    """Text as JSON would read it, lists as tuples; as it stands where it is none, or words are wanted."""
    if hint is str:
        return text
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return tuple(value) if isinstance(value, list) else value


def opened(source: Source, task: str) -> Any:
    """The data set, with samples of the task where it has a choice. What its reader says is raised."""
    return _opened(json.dumps([source.dataset, source.location, dict(source.options)]), task)


@lru_cache(maxsize=8)
def _opened(text: str, task: str) -> Any:
    name, location, options = json.loads(text)
    reader = DATASETS[name]
    known = _parameters(reader)
    named = {option: options.pop(option) for option in _files(reader) if option in options}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    if "task" in known and "task" not in given:
        choices = [choice for choice in _choices(known["task"]) if isinstance(choice, str)]
        instead = [other for other in INSTEAD.get(task, ("stereo",)) if other in choices]
        given["task"] = instead[0] if choices and task not in choices and instead else task
    place = (fetched(location) if is_url(location) else Path(location),) if "path" in known else ()
    wanted = inspect.signature(reader).parameters.get("camera")
    if wanted is not None and wanted.default is inspect.Parameter.empty and "camera" not in named:
        raise ValueError(f"the data set {name!r} has no calibration of its own: give it as in {name}:PATH?camera=FILE")
    if "camera" in named:
        given["camera"] = read_camera(named["camera"])
    if "rig" in named:
        given["rig"] = read_rig(named["rig"])
    dataset = reader(*place, **given)
    return Annotated(dataset, names_of(dataset), Path(named[OBJECTS])) if OBJECTS in named else dataset


def _choices(hint: Any) -> list[Any]:
    """All that a Literal allows, within a union, too."""
    inner = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Literal:
        return list(inner)
    return [choice for each in inner for choice in _choices(each)]


def forget_opened() -> None:
    """Data sets are opened anew: what a folder held before a run was started may have changed."""
    _opened.cache_clear()


def names_of(dataset: Any) -> Sequence[str]:
    """The names of the samples, in order; numbers where a data set has none."""
    found: Sequence[str] = getattr(dataset, "names", None) or [str(index) for index in range(len(dataset))]
    return found


def read(dataset: Any, name: str, task: str) -> Sample:
    """One sample, as the task needs it: a stereo pair with a rig is a sample of depth, frames with a pose one of pose.

    TypeError where it is none of the task; what the reader raises.
    """
    found = dataset.read(name) if hasattr(dataset, "read") else dataset[int(name)]
    sample = as_task(found, task)
    return dataset.annotated(sample, name) if isinstance(dataset, Annotated) else sample


def as_task(sample: Any, task: str) -> Sample:
    """The sample as one of the task. NoSample where it is of another, TypeError where it lacks what makes it one."""
    if isinstance(sample, KINDS[task]):
        return typing.cast("Sample", sample)
    if task == "pose" and isinstance(sample, FlowSample | SceneFlowSample):
        return _posed(sample)
    pair = sample.stereo if isinstance(sample, SceneFlowSample | DepthSample) else sample
    if task == "stereo" and isinstance(pair, StereoSample):
        return pair
    if task == "depth" and isinstance(pair, StereoSample):
        if pair.rig is None:
            raise TypeError(f"{pair.name} has no calibration: its disparities cannot become metres")
        depth = None if pair.disparity is None else pair.disparity.to_depth(pair.rig)
        return DepthSample(name=pair.name, image=pair.left, camera=pair.rig.left, depth=depth, stereo=pair)
    raise NoSample(f"a {type(sample).__name__} is no sample of {task}")


def _posed(sample: FlowSample | SceneFlowSample) -> PoseSample:
    """Two frames of a still scene as two views. TypeError where camera or motion is unknown."""
    if isinstance(sample, FlowSample):
        camera, images = sample.camera, (sample.frame0, sample.frame1)
    else:
        camera, images = None if sample.rig is None else sample.rig.left, (sample.left0, sample.left1)
    if camera is None or sample.T_1_0 is None:
        lacking = "camera" if camera is None else "T_1_0: nobody knows how it moved, or more moves than the camera"
        raise TypeError(f"{sample.name} has no {lacking}; a sample of pose needs both")
    return PoseSample(
        name=sample.name, image0=images[0], image1=images[1], camera0=camera, camera1=camera, T_1_0=sample.T_1_0
    )


def stamp(source: Source) -> str:
    """What changes when a file of the data set does: of names, sizes and times, without reading what they hold."""
    if not source.location:
        return ""
    digest = hashlib.sha256()
    for option in _files(DATASETS[source.dataset]):
        if option in source.options:
            status = Path(str(source.options[option])).stat()
            digest.update(f"{option}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    if is_url(source.location):
        digest.update(remote_stamp(source.location).encode())
        return digest.hexdigest()[:16]
    for name, size, written in sorted(_walked(source.location)):
        digest.update(f"{name}\0{size}\0{written}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _walked(place: str) -> list[tuple[str, int, int]]:
    if not Path(place).is_dir():
        status = Path(place).stat()
        return [("", status.st_size, status.st_mtime_ns)]
    found = []
    folders = [place]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders.append(entry.path)
                else:
                    status = entry.stat()
                    found.append((os.path.relpath(entry.path, place), status.st_size, status.st_mtime_ns))
    return found
