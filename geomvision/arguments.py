"""Arguments at the door: one place that says what a number, an array or a list of points may be.

`checked` reads a function's annotations, so that its body has not to look whether a number is one. `fields_checked`
does the same for the fields of a dataclass.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any, Literal, ParamSpec, TypeVar, cast, get_args, get_origin

import numpy as np
from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")
Array = NDArray[np.float64]
#: Given the owner, the argument's name and its value: the value as the function takes it, or TypeError or ValueError.
Kind = Callable[[str, str, Any], Any]

#: Numbers larger than that are none the C++ core counts with.
LARGEST = 2**31 - 1
MOST_THREADS = 1024
#: Beyond it squares overflow.
LARGEST_REAL = 1e150
#: Beyond it products of a few coordinates overflow.
LARGEST_COORDINATE = 1e30

HINTS = {"Depth": ", in metres: Depth(m=millimetres / 1000), or relative.align_to(reference)"}


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Hold what `function` takes to its annotations; numpy's numbers become Python's, lists of numbers arrays.

    Known are int, float, bool, str, ArrayLike, Sequence[…], aliases of Literal, and classes; others pass. TypeError for
    other types. ValueError for NaN, for whole numbers beyond ±(2³¹ − 1), for `num_threads` outside 0 … 1024, for
    arrays that hold no real numbers, and for what is none of a Literal's.
    """
    owner = function.__qualname__.removesuffix(".__init__").removesuffix(".__call__")
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    known = {name: _kind(str(kind), function.__globals__) for name, kind in function.__annotations__.items()}
    kinds = {name: kind for name, kind in known.items() if kind is not None and name != "return"}
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


def fields_checked(record: Any) -> None:
    """Hold the fields of a frozen dataclass to their annotations, as `checked` does arguments."""
    for name, kind in _field_kinds(cast(Any, type(record))).items():
        value = getattr(record, name)
        held = kind(type(record).__name__, name, value)
        if held is not value:
            object.__setattr__(record, name, held)


@cache
def _field_kinds(owner: Any) -> dict[str, Kind]:
    found = {}
    names = [field.name for field in dataclasses.fields(owner)]
    for base in reversed(owner.__mro__):
        for name, annotation in vars(base).get("__annotations__", {}).items():
            if name in names:
                found[name] = _kind(str(annotation), vars(sys.modules[base.__module__]))
    return {name: kind for name, kind in found.items() if kind is not None}


def _kind(annotation: str, place: Mapping[str, Any]) -> Kind | None:
    """What an annotation in a module asks for; None where it is not known."""
    if annotation.endswith(" | None"):
        given = _kind(annotation.removesuffix(" | None"), place)
        return given and _optional(given)
    if annotation in _KINDS:
        return _KINDS[annotation]
    single, several, inner = annotation.rpartition("Sequence[")
    single, _, last = (single.removesuffix(" | "), "", "") if several else annotation.rpartition(" | ")
    if several:
        kind = _kind(inner.removesuffix("]"), place)
        return _one_or_several(kind or _anything, one_will_do=single not in ("", "ArrayLike"))
    meant = place.get((single if last == "ArrayLike" else annotation).partition("[")[0])
    if get_origin(meant) is Literal:
        return _choice(get_args(meant))
    if not inspect.isclass(meant) or meant is Any or getattr(meant, "_is_protocol", False):
        return None
    kind = _instance(meant)
    return (lambda o, n, v: v if isinstance(v, meant) else numbers(o, n, v)) if last == "ArrayLike" else kind


def _optional(kind: Kind) -> Kind:
    return lambda owner, name, value: None if value is None else kind(owner, name, value)


def _anything(owner: str, name: str, value: Any) -> Any:  # noqa: ARG001 — a Kind
    return value


