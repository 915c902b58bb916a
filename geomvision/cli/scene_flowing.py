"""``geomvision scene-flow``: two rectified pairs, one after the other, to the motion of every pixel in metres."""

from __future__ import annotations

import io as streams
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import io
from ..benchmark.fitting import RangeFit, search_range
from ..benchmark.inspection import inspect_frames, inspect_pair
from ..cameras import inverse
from ..geometry import IndependentMotion, independent_motion
from ..images import Image
from ..io._files import write_bytes
from ..report.maps import eight_bit
from ..results import SceneFlow
from ..samples import SceneFlowSample
from ..scene_flow.from_stereo_and_flow import FromStereoAndFlow
from . import sources
from .saying import say
from .settings import method_class


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags say: as in ``geomvision scene-flow --help``."""

    rig: tuple[Path, ...]
    unit: str | None = None
    stereo: str = "sgm"
    stereo_options: str = ""
    flow: str = "inverse_search"
    flow_options: str = ""
    out: Path | None = None
    force: bool = False


def run(paths: Sequence[Path], choices: Choices) -> SceneFlow:
    """Estimate, say and write. ValueError when it cannot be right, before anything is estimated."""
    _check(choices)
    method = FromStereoAndFlow(
        stereo=method_class("stereo", choices.stereo).name(),
        stereo_options=choices.stereo_options,
        flow=method_class("flow", choices.flow).name(),
        flow_options=choices.flow_options,
    )
    sample, report = _sample(paths, choices)
    method = RangeFit()(method, sample, report)
    height, width = sample.left0.shape[:2]
    assert sample.rig is not None
    say(f"two pairs of {width}x{height} pixels, {sample.rig.baseline_m:.4g} m apart")
    say(f"stereo: {method.matcher().label()}; flow: {method.tracker().label()}")
    if "max_disparity" in method.matcher().option_limits() and "max_disparity" not in choices.stereo_options:
        value, origin = search_range(sample.stereo, report)
        say(f"range: {value} px, {origin}; --stereo-options max_disparity=… chooses another")
    found: SceneFlow = method.on(sample)
    if not found.valid.any():
        raise ValueError("no pixel has a motion that both checks let pass: do the four images show one scene?")
    lengths = np.linalg.norm(found.motion[found.valid], axis=1)
    middle, high = np.percentile(lengths, (50, 95))
    say(f"motion: known at {100 * found.density:.0f} % of the pixels; {middle:.3g} m (median), {high:.3g} m (95 %)")
    try:
        moving = independent_motion(found, sample.rig)
    except ValueError as error:
        say(f"camera: not found: {error}")
        moving = None
    for line in () if moving is None else told(moving):
        say(line)
    if choices.out is not None:
        write(choices.out, found, sample.left0, moving)
        say(f"wrote {choices.out}: lengths in metres, points in the left camera's frame (x right, y down, z ahead)")
    return found


def told(moving: IndependentMotion) -> list[str]:
    """The camera's motion, and how much moves besides, in words."""
    x, y, z = inverse(moving.T_1_0)[:3, 3]
    turn = np.degrees(np.arccos(np.clip((np.trace(moving.T_1_0[:3, :3]) - 1) / 2, -1, 1)))
    way = f"{abs(x):.3g} m {'right' if x >= 0 else 'left'}, {abs(y):.3g} m {'down' if y >= 0 else 'up'}"
    lines = [f"camera: moved {way}, {abs(z):.3g} m {'ahead' if z >= 0 else 'back'}; turned {turn:.2f}°"]
    share = moving.moving.sum() / moving.known.sum()
    besides = np.linalg.norm(moving.residual[moving.moving], axis=1)
    median = f", {np.median(besides):.3g} m (median)" if besides.size else ""
    return [*lines, f"moving: {100 * share:.1f} % of what is known moves by itself{median}"]


def write(path: Path, found: SceneFlow, image: Image, moving: IndependentMotion | None) -> None:
    """A cloud with colours and motion (.ply), or every map with its unit in its name (.npz)."""
    if path.suffix.lower() == ".ply":
        colours = eight_bit(image)
        colours = np.repeat(colours[..., None], 3, axis=2) if colours.ndim == 2 else colours
        valid = found.valid
        io.write_ply(path, found.points0[valid], colors=colours[valid], motion=found.motion[valid])
        return
    assert found.disparity0 is not None
    assert found.disparity1 is not None
    assert found.flow is not None
    maps: dict[str, Any] = {
        "points0_m": found.points0,
        "motion_m": found.motion,
        "disparity0_px": found.disparity0.px,
        "disparity1_px": found.disparity1.px,
        "flow_px": found.flow.px,
    }
    if moving is not None:
        maps |= {"T_1_0": moving.T_1_0, "residual_m": moving.residual, "moving": moving.moving}
    stream = streams.BytesIO()
    np.savez_compressed(stream, **maps)
    write_bytes(path, stream.getvalue())


def _sample(paths: Sequence[Path], choices: Choices) -> tuple[SceneFlowSample, Any]:
    """The images and their rig, looked at: what cannot be two pairs of one rig is refused."""
    images = [io.read_image(path) for path in paths]
    rig, ndisp = sources.calibration(choices.rig, images[0], choices.unit)
    reports = [inspect_pair(*images[:2]), inspect_pair(*images[2:]), inspect_frames(images[0], images[2])]
    if images[0].shape == images[2].shape and np.array_equal(images[0], images[2]):
        raise ValueError(
            f"{paths[0]} and {paths[2]} are the same image, pixel for pixel: give left0 right0 left1 right1"
        )
    if not choices.force:
        for report in reports:
            report.require()
    left0, right0, left1, right1 = images
    sample = SceneFlowSample(
        name=paths[0].stem, left0=left0, right0=right0, left1=left1, right1=right1, rig=rig, max_disparity=ndisp
    )
    return sample, reports[0]


def _check(choices: Choices) -> None:
    if not choices.rig:
        raise ValueError("scene flow in metres needs the rectified rig of the images: --rig FILE")
    out = choices.out
    if out is not None and (out.suffix.lower() not in (".ply", ".npz") or out.is_dir() or not out.parent.is_dir()):
        raise ValueError(f"--out {out}: it must be a file that ends with .ply or .npz, in a folder that exists")
