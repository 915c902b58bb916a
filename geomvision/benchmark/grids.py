"""Records of a run as arrays: of each data set and protocol, methods by scenes, ready for figures and intervals."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics import PROTOCOLS
from ..metrics._base import Protocol, Ratio
from .records import Record, plain_scores
from .statistics import Float64, Form, Rule, aggregated, drawn, formed, interval

#: Protocols with a rule of their own that cannot be asked for all drawings at once are drawn anew less often.
SLOW_RESAMPLES = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class Grid:
    """One protocol's figures on one data set: `total` and `count` of every figure, (methods, scenes)."""

    protocol: str
    labels: tuple[str, ...]
    samples: tuple[str, ...]
    total: dict[str, Float64] = field(repr=False)
    count: dict[str, Float64] = field(repr=False)
    forms: dict[str, Form] = field(repr=False)

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures' names, in the protocol's order."""
        return tuple(self.total)

    @property
    def known(self) -> Protocol | None:
        """The protocol itself; None for one that this installation does not have."""
        return PROTOCOLS[self.protocol]() if self.protocol in PROTOCOLS else None

    @property
    def headline(self) -> str:
        """The figure a ranking sorts by: the protocol's, or the first of one that is not known."""
        return self.figures[0] if self.known is None else self.known.headline(self.figures)

    @property
    def shown(self) -> tuple[str, ...]:
        """The headline, and the figures that tables show beside it."""
        known = self.known
        more = () if known is None else known.beside
        return (self.headline, *(name for name in more if name in self.total and name != self.headline))

    @property
    def weights(self) -> Float64:
        """What each scene counts in a mean, (scenes,)."""
        known = self.known
        return np.array([1.0 if known is None else known.weight(name) for name in self.samples])

    @property
    def rule(self) -> str:
        """How scenes become one figure, in words."""
        known = self.known
        if known is None:
            return "mean over scenes; the protocol is not installed, so its own rule is not known"
        if self._own_rule:
            return f"{known.rule or 'a rule of its own'} (geomvision.metrics.{type(known).__name__})"
        if known.aggregation == "pooled":
            return "pooled: pixels of all scenes are counted together"
        lighter = [
            f"{name} counts {weight:g}" for name, weight in zip(self.samples, self.weights, strict=True) if weight != 1
        ]
        return "mean over scenes" + (f", weighted as the benchmark does: {', '.join(lighter)}" if lighter else "")

    @property
    def _own_rule(self) -> bool:
        return self.known is not None and type(self.known).aggregate is not Protocol.aggregate

    def values(self, figure: str) -> Float64:
        """Each scene's figure, (methods, scenes); NaN where there is none."""
        return formed(self.total[figure], self.count[figure], self.forms[figure])

    def scenes(self, figure: str) -> NDArray[np.int64]:
        """Of how many scenes each method has the figure, (methods,)."""
        return np.asarray((self.count[figure] > 0).sum(axis=1))

    def overall(self, figure: str) -> Float64:
        """The figure over all scenes that a method has, as the protocol says, (methods,)."""
        once: Float64 = self._over(figure, np.ones((1, len(self.samples)), np.float32))[0]
        return once

    def interval(self, figure: str) -> tuple[Float64, Float64]:
        """Ends of the 95 % interval by drawing scenes, (methods,) each; NaN for fewer than two scenes."""
        low, high = interval(self.resampled(figure))
        single = self.scenes(figure) < 2
        return np.where(single, np.nan, low), np.where(single, np.nan, high)

    def resampled(self, figure: str) -> Float64:
        """The figure for each drawing of scenes, (drawings, methods): the same drawings for every method."""
        count, known = len(self.samples), self.known
        slow = known is not None and self._own_rule and self._drawn(known, figure, 0, drawn(count, 1)) is None
        return self._over(figure, drawn(count, SLOW_RESAMPLES) if slow else drawn(count))

    def part(self, labels: Sequence[str], samples: Sequence[str]) -> Grid:
        """The grid of these methods and scenes alone, in this order."""
        at = np.ix_([self.labels.index(name) for name in labels], _places(self.samples, samples))
        total, count = ({name: values[at] for name, values in own.items()} for own in (self.total, self.count))
        return replace(self, labels=tuple(labels), samples=tuple(samples), total=total, count=count)

    def where(self, figure: str, wanted: NDArray[np.bool_]) -> Grid:
        """The grid with one figure, and that only where `wanted`, (methods, scenes)."""
        if self._own_rule:  # such a rule may need other figures, too
            total, count = ({n: np.where(wanted, v, 0.0) for n, v in own.items()} for own in (self.total, self.count))
            return replace(self, total=total, count=count)
        total, count = ({figure: np.where(wanted, own[figure], 0.0)} for own in (self.total, self.count))
        return replace(self, total=total, count=count, forms={figure: self.forms[figure]})

    def score(self, method: int, sample: int) -> dict[str, Ratio]:
        """One method's figures of one sample, by their numbers, as a record has them; empty where there are none."""
        total, count = self.total, self.count
        found = {
            name: Ratio(total[name][method, sample], count[name][method, sample], form)
            for name, form in self.forms.items()
        }
        return found if any(ratio.count for ratio in found.values()) else {}

    def _over(self, figure: str, draws: NDArray[np.float32]) -> Float64:
        known = self.known
        if known is not None and self._own_rule:
            return self._by_the_protocol(known, figure, draws)
        rule: Rule = "mean" if known is None else known.aggregation
        weighted = rule == "mean" and (self.weights != 1).any()
        counts = draws * self.weights if weighted else draws
        return aggregated(self.total[figure], self.count[figure], self.forms[figure], rule, counts)

    def _by_the_protocol(self, protocol: Protocol, figure: str, draws: NDArray[np.float32]) -> Float64:
        result = np.full((len(draws), len(self.labels)), np.nan)
        for method in range(len(self.labels)):
            found = self._drawn(protocol, figure, method, draws)
            if found is not None:
                result[:, method] = found
                continue
            scores = [self.score(method, sample) for sample in range(len(self.samples))]
            for row, times in enumerate(draws.astype(int)):
                every = [score for score, n in zip(scores, times, strict=True) for _ in range(n) if score]
                result[row, method] = protocol.aggregate(every).get(figure, np.nan) if every else np.nan
        return result

    def _drawn(self, protocol: Protocol, figure: str, method: int, draws: NDArray[np.float32]) -> Float64 | None:
        columns = {name: (self.total[name][method], self.count[name][method]) for name in self.total}
        return protocol.drawn(figure, columns, draws)