def _one_or_several(kind: Kind, one_will_do: bool) -> Kind:
    def held(owner: str, name: str, value: Any) -> Any:
        several = isinstance(value, list | tuple | range) or (isinstance(value, np.ndarray) and value.ndim > 0)
        if several:
            return [kind(owner, f"{name}[{i}]", each) for i, each in enumerate(value)]
        if one_will_do:
            return kind(owner, name, value)
        raise TypeError(f"{owner}: {name} is {_told(value)}; it must be a list or a tuple")

    return held


def _choice(allowed: tuple[Any, ...]) -> Kind:
    def held(owner: str, name: str, value: Any) -> Any:
        if not (isinstance(value, str | int) and value in allowed):
            raise ValueError(f"{owner}: {name} is {_told(value)}; allowed are {', '.join(map(repr, allowed))}")
        return value

    return held


def _instance(wanted: type) -> Kind:
    module = wanted.__module__.removeprefix("geomvision.").split(".")[0]
    meant = f"a geomvision.{module}.{wanted.__name__}" if "geomvision" in wanted.__module__ else wanted.__name__

    def held(owner: str, name: str, value: Any) -> Any:
        if isinstance(value, wanted):
            return value
        hint = HINTS.get(wanted.__name__, "")
        if "Camera" in wanted.__name__ and isinstance(value, np.ndarray) and value.shape == (3, 3):
            hint = f": {name} = Camera.from_matrix(K, width, height)"
        raise TypeError(f"{owner}: {name} is {type(value).__name__}; it must be {meant}{hint}")

    return held


def whole(owner: str, name: str, value: Any) -> Any:
    """A whole number. While torch traces sizes they are numbers of its own, `SymInt`, and stay so."""
    if type(value) is int and 0 <= value <= MOST_THREADS:  # which is given most, and quick to tell
        return value
    if type(value).__name__ != "SymInt":
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise TypeError(f"{owner}: {name} is {_told(value)}; it must be a whole number")
        value = int(value)
        if name == "num_threads" and not 0 <= value <= MOST_THREADS:
            raise ValueError(f"{owner}: num_threads is {value}; allowed is 0 (all cores) to {MOST_THREADS}")
        if not -LARGEST <= value <= LARGEST:
            raise ValueError(f"{owner}: {name} is {value}; allowed are whole numbers within ±{LARGEST}")
    return value


def real(owner: str, name: str, value: Any) -> float:
    """A number, perhaps infinite."""
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, bool):
        raise TypeError(f"{owner}: {name} is {_told(value)}; it must be a number")
    if isinstance(value, int) and abs(value) > LARGEST_REAL:
        told = f"{owner}: {name} has {value.bit_length()} bits"
        raise ValueError(f"{told}; allowed are numbers within ±{LARGEST_REAL:g}")
    number = float(value)
    if not -math.inf <= number <= math.inf:  # torch cannot trace math.isnan of an option that is a symbol
        raise ValueError(f"{owner}: {name} is NaN; it must be a number")
    if LARGEST_REAL < abs(number) < math.inf:
        raise ValueError(f"{owner}: {name} is {number:g}; allowed are numbers within ±{LARGEST_REAL:g}")
    return number


def _flag(owner: str, name: str, value: Any) -> bool:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise TypeError(f"{owner}: {name} is {_told(value)}; it must be True or False")


def text(owner: str, name: str, value: Any) -> str:
    """A str."""
    if isinstance(value, str):
        return value
    raise TypeError(f"{owner}: {name} is {_told(value)}; it must be a str")


def _path(owner: str, name: str, value: Any) -> Any:
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"{owner}: {name} is {_told(value)}; it must be a path: str or pathlib.Path")
    return value


def _size(owner: str, name: str, value: Any) -> tuple[int, int]:
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{owner}: {name} is {_told(value)}; it must be two whole numbers, (width, height)")
    return whole(owner, f"{name}[0]", value[0]), whole(owner, f"{name}[1]", value[1])


