"""The verbs and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .bench_verbs import bench
from .board_verbs import register
from .compare_verbs import compare
from .depth_verbs import complete
from .exporting import export
from .flags import Force, Repeats, Unit
from .learning_verbs import pseudo_label, train
from .probing import probe

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Stereo, optical flow and depth, classical and learned, side by side.",
    epilog="--traceback shows where an error came from.",
)


def _tell_version(asked: bool) -> None:
    if asked:
        from .. import __version__

        typer.echo(f"geomvision {__version__}")
        raise typer.Exit


@app.callback()
def _every_verb(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version, and end.")
    ] = False,
) -> None:
    pass


app.add_typer(compare, name="compare")
register(bench)
app.add_typer(bench, name="bench")
app.command()(probe)
app.command()(complete)
app.command()(export)
app.command("pseudo-label")(pseudo_label)
app.command()(train)


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
        list[Path] | None,
        typer.Option(help="Its calibration: rig.json, OpenCV, Kalibr, KITTI, Middlebury; twice: ROS, OpenCV."),
    ] = None,
    unit: Unit = None,
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
        unit=unit,
    )
    rectifying.run(left, right, choices)


@app.command()
def pose(
    first: Annotated[Path, typer.Argument(help="One photograph.")],
    second: Annotated[Path, typer.Argument(help="Another of the same scene, from elsewhere.")],
    camera: Annotated[
        list[Path] | None, typer.Option(help="Calibration of the camera, any format; twice: of each.")
    ] = None,
    fov: Annotated[float | None, typer.Option(help="No calibration: degrees along the longer side, a guess.")] = None,
    out: Annotated[Path | None, typer.Option(help="The pose as numbers to write: .json.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Both images with their matches to write: .png.")] = None,
) -> None:
    """Where the second of two photographs was taken, how sure that is, and what speaks against it."""
    from . import posing

    posing.run(first, second, posing.Choices(cameras=tuple(camera or ()), fov_deg=fov, out=out, picture=picture))


@app.command("scene-flow")
def scene_flow(
    left0: Annotated[Path, typer.Argument(help="Rectified left image of frame 0.")],
    right0: Annotated[Path, typer.Argument(help="Right image of frame 0.")],
    left1: Annotated[Path, typer.Argument(help="Left image of frame 1.")],
    right1: Annotated[Path, typer.Argument(help="Right image of frame 1.")],
    rig: Annotated[list[Path] | None, typer.Option(help="The rectified rig, any format; twice: ROS, OpenCV.")] = None,
    unit: Unit = None,
    stereo: Annotated[str, typer.Option(help="Stereo method.")] = "sgm",
    stereo_options: Annotated[str, typer.Option(help="Its options: 'max_disparity=96, paths=4'.")] = "",
    flow: Annotated[str, typer.Option(help="Flow method.")] = "inverse_search",
    flow_options: Annotated[str, typer.Option(help="Its options.")] = "",
    out: Annotated[Path | None, typer.Option(help="To write: .ply (cloud with motion) or .npz (all maps).")] = None,
    force: Force = False,
) -> None:
    """Motion of every pixel in metres, of the camera, and of what moves by itself, from two stereo pairs."""
    from . import scene_flowing

    choices = scene_flowing.Choices(
        rig=tuple(rig or ()), unit=unit, stereo=stereo, stereo_options=stereo_options, flow=flow,
        flow_options=flow_options, out=out, force=force,
    )  # fmt: skip
    scene_flowing.run((left0, right0, left1, right1), choices)


@app.command("stereo")
def stereo_of_videos(
    left: Annotated[str, typer.Argument(help="Left video, folder of images, pattern like 'left/*.png', or one image.")],
    right: Annotated[str, typer.Argument(help="The right one, rectified with it, frame by frame.")],
    out: Annotated[Path, typer.Option(help="Folder for the disparities.")] = Path("disparity"),
    method: Annotated[str, typer.Option(help="Which: geomvision methods stereo lists them.")] = "sgm",
    options: Annotated[
        list[str] | None, typer.Option("--options", "--set", help="An option of the method: paths=4.")
    ] = None,
    max_disparity: Annotated[int | None, typer.Option(help="Search below it; else by the first pair.")] = None,
    kind: Annotated[str, typer.Option("--format", help="png: a picture; pfm: pixels; ply: points (--rig).")] = "png",
    rig: Annotated[list[Path] | None, typer.Option(help="The rectified rig, any format; twice: ROS, OpenCV.")] = None,
    unit: Unit = None,
    warm: Annotated[bool, typer.Option("--warm/--cold", help="Begin from the pair before, if the method can.")] = True,
    consistency: Annotated[bool, typer.Option(help="Measure how steady the disparity is, along the flow.")] = True,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after so many pairs.")] = None,
    force: Force = False,
) -> None:
    """The disparity of every pair of two videos, and how steady it is; damaged frames are skipped and told."""
    from . import stereo_clips

    choices = stereo_clips.Choices(
        out=out, method=method, options=options or (), max_disparity=max_disparity, format=kind, rig=tuple(rig or ()),
        unit=unit, warm=warm, consistency=consistency, frames=frames, force=force,
    )  # fmt: skip
    stereo_clips.run(left, right, choices)


@app.command()
def fuse(
    folder: Annotated[Path, typer.Argument(help="Frames, poses and perhaps depth: 7-Scenes' layout or color_000.png.")],
    out: Annotated[Path, typer.Option(help="Mesh to write: .ply.")] = Path("mesh.ply"),
    report: Annotated[Path | None, typer.Option(help="Page that shows it to write: .html.")] = None,
    depth: Annotated[str, typer.Option(help="sensor: the folder's maps; motion: from the frames; auto.")] = "auto",
    camera: Annotated[Path | None, typer.Option(help="Its calibration, any format; else meta.json tells it.")] = None,
    depth_scale: Annotated[float | None, typer.Option(help="Stored depth per metre: 1000 for millimetres.")] = None,
    voxel: Annotated[str | None, typer.Option(help="Side of a voxel with its unit, like 2cm.")] = None,
    max_depth: Annotated[str | None, typer.Option(help="Leave out what is farther, like 4m.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Take every second, third, … frame.")] = 1,
    min_views: Annotated[int, typer.Option(min=1, help="Leave out what fewer frames saw.")] = 1,
    unscaled: Annotated[bool, typer.Option("--unscaled", help="No poses: find them and depth up to scale.")] = False,
    register: Annotated[
        str | None, typer.Option(help="Maps of a depth camera beside the colour camera: 'estimate', or a file of it.")
    ] = None,
    registration_out: Annotated[Path | None, typer.Option(help="Where to write what was estimated: .json.")] = None,
) -> None:
    """One coloured mesh from a clip with poses, by its own depth maps or by depth from motion; units are checked."""
    from . import fusing

    choices = fusing.Choices(
        out=out, report=report, depth=depth, camera=camera, depth_scale=depth_scale, voxel=voxel, max_depth=max_depth,
        every=every, min_views=min_views, unscaled=unscaled, register=register, registration_out=registration_out,
    )  # fmt: skip
    fusing.run(folder, choices)


@app.command("flow")
def flow_of_video(
    source: Annotated[str, typer.Argument(help="Video, folder of images, pattern like 'frames/*.png', camera number.")],
    out: Annotated[Path, typer.Option(help="Folder for the flows.")] = Path("flow"),
    method: Annotated[str, typer.Option(help="Which: geomvision methods flow lists them.")] = "inverse_search",
    options: Annotated[
        list[str] | None, typer.Option("--options", "--set", help="An option of the method: iterations=20.")
    ] = None,
    kind: Annotated[str, typer.Option("--format", help="png: a picture, direction is hue; flo: the numbers.")] = "png",
    full: Annotated[float | None, typer.Option(help="Pixels from which colours are full; else by the first.")] = None,
    warm: Annotated[bool, typer.Option("--warm/--cold", help="Begin from the flow before, if the method can.")] = True,
    frames: Annotated[int | None, typer.Option(min=2, help="Stop after so many frames.")] = None,
) -> None:
    """The motion from each frame of a video to the next; damaged frames are skipped and told."""
    from . import flowing

    choices = flowing.Choices(
        out=out, method=method, options=options or (), format=kind, full_px=full, warm=warm, frames=frames
    )
    flowing.run(source, choices)


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
    task: Annotated[str | None, typer.Argument(help="stereo, flow, depth, pose or scene_flow.")] = None,
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
