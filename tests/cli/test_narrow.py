"""Tables that are wider than the terminal come in parts, none of which cuts a figure."""

import io

import pytest
from rich.console import Console

from geomvision.cli.boards import _print
from geomvision.cli.narrow import column_width, fitted
from geomvision.report.board_sheets import Sheet

SHEET = Sheet(
    title="Poses",
    columns=("rank", "method", "two_view AUC@5° %", "p", "nothing", "time ms"),
    rows=(("1", "essential", "72.38 [24.54, 97.89]", "–", "–", "3.8"), ("2", "lo", "–", "0.037", "", "21.0")),
    best=frozenset({(0, 2), (0, 5)}),
    notes=("a note",),
)


def test_a_column_is_as_wide_as_its_widest_cell_or_a_word_of_its_title():
    assert [column_width(SHEET, k) for k in range(6)] == [4, 9, 20, 5, 7, 4]


def test_what_fits_is_one_part_without_empty_columns():
    """4 + 9 + 20 + 5 + 4 with three between any two and one at each end are 56."""
    (whole,) = fitted(SHEET, 56)
    assert whole.columns == ("rank", "method", "two_view AUC@5° %", "p", "time ms")
    assert whole.best == {(0, 2), (0, 4)}
    assert whole.notes == ("a note",)
    assert len(fitted(SHEET, 55)) == 2


@pytest.mark.parametrize("width", [10, 40, 41, 50])
def test_every_part_has_the_names_and_the_last_one_the_notes(width):
    parts = fitted(SHEET, width)
    assert len(parts) > 1
    assert all(part.columns[:2] == ("rank", "method") for part in parts)
    assert [column for part in parts for column in part.columns[2:]] == ["two_view AUC@5° %", "p", "time ms"]
    assert [part.notes for part in parts] == [()] * (len(parts) - 1) + [("a note",)]
    assert sum(len(part.best) for part in parts) == 2


def test_a_sheet_without_a_figure_has_its_names():
    bare = Sheet(title="t", columns=("rank", "method", "p"), rows=(("1", "a", "–"),))
    (part,) = fitted(bare, 80)
    assert (part.columns, part.rows) == (("rank", "method"), (("1", "a"),))


@pytest.mark.parametrize("width", [42, 56, 80])
def test_no_figure_is_cut_on_a_terminal(width):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    _print(console, SHEET)
    text = console.file.getvalue()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    for cell in ("essential", "72.38 [24.54, 97.89]", "0.037", "21.0"):
        assert cell in text
