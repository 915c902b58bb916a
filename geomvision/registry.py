"""The folder is the registry: each public file of a task's package is a method.

`geomvision/stereo/sgm.py` is the method ``"sgm"``; its class is the one `Method` subclass the file defines.
Listing names reads the folder and imports nothing. Other packages add methods through the entry-point group
``geomvision.methods``, with names like ``stereo.my_matcher`` that point at the class.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from .method import Method

ENTRY_POINT_GROUP = "geomvision.methods"


def class_to_file_name(name: str) -> str:
    """The file that defines the class `name`: its name in lower case; underscores are matched loosely."""
    return name.lower()


class Registry(Mapping[str, type[Method]]):
    """The methods of one task by name: ``METHODS["sgm"]`` imports and returns the class `SGM`."""

    def __init__(self, task: str, folder: Path) -> None:
        self.task = task
        self.folder = folder
        self._added: dict[str, type[Method]] = {}

    def __repr__(self) -> str:
        return f"Registry({self.task!r}: {', '.join(self)})"

    @cached_property
    def _files(self) -> tuple[str, ...]:
        modules = pkgutil.iter_modules([str(self.folder)])
        return tuple(sorted(m.name for m in modules if not m.name.startswith("_") and not m.ispkg))

    @cached_property
    def _plugins(self) -> dict[str, EntryPoint]:
        prefix = self.task + "."
        points = entry_points(group=ENTRY_POINT_GROUP)
        return {p.name.removeprefix(prefix): p for p in points if p.name.startswith(prefix)}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._files, *self._plugins, *self._added}))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in self._files or name in self._plugins or name in self._added

    def __getitem__(self, name: str) -> type[Method]:
        if name in self._added:
            return self._added[name]
        if name in self._files:
            return self._load_file(name)
        if name in self._plugins:
            return self._checked(self._plugins[name].load(), f"entry point {self.task}.{name}")
        raise KeyError(f"no {self.task} method {name!r}; there are {', '.join(self)}")

    def _load_file(self, name: str) -> type[Method]:
        module = importlib.import_module(f"geomvision.{self.task}.{name}")
        own = [
            value
            for value in vars(module).values()
            if inspect.isclass(value) and issubclass(value, Method) and value.__module__ == module.__name__
        ]
        public = [value for value in own if not value.__name__.startswith("_")]
        if len(public) != 1:
            names = [value.__name__ for value in public]
            raise TypeError(f"{module.__name__} must define exactly one public method, not {names}")
        return self._checked(public[0], module.__name__)

    def _checked(self, value: object, origin: str) -> type[Method]:
        if not (inspect.isclass(value) and issubclass(value, Method) and value.task == self.task):
            raise TypeError(f"{origin} gives {value!r}, which is no {self.task} method")
        return value

    def add(self, method: type[Method]) -> type[Method]:
        """Register a class by hand, for a notebook cell; usable as a decorator."""
        name = method.registered_as or class_to_file_name(method.__name__)
        if name in self:
            raise ValueError(f"there is already a {self.task} method {name!r}; choose another name")
        method.registered_as = name
        self._added[name] = self._checked(method, method.__qualname__)
        return method

    def by_class_name(self, name: str) -> type[Method]:
        """The method whose class is called `name`: ``gv.stereo.SGM``. Raises AttributeError when there is none."""
        wanted = name.lower()
        for candidate in self:
            if candidate.replace("_", "") == wanted:
                found = self[candidate]
                if found.__name__ == name:
                    return found
        raise AttributeError(f"geomvision.{self.task} has no {name!r}; its methods are {', '.join(self)}")
