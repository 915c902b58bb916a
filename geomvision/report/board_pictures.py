"""Small pictures for the leaderboard's page: what a run kept of its estimates, with the image and the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import io
from ..benchmark.leaderboard import Section
from ..images import Image
from ..samples import DepthSample, FlowSample, PoseSample, Sample, SceneFlowSample, StereoSample
from .board_poses import poses_drawn, read_pose
from .maps import colored, encode_image, flow_colored

Values = NDArray[np.floating[Any]]
#: Gives a sample by data set and name.
Reader = Callable[[str, str], Sample]
#: Pixels across of a picture; bytes of all pictures on a page.
WIDE = 400
PICTURE_BUDGET = 24_000_000
NOTE = "A click on an underlined figure shows the estimate; maps of a scene have one scale of colours, red largest."
NOTES = {
    "pose": "A click on an underlined figure shows where, by the estimate, view 1 sees what lies behind the dots of "
    "view 0, near or far: lines in the dots' colours, and white ones by the truth."
}


def pictures(
    section: Section, run: Path, budget: int = PICTURE_BUDGET, reader: Reader | None = None
) -> dict[str, Any] | None:
    """Pictures by sample and label as data addresses; None where no estimate was kept.

    All maps of a sample have one scale of colours, the truth's where `reader` gives it; relative depth has its own, for
    its unit is another. Scenes come in their order until the budget, bytes, is spent; the note says where that was, and
    what could not be read.
    """
    kept: dict[str, dict[str, Path]] = {}
    for (sample, label), place in section.maps.items():
        kept.setdefault(sample, {})[label] = run / place
    if not kept:
        return None
    relative = {entry.label for entry in section.entries if entry.kind is not None}
    found: dict[str, dict[str, str]] = {}
    given: dict[str, dict[str, str]] = {}
    spent, missing, unread = 0, 0, ""
    for sample, places in kept.items():
        if spent >= budget:
            break
        there = {label: place for label, place in places.items() if place.is_file()}
        missing += len(places) - len(there)
        read = None
        try:
            read = None if reader is None else reader(section.dataset, sample)
        except (ValueError, OSError, TypeError, KeyError) as error:
            unread = unread or f" Images and truth are not shown: {error}."
        own, drawn = _poses(read, there) if section.task == "pose" else _maps(section.task, read, there, relative)
        given[sample] = {name: encode_image(picture, 85) for name, picture in own.items()}
        found[sample] = {label: encode_image(picture, 85) for label, picture in drawn.items()}
        spent += sum(map(len, (*found[sample].values(), *given[sample].values())))
    note = NOTES.get(section.task, NOTE)
    if len(found) < len(kept):
        note += f" Pictures of {len(found)} of {len(kept)} scenes are in this page; the others are in the run's folder."
    if missing:
        note += f" {missing} kept estimates are no longer in the run's folder."
    return {"of": found, "given": given, "note": note + unread}


def _maps(
    task: str, sample: Sample | None, places: Mapping[str, Path], relative: set[str]
) -> tuple[dict[str, Image], dict[str, Image]]:
    """A sample's image and truth, where it could be read, and every map."""
    image, truth = (None, None) if sample is None else _shown(sample)
    drawn = drawn_together({label: read_map(place, task) for label, place in places.items()}, truth, relative)
    given = (("image", image), ("truth", drawn.pop("truth", None)))
    return {name: picture for name, picture in given if picture is not None}, drawn


def _poses(sample: Sample | None, places: Mapping[str, Path]) -> tuple[dict[str, Image], dict[str, Image]]:
    """What poses say of a sample's views; nothing where these could not be read, for they are drawn into them."""
    if not isinstance(sample, PoseSample):
        return {}, {}
    return poses_drawn(sample, {label: read_pose(place) for label, place in places.items()})


def read_map(path: Path, task: str) -> Values:
    """A kept estimate's values, (H, W) or (H, W, C), NaN where there is none.

    Raises FormatError for a file that holds no map of the task.
    """
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            for name in ("px", "m", "values", "motion"):
                if name in arrays:
                    return np.asarray(arrays[name], np.float32)
            raise io.FormatError(path, f"holds {', '.join(arrays) or 'nothing'}", "px, m, values or motion")
    read = {"stereo": io.read_kitti_disparity, "flow": io.read_kitti_flow, "depth": io.read_kitti_depth}
    if task not in read:
        raise io.FormatError(path, f"is a {path.suffix} of the task {task}", "an .npz")
    return read[task](path)


def drawn_together(maps: Mapping[str, Values], truth: Values | None, relative: set[str]) -> dict[str, Image]:
    """Every map in colours on one scale, that of the truth where it is known; those of `relative` on their own."""
    every = {**({} if truth is None else {"truth": truth}), **maps}
    small = {label: reduced(values) for label, values in every.items()}
    alike = {label: values for label, values in small.items() if label not in relative}
    scaled_by = {"truth": alike["truth"]} if truth is not None else alike
    limits = _limits([values for values in scaled_by.values() if values.ndim == 2])
    lengths = [np.hypot(values[..., 0], values[..., 1]) for values in scaled_by.values() if values.ndim == 3]
    full = max(_limits(lengths)[1], 1e-6)
    return {
        label: flow_colored(values[..., :2], full)
        if values.ndim == 3
        else colored(values, _limits([values]) if label in relative else limits)
        for label, values in small.items()
    }


def reduced(values: Values) -> Values:
    """Every second, third, … pixel, so that no more than `WIDE` stand in a row: values are not mixed."""
    if values.ndim == 1:
        return values[None]
    step = max(1, -(-values.shape[1] // WIDE))
    return values[::step, ::step]


def _limits(every: list[Values]) -> tuple[float, float]:
    """The 1st and 99th percentile of all that is known."""
    known = np.concatenate([values[np.isfinite(values)] for values in every] or [np.zeros(0)])
    if known.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(known, (1, 99))
    return float(low), float(high)


def _shown(sample: Sample) -> tuple[Image | None, Values | None]:
    """A sample's first image, made small, and its truth; None for what it does not have."""
    if isinstance(sample, StereoSample):
        image, truth = sample.left, None if sample.disparity is None else sample.disparity.px
    elif isinstance(sample, FlowSample):
        image, truth = sample.frame0, None if sample.flow is None else sample.flow.px
    elif isinstance(sample, DepthSample):
        image, truth = sample.image, None if sample.depth is None else sample.depth.m
    elif isinstance(sample, SceneFlowSample):
        image, truth = sample.left0, sample.motion
    else:
        return None, None
    return np.ascontiguousarray(reduced(image)), truth
