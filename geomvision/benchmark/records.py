"""What a run over a data set keeps of one method on one sample: plain numbers that a line of JSON holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..method import Value
from ..metrics._base import Ratio, Score


class _Scores(Mapping[str, Score]):
    """Scores by protocol, each made of what JSON holds when it is asked for: a table needs few of very many."""

    def __init__(self, held: Mapping[str, Mapping[str, Any]]) -> None:
        self._held = held
        self._made: dict[str, Score] = {}

    def __getitem__(self, protocol: str) -> Score:
        if protocol not in self._made:
            self._made[protocol] = {figure: Ratio(*ratio) for figure, ratio in self._held[protocol].items()}
        return self._made[protocol]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclass(frozen=True, kw_only=True)
class Record:
    """One unit of work, done: one method on one sample, scored by every protocol; or why it failed.

    It holds no time and nothing of the machine: the same code on the same data gives the same record anywhere.
    """

    #: Tells data, method, options, weights, protocols and code: whoever computes a unit again has the same key.
    key: str
    task: str
    #: The data set as the run calls it, such as "middlebury", and the sample's name in it.
    dataset: str
    sample: str
    #: The method as tables call it, "sgm(paths=4)"; in full, "stereo/sgm"; its options.
    label: str
    method: str
    options: Mapping[str, Value] = field(default_factory=dict)
    #: What names the weights by their content, and how many parameters they have; None without.
    weights: str | None = None
    parameters: int | None = None
    #: Of the code that computed it.
    code: str = ""
    #: The backend that ran; None when the method failed.
    backend: str | None = None
    #: By protocol and figure.
    scores: Mapping[str, Score] = field(default_factory=dict)
    #: Protocols that could not score this estimate, with the reason.
    unscored: Mapping[str, str] = field(default_factory=dict)
    density: float | None = None
    #: Of relative depth: what it leaves open, and how it was aligned to the truth for protocols in metres.
    kind: str | None = None
    aligned: str | None = None
    #: Where the run keeps the estimate itself, relative to its folder; None where nobody asked for it.
    map: str | None = None
    #: What speaks against a pose: names of its `degeneracies` or `flags`.
    flags: Sequence[str] = ()
    #: The last: a line that ends with none is not looked into for it.
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; a ratio is (total, count, form), exact and finite by what it is made of."""
        scores = {
            protocol: {figure: list(ratio) for figure, ratio in score.items()}
            for protocol, score in plain_scores(self).items()
        }
        own = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        plain = {"options": dict(self.options), "unscored": dict(self.unscored), "flags": list(self.flags)}
        return own | plain | {"scores": scores}

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> Record:
        """What `to_dict` made, also before there were flags. ValueError names entries that lack, or of no record."""
        given = entries.keys() | {"flags"}
        if given != _FIELDS:
            odd = ", ".join(sorted(set(given) ^ _FIELDS))
            raise ValueError(f"a record has the entries {', '.join(sorted(_FIELDS))}; missing, or too many: {odd}")
        flags = tuple(entries.get("flags", ()))
        return cls(**{**entries, "scores": _Scores(entries["scores"]), "flags": flags})


_FIELDS = frozenset(each.name for each in dataclasses.fields(Record))


def plain_scores(record: Record) -> Mapping[str, Mapping[str, Any]]:
    """A record's scores by protocol and figure as (total, count, form), without making ratios of them."""
    if isinstance(record.scores, _Scores):
        return record.scores._held
    return {
        protocol: {figure: (ratio.total, ratio.count, ratio.form) for figure, ratio in score.items()}
        for protocol, score in record.scores.items()
    }


def scored_by(record: Record, wanted: Callable[[str], bool]) -> Record:
    """The record with the scores of those protocols alone whose names are wanted."""
    plain = {name: score for name, score in plain_scores(record).items() if wanted(name)}
    unscored = {name: reason for name, reason in record.unscored.items() if wanted(name)}
    return dataclasses.replace(record, scores=_Scores(plain), unscored=unscored)


@dataclass(frozen=True, kw_only=True)
class TimeRecord:
    """What one unit costs on one machine, measured while nothing else ran."""

    key: str
    #: Seconds of each timed call after a warm one; bytes added at the peak.
    seconds: tuple[float, ...]
    peak_memory_bytes: int | None
    #: What names the machine (`benchmark.machine`), and how many threads the method had.
    machine: str
    num_threads: int

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return vars(self) | {"seconds": list(self.seconds)}

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> TimeRecord:
        """What `to_dict` made."""
        return cls(**{**entries, "seconds": tuple(entries["seconds"])})
