"""A leaderboard's tables as plain rows of text, from which every format is written."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..benchmark.grids import Grid
from ..benchmark.leaderboard import Entry, Section, Standing, better_high
from ..benchmark.published import Published
from ..benchmark.statistics import LEVEL, RESAMPLES
from .tables import MIB
from .tasks import SHOWN


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table of text: its first `names` columns are names, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 2
    #: Cells that are the best of their column, by row and column.
    best: frozenset[tuple[int, int]] = frozenset()
    #: Rows from this one on are published figures, which nothing here measured.
    published_from: int | None = None
    notes: tuple[str, ...] = ()


def main_sheet(section: Section, *, published: bool = True) -> Sheet:
    """Methods by the first protocol's headline: every protocol's figures with intervals, then what methods cost."""
    shown = [(protocol, figure) for protocol in section.protocols for figure in section.grids[protocol].shown]
    standings = {column: section.standings(*column) for column in shown}
    order = next(iter(standings.values()), ())
    labels = [each.label for each in order]
    labels += [entry.label for entry in section.entries if entry.label not in set(labels)]
    entries = {entry.label: entry for entry in section.entries}
    first = {each.label: each for each in order}
    rows, best = [], set()
    for row, label in enumerate(labels):
        cells = [_rank(first.get(label)), told(entries[label], len(section.samples))]
        for (protocol, figure), every in standings.items():
            own = next((each for each in every if each.label == label), None)
            if own is not None and own.rank == 1:
                best.add((row, len(cells)))
            cells.append(_with_interval(section.grids[protocol], own, figure))
        cells.append(_p(first.get(label)))
        rows.append((*cells, *costs(entries[label])))
    titles = [headed(section.grids[protocol], figure) for protocol, figure in standings]
    told_apart = section.published() if published else ()
    count = len(rows)
    rows += [_published(each, section, shown, 6) for each in _by_method(told_apart)]
    return Sheet(
        title=heading(section),
        columns=("rank", "method", *titles, "p", "density %", "time ms", "memory MiB", "parameters"),
        rows=tuple(rows),
        best=frozenset(best),
        published_from=count if len(rows) > count else None,
        notes=(*notes(section), *_sources(told_apart)),
    )


def scene_sheet(section: Section, protocol: str, figure: str | None = None) -> Sheet:
    """One row for each scene, one column for each method, by one figure, None for the headline."""
    grid = section.grids[protocol]
    name = grid.headline if figure is None else figure
    values = grid.values(name)
    digits, best = digits_of(grid, name), set()
    rows = []
    for scene, sample in enumerate(grid.samples):
        cells = [number(value, digits) for value in values[:, scene]]
        known = [value for value in values[:, scene] if not math.isnan(value)]
        if len(known) > 1:
            top = number(max(known) if better_high(name) else min(known), digits)
            best |= {(scene, 1 + column) for column, cell in enumerate(cells) if cell == top}
        rows.append((sample, *cells))
    return Sheet(
        title=f"{heading(section)}: {headed(grid, name)} by scene",
        columns=("scene", *grid.labels),
        rows=tuple(rows),
        names=1,
        best=frozenset(best),
    )


def heading(section: Section) -> str:
    """The section's task and data set, and how many scenes it has."""
    task = SHOWN[section.task].title if section.task in SHOWN else section.task
    return f"{task} on {section.dataset}, {len(section.samples)} {counted(len(section.samples))}"


def headed(grid: Grid, figure: str | None = None) -> str:
    """Protocol and figure with its unit, as a column is headed."""
    name = grid.headline if figure is None else figure
    return f"{grid.protocol} {name}{' %' if grid.forms[name] == 'percent' else ''}"


def digits_of(grid: Grid, figure: str) -> int:
    """Digits after the point: two of percentages, three of the others."""
    return 2 if grid.forms[figure] == "percent" else 3


def number(value: float | None, digits: int) -> str:
    """A number as tables print it; a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def told(entry: Entry, scenes: int) -> str:
    """A method's label, with what relative depth leaves open, and of how many scenes it has estimates."""
    label = entry.label
    if entry.kind is not None:
        settled = "" if entry.aligned is None else f", aligned to the truth by {entry.aligned.replace('_', ' and ')}"
        label += f" ({entry.kind}{settled})"
    return label if entry.done == scenes else f"{label} ({entry.done} of {scenes} scenes)"


def costs(entry: Entry) -> tuple[str, str, str, str]:
    """Density in percent, time in ms, memory in MiB, parameters in millions."""
    millions = None if entry.parameters is None else entry.parameters / 1e6
    return (
        number(None if entry.density is None else 100 * entry.density, 1),
        number(None if entry.seconds is None else 1000 * entry.seconds, 1),
        number(None if entry.peak_memory_bytes is None else entry.peak_memory_bytes / MIB, 0),
        "–" if millions is None else f"{millions:.2f} M",
    )


