"""The bodies of ``geomvision bench show``, ``compare`` and ``submit``."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..benchmark.differences import changes
from ..benchmark.grids import chosen
from ..benchmark.leaderboard import Leaderboard
from ..benchmark.map_free_server import NAME as MAP_FREE
from ..benchmark.records import Record, scored_by
from ..benchmark.runs import Run, data
from ..benchmark.submissions import NAMES, write_submission
from ..io._files import write_bytes
from ..metrics import PROTOCOLS
from ..report.board_differences import difference_sheets, told_lines
from ..report.board_formats import as_markdown
from ..report.board_pictures import Reader, read_map
from ..report.board_sheets import Sheet, failure_lines, main_sheet, scene_sheet
from ..report.leaderboard import save_leaderboard
from ..results import Depth, Disparity, Flow, MetricPose, SceneFlow
from ..samples import Sample
from .narrow import EDGES, GAP, column_width, fitted

COLOURS = {"better": "green", "worse": "red", "within noise": "dim", "same": "dim", "too few scenes": "yellow"}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What of a run is meant; None means all."""

    dataset: str | None = None
    method: str | None = None
    sample: str | None = None
    protocol: str | None = None

    def records(self, run: Run) -> Iterator[Record]:
        """The run's records that are meant, their maps by whole paths."""
        for record in chosen(run.records(), dataset=self.dataset, label=self.method, sample=self.sample):
            kept = record if record.map is None else replace(record, map=str(run.folder / record.map))
            yield kept if self.protocol is None else scored_by(kept, self._wanted)

    def _wanted(self, protocol: str) -> bool:
        return any(fnmatchcase(protocol, part.strip()) for part in (self.protocol or "").split(","))


def show(
    folders: Sequence[Path],
    chosen_by: Chosen,
    out: Sequence[Path],
    *,
    per_scene: bool = False,
    units: bool = False,
    published: bool = True,
    title: str = "geomvision leaderboard",
) -> None:
    """Write or print the leaderboard of runs, or list their units."""
    runs = [Run(folder) for folder in folders]
    if units:
        for line in _units(record for run in runs for record in chosen_by.records(run)):
            typer.echo(line)
        return
    records = (record for run in runs for record in chosen_by.records(run))
    board = Leaderboard.of(records, (time for run in runs for time in run.times()))
    if not board.sections:
        raise ValueError(f"{', '.join(map(str, folders))}: there is no record of what was asked for")
    for path in out:
        kept = any(section.maps for section in board.sections)
        save_leaderboard(
            board,
            path,
            title=title,
            per_scene=per_scene,
            run=Path() if kept else None,
            published=published,
            reader=_reader(runs),
        )
        typer.echo(f"{path} written")
    if not out:
        console = Console()
        for section in board.sections:
            _print(console, main_sheet(section, published=published))
            if per_scene:
                for protocol in section.protocols:
                    _print(console, scene_sheet(section, protocol))
            for line in failure_lines(section):
                console.print(Text(line, style="red"))


def compare(
    before: Path, after: Path, chosen_by: Chosen, *, every_figure: bool, changed: bool, out: Path | None
) -> bool:
    """Print what changed, and write it where asked; whether anything is worse or fails now."""
    if out is not None and out.suffix != ".md":
        raise ValueError(f"{out.name}: a comparison of runs is written as .md")
    runs = Run(before), Run(after)
    found = changes(
        chosen_by.records(runs[0]),
        chosen_by.records(runs[1]),
        runs[0].times(),
        runs[1].times(),
        every_figure=every_figure,
    )
    sheets, told = difference_sheets(found, all_rows=not changed), told_lines(found)
    console = Console()
    for line in told:
        console.print(Text(line, style="red" if line.startswith("fails now") else "yellow"))
    for sheet in sheets:
        _print(console, sheet)
    same = sum(each.verdict == "same" for each in found.figures)
    console.print(
        f"{len(found.significant)} of {len(found.figures)} figures changed by more than noise, {same} are the same"
    )
    if out is not None:
        write_bytes(out, as_markdown(f"{before.name} → {after.name}", sheets, told).encode())
        typer.echo(f"{out} written")
    slower = any(each.verdict == "worse" for each in found.times)
    return slower or bool(found.broken) or any(each.verdict == "worse" for each in found.figures)


def submit(
    folder: Path,
    server: str,
    label: str,
    out: Path,
    *,
    dataset: str | None = None,
    name: str | None = None,
    part: str | None = None,
    partial: bool = False,
) -> None:
    """Write one method's kept estimates for a server."""
    if server not in NAMES:
        raise ValueError(f"there is no server {server!r}; there are {', '.join(NAMES)}")
    run = Run(folder)
    records = list(chosen(run.records(label=label), dataset=dataset))
    if not records:
        labels = ", ".join(dict.fromkeys(record.label for record in run.records()))
        raise ValueError(f"{folder} has no method {label!r}; it has {labels}")
    failed = [record.sample for record in records if record.error]
    if failed and not partial and server != MAP_FREE:  # which counts views without a pose as such
        raise ValueError(f"{label} failed on {', '.join(failed[:5])}: a server wants all; --partial leaves them out")
    done = [record for record in records if not record.error]
    given = records if server == MAP_FREE else done
    if any(record.map is None for record in done):
        raise ValueError(f"{folder} did not keep the estimates of {label}: run it with --maps npz")
    by_key = {time.key: statistics.median(time.seconds) for time in run.times() if time.seconds}
    told = write_submission(
        server,
        ((_named(record), None if record.error else _estimate(run, record)) for record in given),
        out,
        method=name or re.sub(r"[^\w-]+", "-", label).strip("-"),
        part=part,
        seconds={_named(record): by_key[record.key] for record in done if record.key in by_key},
        partial=partial,
    )
    typer.echo(
        f"{told.path}: {told.estimates} estimates in {told.files} files, {told.density:.1f} % of {told.of}, read back"
    )
    for note in told.notes:
        typer.echo(note)


