"""The verbs of learning and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    name: Annotated[str, typer.Argument(help="What to train, like stereo/refined_sgm.")],
    out: Annotated[Path | None, typer.Option(help="Folder for checkpoints and weights.")] = None,
    size: Annotated[str, typer.Option(help="Table of the recipe, like cpu, gpu or tiny.")] = "cpu",
    recipe: Annotated[Path | None, typer.Option(help="A recipe (TOML) of your own.")] = None,
    device: Annotated[str, typer.Option(help="cpu, or cuda (not for mccnn_sgm, nor to adapt stereo).")] = "cpu",
    scenes: Annotated[Path | None, typer.Option(help="Real flow scenes to validate on, too.")] = None,
    adapt: Annotated[
        Path | None,
        typer.Option(help="A video or folder of frames, or of left images: a net goes on learning, without truth."),
    ] = None,
    right: Annotated[Path | None, typer.Option(help="The right images of the left ones that --adapt names.")] = None,
    weights: Annotated[str | None, typer.Option(help="What flow, or --adapt, starts from: a name or a file.")] = None,
    camera: Annotated[
        str | None,
        typer.Option(help="Of depth with --adapt: a calibration file, fx,fy,cx,cy in pixels, or learned."),
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after this long; the next run goes on.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew, not from the checkpoint.")] = False,
    threads: Annotated[int, typer.Option(min=0, help="0 takes every core.")] = 0,
) -> None:
    """Train a learned method on rendered scenes, or adapt it to images of yours; an interrupted run goes on."""
    from . import training

    training.run(
        name,
        fresh,
        out=out,
        size=size,
        recipe=recipe,
        device=device,
        scenes=scenes,
        adapt=adapt,
        right=right,
        weights=weights,
        camera=camera,
        minutes=minutes,
        num_threads=threads,
    )


def pseudo_label(
    left: Annotated[Path, typer.Argument(help="The image, or the left one of a rectified pair.")],
    objects: Annotated[Path, typer.Option(help="Glass and mirrors in it: COCO .json, CVAT .xml or .png.")],
    right: Annotated[Path | None, typer.Argument(help="The right image; without it: depth from one image.")] = None,
    right_objects: Annotated[Path | None, typer.Option(help="Those in the right image, if that is known.")] = None,
    classes: Annotated[list[str] | None, typer.Option("--class", help="Take this class alone; more by more.")] = None,
    method: Annotated[
        str, typer.Option(help="geomvision methods stereo (or depth) lists them; refined_sgm (or mono_small).")
    ] = "",
    options: Annotated[list[str] | None, typer.Option("--set", help="An option of it: max_disparity=96.")] = None,
    camera: Annotated[Path | None, typer.Option(help="Of depth: a calibration file, for methods that want it.")] = None,
    paints: Annotated[int, typer.Option(min=1, help="How many colours are tried.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the colours.")] = 0,
    out: Annotated[Path, typer.Option(help="What to write: .pfm or .png; of relative depth .pfm.")] = Path(
        "labels.pfm"
    ),
) -> None:
    """Disparity, or depth, to train by where there is glass or a mirror: painted over, and the median is taken."""
    from . import labelling

    choices = labelling.Choices(
        objects=objects, right_objects=right_objects, classes=classes or (), out=out, method=method,
        options=options or (), camera=camera, paints=paints, seed=seed,
    )  # fmt: skip
    labelling.run(left, right, choices)
