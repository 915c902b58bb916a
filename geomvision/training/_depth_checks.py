"""What images, cameras and a recipe must have in common before depth is learnt without truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..cameras import Camera
from ..depth import METHODS
from ..depth._learned import METRIC, LearnedDepth
from ._depth_frames import Rig
from .depth_adaptation_recipe import DepthAdaptationRecipe

if TYPE_CHECKING:
    from ._self_supervised_depth import SelfSupervisedDepth

#: What is not known yet of a camera: its focal length in image widths, 53° from side to side.
FOCAL = 1.0


def require_together(task: SelfSupervisedDepth, rigs: Sequence[Rig], recipe: DepthAdaptationRecipe) -> None:
    """Raise ValueError where cameras and what is asked for do not go together."""
    cameras, count = min((len(rig.cameras) for rig in rigs), default=0), len(task.frames.files)
    if len(rigs) > 1 and (len(rigs) != task.frames.listed or task.moving or recipe.learn_camera):
        told = f"{len(rigs)} calibrations were given for {task.frames.listed} images"
        raise ValueError(f"{told}; give one, or of pairs that are alone in time one for each")
    if len({(type(c), len(c.parameters)) for rig in rigs for c in rig.cameras[:1]}) > 1:
        raise ValueError("calibrations are of several camera models; all must be of one")
    if not rigs and (task.metric or not recipe.learn_camera):
        told = "a rig, whose baseline says what a metre is" if task.metric else "a camera, or have it learnt"
        raise ValueError(f"{task.method} learns from {count} folder(s) of images: give {told} (camera)")
    if rigs and cameras < count:
        raise ValueError(f"images of {count} cameras, but the calibration has {cameras}: give that of the rig")
    if task.metric and recipe.poses == "solved" and recipe.over_time:
        raise ValueError("poses of a rig over time are learnt: poses must be 'net', their length is then in metres")
    if recipe.flow and not task.moving:
        raise ValueError("what moves by itself is seen over time; pairs alone in time take flow = ''")
    if not task.metric and task.taught.kind == METRIC and not task.says_metric:
        told = f"{task.method} says metres, which images of one moving camera do not tell"
        raise ValueError(f"{told}: give pairs and their rig (right, camera)")


def seen(name: str, side_px: int, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width that a method's net is shown of images of a size, before it has weights that may say more."""
    method: Any = METHODS[name]
    return LearnedDepth.seen(method(side_px=side_px), *size)


def unknown(size: tuple[int, int]) -> Rig:
    """A camera that is not known yet, of square pixels, of images of a size."""
    focal = FOCAL * size[1]
    whole = Camera(width=size[1], height=size[0], fx=focal, fy=focal, cx=(size[1] - 1) / 2, cy=(size[0] - 1) / 2)
    return Rig((whole,), np.eye(4)[None])
