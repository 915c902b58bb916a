"""Data sets: one file is one data set. ``gv.datasets.KITTI(path)`` imports only its own file.

A data set is a sequence of samples (see `geomvision.samples`) that are read when asked for.
"""

from pathlib import Path
from typing import Any

from ..catalogue import Catalogue

DATASETS: Catalogue[Any] = Catalogue("geomvision.datasets", Path(__file__).parent)


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return DATASETS.by_class_name(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *DATASETS})
