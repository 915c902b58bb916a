"""Leaderboards as Markdown, CSV, LaTeX and one HTML page."""

from __future__ import annotations

from pathlib import Path

from ..benchmark.leaderboard import Leaderboard
from ..io._files import write_bytes
from .board_formats import as_csv, as_latex, as_markdown, scenes_as_csv
from .board_pictures import Reader
from .board_sheets import failure_lines, main_sheet, scene_sheet

ENDINGS = (".html", ".htm", ".md", ".csv", ".tex")


def save_leaderboard(
    board: Leaderboard,
    path: str | Path,
    *,
    title: str = "geomvision leaderboard",
    per_scene: bool = False,
    run: Path | None = None,
    published: bool = True,
    reader: Reader | None = None,
) -> Path:
    """Write a leaderboard; the ending says as what: .html (everything), .md, .csv or .tex.

    Args:
        board: what `Leaderboard.of` made of a run's records.
        path: the file to write, in one step.
        title: heading of the page and of Markdown.
        per_scene: a table of every scene besides, in Markdown and LaTeX; in CSV one line for each scene instead. The
            page has scenes anyway.
        run: the run's folder, from which the page takes pictures of kept estimates; None: without pictures.
        published: whether figures of papers stand beside the measured ones.
        reader: gives a sample by data set and name; then its image and truth stand beside kept estimates on the page.

    Raises:
        ValueError: on another ending, or a leaderboard without any record.
        FormatError: where the folder does not exist.
    """
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"{target.name}: a leaderboard is written as one of {', '.join(ENDINGS)}")
    if not board.sections:
        raise ValueError("there is no record to show: the run has none yet, or none that was asked for")
    if ending in (".html", ".htm"):
        from .board_page import render

        text = render(board, title, run=run, published=published, reader=reader)
    elif ending == ".csv":
        text = scenes_as_csv(board) if per_scene else as_csv(board, published=published)
    else:
        write = as_markdown if ending == ".md" else as_latex
        sheets = []
        for section in board.sections:
            sheets.append(main_sheet(section, published=published))
            if per_scene:
                sheets += [scene_sheet(section, protocol) for protocol in section.protocols]
        told = [line for section in board.sections for line in failure_lines(section)]
        text = write(title, sheets, told)
    write_bytes(target, text.encode())
    return target
