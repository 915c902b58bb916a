"""Figures that papers print, to be shown beside measured ones and never among them (`published.toml`)."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Published:
    """One figure of one method, as its source prints it."""

    method: str
    task: str
    #: Of a run's data set whose figures these stand beside, such as "kitti2015"; and the part of it, "test".
    dataset: str
    split: str
    #: The protocol of `geomvision.metrics` whose rule is meant, and its figure.
    protocol: str
    figure: str
    #: In the protocol's unit.
    value: float
    #: Paper, and its table where that is certain.
    source: str
    #: What else is to be known: what it was trained on, in which way its rule differs.
    note: str = ""
    #: The method of geomvision of the same name, "stereo/psmnet"; empty without.
    ours: str = ""


def published(dataset: str | None = None, task: str | None = None) -> tuple[Published, ...]:
    """Published figures, of a data set and task where these are given.

    A data set of another name that goes on by a number or "_" is the same ("kitti_raw", "nyuv2"), but for one that
    says another year than the figure's part: "kitti2012" has none of KITTI 2015.
    """
    return tuple(
        each for each in _every() if (task is None or each.task == task) and (dataset is None or _same(dataset, each))
    )


def _same(given: str, figure: Published) -> bool:
    if re.fullmatch(rf"{re.escape(figure.dataset)}(v?\d.*|[_\-:. ].*)?", given) is None:
        return False
    said, meant = (set(re.findall(r"(?:19|20)\d\d", text)) for text in (given, figure.split))
    return not said or not meant or bool(said & meant)


@cache
def _every() -> tuple[Published, ...]:
    text = files(__package__).joinpath("published.toml").read_text(encoding="utf-8")
    return read(tomllib.loads(text))


def read(tables: Mapping[str, Any]) -> tuple[Published, ...]:
    """What the file's tables say: each ``[[paper]]`` has a source and, for each method, figures by protocol.

    Raises ValueError for entries that are missing, unknown or no numbers, naming the paper and method.
    """
    found = []
    for paper in tables["paper"]:
        shared = {name: value for name, value in paper.items() if name != "method"}
        for method in paper["method"]:
            own = {name: value for name, value in method.items() if name not in ("name", "figures")}
            for figure, value in method["figures"].items():
                if not isinstance(value, int | float) or not math.isfinite(value):
                    raise ValueError(f"{paper['source']}, {method['name']}: {figure} is {value!r}; it must be a number")
                entries = {**shared, **own, "method": method["name"], "figure": figure, "value": float(value)}
                unknown = set(entries) - {each.name for each in fields(Published)}
                if unknown:
                    raise ValueError(f"{paper['source']}, {method['name']}: nothing is called {sorted(unknown)}")
                found.append(Published(**entries))
    return tuple(found)
