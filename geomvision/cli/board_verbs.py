"""``geomvision bench show``, ``compare`` and ``submit``: what runs found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Runs = Annotated[list[Path], typer.Argument(help="Folders of runs; several are shown together.")]
DatasetLike = Annotated[str | None, typer.Option("--dataset", help="Only these: shell patterns, by commas.")]
MethodLike = Annotated[str | None, typer.Option("--method", help="Only these, by their labels: 'sgm*,raft'.")]
SampleLike = Annotated[str | None, typer.Option("--sample", help="Only these samples: patterns, by commas.")]
ProtocolLike = Annotated[str | None, typer.Option("--protocol", help="Only these protocols: patterns, by commas.")]
Out = Annotated[list[Path] | None, typer.Option(help="To write: .html, .md, .csv or .tex; more by more.")]


def show(
    runs: Runs,
    out: Out = None,
    dataset: DatasetLike = None,
    method: MethodLike = None,
    sample: SampleLike = None,
    protocol: ProtocolLike = None,
    per_scene: Annotated[bool, typer.Option("--per-scene", help="Every scene besides; in .csv instead.")] = False,
    units: Annotated[bool, typer.Option("--units", help="List units, one line each, instead of tables.")] = False,
    published: Annotated[bool, typer.Option(help="Figures of papers beside the measured ones.")] = True,
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "geomvision leaderboard",
) -> None:
    """The leaderboard of a run, also while it goes on: ranks with intervals and tests, costs, failures."""
    from . import boards

    chosen = boards.Chosen(dataset=dataset, method=method, sample=sample, protocol=protocol)
    boards.show(runs, chosen, out or [], per_scene=per_scene, units=units, published=published, title=title)


def compare_runs(
    before: Annotated[Path, typer.Argument(help="Folder of the run before.")],
    after: Annotated[Path, typer.Argument(help="Folder of the run after.")],
    dataset: DatasetLike = None,
    method: MethodLike = None,
    sample: SampleLike = None,
    protocol: ProtocolLike = None,
    every_figure: Annotated[bool, typer.Option("--all-figures", help="Not only what protocols rank by.")] = False,
    changed: Annotated[bool, typer.Option("--changed", help="Leave out what is the same.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also to write: .md.")] = None,
    strict: Annotated[bool, typer.Option("--fail-if-worse", help="End with 1 if anything is worse or fails.")] = False,
) -> None:
    """What changed from one run to another, and whether it is more than noise."""
    from . import boards

    chosen = boards.Chosen(dataset=dataset, method=method, sample=sample, protocol=protocol)
    worse = boards.compare(before, after, chosen, every_figure=every_figure, changed=changed, out=out)
    if strict and worse:
        raise typer.Exit(1)


def submit(
    run: Annotated[Path, typer.Argument(help="Folder of a run that kept its estimates: --maps npz.")],
    server: Annotated[
        str, typer.Option(help="kitti2012_stereo, kitti2015_flow, middlebury, eth3d, sintel, map_free, …")
    ],
    method: Annotated[str, typer.Option(help="The method, by its label in the run.")],
    out: Annotated[Path, typer.Option(help="To write: .zip.")] = Path("submission.zip"),
    dataset: DatasetLike = None,
    name: Annotated[str | None, typer.Option(help="What the server calls it; else the label's letters.")] = None,
    part: Annotated[str | None, typer.Option(help="trainingQ, testF, … of Middlebury; clean, final of Sintel.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Write fewer than the server asks for.")] = False,
) -> None:
    """Write a run's estimates in a benchmark server's layout, and check them by reading them back."""
    from . import boards

    boards.submit(run, server, method, out, dataset=dataset, name=name, part=part, partial=partial)


def register(bench: typer.Typer) -> None:
    """Add the verbs to ``geomvision bench``."""
    bench.command("show")(show)
    bench.command("compare")(compare_runs)
    bench.command("submit")(submit)
