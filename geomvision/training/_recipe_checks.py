"""What a recipe may say: types and ranges of its entries, names of a scene's knobs and of a net's arguments."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Made = TypeVar("Made")


@dataclass(frozen=True)
class Range:
    """What a number of a recipe may be."""

    words: str
    admits: Callable[[float], bool]


AT_LEAST_ZERO = Range("at least 0", lambda value: value >= 0)
AT_LEAST_ONE = Range("at least 1", lambda value: value >= 1)
ABOVE_ZERO = Range("above 0", lambda value: value > 0)
SHARE = Range("a share from 0 to 1", lambda value: 0 <= value <= 1)
SHARE_ABOVE_ZERO = Range("a share from 0 to 1, and above 0", lambda value: 0 < value <= 1)
BELOW_ONE = Range("at least 0 and below 1", lambda value: 0 <= value < 1)


def entry(allowed: Range, default: Any = dataclasses.MISSING) -> Any:
    """Declare an entry of a recipe by what it may be, where that is not `AT_LEAST_ZERO`; it may have no default."""
    return dataclasses.field(default=default, metadata={"range": allowed})


#: What annotations of entries mean, in words.
TYPES: Mapping[str, str] = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "Mapping[str, Any]": "a table",
    "tuple[int, int]": "two whole numbers",
    "tuple[float, float]": "two numbers",
    "tuple[str, ...]": "texts",
}


def problems(kind: type, given: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the entries of a recipe of a kind: says what was given and what is allowed."""
    known = {f.name: f for f in dataclasses.fields(kind)}
    for name in sorted(set(given) - set(known)):
        yield f"there is no entry {name!r}; there are {', '.join(known)}"
    required = [f.name for f in known.values() if f.default is f.default_factory is dataclasses.MISSING]
    lacking = [name for name in required if name not in given]
    if lacking:
        yield f"lacks {', '.join(lacking)}"
    for name, value in given.items():
        if name in known:
            allowed = known[name].metadata.get("range", AT_LEAST_ZERO)
            wanted = wrong_type(str(known[name].type), value) or out_of_range(allowed, value)
            if wanted:
                yield f"{name} is {value!r}; it must be {wanted}"
    knobs = given.get("knobs", {})
    if isinstance(knobs, Mapping) and knobs:
        from ..datasets import Synthetic

        allowed = [f.name for f in dataclasses.fields(Synthetic)]
        for name in sorted(set(knobs) - set(allowed)):
            yield f"there is no knob {name!r}; there are {', '.join(allowed)}"


def wrong_type(annotation: str, value: Any) -> str:
    """What the value must be, in words; "" where it is."""
    several = {"tuple[int, int]": _whole, "tuple[float, float]": _number, "tuple[str, ...]": _text}
    single = {"int": _whole, "float": _number, "str": _text}
    if annotation in single:
        right = single[annotation](value)
    elif annotation in several:
        count = len(value) if isinstance(value, tuple | list) else 0
        right = count == 2 if annotation.endswith("t]") else count > 0
        right = right and all(map(several[annotation], value))
    else:
        right = isinstance(value, bool if annotation == "bool" else Mapping)
    return "" if right else TYPES[annotation]


def out_of_range(allowed: Range, value: Any) -> str:
    """The range that a number must lie in, in words; "" where it does, and for what is no number."""
    return allowed.words if _number(value) and not allowed.admits(value) else ""


def made(kind: Callable[..., Made], network: Mapping[str, Any]) -> Made:
    """The net of a kind with the arguments that a recipe names. ValueError, which names them, where it takes others."""
    try:
        return kind(**network)
    except TypeError as error:
        name, takes = getattr(kind, "__name__", str(kind)), ", ".join(inspect.signature(kind).parameters)
        raise ValueError(f"the recipe's network: {error}; {name} takes {takes or 'nothing'}") from error


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def _text(value: Any) -> bool:
    return isinstance(value, str)
