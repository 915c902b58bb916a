"""The folder is the registry: each public file of a task's package is a method.

`geomvision/stereo/sgm.py` is the method ``"sgm"``, its one public class is `SGM`. Other packages add methods
through the entry-point group ``geomvision.methods``, with names like ``stereo.my_matcher`` that point at the class.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import cast

from .catalogue import Catalogue
from .method import Method, OptionError, Value

ENTRY_POINT_GROUP = "geomvision.methods"


class Registry(Catalogue[Method]):
    """The methods of one task by name: ``METHODS["sgm"]`` imports and returns the class `SGM`."""

    def __init__(self, task: str, folder: Path) -> None:
        super().__init__(f"geomvision.{task}", folder, group=ENTRY_POINT_GROUP, prefix=f"{task}.")
        self.task = task
        self._added: dict[str, type[Method]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*super().__iter__(), *self._added}))

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self._added

    def __getitem__(self, name: str) -> type[Method]:
        if name in self._added:
            return self._added[name]
        if name in self._plugins and name not in self._files:
            return self._checked(self._plugins[name].load(), f"entry point {self.task}.{name}")
        return self._checked(super().__getitem__(name), f"{self.package}.{name}")

    def class_name(self, name: str) -> str:
        """What the method's class is called; imports no file."""
        if name in self._added:
            return self._added[name].__name__
        return super().class_name(name)

    def parsed(self, name: str, text: str, owner: str, num_threads: int = 0) -> Method:
        """The method with options of the form ``"name=value, name=value"``; OptionError says what `owner` has wrong."""
        if name not in self:
            raise OptionError(f"{owner} is {name!r}; allowed are {', '.join(self)}")
        method = self[name]
        kinds = {f.name: type(f.default) for f in fields(method)}
        given: dict[str, Value] = {"num_threads": num_threads} if num_threads else {}
        for item in filter(None, (part.strip() for part in text.split(","))):
            option, separator, value = (part.strip() for part in item.partition("="))
            if not separator or option not in kinds:
                allowed = ", ".join(sorted(kinds))
                raise OptionError(f"{owner}_options holds {item!r}; allowed is name=value with {allowed}")
            given[option] = _value(option, value, kinds[option], owner)
        return method.from_options(given)

    def _checked(self, value: object, origin: str) -> type[Method]:
        if not (inspect.isclass(value) and issubclass(value, Method) and value.task == self.task):
            raise TypeError(f"{origin} gives {value!r}, which is no {self.task} method")
        return value

    def add(self, method: type[Method]) -> type[Method]:
        """Register a class by hand, for a notebook cell; usable as a decorator.

        Raises ValueError for a name that is taken, TypeError for what is no method of the task.
        """
        name = method.registered_as or method.__name__.lower()
        if name in self:
            raise ValueError(f"there is already a {self.task} method {name!r}; choose another name")
        method.registered_as = name
        self._added[name] = self._checked(method, method.__qualname__)
        return method


def _value(option: str, text: str, kind: type, owner: str) -> Value:
    """`text` as the type an option has."""
    if kind is bool:
        words: dict[str, Value] = {"true": True, "false": False}
        if text.lower() in words:
            return words[text.lower()]
    elif kind is str:
        return text
    else:
        try:
            return cast("Value", kind(text))
        except ValueError:
            pass
    raise OptionError(f"{owner}_options gives {option} as {text!r}; it must be {kind.__name__}")
