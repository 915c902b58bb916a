"""``geomvision bench``: one verb for each task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ..benchmark.runs.plan import Maps
from .flags import Align, Commercial, Repeats, Set

Datasets = Annotated[
    list[str],
    typer.Option("--dataset", help="NAME:PATH?OPTION=VALUE, PATH may be a URL; more by more. CALLED=NAME:… names it."),
]
Named = Annotated[
    str,
    typer.Option(help="Names, separated by commas: all, -NAME leaves one out, sgm(paths=4) has options of its own."),
]
Scored = Annotated[
    list[str] | None, typer.Option("--protocol", help="Names, separated by commas; all that fit when left out.")
]
Folder = Annotated[Path, typer.Option(help="Folder of the run; if it holds one, that goes on.")]
Engine = Annotated[str, typer.Option(help="in-process, processes, dask, or dask://HOST:PORT of a scheduler.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Of this machine; one for each core when left out.")]
Threads = Annotated[int, typer.Option(min=1, help="Of each unit, whatever the workers: nets may round by it.")]
Gpus = Annotated[int, typer.Option(min=0, help="Of this machine, one for each worker; on a cluster 1: units take one.")]
Kept = Annotated[Maps | None, typer.Option("--maps", help="Keep the estimates: npz, or png of 16 bits.")]
Time = Annotated[bool, typer.Option("--time", help="After scoring, time each unit while nothing else runs.")]
TimeThreads = Annotated[int, typer.Option(min=0, help="Of a timed method; 0 takes every core.")]
Again = Annotated[bool, typer.Option("--again", help="Do units once more that failed.")]
Tries = Annotated[int, typer.Option(min=1, help="How often a unit is begun whose process ends, as without memory.")]
Limit = Annotated[
    float | None, typer.Option(min=0, help="Seconds a unit may take; 0 any. Left out, processes end it after an hour.")
]
Unfit = Annotated[bool, typer.Option("--force", help="Run pairs that cannot be right all the same.")]

bench = typer.Typer(
    no_args_is_help=True, help="Run methods over whole data sets, on one machine or many; interrupted runs go on."
)


def _verb(task: str) -> Callable[..., None]:
    def run(
        dataset: Datasets,
        out: Folder,
        methods: Named = "all",
        options: Set = None,
        protocol: Scored = None,
        engine: Engine = "processes",
        workers: Workers = None,
        threads: Threads = 1,
        gpus: Gpus = 0,
        maps: Kept = None,
        align: Align = None,
        force: Unfit = False,
        commercial: Commercial = False,
        again: Again = False,
        tries: Tries = 3,
        limit: Limit = None,
        time: Time = False,
        repeats: Repeats = 3,
        time_threads: TimeThreads = 0,
    ) -> None:
        from . import benching

        choices = benching.Choices(
            datasets=dataset, out=out, methods=methods, options=options or (), protocols=protocol, engine=engine,
            workers=workers, threads=threads, gpus=gpus, maps=maps, align=align, force=force, commercial=commercial,
            again=again, tries=tries, limit=limit, time=time, repeats=repeats, time_threads=time_threads,
        )  # fmt: skip
        benching.run(task, choices)

    return run


for _task, _told in (
    ("stereo", "Stereo matchers on rectified pairs."),
    ("flow", "Optical flow on pairs of frames."),
    ("depth", "Depth from one image, a pair or a clip."),
    ("scene_flow", "Scene flow on two stereo pairs."),
    ("pose", "Relative pose of two views, from their images."),
):
    bench.command(_task.replace("_", "-"), help=_told)(_verb(_task))
