"""Tables of a comparison: one model, shown on a terminal and in the page alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rich import box
from rich.table import Table as RichTable
from rich.text import Text

from ..benchmark.comparison import Comparison, Row
from ..benchmark.leaderboard import better_high
from ..metrics._base import Protocol, Ratio

Better = Literal["lower", "higher", "neither"]
MIB = 1024.0 * 1024.0


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: what it is part of, its heading, its values by row (None: not known), and which way is better."""

    group: str
    title: str
    values: tuple[float | None, ...]
    digits: int
    better: Better
    #: What stands behind a value where there is more to say, by row.
    hints: tuple[str, ...] = ()
    #: Rows whose value is of fewer samples than the others': they are not compared.
    partial: frozenset[int] = frozenset()

    def text(self, index: int) -> str:
        """The value as it is printed."""
        value = self.values[index]
        return "–" if value is None else f"{value:.{self.digits}f}"

    def is_best(self, index: int) -> bool:
        """Whether the printed value is the best of at least two."""
        known = [v for i, v in enumerate(self.values) if v is not None and i not in self.partial]
        value = self.values[index]
        if index in self.partial or value is None or len(known) < 2 or self.better == "neither":
            return False
        best = min(known) if self.better == "lower" else max(known)
        return f"{value:.{self.digits}f}" == f"{best:.{self.digits}f}"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Columns over the methods, with the reason where a method failed."""

    title: str
    labels: tuple[str, ...]
    backends: tuple[str, ...]
    errors: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Headings that span columns, with how many each spans."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans

    def rich(self) -> RichTable:
        """The table for a terminal: the best of each column in bold green, failures in red."""
        table = RichTable(
            title=self.title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False
        )
        table.add_column("method", vertical="bottom")
        for column in self.columns:
            heading = f"{column.group}\n{column.title.replace(' ', chr(10))}".strip()
            table.add_column(heading, justify="right", vertical="bottom", no_wrap=True)
        for index, label in enumerate(self.labels):
            if self.errors[index]:
                table.add_row(Text(label, style="red"), Text("failed", style="red"))
                continue
            cells = [
                Text(column.text(index), style="bold green" if column.is_best(index) else "") for column in self.columns
            ]
            table.add_row(label, *cells)
        return table


def better(figure: str) -> Better:
    """Errors are better low; shares of good pixels or points and of estimated ones are better high, as are gains."""
    return "higher" if better_high(figure) else "lower"


def summary_table(comparison: Comparison) -> Table:
    """Each protocol's primary figure, then density, time and memory: one row for each method."""
    columns = [
        _figure(comparison, protocol, protocol.headline(names))
        for protocol in comparison.protocols
        if (names := _names(comparison, protocol))
    ]
    return _table(comparison, _title(comparison), [*columns, *_costs(comparison)])


def full_table(comparison: Comparison, protocol: Protocol) -> Table:
    """All figures of one protocol, which is the title."""
    columns = [replace(_figure(comparison, protocol, name), group="") for name in _names(comparison, protocol)]
    return _table(comparison, protocol.name, columns)


def failures(comparison: Comparison) -> list[str]:
    """One line for each method that failed and each reason why protocols could not score, without repeating itself."""
    lines = [f"{row.label} failed on {row.sample}: {row.error}" for row in comparison.rows if row.error]
    refusals: dict[tuple[str, str], dict[str, None]] = {}
    for row in comparison.rows:
        for name, reason in row.unscored.items():
            refusals.setdefault((row.label, reason), {})[name] = None
    told = [f"{label} is not scored by {', '.join(names)}: {reason}" for (label, reason), names in refusals.items()]
    return list(dict.fromkeys(lines + told))


def _title(comparison: Comparison) -> str:
    names = [sample.name for sample in comparison.samples]
    return f"{comparison.task} · {names[0] if len(names) == 1 else f'{len(names)} samples'}"


def _names(comparison: Comparison, protocol: Protocol) -> list[str]:
    scores = [row.scores[protocol.name] for row in comparison.rows if protocol.name in row.scores]
    return list(dict.fromkeys(name for score in scores for name in score))


def _table(comparison: Comparison, title: str, columns: list[Column]) -> Table:
    rows = [comparison.of(label) for label in comparison.labels]
    done = [sum(row.error is None for row in own) for own in rows]
    partial = frozenset(i for i, own in enumerate(rows) if 0 < done[i] < len(own))
    labels = [told(label, own) for label, own in zip(comparison.labels, rows, strict=True)]
    return Table(
        title=title,
        labels=tuple(
            f"{label} ({done[i]} of {len(rows[i])} samples)" if i in partial else label
            for i, label in enumerate(labels)
        ),
        backends=tuple(next((row.backend for row in own if row.backend), "") for own in rows),
        errors=tuple("; ".join(row.error for row in own if row.error) if _all_failed(own) else "" for own in rows),
        columns=tuple(replace(column, partial=partial) for column in columns),
    )


def told(label: str, rows: Sequence[Row]) -> str:
    """A method's label with what its depth leaves open and how that was settled: never to be taken for metres."""
    found = next((row for row in rows if row.kind is not None), None)
    if found is None:
        return label
    settled = "" if found.align is None else f", aligned to the truth by {found.align.replace('_', ' and ')}"
    return f"{label} ({found.kind}{settled})"


def _all_failed(rows: tuple[Row, ...]) -> bool:
    return all(row.error for row in rows)


def _figure(comparison: Comparison, protocol: Protocol, figure: str) -> Column:
    ratios: list[Ratio] = [
        row.scores[protocol.name][figure] for row in comparison.rows if figure in row.scores.get(protocol.name, {})
    ]
    percent = bool(ratios) and ratios[0].form == "percent"
    values = (comparison.figures(label, protocol).get(figure, math.nan) for label in comparison.labels)
    return Column(
        group=protocol.name.removesuffix(f"_{comparison.task}"),
        title=f"{figure} %" if percent else figure,
        values=tuple(value if math.isfinite(value) else None for value in values),
        digits=2 if percent else 3,
        better=better(figure),
    )


def _costs(comparison: Comparison) -> list[Column]:
    density: list[float | None] = []
    seconds: list[float | None] = []
    memory: list[float | None] = []
    spreads: list[str] = []
    for label in comparison.labels:
        done = [row for row in comparison.of(label) if row.timing is not None and row.density is not None]
        timings = [row.timing for row in done if row.timing is not None]
        peaks = [timing.peak_memory_bytes for timing in timings if timing.peak_memory_bytes is not None]
        density.append(100 * sum(row.density or 0.0 for row in done) / len(done) if done else None)
        seconds.append(1000 * sum(timing.median_s for timing in timings) / len(timings) if timings else None)
        memory.append(max(peaks) / MIB if peaks else None)
        low, high = (1000 * f(getattr(t, k) for t in timings) if timings else 0.0 for f, k in _SPREAD)
        spreads.append(f"{low:.1f}…{high:.1f} ms over {timings[0].repeats} calls" if timings else "")
    return [
        Column(group="", title="density %", values=tuple(density), digits=1, better="neither"),
        Column(group="", title="time ms", values=tuple(seconds), digits=1, better="lower", hints=tuple(spreads)),
        Column(group="", title="memory MiB", values=tuple(memory), digits=0, better="neither"),
    ]


_SPREAD = ((min, "minimum_s"), (max, "maximum_s"))
