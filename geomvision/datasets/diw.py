"""Depth in the Wild: photographs, and which of two points is further as people said (Chen et al., NeurIPS 2016)."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from .. import io
from ..io._files import below
from ..samples import DepthSample, PointPairs
from ._base import Listed


class DIW(Listed[DepthSample, tuple[Path, PointPairs]]):
    """One sample per annotated photograph that is there, with its `pairs`; there is no other truth and no camera.

    Args:
        path: the folder that holds ``DIW_Annotations`` (or its .csv files) and the folders of photographs.
        split: "test", "train", "val", or "train_val" for the list of both.

    Raises:
        DatasetError: when there is no list, or no photograph of it; the message tells the layout. FormatError for a
            damaged list.
    """

    layout = "DIW_Annotations/DIW_test.csv, DIW_test/NAME.thumb (and DIW_train_val.csv, DIW_train_val/NAME.thumb)"

    def __init__(self, path: str | Path, *, split: str = "test") -> None:
        if split not in ("test", "train", "val", "train_val"):
            raise ValueError(f"split is {split!r}; allowed are test, train, val, train_val")
        self.split = split
        super().__init__(path)

    @cached_property
    def _list(self) -> Path | None:
        places = (self.path / room / f"DIW_{self.split}.csv" for room in ("DIW_Annotations", "."))
        return next((place for place in places if place.is_file()), None)

    def _found(self) -> dict[str, tuple[Path, PointPairs]]:
        if self._list is None:
            return {}
        room = self.path / ("DIW_test" if self.split == "test" else "DIW_train_val")
        found = {}
        for name, pairs in io.read_point_pairs(self._list).items():
            below(self.path, name.removeprefix("./"), self._list)
            file = room / Path(name).name
            if file.is_file():
                found[file.stem] = (file, pairs)
        return found

    def read(self, name: str) -> DepthSample:
        """Read one photograph."""
        file, pairs = self._of(name)
        image = io.read_image(file)
        height, width = image.shape[:2]
        points = [*pairs.first.tolist(), *pairs.second.tolist()]
        if any(x >= width or y >= height for x, y in points):
            raise io.FormatError(
                file, f"is {width}x{height} pixels, and points lie outside", "the annotated photograph"
            )
        return DepthSample(name=name, image=image, pairs=pairs)