def notes(section: Section) -> tuple[str, ...]:
    """How scenes become figures, how missing estimates count, and what intervals and tests are."""
    lines = []
    for protocol in section.protocols:
        grid = section.grids[protocol]
        lines.append(f"{protocol}: {rule_of(grid)}")
    shared = [MATCHED] if section.task == "pose" and any(entry.seconds for entry in section.entries) else []
    return (*lines, INTERVALS, TESTS, *flag_lines(section), *section.notes, *shared)


def flag_lines(section: Section) -> list[str]:
    """One line for each method whose estimates are flagged: what speaks against how many of them."""
    count = len(section.samples)
    return [
        f"{label} flags {', '.join(f'{name} on {n}' for name, n in flags.items())} of {count} {counted(count)}"
        for label, flags in section.flagged.items()
    ]


def counted(count: int) -> str:
    """Scenes, or one."""
    return "scene" if count == 1 else "scenes"


def rule_of(grid: Grid) -> str:
    """How scenes become a figure, of how many there is one, and how missing estimates count."""
    scored = int(grid.scenes(grid.headline).max(initial=0))
    part = "" if scored == len(grid.samples) else f"; {scored} of {len(grid.samples)} scenes have its figures"
    missing = "" if grid.known is None else f"; missing estimates: {grid.known.missing_estimates}"
    return f"{grid.rule}{part}{missing}"


INTERVALS = (
    f"intervals hold {100 * LEVEL:.0f} % of what comes of drawing the scenes {RESAMPLES} times with replacement; a "
    "method without the figure of every scene that others have is not ranked"
)
MATCHED = "times of poses are those from matches: a pair's features are matched once, for all methods, and not timed"
TESTS = (
    "p: that a method is as good as the best one on scenes like these, by Wilcoxon's signed-rank test over scenes, "
    "two-sided, with Holm's correction for as many tests as there are other ranked methods"
)


def failure_lines(section: Section) -> list[str]:
    """One line for each method and reason, with the scenes it holds for."""
    groups: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for each in section.failures:
        groups.setdefault((each.label, each.protocols, each.reason), []).append(each.sample)
    return [
        f"{section.dataset}: {label} "
        + (f"is not scored by {', '.join(protocols)}" if protocols else "failed")
        + f" on {_several(samples)}: {reason}"
        for (label, protocols, reason), samples in groups.items()
    ]


def _several(names: list[str]) -> str:
    if len(names) <= 4:
        return ", ".join(names)
    return f"{', '.join(names[:3])} and {len(names) - 3} more scenes"


def _rank(standing: Standing | None) -> str:
    return "–" if standing is None or standing.rank is None else str(standing.rank)


def _p(standing: Standing | None) -> str:
    if standing is None or math.isnan(standing.p_best):
        return "–"
    return "< 0.001" if standing.p_best < 0.001 else f"{standing.p_best:.3f}"


def _with_interval(grid: Grid, standing: Standing | None, figure: str) -> str:
    if standing is None or math.isnan(standing.value):
        return "–"
    digits = digits_of(grid, figure)
    value = number(standing.value, digits)
    if math.isnan(standing.low):
        return value
    return f"{value} [{number(standing.low, digits)}, {number(standing.high, digits)}]"


def _by_method(every: tuple[Published, ...]) -> list[list[Published]]:
    groups: dict[tuple[str, str, str], list[Published]] = {}
    for each in every:
        groups.setdefault((each.method, each.source, each.split), []).append(each)
    return list(groups.values())


def _published(
    group: list[Published], section: Section, shown: list[tuple[str, str]], costs_after: int
) -> tuple[str, ...]:
    """A row of published figures: those that the columns are of."""
    cells = []
    for protocol, figure in shown:
        found = [each.value for each in group if (each.protocol, each.figure) == (protocol, figure)]
        cells.append(number(found[0], digits_of(section.grids[protocol], figure)) if found else "–")
    name = f"{group[0].method} (published, {group[0].split})"
    return ("", name, *cells, *("",) * (costs_after - 1))


def _sources(every: tuple[Published, ...]) -> tuple[str, ...]:
    sources: dict[str, dict[str, None]] = {}
    for each in every:
        sources.setdefault(each.source, {})[each.method] = None
    lines = "; ".join(f"{', '.join(methods)} by {source}" for source, methods in sources.items())
    return (f"published figures, measured by others and not ranked: {lines}",) if sources else ()