def _reader(runs: Sequence[Run]) -> Reader:
    """Gives the samples of the runs' data sets, which are opened when the first is asked for."""
    sources = {source.name: (source, run.plan.task) for run in runs for source in run.plan.sources}

    def read(dataset: str, name: str) -> Sample:
        if dataset not in sources:
            raise ValueError(f"the run's plan has no data set {dataset!r}")
        source, task = sources[dataset]
        return data.read(data.opened(source, task), name, task)

    return read


def _named(record: Record) -> str:
    """The sample's name, with the part of the benchmark that its data set was called after in the run."""
    if re.fullmatch(r"clean|final|(training|test)[FHQ]", record.dataset):
        return f"{record.dataset}/{record.sample}"
    return record.sample


def _estimate(run: Run, record: Record) -> Any:
    if record.task == "scene_flow":
        return _scene_flow(run.folder / str(record.map), record.sample)
    if record.task == "pose":
        return _pose(run.folder / str(record.map), record)
    values = np.ascontiguousarray(read_map(run.folder / str(record.map), record.task))
    if record.task == "stereo":
        return Disparity(px=values)
    if record.task == "flow":
        return Flow(px=values)
    if record.task == "depth" and record.kind is None:
        return Depth(m=values)
    raise ValueError(f"{record.sample}: a run keeps no maps of relative depth that a server takes")


def _scene_flow(path: Path, sample: str) -> SceneFlow:
    """Scene flow with the maps that it was made of. ValueError where it was made of none, as of clouds."""
    with np.load(path) as arrays:
        wanted = ("points0", "motion", "disparity0", "disparity1", "flow")
        missing = [name for name in wanted if name not in arrays]
        if missing:
            raise ValueError(f"{sample}: {path.name} has no {', '.join(missing)}; servers take what images' maps made")
        points0, motion, disparity0, disparity1, flow = (arrays[name] for name in wanted)
    return SceneFlow(
        points0=points0,
        motion=motion,
        disparity0=Disparity(px=disparity0),
        disparity1=Disparity(px=disparity1),
        flow=Flow(px=flow),
    )


def _pose(path: Path, record: Record) -> MetricPose:
    """A pose in metres. ValueError where it has no scale."""
    with np.load(path) as arrays:
        if "depth_ratio" not in arrays:
            raise ValueError(f"{record.sample}: {record.label} gives poses without a scale; servers take metres")
        T, inliers, covariance = (arrays[name] for name in ("T_1_0", "inliers", "covariance"))
        confidence, ratio = float(arrays["confidence"]), float(arrays["depth_ratio"])
    flags = tuple(record.flags)
    return MetricPose(
        T_1_0=T, inliers=inliers, covariance=covariance, confidence=confidence, depth_ratio=ratio, flags=flags
    )


def _units(records: Iterator[Record]) -> Iterator[str]:
    """One line for each unit: where, which method, its first protocol's figures or its error, by tabs."""
    headlines: dict[str, str] = {}
    for record in records:
        if record.error is not None:
            result = f"failed\t{' '.join(record.error.split())}"
        else:
            figures = []
            for protocol, score in record.scores.items():
                if protocol not in headlines:
                    known = PROTOCOLS[protocol]() if protocol in PROTOCOLS else None
                    headlines[protocol] = next(iter(score)) if known is None else known.headline(score)
                figure = headlines[protocol] if headlines[protocol] in score else next(iter(score))
                figures.append(f"{protocol} {figure} {score[figure].value:.4g}")
            flags = [f"flagged {', '.join(record.flags)}"] if record.flags else []
            result = "done\t" + "; ".join([*figures, *flags])
        yield f"{record.dataset}\t{record.sample}\t{record.label}\t{result}"


def _print(console: Console, sheet: Sheet) -> None:
    """A sheet on the terminal, under its title, in parts where it is wider."""
    console.print(Text(sheet.title, style="bold"))
    for part in fitted(sheet, console.width):
        _print_part(console, part)


def _print_part(console: Console, sheet: Sheet) -> None:
    """The best green, published rows dim, verdicts in their colours."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    widths = [column_width(sheet, k) for k in range(len(sheet.columns))]
    fits = sum(widths) + GAP * (len(widths) - 1) + EDGES <= console.width
    for index, column in enumerate(sheet.columns):
        table.add_column(
            column,
            width=widths[index] if fits else None,
            justify="left" if index < sheet.names else "right",
            vertical="bottom",
        )
    for row, cells in enumerate(sheet.rows):
        dim = sheet.published_from is not None and row >= sheet.published_from
        styles = [
            "bold green" if (row, k) in sheet.best else "dim italic" if dim else COLOURS.get(cell, "")
            for k, cell in enumerate(cells)
        ]
        table.add_row(*(Text(cell, style=style) for cell, style in zip(cells, styles, strict=True)))
    console.print(table)
    for note in sheet.notes:
        console.print(Text(note, style="dim"))
