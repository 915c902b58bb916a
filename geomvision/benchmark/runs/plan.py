"""What a run is asked for: data sets, methods with their options, protocols. It is what ``run.json`` holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ...method import Value
from ...results import AlignedHow

Maps = Literal["npz", "png"]
#: Of what ``run.json`` and the lines of the store look like.
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Source:
    """A data set of the run: what tables call it, which reader reads it, from where, with which options."""

    name: str
    #: As in `geomvision.datasets.DATASETS`.
    dataset: str
    #: A folder, or a URL that fsspec knows; "" for what is rendered.
    location: str = ""
    options: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """A method of the run, with all its options and what its weights are."""

    #: What tables call it, "sgm(paths=4)"; its name in the registry, "sgm".
    label: str
    name: str
    options: Mapping[str, Value]
    backend: str = "auto"
    #: Whether the user chose its range of disparities; else each sample's own is taken.
    own_range: bool = False
    #: What names the weights by their content, and how many parameters they have; None without.
    weights: str | None = None
    parameters: int | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All of it: every method on every sample is one unit of work."""

    task: str
    sources: tuple[Source, ...]
    entrants: tuple[Entrant, ...]
    #: Names of protocols; None: all that fit a sample.
    protocols: tuple[str, ...] | None = None
    #: How relative depth is aligned to the truth for protocols in metres; None: they refuse it.
    align: AlignedHow | None = None
    #: Whether pairs that cannot be right are run all the same.
    force: bool = False
    #: Whether weights that may not be used commercially are refused.
    commercial: bool = False
    #: How estimates are kept; None: they are not.
    maps: Maps | None = None
    #: Of each unit: the same for every number of workers, since nets may round by it.
    num_threads: int = 1
    #: Of the code that computes it (`keys.code_version`); "" takes that of the process that runs it.
    code: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"format": FORMAT, **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Plan:
        """What `to_dict` made. ValueError where it is of another format, or no plan."""
        given = {**entries}
        if given.pop("format", None) != FORMAT:
            raise ValueError(f"it is of the format {entries.get('format')!r}; this geomvision reads {FORMAT}")
        protocols = given.pop("protocols")
        try:
            given["sources"] = tuple(Source(**each) for each in given["sources"])
            given["entrants"] = tuple(Entrant(**each) for each in given["entrants"])
            return cls(**given, protocols=None if protocols is None else tuple(protocols))
        except (KeyError, TypeError) as error:
            raise ValueError(f"it is no plan of a run: {error}") from None
