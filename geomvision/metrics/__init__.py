"""Scores by named protocol: one file is one protocol, and one estimate can be scored by several side by side.

>>> import geomvision as gv
>>> sorted(gv.metrics.for_task("stereo"))
['booster', 'eth3d', 'flying_things', 'kitti2012', 'kitti2015', 'middlebury', 'spring']
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..catalogue import Catalogue
from ..results import Disparity, Flow, MetricPose, RelativePose, SceneFlow
from ._base import Protocol, Ratio, Score
from ._depth_edges import depth_edges
from ._error_map import error_map
from ._poses import PoseError, pose_auc, pose_error
from ._sparsification import Sparsification, sparsification
from ._temporal import temporal_change
from ._video_depth import video_depth

__all__ = [
    "PROTOCOLS",
    "PoseError",
    "Protocol",
    "Ratio",
    "Score",
    "Sparsification",
    "depth_edges",
    "error_map",
    "for_task",
    "pose_auc",
    "pose_error",
    "score",
    "sparsification",
    "temporal_change",
    "video_depth",
]

PROTOCOLS: Catalogue[Protocol] = Catalogue("geomvision.metrics", Path(__file__).parent)

_TASKS = ("stereo", "flow", "depth", "pose", "scene_flow")


def for_task(task: str) -> dict[str, Protocol]:
    """The protocols of "stereo", "flow", "depth", "pose" or "scene_flow". Raises ValueError for another task."""
    if task not in _TASKS:
        raise ValueError(f"task is {task!r}; allowed are {', '.join(_TASKS)}")
    every = {name: protocol() for name, protocol in PROTOCOLS.items()}
    return {name: protocol for name, protocol in every.items() if protocol.task == task}


def score(estimate: Any, sample: Any, protocols: Iterable[str | Protocol] | None = None) -> dict[str, Score]:
    """Score one estimate by several protocols side by side.

    Args:
        estimate: a `Disparity`, `Flow`, `Depth`, `RelativeDepth`, `RelativePose`, `MetricPose` or `SceneFlow`.
        sample: the sample with the truth (see `geomvision.samples`).
        protocols: names or protocols; None takes all of the estimate's task that are for its kind and such a sample.

    Returns:
        Protocol name → figure name → `Ratio`, whose `value` is the number to print.

    Raises:
        ValueError: when the sample lacks the truth, or its size differs.
        TypeError: when the estimate is relative depth and a protocol in metres, or of another task than a protocol.
        KeyError: for an unknown protocol, naming those there are.
    """
    if protocols is None:
        kinds = {Disparity: "stereo", Flow: "flow", SceneFlow: "scene_flow", RelativePose: "pose", MetricPose: "pose"}
        task = next((task for kind, task in kinds.items() if isinstance(estimate, kind)), "depth")
        chosen = [p for p in for_task(task).values() if p.takes(estimate) and p.fits(sample)]
    else:
        chosen = [PROTOCOLS[item]() if isinstance(item, str) else item for item in protocols]
    return {protocol.name: protocol.score(estimate, sample) for protocol in chosen}


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return PROTOCOLS.by_class_name(name)
