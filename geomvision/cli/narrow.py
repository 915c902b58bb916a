"""Wide tables on a terminal: one below the other, each with the names, so that no figure is cut."""

from __future__ import annotations

from dataclasses import replace

from ..report.board_sheets import Sheet

#: Characters between two columns, and at both ends of a row.
GAP, EDGES = 3, 2
#: What stands where there is no figure.
NOTHING = ("", "–")


def fitted(sheet: Sheet, width: int) -> list[Sheet]:
    """The sheet without columns that have no figure, in as many parts as it takes to be no wider than the terminal.

    Only the last part has the notes. A column that is wider than the terminal is left to wrap.
    """
    shown = [k for k in range(sheet.names, len(sheet.columns)) if any(row[k] not in NOTHING for row in sheet.rows)]
    names = list(range(sheet.names))
    room = width + GAP - EDGES - sum(column_width(sheet, k) + GAP for k in names)
    parts: list[list[int]] = [[]]
    left = room
    for k in shown:
        own = column_width(sheet, k) + GAP
        if parts[-1] and own > left:
            parts.append([])
            left = room
        parts[-1].append(k)
        left -= own
    made = [_part(sheet, [*names, *own]) for own in parts]
    return [*(replace(part, notes=()) for part in made[:-1]), made[-1]]


def _part(sheet: Sheet, columns: list[int]) -> Sheet:
    place = {k: at for at, k in enumerate(columns)}
    return replace(
        sheet,
        columns=tuple(sheet.columns[k] for k in columns),
        rows=tuple(tuple(row[k] for k in columns) for row in sheet.rows),
        best=frozenset((row, place[k]) for row, k in sheet.best if k in place),
    )


def column_width(sheet: Sheet, column: int) -> int:
    """Of the widest cell, and of the longest word of the title, which may wrap."""
    title = max(map(len, sheet.columns[column].split()), default=0)
    return max(title, *(len(row[column]) for row in sheet.rows), 0)
