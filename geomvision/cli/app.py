"""The verbs and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Stereo, optical flow and depth, classical and learned, side by side.",
    epilog="--traceback shows where an error came from.",
)
compare = typer.Typer(no_args_is_help=True, help="Run methods on images of yours; print a table, write a report.")
app.add_typer(compare, name="compare")

Truth = Annotated[Path | None, typer.Option(help="Ground truth: .pfm, .flo, or .png by its data set's coding.")]
Scale = Annotated[float | None, typer.Option(help="Stored value = truth · scale, for truth in .png or .pgm.")]
Calib = Annotated[Path | None, typer.Option(help="calib.txt of Middlebury or KITTI.")]
Mask = Annotated[Path | None, typer.Option(help="Occlusion mask of the data set's layout.")]
Methods = Annotated[str | None, typer.Option(help="Names, separated by commas; all that can run when left out.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="An option: sgm.max_disparity=128, or max_disparity=128 for all.")
]
Protocols = Annotated[
    list[str] | None, typer.Option("--protocol", help="A protocol to score by; all of the task when left out.")
]
Out = Annotated[Path | None, typer.Option(help="Report to write: .html or .json.")]
Force = Annotated[bool, typer.Option(help="Run a pair that cannot be right all the same.")]
Repeats = Annotated[int, typer.Option(min=1, max=1000, help="Timed calls after one warm-up.")]


@compare.command("stereo")
def compare_stereo(
    left: Annotated[Path, typer.Argument(help="Left image, or a scene folder.")],
    right: Annotated[Path | None, typer.Argument(help="Right image.")] = None,
    truth: Truth = None,
    truth_scale: Scale = None,
    calib: Calib = None,
    mask: Mask = None,
    methods: Methods = None,
    options: Set = None,
    protocols: Protocols = None,
    out: Out = None,
    force: Force = False,
    repeats: Repeats = 3,
) -> None:
    """Stereo matchers on a rectified pair."""
    from . import comparing, sources

    samples = sources.stereo(left, right, truth=truth, truth_scale=truth_scale, calib=calib, mask=mask)
    comparing.run("stereo", samples, comparing.Choices(methods, options, protocols, out, force, repeats))


@compare.command("flow")
def compare_flow(
    frame0: Annotated[Path, typer.Argument(help="First frame, or a scene folder.")],
    frame1: Annotated[Path | None, typer.Argument(help="Second frame.")] = None,
    truth: Truth = None,
    mask: Mask = None,
    methods: Methods = None,
    options: Set = None,
    protocols: Protocols = None,
    out: Out = None,
    force: Force = False,
    repeats: Repeats = 3,
) -> None:
    """Optical flow on two frames."""
    from . import comparing, sources

    samples = sources.flow(frame0, frame1, truth=truth, mask=mask)
    comparing.run("flow", samples, comparing.Choices(methods, options, protocols, out, force, repeats))


@compare.command("depth")
def compare_depth(
    image: Annotated[Path, typer.Argument(help="Image, or a scene folder.")],
    right: Annotated[Path | None, typer.Argument(help="Right image, for depth from stereo.")] = None,
    truth: Truth = None,
    truth_scale: Scale = None,
    calib: Calib = None,
    camera_height: Annotated[float | None, typer.Option(help="Height of the camera over the ground, metres.")] = None,
    horizon: Annotated[float | None, typer.Option(help="Image row of the horizon.")] = None,
    methods: Methods = None,
    options: Set = None,
    protocols: Protocols = None,
    out: Out = None,
    force: Force = False,
    repeats: Repeats = 3,
) -> None:
    """Depth of one image, from a pair or from a known ground."""
    from . import comparing, sources

    samples = sources.depth(
        image, right, truth=truth, truth_scale=truth_scale, calib=calib, camera_height=camera_height, horizon=horizon
    )
    comparing.run("depth", samples, comparing.Choices(methods, options, protocols, out, force, repeats))


@app.command("calibrate")
def calibrate_cameras(
    images: Annotated[list[Path], typer.Argument(help="Images of one camera, or of two: left/*.jpg right/*.jpg.")],
    board: Annotated[str, typer.Option(help="Inner corners across and down: 9x6 for 10x7 squares.")],
    square: Annotated[str, typer.Option(help="Width of a square with its unit: 0.025m, 2.5cm, 25mm.")],
    model: Annotated[str, typer.Option(help="pinhole, brown4, 5, 8, 12 or 14, fisheye, ucm, mei, eucm.")] = "brown5",
    charuco: Annotated[str | None, typer.Option(help="A ChArUco board of this dictionary, like 4X4_50.")] = None,
    marker: Annotated[str | None, typer.Option(help="Width of a ChArUco marker with its unit.")] = None,
    legacy: Annotated[bool, typer.Option("--legacy", help="ChArUco as OpenCV printed it before 4.6.")] = False,
    loss: Annotated[str, typer.Option(help="How large residuals count: huber, cauchy or squared.")] = "huber",
    one_camera: Annotated[bool, typer.Option("--one-camera", help="All images are of one camera.")] = False,
    out: Annotated[Path | None, typer.Option(help="Camera or rig: .yaml (OpenCV or Kalibr) or .json (all).")] = None,
    report: Annotated[Path | None, typer.Option(help="Page with residuals and coverage to write: .html.")] = None,
) -> None:
    """Calibrate one camera, or two and the rig between them, from images of a chessboard or ChArUco board."""
    from . import calibrating

    choices = calibrating.Choices(
        board=board, square=square, charuco=charuco, marker=marker, legacy=legacy, model=model, loss=loss,
        one_camera=one_camera, out=out, report=report,
    )  # fmt: skip
    calibrating.run(images, choices)


@app.command()
def rectify(
    left: Annotated[Path, typer.Argument(help="Left image.")],
    right: Annotated[Path, typer.Argument(help="Right image.")],
    rig: Annotated[
        list[Path] | None, typer.Option(help="Its calibration: Middlebury, KITTI, OpenCV, Kalibr; twice: ROS, OpenCV.")
    ] = None,
    mend: Annotated[bool, typer.Option("--self", help="Measure and mend a drift from these images.")] = False,
    uncalibrated: Annotated[bool, typer.Option("--uncalibrated", help="From feature matches alone.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for images, masks, calib.txt and figures.")] = Path("rectified"),
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT of the rectified images.")] = None,
    alpha: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="0: valid pixels only, 1: every pixel; else the focal length stays."),
    ] = None,
    crop: Annotated[bool, typer.Option("--crop", help="Crop to what is valid in both.")] = False,
    vertical: Annotated[bool, typer.Option("--vertical", help="Cameras above each other: turn by 90 degrees.")] = False,
    bicubic: Annotated[bool, typer.Option("--bicubic", help="Sharper than bilinear.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write a result whose rows do not agree.")] = False,
) -> None:
    """Turn a pair so that equal rows see the same scene line; measure what is left; refuse what cannot be right."""
    from . import rectifying

    choices = rectifying.Choices(
        rig=tuple(rig or ()),
        uncalibrated=uncalibrated,
        mend=mend,
        out=out,
        size=size,
        alpha=alpha,
        crop=crop,
        vertical=vertical,
        bicubic=bicubic,
        force=force,
    )
    rectifying.run(left, right, choices)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Report to write.")] = Path("demo.html"),
    seed: Annotated[int, typer.Option(min=0, help="Which scenes are rendered.")] = 7,
    repeats: Repeats = 1,
) -> None:
    """Compare classical and learned methods on rendered scenes with exact truth; offline."""
    from . import demonstration

    demonstration.run(out, seed, repeats)


@app.command()
def methods(
    task: Annotated[str | None, typer.Argument(help="stereo, flow or depth.")] = None,
    name: Annotated[str | None, typer.Argument(help="One method: all its options.")] = None,
) -> None:
    """List methods, what runs them here, and their options with units and ranges."""
    from . import listing

    listing.run(task, name)


@app.command()
def doctor() -> None:
    """Say what runs here, what clashes, what is missing and how to get it."""
    from . import doctoring

    doctoring.run()


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="What to train, like stereo/refined_sgm.")],
    out: Annotated[Path | None, typer.Option(help="Folder for checkpoints and weights.")] = None,
    size: Annotated[str, typer.Option(help="Table of the recipe: cpu or tiny.")] = "cpu",
    minutes: Annotated[float | None, typer.Option(help="Stop after this long; the next run goes on.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew, not from the checkpoint.")] = False,
    threads: Annotated[int, typer.Option(min=0, help="0 takes every core.")] = 0,
) -> None:
    """Train a learned method on rendered scenes; an interrupted run goes on where it stopped."""
    from . import training

    training.run(name, out, size, minutes, fresh, threads)
