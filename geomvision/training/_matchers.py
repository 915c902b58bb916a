"""Which matcher answers a rendered scene: SGM, or one of several, each with options that are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

#: The entry of a matcher's table that says how often it is drawn, against the others' shares; 1 where it is left out.
SHARE = "share"


def several(entries: Mapping[str, Any]) -> bool:
    """Whether a recipe's `matcher` holds tables of options by matcher, and not the options of SGM."""
    return any(isinstance(value, Mapping) for value in entries.values())


def check(entries: Mapping[str, Any]) -> None:
    """ValueError where tables name what is no matcher, no option, or no share."""
    if not several(entries):
        return
    from ..stereo import METHODS

    for name, options in entries.items():
        if not isinstance(options, Mapping):
            raise ValueError(f"matcher holds {name} beside tables; allowed are options of sgm, or tables by matcher")
        if name not in METHODS:
            raise ValueError(f"matcher holds the table {name!r}; allowed are {', '.join(METHODS)}")
        known = METHODS[name].option_limits()
        unknown = sorted(set(options) - {*known, SHARE})
        if unknown:
            raise ValueError(f"matcher.{name} holds {', '.join(unknown)}; allowed are {SHARE}, {', '.join(known)}")
        share = options.get(SHARE, 1.0)
        if not (isinstance(share, int | float) and 0 < share < np.inf):
            raise ValueError(f"matcher.{name}.{SHARE} is {share!r}; it must be a number above 0")


def drawn(entries: Mapping[str, Any], rng: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """A matcher and its options: of a list one is drawn, anything else is fixed."""
    if not several(entries):
        return "sgm", {name: _one(rng, value) for name, value in entries.items()}
    names = sorted(entries)
    shares = np.cumsum([entries[name].get(SHARE, 1.0) for name in names])
    name = names[int(np.searchsorted(shares, rng.random() * shares[-1], side="right"))]
    options = entries[name]
    return name, {option: _one(rng, options[option]) for option in sorted(options) if option != SHARE}


def _one(rng: np.random.Generator, value: Any) -> Any:
    return value[int(rng.integers(len(value)))] if isinstance(value, list) else value
