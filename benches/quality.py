"""Accuracy that rows of speed demand: the same methods with the same options on real pairs with truth."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from contest import MissingError
from scenes import EXPOSURE, expert_range

import geomvision as gv
from geomvision import metrics
from geomvision.method import OptionError

STEREO, FLOW = ("middlebury", "totbad-2.0 noc"), ("middlebury_flow", "EPE")
Make = Callable[[Any], Any]


@cache
def samples(data: Path, task: str) -> list[Any]:
    if not (data / task).is_dir():
        raise MissingError(f"{data / task}: real scenes with truth (--data)")
    found = list(gv.datasets.Folder(data, task=task))  # type: ignore[arg-type]
    return [sample for sample in found if sample.name not in EXPOSURE]


def figures(data: Path, task: str, make: Make) -> list[float]:
    """The task's figure of each scene whose truth allows it (noc wants occlusions); smaller is better."""
    protocol, figure = STEREO if task == "stereo" else FLOW
    values = []
    for sample in samples(data, task):
        score = metrics.score(make(sample).on(sample), sample, [protocol])[protocol]
        if figure in score:
            values.append(score[figure].value)
    return values


def stereo(name: str, **options: Any) -> Make:
    return lambda sample: gv.stereo.METHODS[name](max_disparity=expert_range(sample), **options)


def flow(name: str, **options: Any) -> Make:
    return lambda _: gv.flow.METHODS[name](**options)


#: Key of a row → the task, ours and the peer; options as in the timed calls, the peer padded so that it loses no band.
DUELS: dict[str, tuple[str, Make, Make]] = {
    "bm": ("stereo", stereo("block_matching", cost="sad", window=15), stereo("opencv_bm", window=15)),
    "sgm5-sgbm": ("stereo", stereo("sgm", paths=5, speckle_size=0), stereo("opencv_sgbm", mode="sgbm")),
    "sgm4-sgbm": ("stereo", stereo("sgm", paths=4, speckle_size=0), stereo("opencv_sgbm", mode="sgbm")),
    "sgm5-3way": ("stereo", stereo("sgm", paths=5, speckle_size=0), stereo("opencv_sgbm", mode="3way")),
    "sgm4-3way": ("stereo", stereo("sgm", paths=4, speckle_size=0), stereo("opencv_sgbm", mode="3way")),
    "lk": ("flow", flow("lucas_kanade"), flow("opencv_farneback")),
    "tvl1": ("flow", flow("tvl1"), flow("opencv_tvl1")),
    "dis": ("flow", flow("inverse_search"), flow("opencv_dis", preset="medium")),
}


def compare(key: str, data: Path) -> dict[str, Any]:
    """The figure of both sides, its name and the number of scenes; `missing` says why there is none."""
    task, ours, peer = DUELS[key]
    try:
        found, others = figures(data, task, ours), figures(data, task, peer)
        figure = f"{(STEREO if task == 'stereo' else FLOW)[1]}, mean of {len(found)} scenes"
        return {"figure": figure, "ours": float(np.mean(found)), "peer": float(np.mean(others))}
    except (MissingError, KeyError, AttributeError, OptionError) as error:
        return {"missing": str(error)}
