"""Options of ops at the door, so that no op has to look whether a number is one."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")

#: Numbers larger than that are none the C++ core counts with.
LARGEST = 2**31 - 1
MOST_THREADS = 1024


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Hold what `function` takes as int, float or bool to these annotations; numpy's numbers become Python's.

    TypeError for other types. ValueError for NaN, for whole numbers beyond ±(2³¹ − 1), and for `num_threads` outside
    0 … 1024.
    """
    owner = function.__qualname__.removesuffix(".__init__")
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    kinds = {name: _KINDS[kind] for name, kind in function.__annotations__.items() if kind in _KINDS}
    first = min((i for i, name in enumerate(names) if name in kinds), default=len(names))  # most come by name

    def held(name: str, value: Any) -> Any:
        return kinds[name](owner, name, value) if name in kinds else value

    @wraps(function)
    def call(*arguments: P.args, **options: P.kwargs) -> R:
        given: Any = arguments
        if len(arguments) > first:
            given = [held(name, value) for name, value in zip(names, arguments, strict=False)]
            given += arguments[len(names) :]  # too many: Python says so
        for name, value in options.items():
            if name in kinds:
                options[name] = kinds[name](owner, name, value)
        return function(*given, **options)

    return call


def whole(owner: str, name: str, value: Any) -> Any:
    """A whole number. While torch traces sizes they are numbers of its own, `SymInt`, and stay so."""
    if type(value) is int and 0 <= value <= MOST_THREADS:  # which is given most, and quick to tell
        return value
    if type(value).__name__ != "SymInt":
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise TypeError(f"{owner}: {name} is {value!r}; it must be a whole number")
        value = int(value)
        if name == "num_threads" and not 0 <= value <= MOST_THREADS:
            raise ValueError(f"{owner}: num_threads is {value}; allowed is 0 (all cores) to {MOST_THREADS}")
        if not -LARGEST <= value <= LARGEST:
            raise ValueError(f"{owner}: {name} is {value}; allowed are whole numbers within ±{LARGEST}")
    return value


def _whole_or_none(owner: str, name: str, value: Any) -> Any:
    return None if value is None else whole(owner, name, value)


def _real(owner: str, name: str, value: Any) -> float:
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, bool):
        raise TypeError(f"{owner}: {name} is {value!r}; it must be a number")
    if math.isnan(value):
        raise ValueError(f"{owner}: {name} is NaN; it must be a number")
    return float(value)


def _flag(owner: str, name: str, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{owner}: {name} is {value!r}; it must be True or False")
    return bool(value)


_KINDS: dict[Any, Callable[[str, str, Any], Any]] = {
    "int": whole,
    "int | None": _whole_or_none,
    "float": _real,
    "bool": _flag,
}
