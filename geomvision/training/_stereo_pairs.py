"""A user's own rectified pairs from two folders: measured before anything learns from them, and matched once by SGM."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import io
from ..benchmark.inspection import inspect_pair
from ..images import Image, ImageError
from ..stereo.sgm import SGM
from . import _scenes
from ._frames import images_in, rgb, spread
from ._scenes import Scene

#: Disparities that are searched where too little matches to measure them, pixels.
UNKNOWN_RANGE = 128


@dataclass(frozen=True)
class Listed:
    """Pairs by their files, and options of the matcher."""

    files: tuple[tuple[Path, Path], ...]
    matcher: Mapping[str, Any]


class StereoPairs:
    """Pairs of two folders, in the order of the numbers in their names; at most `most`, spread evenly.

    Raises:
        ValueError: where a folder is none or empty, or one has more images than the other; by `prepare`: where a pair
            cannot be rectified, with what was measured.
    """

    def __init__(self, left: Path, right: Path, folder: Path, *, most: int, matcher: Mapping[str, Any]) -> None:
        self.source = left
        views = [images_in(path, "rectified images") for path in (left, right)]
        if len(views[0]) != len(views[1]) or not views[0]:
            told = f"{left} holds {len(views[0])} images and {right} {len(views[1])}"
            raise ValueError(f"{told}; each left image needs its right one, in the same order")
        chosen = [(views[0][index], views[1][index]) for index in spread(len(views[0]), most)]
        self.listed = Listed(tuple(chosen), matcher)
        entries = [[path.name, path.stat().st_size] for pair in chosen for path in pair]
        self.key = hashlib.sha256(json.dumps([entries, dict(matcher)]).encode()).hexdigest()[:12]
        self._store = folder / f"pairs-{self.key}"

    @property
    def count(self) -> int:
        """How many pairs there are."""
        return len(self.listed.files)

    def prepare(self, workers: int, advance: Callable[[int], None]) -> None:
        """Look at the pairs and match them, where that is not done yet."""
        _scenes.prepare(self.listed, self._store, self.count, workers, advance, matched)

    def load(self, index: int) -> Scene:
        """Pair `index` as `matched` gave it."""
        return _scenes.load(self._store, index)


def matched(listed: Listed, index: int) -> Scene:
    """A pair, RGB uint8, twice: as it is, and mirrored with its views exchanged; each with SGM's answer to it.

    `left`, `right` (2, H, W, 3); `disparity`, its gaps filled from behind, and `confidence`, 0 there, (2, H, W);
    `searched`, how many disparities.
    """
    paths = listed.files[index]
    images = [io.read_image(path) for path in paths]
    given = f"{paths[0]} and {paths[1]}"
    try:
        report = inspect_pair(*images)
    except ImageError as error:
        raise ValueError(f"{given}: {error}") from None
    if report.problems:  # a worker's exception must be one that can be sent
        raise ValueError(f"{given} cannot be a rectified stereo pair: {'; '.join(report.problems)}")
    searched = min(report.max_disparity or UNKNOWN_RANGE, images[0].shape[1])
    sgm = SGM.from_options({**listed.matcher, "max_disparity": searched, "fill": "background", "num_threads": 1})
    left, right = rgb(*images)
    views = [(left, right), (_mirrored(right), _mirrored(left))]
    answers = [sgm(*view) for view in views]
    return {
        "left": np.stack([view[0] for view in views]),
        "right": np.stack([view[1] for view in views]),
        "disparity": np.stack([answer.px for answer in answers]),
        "confidence": np.stack([np.asarray(answer.confidence, np.float32) for answer in answers]),
        "searched": np.array(searched),
    }


def _mirrored(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])
