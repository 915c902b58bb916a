"""The labelled part of NYU Depth v2: one .mat of MATLAB 7.3, which is HDF5 with reversed axes, and its splits.mat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import io
from ..images import Image
from ..io._arrays import hdf5, part_of
from ..io._files import naming
from ..io._mat5 import read_mat

_MAT = "nyu_depth_v2_labeled.mat (MATLAB 7.3) with images (N, 3, W, H) and depths (N, W, H)"


def image_count(path: Path) -> int:
    """How many images there are."""
    with hdf5(path, _MAT) as file:
        images = file.get("images")
        if images is None or len(getattr(images, "shape", ())) != 4:
            raise io.FormatError(path, "has no 'images' of four axes", _MAT)
        return int(images.shape[0])


def chosen_of(path: Path, split: str, count: int) -> NDArray[np.int64]:
    """The images of a split, counted from 0, in order; the file counts from 1."""
    numbers = np.atleast_1d(read_mat(path, f"{split}Ndxs", "splits.mat with trainNdxs and testNdxs"))
    with naming(path, f"numbers from 1 to {count}"):
        if numbers.dtype.kind not in "ui" or numbers.min() < 1 or numbers.max() > count:
            raise ValueError(f"holds {numbers.dtype} from {numbers.min()} to {numbers.max()}")
    return np.asarray(np.sort(numbers.astype(np.int64)) - 1)


def scene_types(path: Path) -> list[str]:
    """What scene each image is of, where the file says so: references to text."""
    with hdf5(path, _MAT) as file:
        if "sceneTypes" not in file:
            return []
        return ["".join(map(chr, file[each][()].ravel())) for each in file["sceneTypes"][()].ravel()]


def image_and_depth(path: Path, index: int, which: str) -> tuple[Image, NDArray[Any]]:
    """One image (H, W, 3) and its depth (H, W), metres, upright."""
    with hdf5(path, _MAT) as file:
        stored, values = (part_of(path, file, name, _MAT, index) for name in ("images", which))
    if stored.ndim != 3 or stored.shape[0] != 3 or stored.dtype != np.uint8 or values.ndim != 2:
        raise io.FormatError(path, f"image {index + 1} is {stored.dtype} {stored.shape}", _MAT)
    return np.ascontiguousarray(stored.transpose(2, 1, 0)), values.T
