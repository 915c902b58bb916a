"""Masks of objects by class, from an annotation tool's export, for the samples of any task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ..benchmark.protocols import has_truth
from ..benchmark.runs.annotations import first_image
from ..datasets._folder_parts import read_objects
from ..samples import DepthSample, FlowSample, SceneFlowSample, StereoSample

Classed = TypeVar("Classed", StereoSample, FlowSample, DepthSample, SceneFlowSample)


def known_as(image: Path) -> list[str]:
    """What an export of an annotation tool may call an image: by its folder, too, or by its name alone."""
    return ["/".join(image.resolve().parts[-2:]), image.name]


def classed(samples: list[Classed], path: Path | None, names: Mapping[str, Sequence[str]]) -> list[Classed]:
    """The samples with their objects in a file, where their first images have these names (by sample)."""
    if path is None:
        return samples
    if not any(map(has_truth, samples)):
        raise ValueError("--objects are scored against truth: give --truth, too, or scenes that have it")
    if path.suffix.lower() == ".png" and len(samples) > 1:
        told = f"{path} is of one image, but there are {len(samples)} scenes"
        raise ValueError(f"{told}: give one, or an export that names their images")
    found = [read_objects(path, first_image(sample), names[sample.name]) for sample in samples]
    if not any(found):
        raise ValueError(f"{path} has no object in {', '.join(names)}: no class can be scored apart")
    return [replace(s, masks={**s.masks, **masks}) for s, masks in zip(samples, found, strict=True)]


def frames_of(names: Sequence[str], stems: Sequence[str]) -> dict[str, list[str]]:
    """What an export may call the first image of each scene of a folder, by the sample's name.

    ``scene/frame0``, or of a depth scene's frame ``scene/001`` ``scene/color_001``; of a single one its file, too.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        parts = name.split("/", 1)
        files: list[str] = ["_".join([stem, *parts[1:]]) for stem in stems]
        found[name] = [*(f"{parts[0]}/{file}" for file in files), *(files if len(names) == 1 else ())]
    return found
