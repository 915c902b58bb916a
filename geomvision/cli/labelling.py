"""``geomvision pseudo-label``: disparity of a pair with glass or mirrors, or depth of an image, to train by."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from rich.console import Console

from .. import io
from ..cameras import Camera
from ..images import Image, Mask
from ..results import Depth, Disparity, RelativeDepth
from ..samples import DepthSample
from ..training.pseudo_labels import Labels, numbers, pseudo_labels
from . import settings
from .objects import known_as
from .outputs import spare

if TYPE_CHECKING:
    from ..depth._base import DepthMethod
    from ..stereo._base import StereoMethod

#: What labels are made by, where nobody says.
DEFAULTS = {"stereo": "refined_sgm", "depth": "mono_small"}


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags say: as in ``geomvision pseudo-label --help``."""

    objects: Path
    right_objects: Path | None = None
    classes: Sequence[str] = ()
    out: Path
    #: "" takes that of `DEFAULTS`.
    method: str = ""
    camera: Path | None = None
    options: Sequence[str] = ()
    paints: int = 5
    seed: int = 0


def run(left: Path, right: Path | None, choices: Choices) -> None:
    """Write the labels of a pair, or of an image. ValueError where flags or files do not fit."""
    task = "depth" if right is None else "stereo"
    methods = settings.build(task, choices.method or DEFAULTS[task], choices.options)
    if len(methods) != 1:
        raise ValueError(f"--method is {choices.method!r}; give one: {', '.join(settings.registry(task))}")
    (method,) = methods
    method.chosen_backend()
    read = (left, right, choices.objects, choices.right_objects, choices.camera)
    spare(f"--out {choices.out}", [choices.out], read)
    masks = _masks(choices.objects, left, choices.classes)
    image = io.read_image(left)
    painting = functools.partial(pseudo_labels, paints=choices.paints, seed=choices.seed)
    if right is None:
        labels = painting(_of_one(method, left.name, choices), image, _joined(masks))
    else:
        if choices.camera is not None:
            raise ValueError("--camera is of depth from one image; a pair needs none for disparity")
        other = (
            None if choices.right_objects is None else _joined(_masks(choices.right_objects, right, choices.classes))
        )
        stereo = cast("StereoMethod", method)
        labels = painting(stereo, image, _joined(masks), io.read_image(right), right_mask=other)
    _write(choices.out, labels)
    console = Console(highlight=False)
    for name, mask in masks.items():
        missing = f", {int(np.isnan(numbers(labels)[mask]).sum())} without an estimate"
        console.print(f"{name}: {int(mask.sum())} pixels{missing}", markup=False)
    console.print(f"wrote {choices.out}{_unit(labels)}", markup=False)


def _of_one(method: Any, name: str, choices: Choices) -> Callable[[Image], Depth | RelativeDepth]:
    """The depth method as a function of the image alone."""
    if choices.right_objects is not None:
        raise ValueError("--right-objects are those of a right image; give that image, too")
    camera = None if choices.camera is None else io.read_camera(choices.camera)
    if camera is not None and not isinstance(camera, Camera):
        raise ValueError(f"--camera: {choices.camera} is a {type(camera).__name__}; it must be a pinhole camera")
    depth = cast("DepthMethod", method)
    return lambda view: depth.on(DepthSample(name=name, image=view, camera=camera))


def _write(path: Path, labels: Labels) -> None:
    if isinstance(labels, Disparity):
        io.write_disparity(path, labels)
    elif isinstance(labels, Depth):
        io.write_depth(path, labels)
    elif path.suffix != ".pfm":
        raise ValueError(f"--out is {path}; relative depth has no unit that a .png could be in: write .pfm")
    else:
        io.write_pfm(path, labels.values)


def _unit(labels: Labels) -> str:
    if isinstance(labels, RelativeDepth):
        return f", {labels.kind}"
    return ", pixels" if isinstance(labels, Disparity) else ", metres"


def _masks(path: Path, image: Path, classes: Sequence[str]) -> dict[str, Mask]:
    """The objects' masks of the classes that were asked for, or of all."""
    masks = io.read_masks(path, known_as(image))
    unknown = [name for name in classes if name not in masks]
    if unknown:
        raise ValueError(f"--class: {path} has no class {unknown[0]!r}; it has {', '.join(masks) or 'none'}")
    chosen = {name: mask for name, mask in masks.items() if not classes or name in classes}
    if not chosen:
        raise ValueError(f"{path} has no object in {image}")
    return chosen


def _joined(masks: dict[str, Mask]) -> Mask:
    return np.asarray(np.any(list(masks.values()), axis=0))
