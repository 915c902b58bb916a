"""Poses from text files: sixteen numbers a pose, row by row, camera to world."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..cameras import Array
from ..geometry import nearest_pose
from ..io import FormatError
from ..io._files import read_text


def read_poses(path: Path, count: int) -> Array:
    """The `count` poses (count, 4, 4) of a file; lines that start with # are passed over.

    Raises FormatError when there are fewer or more, a word is no number, or a matrix is no pose to 0.001.
    """
    lines = read_text(path, "a text file of poses").splitlines()
    words = [word for line in lines if not line.lstrip().startswith("#") for word in line.split()]
    try:
        values = np.array([float(word) for word in words])
    except ValueError as error:
        raise FormatError(path, f"holds what is no number ({error})", "16 numbers a pose") from error
    if values.size != 16 * count:
        raise FormatError(path, f"holds {values.size} numbers", f"16 for each of {count} frames")
    try:
        return np.stack([nearest_pose(T, f"pose {k}") for k, T in enumerate(values.reshape(-1, 4, 4))])
    except ValueError as error:
        raise FormatError(path, str(error), "camera-to-world matrices, row by row") from error
