"""``geomvision calibrate``: find the board in every image, calibrate, print with the doubt, write the camera or rig."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from .. import io
from ..geometry import (
    Board,
    BoardNotFoundError,
    BoardView,
    Calibration,
    StereoCalibration,
    calibrate,
    calibrate_stereo,
    find_corners,
)
from ..geometry.calibration.models import lens_model
from ..report.calibration import camera_lines, rig_lines, save_calibration
from . import calibration_files as files
from .outputs import check_file

Loss = Literal["huber", "cauchy", "squared"]
#: Wider squares are a slip of the unit.
LARGEST_SQUARE_M = 1.0
#: So many reasons are told when the board was found in too few images.
REASONS = 4


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags say: as in ``geomvision calibrate --help``."""

    board: str
    square: str
    charuco: str | None = None
    marker: str | None = None
    legacy: bool = False
    model: str = "brown5"
    loss: str = "huber"
    one_camera: bool = False
    out: Path | None = None
    report: Path | None = None


def run(images: Sequence[Path], choices: Choices) -> Calibration | StereoCalibration:
    """Calibrate from image files. ValueError when it cannot be right, naming the images in the way."""
    board = board_of(choices)
    lens_model(choices.model)
    check_file("--out", choices.out, ".yaml", ".yml", ".json")
    check_file("--report", choices.report, ".html", ".htm")
    cameras = files.cameras_of(files.expanded(images), choices.one_camera)
    console = Console(width=None if sys.stdout.isatty() else 120)
    views = [_found(camera, board) for camera in cameras]
    for camera, seen in zip(cameras, views, strict=True):
        found = sum(view is not None for view in seen)
        there = sum(path is not None for path in camera.paths)
        console.print(f"{camera.name}: {board.label} in {found} of {there} images", highlight=False, markup=False)
    loss = cast(Loss, choices.loss)
    result: Calibration | StereoCalibration
    if len(cameras) == 1:
        result = calibrate([v for v in views[0] if v is not None], board, model=choices.model, loss=loss)
    else:
        result = calibrate_stereo(views[0], views[1], board, model=choices.model, loss=loss)
    _say(console, result, [camera.name for camera in cameras])
    if choices.out is not None:
        console.print(f"wrote {files.write(choices.out, result)}", highlight=False, markup=False, soft_wrap=True)
    if choices.report is not None:
        save_calibration(result, choices.report)
        console.print(f"wrote {choices.report}", highlight=False, markup=False, soft_wrap=True)
    return result


def board_of(choices: Choices) -> Board:
    """The board that the flags describe."""
    columns, times, rows = choices.board.lower().replace("×", "x").partition("x")
    if not (times and columns.isdecimal() and rows.isdecimal()):
        raise ValueError(f"--board is {choices.board!r}; it must be inner corners across and down, like 9x6")
    square = length_m(choices.square, "--square")
    if square > LARGEST_SQUARE_M:
        raise ValueError(f"--square is {choices.square!r}: squares of {square:g} m are on no board; millimetres are mm")
    if choices.charuco is None:
        if choices.marker is not None or choices.legacy:
            raise ValueError("--marker and --legacy belong to --charuco DICTIONARY")
        return Board(columns=int(columns), rows=int(rows), square_m=square)
    if choices.marker is None:
        raise ValueError("--charuco needs --marker LENGTH, the width of a marker, like 18mm")
    return Board(
        columns=int(columns),
        rows=int(rows),
        square_m=square,
        kind="charuco",
        marker_m=length_m(choices.marker, "--marker"),
        dictionary=choices.charuco.upper().removeprefix("DICT_"),
        legacy=choices.legacy,
    )


def length_m(text: str, flag: str) -> float:
    """Metres of a length with its unit: 0.025m, 2.5cm or 25mm."""
    for unit, metres in (("mm", 1e-3), ("cm", 1e-2), ("m", 1.0)):
        if text.strip().lower().endswith(unit):
            try:
                return float(text.strip()[: -len(unit)]) * metres
            except ValueError:
                break
    raise ValueError(f"{flag} is {text!r}; it must be a number with its unit, like 0.025m, 2.5cm or 25mm")


def _found(camera: files.CameraFiles, board: Board) -> list[BoardView | None]:
    """The views of one camera, None for gaps; images without the board are told on standard error."""
    views: list[BoardView | None] = []
    reasons: list[str] = []
    errors = Console(stderr=True, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True, disable=not sys.stderr.isatty()) as bar:
        for path in bar.track(camera.paths, description=f"corners, {camera.name}"):
            view = None
            if path is not None:
                try:
                    view = find_corners(io.read_image(path), board, str(path))
                except BoardNotFoundError as error:
                    reasons.append(str(error))
            views.append(view)
    if sum(view is not None for view in views) < 3:
        told = "\n  ".join(reasons[:REASONS] + (["…"] if len(reasons) > REASONS else []))
        raise ValueError(
            f"{camera.name}: the board was found in {sum(v is not None for v in views)} of "
            f"{sum(p is not None for p in camera.paths)} images; at least 3 are needed\n  {told}".rstrip()
        )
    for reason in reasons:
        errors.print(f"left out: {reason}", highlight=False, markup=False)
    return views


def _say(console: Console, result: Calibration | StereoCalibration, names: Sequence[str]) -> None:
    cameras = [result.left, result.right] if isinstance(result, StereoCalibration) else [result]
    table = Table(title=f"RMS {result.rms_px:.3f} px", title_justify="left")
    table.add_column("parameter")
    for name in names:
        table.add_column(name, justify="right")
        table.add_column("± 1 σ", justify="right")
    lines = [camera_lines(one) for one in cameras]
    for row in zip(*lines, strict=True):
        table.add_row(row[0][0], *(text for cell in row for text in cell[1:]))
    table.add_row("RMS px", *(text for one in cameras for text in (f"{one.rms_px:.3f}", "")))
    console.print(table)
    if isinstance(result, StereoCalibration):
        rig = Table("rig", "value", "± 1 σ")
        for line in rig_lines(result):
            rig.add_row(*line)
        console.print(rig)
    for text in result.warnings:
        console.print(f"warning: {text}", style="yellow", highlight=False, markup=False, soft_wrap=True)
