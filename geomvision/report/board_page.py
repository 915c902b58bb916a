"""A leaderboard as one HTML page that opens offline: its data as JSON, drawn and sorted by the script beside it."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from ..benchmark.grids import Grid
from ..benchmark.leaderboard import Leaderboard, Section, Standing, better_high
from ..benchmark.published import Published
from ..benchmark.statistics import RESAMPLES, Float64
from .board_pictures import PICTURE_BUDGET, Reader, pictures
from .board_sheets import INTERVALS, TESTS, digits_of, failure_lines, heading, notes, rule_of, told

SCRIPTS = ("board_parts.js", "board_tables.js", "board_main.js")
STYLES = ("style.css", "board.css")
#: Figures of single scenes that a page may carry, four bytes each; beyond, those of headlines alone.
SCENE_BUDGET = 4_000_000
#: Scenes drawn times methods times figures whose intervals are worth the wait; beyond, those of headlines alone.
WORK_BUDGET = 400_000_000
#: Methods of which every pair is tested and shown.
MOST_TESTED = 40
#: Significant digits of numbers on the page: tables print fewer.
DIGITS = 6


def render(
    board: Leaderboard, title: str, *, run: Path | None = None, published: bool = True, reader: Reader | None = None
) -> str:
    """The page as text.

    Args:
        board: what it shows.
        title: its heading.
        run: the run's folder, for pictures of kept estimates.
        published: whether figures of papers are shown.
        reader: gives samples, whose image and truth stand beside these pictures.
    """
    here = files(__package__).joinpath("web")
    counts = [
        sum(len(grid.figures) * grid.total[grid.figures[0]].size for grid in s.grids.values()) for s in board.sections
    ]
    every = sum(counts) <= SCENE_BUDGET
    budget = PICTURE_BUDGET // max(1, len(board.sections))
    shown = None if run is None else (run, budget, reader)
    data = {
        "tasks": len({section.task for section in board.sections}),
        "fine": f"{INTERVALS[:1].upper()}{INTERVALS[1:]}. {TESTS}.",
        "sections": [_section(section, every, published, shown) for section in board.sections],
    }
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(here.joinpath("board.html").read_text(encoding="utf-8"))
    return template.render(
        title=title,
        facts=_facts(board),
        style="\n".join(here.joinpath(name).read_text(encoding="utf-8") for name in STYLES),
        script="\n".join(here.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS),
        data=json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
    )


def _facts(board: Leaderboard) -> list[str]:
    methods = len({entry.label for section in board.sections for entry in section.entries})
    scenes = sum(len(section.samples) for section in board.sections)
    failed = sum(entry.failed for section in board.sections for entry in section.entries)
    units = sum(entry.done + entry.failed for section in board.sections for entry in section.entries)
    counted = [(methods, "method"), (len(board.sections), "data set"), (scenes, "scene"), (units, "unit")]
    words = [f"{count:,} {name}{'' if count == 1 else 's'}" for count, name in counted]
    return [*words, f"{failed:,} failed" if failed else "none failed"]


def _section(
    section: Section, every: bool, published: bool, shown: tuple[Path, int, Reader | None] | None
) -> dict[str, Any]:
    reasons = {each.label: each.reason for each in reversed(section.failures) if not each.protocols}
    return {
        "task": section.task,
        "dataset": section.dataset,
        "title": heading(section),
        "samples": section.samples,
        "entries": [
            {
                "label": entry.label,
                "told": told(entry, len(section.samples)),
                "method": entry.method,
                "options": dict(entry.options),
                "backend": entry.backend,
                "parameters": entry.parameters,
                "density": entry.density,
                "seconds": entry.seconds,
                "memory": entry.peak_memory_bytes,
                "done": entry.done,
            }
            for entry in section.entries
        ],
        "reasons": reasons,
        "protocols": [_protocol(section, name, every) for name in section.protocols],
        "published": _published(section.published()) if published else [],
        "failures": failure_lines(section),
        "notes": list(notes(section)),
        "pictures": None if shown is None else pictures(section, *shown),
    }


def _protocol(section: Section, name: str, every: bool) -> dict[str, Any]:
    grid = section.grids[name]
    work = RESAMPLES * len(grid.samples) * len(grid.labels) * len(grid.figures)
    sure = {grid.headline} if work > WORK_BUDGET else set(grid.figures)
    kept = set(grid.figures) if every else {grid.headline}
    tested = len(grid.labels) <= MOST_TESTED
    return {
        "name": name,
        "headline": grid.headline,
        "shown": list(grid.shown),
        "rule": f"{rule_of(grid)[:1].upper()}{rule_of(grid)[1:]}.",
        "figures": [_figure(section, grid, figure, figure in sure, figure in kept) for figure in grid.figures],
        "tests": _matrix(grid, section.tests(name)) if tested else None,
    }


def _figure(section: Section, grid: Grid, figure: str, sure: bool, kept: bool) -> dict[str, Any]:
    """One figure of all methods: over the scenes and, where they are kept, of each scene."""
    standings = {each.label: each for each in section.standings(grid.protocol, figure, sure=sure)}
    rows: list[Standing] = [standings[label] for label in grid.labels]
    values = grid.values(figure).astype("<f4")
    return {
        "name": figure,
        "unit": "%" if grid.forms[figure] == "percent" else "",
        "better_high": better_high(figure),
        "digits": digits_of(grid, figure),
        "overall": _numbers(row.value for row in rows),
        "low": _numbers(row.low for row in rows) if sure else None,
        "high": _numbers(row.high for row in rows) if sure else None,
        "rank": [row.rank for row in rows],
        "p": _numbers(row.p_best for row in rows) if sure else None,
        "scenes": [row.scenes for row in rows],
        "values": base64.b64encode(np.ascontiguousarray(values).tobytes()).decode() if kept else None,
    }


def _matrix(grid: Grid, tests: dict[tuple[str, str], float]) -> list[list[float | None]]:
    place = {label: index for index, label in enumerate(grid.labels)}
    matrix: Float64 = np.full((len(place), len(place)), np.nan)
    for (first, second), p in tests.items():
        matrix[place[first], place[second]] = matrix[place[second], place[first]] = p
    return [_numbers(row) for row in matrix.tolist()]


def _numbers(values: Iterable[float]) -> list[float | None]:
    """Ready for JSON, which has no NaN."""
    return [float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None for value in values]


def _published(every: tuple[Published, ...]) -> list[dict[str, Any]]:
    """By method and source, its figures by protocol."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for each in every:
        own = found.setdefault(
            (each.method, each.source, each.split),
            {"method": each.method, "source": each.source, "split": each.split, "note": each.note, "figures": {}},
        )
        own["figures"].setdefault(each.protocol, {})[each.figure] = each.value
    return list(found.values())
