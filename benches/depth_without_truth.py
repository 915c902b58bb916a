"""What depth learns without truth, on frames that have truth: `python benches/depth_without_truth.py clip|pairs …`.

`clip FOLDER` learns from colour frames of a posed clip (`datasets.PosedClip`; its poses stay hidden), `pairs` from
pairs of a rig that goes through a rendered room. Both print AbsRel, and seconds of processor time.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

import geomvision as gv
from geomvision import io, training
from geomvision.cameras import Camera, StereoRig, inverse, pose
from geomvision.datasets._options import SceneOptions
from geomvision.datasets._pairs import scene_of
from geomvision.datasets._render import Sight, View, first_hits, namespace
from geomvision.datasets._scene import rotation
from geomvision.datasets._shade import radiance

app = typer.Typer(add_completion=False)
Out = Annotated[Path, typer.Option(help="Folder of everything that is written.")]
Depths = list[NDArray[np.float64]]


@app.command()
def clip(
    folder: Path,
    camera: Annotated[str, typer.Option(help="fx,fy,cx,cy, pixels.")] = "585,585,320,240",
    size: Annotated[str, typer.Option(help="Table of the recipe: cpu or solved.")] = "cpu",
    out: Out = Path("out/clip"),
    threads: int = 0,
) -> None:
    """Learn from the frames of a clip; each frame's depth is then scaled by its median."""
    first = io.read_image(sorted(folder.glob("color_*"))[0])
    fx, fy, cx, cy = map(float, camera.split(","))
    taken = Camera(width=first.shape[1], height=first.shape[0], fx=fx, fy=fy, cx=cx, cy=cy)
    samples = list(gv.datasets.PosedClip(folder, taken))
    frames = out / "frames"
    frames.mkdir(parents=True, exist_ok=True)
    for k, sample in enumerate(samples):
        io.write_image(frames / f"{k:03d}.png", sample.image)
    started = time.process_time()
    outcome = training.run(
        "depth/monodepth2", adapt=frames, camera=camera, size=size, out=out, num_threads=threads, progress=False
    )
    typer.echo(f"learnt in {time.process_time() - started:.0f} s of processor time")
    side = _side(outcome.weights)
    method = gv.depth.Monodepth2(weights=str(outcome.weights), side_px=side)
    found = [np.asarray(method(sample.image).values, float) for sample in samples]
    truth = [np.asarray(sample.depth.m, float) for sample in samples]
    typer.echo(f"AbsRel, each frame scaled by its median: {_abs_rel(found, truth, scaled=True):.4f}")


@app.command()
def pairs(
    count: Annotated[int, typer.Option(help="Pairs to learn from; as many between them are held out.")] = 16,
    scene: Annotated[int, typer.Option(help="Which room.")] = 3,
    size: Annotated[str, typer.Option(help="Table of the recipe.")] = "stereo",
    out: Out = Path("out/pairs"),
    threads: int = 0,
) -> None:
    """Learn from pairs of a rig on its way through a rendered room, in metres; judge on these, and on those between."""
    rig, rendered = _walk(scene, 2 * count)
    learnt, between = rendered[::2], rendered[1::2]
    for side in (0, 1):
        folder = out / ("left", "right")[side]
        folder.mkdir(parents=True, exist_ok=True)
        for k, each in enumerate(learnt):
            io.write_image(folder / f"{k:03d}.png", each[side])
    io.write_rig(out / "rig.yaml", rig)
    started = time.process_time()
    outcome = training.run(
        "depth/monodepth2",
        adapt=out / "left",
        right=out / "right",
        camera=str(out / "rig.yaml"),
        size=size,
        out=out,
        num_threads=threads,
        progress=False,
    )
    typer.echo(f"learnt in {time.process_time() - started:.0f} s of processor time")
    method = gv.depth.Monodepth2(weights=str(outcome.weights), side_px=_side(outcome.weights))
    for told, chosen in (("learnt", learnt), ("held-out", between)):
        found = [np.asarray(method(left, rig.left).m, float) for left, _, _ in chosen]
        truth = [depth for _, _, depth in chosen]
        typer.echo(f"AbsRel of {len(chosen)} {told} pairs, metres as they are: {_abs_rel(found, truth):.4f}")
    matcher = gv.stereo.SGM(max_disparity=96)
    found = [np.asarray(matcher(left, right).to_depth(rig).m, float) for left, right, _ in learnt]
    known = float(np.mean([np.isfinite(each).mean() for each in found]))
    typer.echo(f"sgm, {100 * known:.0f} % of the pixels: {_abs_rel(found, [depth for _, _, depth in learnt]):.4f}")


def _walk(scene: int, count: int) -> tuple[StereoRig[Camera], list[tuple[Any, Any, NDArray[np.float64]]]]:
    """A rig, and left and right images and the left one's depth (m) along its way."""
    options = SceneOptions(
        seed=11, height=288, width=384, layout="room", max_disparity=96, textureless=0.0, repetition=0.0, specular=0.0
    )
    made, camera, baseline = scene_of(options, scene)
    rig, xp = StereoRig.rectified(camera, baseline), namespace("numpy")
    found = []
    for along in np.linspace(-1.0, 1.0, count):
        step = (0.25 * along, 0.03 * np.sin(3 * along), 0.12 * along * along)
        T = inverse(pose(rotation(ry=-7.0 * along, rx=2.0 * np.cos(2 * along)), step)) @ made.T_camera_world
        sights = [Sight(made, View(c, move @ T)) for c, move in ((rig.left, np.eye(4)), (rig.right, rig.T_right_left))]
        hits = [first_hits(xp, sight) for sight in sights]
        views = [np.clip(np.rint(255 * light), 0, 255).astype(np.uint8) for light in radiance(xp, sights, hits, 2)]
        with np.errstate(divide="ignore"):
            found.append((*views, np.where(hits[0].q > 0, 1 / hits[0].q, np.nan)))
    return rig, found


def _side(weights: Any) -> int:
    """Longer side of the images that weights were learnt at, as their card tells it."""
    return int(gv.weights.Card.read(Path(weights).with_suffix(".json")).input_rule.rpartition(" ")[2])


def _abs_rel(found: Depths, truth: Depths, *, scaled: bool = False) -> float:
    """The mean over frames of mean |D − D*| / D*; of each frame by its median, if so."""
    errors = []
    for estimate, depth in zip(found, truth, strict=True):
        both = np.isfinite(depth) & np.isfinite(estimate)
        scale = np.median(depth[both]) / np.median(estimate[both]) if scaled else 1.0
        errors.append(np.mean(np.abs(scale * estimate[both] - depth[both]) / depth[both]))
    return float(np.mean(errors))


if __name__ == "__main__":
    app()
