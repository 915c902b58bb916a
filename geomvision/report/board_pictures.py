"""Small pictures of the estimates that a run kept, for the leaderboard's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import io
from ..benchmark.leaderboard import Section
from ..images import Image
from .maps import colored, encode_image, flow_colored

#: Pixels across of a picture; bytes of all pictures on a page.
WIDE = 400
PICTURE_BUDGET = 24_000_000


def pictures(section: Section, run: Path, budget: int = PICTURE_BUDGET) -> dict[str, Any] | None:
    """Pictures by sample and label as data addresses, in one colour scale for each sample; None where none was kept.

    Scenes come in their order until the budget, bytes, is spent; the note says where that was.
    """
    kept: dict[str, dict[str, Path]] = {}
    for (sample, label), place in section.maps.items():
        kept.setdefault(sample, {})[label] = run / place
    if not kept:
        return None
    found: dict[str, dict[str, str]] = {}
    spent, missing = 0, 0
    for sample, places in kept.items():
        if spent >= budget:
            break
        maps = {label: read_map(place, section.task) for label, place in places.items() if place.is_file()}
        missing += len(places) - len(maps)
        found[sample] = {label: encode_image(picture, 85) for label, picture in _drawn(maps).items()}
        spent += sum(map(len, found[sample].values()))
    note = "A click on an underlined figure shows the estimate, all of a scene in one scale of colours, red largest."
    if len(found) < len(kept):
        note += f" Pictures of {len(found)} of {len(kept)} scenes are in this page; the others are in the run's folder."
    if missing:
        note += f" {missing} kept estimates are no longer in the run's folder."
    return {"of": found, "note": note}


def read_map(path: Path, task: str) -> NDArray[np.floating[Any]]:
    """A kept estimate's values, (H, W) or (H, W, 2), NaN where there is none.

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


def _drawn(maps: dict[str, NDArray[np.floating[Any]]]) -> dict[str, Image]:
    """Every map in colours, on the scale of all together."""
    small = {label: _reduced(values) for label, values in maps.items()}
    flat = {label: values for label, values in small.items() if values.ndim == 2}
    known = np.concatenate([values[np.isfinite(values)] for values in flat.values()] or [np.zeros(0)])
    low, high = np.percentile(known, (1, 99)) if known.size else (0.0, 1.0)
    lengths = [np.hypot(v[..., 0], v[..., 1]) for v in small.values() if v.ndim == 3]
    moving = np.concatenate([length[np.isfinite(length)] for length in lengths] or [np.zeros(0)])
    full = max(float(np.percentile(moving, 99)), 1e-6) if moving.size else 1.0
    return {
        label: colored(values, (float(low), float(high))) if values.ndim == 2 else flow_colored(values[..., :2], full)
        for label, values in small.items()
    }


def _reduced(values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Every second, third, … pixel, so that no more than `WIDE` stand in a row: values are not mixed."""
    step = max(1, -(-values.shape[1] // WIDE)) if values.ndim > 1 else 1
    return values[::step, ::step] if values.ndim > 1 else values[None]
