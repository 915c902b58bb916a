"""``geomvision pseudo-label``: disparity of a pair with glass or mirrors, as labels to train by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from .. import io
from ..images import Mask
from ..stereo._base import StereoMethod
from ..training.pseudo_labels import pseudo_labels
from . import settings
from .objects import known_as


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags say: as in ``geomvision pseudo-label --help``."""

    objects: Path
    right_objects: Path | None = None
    classes: Sequence[str] = ()
    out: Path
    method: str = "refined_sgm"
    options: Sequence[str] = ()
    paints: int = 5
    seed: int = 0


def run(left: Path, right: Path, choices: Choices) -> None:
    """Write the labels. ValueError where flags or files do not fit."""
    methods = settings.build("stereo", choices.method, choices.options)
    if len(methods) != 1:
        raise ValueError(f"--method is {choices.method!r}; give one: {', '.join(settings.registry('stereo'))}")
    (method,) = methods
    assert isinstance(method, StereoMethod)
    method.chosen_backend()
    masks = _masks(choices.objects, left, choices.classes)
    right_mask = None
    if choices.right_objects is not None:
        right_mask = _joined(_masks(choices.right_objects, right, choices.classes))
    labels = pseudo_labels(
        method,
        io.read_image(left),
        _joined(masks),
        io.read_image(right),
        right_mask=right_mask,
        paints=choices.paints,
        seed=choices.seed,
    )
    io.write_disparity(choices.out, labels)  # type: ignore[arg-type]  # of a pair it is disparity
    console = Console(highlight=False)
    for name, mask in masks.items():
        missing = f", {int(np.isnan(labels.px[mask]).sum())} without an estimate"  # type: ignore[union-attr]
        console.print(f"{name}: {int(mask.sum())} pixels{missing}", markup=False)
    console.print(f"wrote {choices.out}", markup=False)


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