class GridBuilder:
    """Collects the scores of one data set, record by record, and makes the grids of them."""

    def __init__(self) -> None:
        self._blocks: dict[str, dict[tuple[str, ...], _Block]] = {}
        self._latest: dict[tuple[int, int], int] = {}
        self._taken = 0

    def add(self, record: Record, method: int, sample: int) -> None:
        """Take the scores of one record, of the method and sample with these numbers; earlier ones are forgotten."""
        self._taken += 1
        self._latest[method, sample] = self._taken
        for protocol, score in plain_scores(record).items():
            if not score:
                continue
            blocks = self._blocks.setdefault(protocol, {})
            names = tuple(score)
            block = blocks.get(names)
            totals, counts, forms = zip(*score.values(), strict=True)
            if block is None:
                block = blocks[names] = _Block(dict(zip(names, forms, strict=True)))
            block.at.extend((method, sample, self._taken))
            block.totals.extend(totals)
            block.counts.extend(counts)

    def grids(self, labels: tuple[str, ...], samples: tuple[str, ...]) -> dict[str, Grid]:
        """Every protocol's grid."""
        made = {}
        latest = np.zeros((len(labels), len(samples)), np.int64)
        for place, number in self._latest.items():
            latest[place] = number
        for protocol, blocks in self._blocks.items():
            names = list(dict.fromkeys(name for block in blocks for name in block))
            shape = (len(labels), len(samples))
            total, count = ({name: np.zeros(shape) for name in names} for _ in range(2))
            forms: dict[str, Any] = {}
            for figures, block in blocks.items():
                at = np.frombuffer(block.at, np.int64).reshape(-1, 3)
                valid = latest[at[:, 0], at[:, 1]] == at[:, 2]
                rows, columns = at[valid, 0], at[valid, 1]
                totals, counts = (
                    np.frombuffer(v).reshape(-1, len(figures))[valid] for v in (block.totals, block.counts)
                )
                forms |= block.forms
                for k, name in enumerate(figures):
                    total[name][rows, columns] = np.where(counts[:, k] > 0, totals[:, k], 0.0)
                    count[name][rows, columns] = counts[:, k]
            made[protocol] = Grid(
                protocol=protocol, labels=labels, samples=samples, total=total, count=count, forms=forms
            )
        return made


class _Block:
    """Scores that have the same figures."""

    def __init__(self, forms: dict[str, str]) -> None:
        self.forms = forms
        #: Method, sample and serial number of each record; totals and counts of its figures, record by record.
        self.at = array("q")
        self.totals = array("d")
        self.counts = array("d")


def _places(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    at = {name: place for place, name in enumerate(names)}
    return [at[name] for name in wanted]


def chosen(records: Iterable[Record], **patterns: str | None) -> Iterable[Record]:
    """Records whose fields match shell patterns, such as ``dataset="kitti*"``; several by commas; None takes all."""
    from fnmatch import fnmatchcase

    wanted = {name: [part.strip() for part in text.split(",")] for name, text in patterns.items() if text}
    for record in records:
        if all(any(fnmatchcase(getattr(record, name), part) for part in parts) for name, parts in wanted.items()):
            yield record
