"""A folder of classes: each public file of a package defines one class, named after the file.

`metrics/kitti2015_flow.py` defines `KITTI2015Flow`, which is ``PROTOCOLS["kitti2015_flow"]``. Listing the names
reads the folder; only looking one up imports its file. Packages of others add classes by entry points of the group
that is called like the package: ``my_set = "my_package.my_set:MySet"`` in ``geomvision.datasets`` is
``DATASETS["my_set"]`` and ``gv.datasets.MySet``. Methods are listed so too (see `geomvision.registry`).
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TypeVar, cast

Kind = TypeVar("Kind")


class Catalogue(Mapping[str, type[Kind]]):
    """The classes of `package` by file name; files that start with "_" are none.

    Other packages join by the entry-point `group` with names that begin with `prefix`, which a name here does not.
    A file of this package goes before an entry point of its name.
    """

    def __init__(self, package: str, folder: Path, *, group: str | None = None, prefix: str = "") -> None:
        self.package = package
        self.folder = folder
        self.group = group or package
        self.prefix = prefix

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.package!r}: {', '.join(self)})"

    @cached_property
    def _files(self) -> tuple[str, ...]:
        names = (m.name for m in pkgutil.iter_modules([str(self.folder)]) if not m.ispkg)
        return tuple(sorted(name for name in names if not name.startswith("_")))

    @cached_property
    def _plugins(self) -> dict[str, EntryPoint]:
        found = (point for point in entry_points(group=self.group) if point.name.startswith(self.prefix))
        return {point.name.removeprefix(self.prefix): point for point in found}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._files, *self._plugins}))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in self._files or name in self._plugins

    def __getitem__(self, name: str) -> type[Kind]:
        if name in self._plugins and name not in self._files:
            return self._loaded(name)
        if name not in self._files:
            raise KeyError(f"{self.package} has no {name!r}; there are {', '.join(self)}")
        module = importlib.import_module(f"{self.package}.{name}")
        wanted = name.replace("_", "")
        for value in vars(module).values():
            if inspect.isclass(value) and value.__module__ == module.__name__ and value.__name__.lower() == wanted:
                return cast(type[Kind], value)
        raise TypeError(f"{module.__name__} defines no class named after its file")

    def _loaded(self, name: str) -> type[Kind]:
        """The class of an entry point. Raises TypeError where it leads to something else."""
        value = self._plugins[name].load()
        if not inspect.isclass(value):
            raise TypeError(f"entry point {self.prefix}{name} gives {value!r}, which is no class")
        return cast(type[Kind], value)

    def by_class_name(self, name: str) -> type[Kind]:
        """The class called `name`; importing its file alone. Raises AttributeError when there is none."""
        for file in self:
            if self.class_name(file) == name and (file in self._plugins or file.replace("_", "") == name.lower()):
                return self[file]
        if name in self:
            meant = self.class_name(name)
            told = f"{name!r} is the name of the class {meant}, as in {self.package}.{meant}"
            raise AttributeError(f"{self.package} has no {name!r}: {told}")
        raise AttributeError(f"{self.package} has no {name!r}; there are {', '.join(map(self.class_name, self))}")

    def class_name(self, name: str) -> str:
        """What the class is called; nothing is imported."""
        if name not in self._files:
            return self._plugins[name].attr or name
        text, wanted = (self.folder / f"{name}.py").read_text("utf-8"), name.replace("_", "")
        return next((c for c in re.findall(r"(?m)^class (\w+)", text) if c.lower() == wanted), name)
