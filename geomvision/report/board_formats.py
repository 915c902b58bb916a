"""Sheets of a leaderboard as Markdown and LaTeX, and its numbers as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from ..benchmark.leaderboard import Leaderboard
from .board_sheets import Sheet

#: Characters that LaTeX and Markdown take for commands.
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--", "−": "$-$", "→": r"$\to$", "<": r"$<$",
    ">": r"$>$", "°": r"$^\circ$", "…": r"\ldots{}",
}  # fmt: skip


def as_markdown(title: str, sheets: Sequence[Sheet], failures: Sequence[str]) -> str:
    """The sheets as Markdown tables, the best of each column bold, published rows in italics."""
    parts = [f"# {_plain(title)}"]
    for sheet in sheets:
        parts.append(f"## {_plain(sheet.title)}")
        lines = [
            "| " + " | ".join(map(_plain, sheet.columns)) + " |",
            "|" + "|".join(["---"] * sheet.names + ["---:"] * (len(sheet.columns) - sheet.names)) + "|",
        ]
        for row, cells in enumerate(sheet.rows):
            lines.append(
                "| " + " | ".join(_marked(sheet, row, k, _plain(c), "**", "*") for k, c in enumerate(cells)) + " |"
            )
        parts.append("\n".join(lines))
        if sheet.notes:
            parts.append("\n".join(f"- {_plain(note)}" for note in sheet.notes))
    if failures:
        parts += ["## Failures", "\n".join(f"- {_plain(line)}" for line in failures)]
    return "\n\n".join(parts) + "\n"


def as_latex(title: str, sheets: Sequence[Sheet], failures: Sequence[str]) -> str:
    """Tables for a paper that uses the package booktabs; notes and failures are comments."""
    parts = [rf"% {title}: \usepackage{{booktabs}}"]
    for sheet in sheets:
        spec = "l" * sheet.names + "r" * (len(sheet.columns) - sheet.names)
        lines = [
            r"\begin{table}", r"\centering", rf"\caption{{{_tex(sheet.title)}}}", rf"\begin{{tabular}}{{{spec}}}",
            r"\toprule", " & ".join(map(_tex, sheet.columns)) + r" \\", r"\midrule",
        ]  # fmt: skip
        for row, cells in enumerate(sheet.rows):
            if row == sheet.published_from:
                lines.append(r"\midrule")
            marked = (_tex_marked(sheet, row, k, _tex(c)) for k, c in enumerate(cells))
            lines.append(" & ".join(marked) + r" \\")
        lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}"]
        parts.append("\n".join([*(f"% {note}" for note in sheet.notes), *lines]))
    if failures:
        parts.append("\n".join(f"% {_one_line(line)}" for line in failures))
    return "\n\n".join(parts) + "\n"


_HEAD = ("task", "dataset", "measured", "label", "protocol", "figure", "unit", "value", "low", "high", "rank", "p_best")


def as_csv(board: Leaderboard, *, published: bool = True) -> str:
    """One line for each method and figure, at full precision; published figures have "no" under measured."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    costs = ("done", "failed", "density", "seconds", "peak_memory_bytes", "parameters")
    writer.writerow((*_HEAD, "scenes", *costs, "source"))
    for section in board.sections:
        entries = {entry.label: entry for entry in section.entries}
        for protocol in section.protocols:
            grid = section.grids[protocol]
            for figure in grid.figures:
                unit = "%" if grid.forms[figure] == "percent" else ""
                for s in section.standings(protocol, figure):
                    own = [getattr(entries[s.label], name) for name in costs]
                    known = (s.value, s.low, s.high, s.rank, s.p_best)
                    place = (section.task, section.dataset, "yes", s.label, protocol, figure, unit)
                    writer.writerow((*place, *map(_blank, known), s.scenes, *map(_blank, own), ""))
        for each in section.published() if published else ():
            place = (each.task, each.dataset, "no", each.method, each.protocol, each.figure, "")
            writer.writerow((*place, each.value, *("",) * 11, f"{each.source}; {each.split}"))
    return out.getvalue()


def scenes_as_csv(board: Leaderboard) -> str:
    """One line for each scene, method and figure: what it is a ratio of, and its value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("task", "dataset", "sample", "label", "protocol", "figure", "unit", "value", "total", "count"))
    for section in board.sections:
        for protocol in section.protocols:
            grid = section.grids[protocol]
            for figure in grid.figures:
                values, unit = grid.values(figure).tolist(), "%" if grid.forms[figure] == "percent" else ""
                totals, counts = grid.total[figure].tolist(), grid.count[figure].tolist()
                writer.writerows(
                    (
                        section.task,
                        section.dataset,
                        sample,
                        label,
                        protocol,
                        figure,
                        unit,
                        values[m][s],
                        totals[m][s],
                        counts[m][s],
                    )
                    for m, label in enumerate(grid.labels)
                    for s, sample in enumerate(grid.samples)
                    if counts[m][s] > 0
                )
    return out.getvalue()


def _blank(value: float | str | None) -> float | str:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain(text: str) -> str:
    """Text in which Markdown sees no markup."""
    for sign in ("\\", "|", "*", "_", "`", "<", "["):
        text = text.replace(sign, f"\\{sign}")
    return _one_line(text)


def _tex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in _one_line(text))


def _marked(sheet: Sheet, row: int, column: int, text: str, strong: str, slanted: str) -> str:
    if (row, column) in sheet.best:
        return f"{strong}{text}{strong}"
    if sheet.published_from is not None and row >= sheet.published_from and text:
        return f"{slanted}{text}{slanted}"
    return text


def _tex_marked(sheet: Sheet, row: int, column: int, text: str) -> str:
    if (row, column) in sheet.best:
        return rf"\textbf{{{text}}}"
    if sheet.published_from is not None and row >= sheet.published_from and text:
        return rf"\textit{{{text}}}"
    return text
