"""FlyingChairs: optical flow of pasted chairs (Dosovitskiy et al., ICCV 2015)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from .. import io
from ..io._files import read_numbers
from ..samples import FlowSample
from ._base import DatasetError, Listed
from ._files import flow_map, optional, partner

Split = Literal["train", "val"]
_LIST = "FlyingChairs_train_val.txt"


class FlyingChairs(Listed[FlowSample, Path]):
    """One sample per pair, named ``00001``; its flow is dense, occluded pixels included, which nobody marked.

    Args:
        path: the folder that holds ``data``, or that folder itself.
        split: only the pairs that ``FlyingChairs_train_val.txt`` (a 1 or a 2 for each, in order) counts to "train" (1)
            or "val" (2); it lies beside ``data`` or in it. None: all.

    Raises:
        DatasetError: when there is no pair; the message tells the layout. FormatError for a list of another length.
    """

    layout = "data/00001_img1.ppm, data/00001_img2.ppm and data/00001_flow.flo"

    def __init__(self, path: str | Path, *, split: Split | None = None) -> None:
        if split not in (None, "train", "val"):
            raise ValueError(f"split is {split!r}; allowed are 'train', 'val' and None")
        self.split = split
        super().__init__(path)

    def _found(self) -> dict[str, Path]:
        folder = self.path / "data" if (self.path / "data").is_dir() else self.path
        names = [file.name.removesuffix("_img1.ppm") for file in sorted(folder.glob("*_img1.ppm"))]
        if self.split is not None and names:
            places = (self.path / _LIST, folder / _LIST)
            path = next((place for place in places if place.is_file()), None)
            if path is None:
                raise DatasetError(f"{self.path} has no {_LIST}, which tells the split; expected it beside data/")
            parts = read_numbers(path, "a 1 (train) or a 2 (val) for each pair")
            if len(parts) != len(names) or not np.isin(parts, (1, 2)).all():
                raise io.FormatError(path, f"holds {len(parts)} numbers", f"a 1 or a 2 for each of {len(names)} pairs")
            wanted = 1 if self.split == "train" else 2
            names = [name for name, part in zip(names, parts, strict=True) if part == wanted]
        return dict.fromkeys(names, folder)

    def read(self, name: str) -> FlowSample:
        """Read one pair."""
        folder = self._of(name)
        first = io.read_image(folder / f"{name}_img1.ppm")
        return FlowSample(
            name=name,
            frame0=first,
            frame1=partner(folder / f"{name}_img2.ppm", first),
            flow=optional(folder / f"{name}_flow.flo", lambda path: flow_map(path, io.read_flo(path), first)),
        )
