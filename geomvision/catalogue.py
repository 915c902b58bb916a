"""A folder of classes: each public file of a package defines one class, named after the file.

`metrics/kitti2015_flow.py` defines `KITTI2015Flow`, which is ``PROTOCOLS["kitti2015_flow"]``. Listing the names
reads the folder; only looking one up imports its file. Methods are listed so too, and may come from elsewhere
(see `geomvision.registry`).
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

Kind = TypeVar("Kind")


class Catalogue(Mapping[str, type[Kind]]):
    """The classes of `package` by file name; files that start with "_" are none."""

    def __init__(self, package: str, folder: Path) -> None:
        self.package = package
        self.folder = folder

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.package!r}: {', '.join(self)})"

    @cached_property
    def _files(self) -> tuple[str, ...]:
        names = (m.name for m in pkgutil.iter_modules([str(self.folder)]) if not m.ispkg)
        return tuple(sorted(name for name in names if not name.startswith("_")))

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __getitem__(self, name: str) -> type[Kind]:
        if name not in self._files:
            raise KeyError(f"{self.package} has no {name!r}; there are {', '.join(self)}")
        module = importlib.import_module(f"{self.package}.{name}")
        wanted = name.replace("_", "")
        for value in vars(module).values():
            if inspect.isclass(value) and value.__module__ == module.__name__ and value.__name__.lower() == wanted:
                return cast(type[Kind], value)
        raise TypeError(f"{module.__name__} defines no class named after its file")

    def by_class_name(self, name: str) -> type[Kind]:
        """The class called `name`; importing its file alone. Raises AttributeError when there is none."""
        for file in self:
            if file.replace("_", "") == name.lower() and self.class_name(file) == name:
                return self[file]
        if name in self:
            meant = self.class_name(name)
            told = f"{name!r} is the name of the class {meant}, as in {self.package}.{meant}"
            raise AttributeError(f"{self.package} has no {name!r}: {told}")
        raise AttributeError(f"{self.package} has no {name!r}; there are {', '.join(map(self.class_name, self))}")

    def class_name(self, name: str) -> str:
        """What the class is called, read from its file without importing it."""
        text, wanted = (self.folder / f"{name}.py").read_text("utf-8"), name.replace("_", "")
        return next((c for c in re.findall(r"(?m)^class (\w+)", text) if c.lower() == wanted), name)