def numbers(owner: str, name: str, value: Any) -> NDArray[Any]:
    """An array of real numbers as it was given, of any shape.

    TypeError for what is no array, ValueError for arrays of something else or with unequal rows.
    """
    given: NDArray[Any] = value
    before = f"{owner}: {name}" if owner else name
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{before} is a masked array; it must be a plain one: fill what its mask hides")
    if not isinstance(value, np.ndarray):
        if value is None or isinstance(value, str | bytes | dict | set | complex) or callable(value):
            raise TypeError(f"{before} is {_told(value)}; it must be an array of real numbers")
        try:
            given = np.asarray(value)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"{before} makes no array ({error}); it must be an array of real numbers") from error
    if given.dtype.kind in "fui":
        return given
    if given.size:
        raise ValueError(f"{before} has dtype {given.dtype}; it must hold real numbers: integers or floats")
    return given.astype(float)


def points(
    values: Any,
    name: str,
    columns: int = 2,
    *,
    finite: bool = True,
    largest: float = LARGEST_COORDINATE,
    keep_single: bool = False,
) -> NDArray[Any]:
    """Points (N, columns), C-contiguous, in float64, or in float32 if they came so and `keep_single` is set.

    ValueError for another shape or dtype and, where `finite`, when one is not or lies beyond `largest`.
    """
    given = numbers("", name, values)
    if given.ndim != 2 or given.shape[1] != columns:
        short, shape = name.rpartition(": ")[2], given.shape
        hint = f": give {short}[None]" if len(shape) == 1 else f": transpose it, give {short}.T"
        hint = f": give {short}[:, 0]" if shape[1:] == (1, columns) else hint * (shape[:1] == (columns,))  # OpenCV's
        axes = ("x and y in pixels" if columns == 2 else "x, y, z") + hint
        raise ValueError(f"{name} has shape {given.shape}; it must be (N, {columns}), {axes}")
    single = keep_single and given.dtype == np.float32
    with np.errstate(over="ignore"):
        found = np.asarray(given, dtype=np.float32 if single else np.float64, order="C")
    if finite:
        broken = ~(np.abs(found) <= largest).all(axis=1)
        if broken.any():
            told = f"{name}[{broken.argmax()}] is not finite or beyond {largest:g}: {broken.sum()} of {len(found)} rows"
            raise ValueError(f"{told} are NaN or infinite or too large: they must be finite, leave them out")
    return found


def pairs(
    values0: Any, name0: str, values1: Any, name1: str, columns: tuple[int, int] = (2, 2), **how: Any
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two lists of `points`, of one dtype and length, that belong together row by row."""
    first, second = points(values0, name0, columns[0], **how), points(values1, name1, columns[1], **how)
    if len(first) != len(second):
        told = f"{name0} holds {len(first)} points and {name1} {len(second)}; they must be pairs"
        raise ValueError(f"{told}: row i matches row i of both")
    common = np.result_type(first, second)
    return first.astype(common, copy=False), second.astype(common, copy=False)


def matrix(values: Any, name: str, rows: int, columns: int) -> Array:
    """A finite matrix (rows, columns) in float64, a copy."""
    given = numbers("", name, values)
    if given.shape != (rows, columns) or not np.isfinite(given).all():
        told = f"{given.tolist()}" if given.shape == (rows, columns) else f"of shape {given.shape}"
        raise ValueError(f"{name} is {told}; it must be a finite {rows}x{columns} matrix")
    return np.array(given, dtype=np.float64, order="C")


def _told(value: Any) -> str:
    """A value as errors show it: short, and with its type where that is not plain to see."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    shown = repr(value)
    return shown if len(shown) <= 60 else f"a {type(value).__name__} ({shown[:50]}…)"


_KINDS: dict[str, Kind] = {
    "int": whole,
    "float": real,
    "bool": _flag,
    "str": text,
    "ArrayLike": numbers,
    "PathLike": _path,
    "tuple[int, int]": _size,
}
