"""``geomvision compare``: one verb for each task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..samples import SceneFlowSample
from .flags import (
    Align,
    Calib,
    Commercial,
    Force,
    Mask,
    Methods,
    Objects,
    Out,
    Pairs,
    Protocols,
    RemoveOccluded,
    Repeats,
    Scale,
    Set,
    Truth,
    Unit,
)

compare = typer.Typer(no_args_is_help=True, help="Run methods on images of yours; print a table, write a report.")


@compare.command("stereo")
def compare_stereo(
    left: Annotated[Path, typer.Argument(help="Left image, or a scene folder.")],
    right: Annotated[Path | None, typer.Argument(help="Right image.")] = None,
    truth: Truth = None,
    truth_scale: Scale = None,
    calib: Calib = None,
    unit: Unit = None,
    mask: Mask = None,
    objects: Objects = None,
    methods: Methods = None,
    options: Set = None,
    protocols: Protocols = None,
    out: Out = None,
    force: Force = False,
    repeats: Repeats = 3,
    commercial: Commercial = False,
) -> None:
    """Stereo matchers on a rectified pair."""
    from . import comparing, sources

    samples = sources.stereo(
        left, right, truth=truth, truth_scale=truth_scale, calib=calib or (), mask=mask, unit=unit, objects=objects
    )
    read = (left, right, truth, *(calib or ()), mask, objects)
    choices = comparing.Choices(methods, options, protocols, out, force, repeats, commercial, read=read)
    comparing.run("stereo", samples, choices)


@compare.command("flow")
def compare_flow(
    frame0: Annotated[Path, typer.Argument(help="First frame, or a scene folder.")],
    frame1: Annotated[Path | None, typer.Argument(help="Second frame.")] = None,
    truth: Truth = None,
    mask: Mask = None,
    objects: Objects = None,
    methods: Methods = None,
    options: Set = None,
    protocols: Protocols = None,
    out: Out = None,
    force: Force = False,
    repeats: Repeats = 3,
    commercial: Commercial = False,
) -> None:
    """Optical flow on two frames."""
    from . import comparing, sources

    samples = sources.flow(frame0, frame1, truth=truth, mask=mask, objects=objects)
    read = (frame0, frame1, truth, mask, objects)
    choices = comparing.Choices(methods, options, protocols, out, force, repeats, commercial, read=read)
    comparing.run("flow", samples, choices)


@compare.command("depth")
def compare_depth(
    image: Annotated[Path, typer.Argument(help="Image, or a scene folder.")],
    right: Annotated[Path | None, typer.Argument(help="Right image, for depth from stereo.")] = None,
    truth: Truth = None,
    truth_scale: Scale = None,
    calib: Calib = None,
    unit: Unit = None,
    camera_height: Annotated[float | None, typer.Option(help="Height of the camera over the ground, metres.")] = None,
    horizon: Annotated[float | None, typer.Option(help="Image row of the horizon.")] = None,
    pairs: Pairs = None,
    objects: Objects = None,
    remove_occluded: RemoveOccluded = False,
    align: Align = None,
    methods: Methods = None,
    options: Set = None,
    protocols: Protocols = None,
    out: Out = None,
    force: Force = False,
    repeats: Repeats = 3,
    commercial: Commercial = False,
) -> None:
    """Depth of one image, from a pair or from a known ground."""
    from . import comparing, sources

    samples = sources.depth(
        image, right, truth=truth, truth_scale=truth_scale, calib=calib or (), camera_height=camera_height,
        horizon=horizon, unit=unit, pairs=pairs, objects=objects,
    )  # fmt: skip
    read = (image, right, truth, *(calib or ()), pairs, objects)
    choices = comparing.Choices(
        methods, options, protocols, out, force, repeats, commercial, remove_occluded, align, read
    )
    comparing.run("depth", samples, choices)


@compare.command("scene-flow")
def compare_scene_flow(
    folder: Annotated[Path | None, typer.Argument(help="Folder of KITTI 2015; rendered scenes when left out.")] = None,
    stereo: Annotated[str, typer.Option(help="Stereo methods, separated by commas.")] = "sgm",
    stereo_options: Annotated[str, typer.Option(help="Options of each: 'max_disparity=96, paths=4'.")] = "",
    flow: Annotated[str, typer.Option(help="Flow methods, each of which joins each stereo method.")] = "inverse_search",
    flow_options: Annotated[str, typer.Option(help="Options of each.")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Which rendered scenes; 0 when left out.")] = None,
    layout: Annotated[
        list[str] | None, typer.Option(help="tabletop, clutter, street, room or road; one scene of each.")
    ] = None,
    objects: Objects = None,
    protocols: Protocols = None,
    out: Out = None,
    force: Force = False,
    repeats: Repeats = 3,
    commercial: Commercial = False,
) -> None:
    """Scene flow from stereo and flow methods on two stereo pairs, one after the other."""
    from . import comparing, sources

    def samples() -> list[SceneFlowSample]:
        return sources.scene_flow(folder, seed=seed, layouts=layout or (), objects=objects)

    joined = comparing.Joined(stereo, stereo_options, flow, flow_options)
    choices = comparing.Choices(None, None, protocols, out, force, repeats, commercial, read=(folder, objects))
    comparing.run_scene_flow(samples, joined, choices)
