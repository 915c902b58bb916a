"""The page of a calibration: its numbers with their doubt, its warnings, and pictures of both."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from ..geometry import Calibration, StereoCalibration
from ..io._files import write_bytes
from . import calibration_figures as figures


def save_calibration(calibration: Calibration | StereoCalibration, path: str | Path, title: str | None = None) -> Path:
    """Write a calibration as one HTML page that opens offline.

    Raises ValueError on another ending than .html, or where the folder does not exist.
    """
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{target.name}: the page of a calibration is written as .html")
    write_bytes(target, render(calibration, title).encode())
    return target


def render(calibration: Calibration | StereoCalibration, title: str | None = None) -> str:
    """The page as text."""
    here = files(__package__).joinpath("web")
    if isinstance(calibration, StereoCalibration):
        heading, rig = "Calibration of a rig", rig_lines(calibration)
        cameras = {"left": calibration.left, "right": calibration.right}
    else:
        heading, rig, cameras = "Calibration of a camera", [], {"camera": calibration}
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(here.joinpath("calibration.html").read_text(encoding="utf-8"))
    return template.render(
        title=title or heading,
        rms=calibration.rms_px,
        warnings=calibration.warnings,
        rig=rig,
        cameras=[_section(name, one) for name, one in cameras.items()],
        legend=figures.legend(),
        style=here.joinpath("style.css").read_text(encoding="utf-8"),
    )


def camera_lines(calibration: Calibration) -> list[tuple[str, str, str]]:
    """Name, value and standard deviation of every parameter, to the digits that mean something."""
    camera = calibration.camera
    pairs = zip(camera.parameter_names, camera.parameters, strict=True)
    return [(name, *with_doubt(float(value), calibration.sigma[name])) for name, value in pairs]


def rig_lines(calibration: StereoCalibration) -> list[tuple[str, str, str]]:
    """Name, value and standard deviation of the rig: baseline, shift in millimetres and turn in degrees."""
    T, sigma = calibration.rig.T_right_left, calibration.sigma
    half = np.array([T[2, 1] - T[1, 2], T[0, 2] - T[2, 0], T[1, 0] - T[0, 1]]) / 2
    sine, cosine = float(np.linalg.norm(half)), (float(np.trace(T[:3, :3])) - 1) / 2
    turn = half * (np.arctan2(sine, cosine) / sine if sine > 1e-12 else 1.0)
    lines = [("baseline mm", *with_doubt(1000 * calibration.rig.baseline_m, 1000 * sigma["baseline_m"]))]
    for n, axis in enumerate("xyz"):
        lines.append((f"shift {axis} mm", *with_doubt(1000 * float(T[n, 3]), 1000 * sigma[f"rig.t{axis}"])))
    for n, axis in enumerate("xyz"):
        doubt = float(np.degrees(sigma[f"rig.r{axis}"]))
        lines.append((f"turn {axis} °", *with_doubt(float(np.degrees(turn[n])), doubt)))
    return lines


def with_doubt(value: float, sigma: float) -> tuple[str, str]:
    """A value and its standard deviation, both to the second digit of the latter."""
    if not (np.isfinite(sigma) and sigma > 0):
        return f"{value:.6g}", f"{sigma:.2g}"
    digits = int(np.clip(1 - np.floor(np.log10(sigma)), 0, 9))
    return f"{value:.{digits}f}", f"{sigma:.{digits}f}"


def _section(name: str, one: Calibration) -> dict[str, Any]:
    (field, longer), (cloud, reach), c = figures.residuals(one), figures.scatter(one), one.coverage
    near, far = c.distances_m
    return {
        "name": name,
        "kind": f"{type(one.camera).__name__}, {one.camera.width} × {one.camera.height} px",
        "facts": [
            f"{len(one.views)} views of a {one.board.label}, RMS {one.rms_px:.3f} px",
            f"boards cover {c.image:.0%} of the image and reach {c.reach:.0%} of the way to its corners",
            f"largest angle between two boards {c.tilt_deg:.0f}°, distances {near:.2f} to {far:.2f} m",
            f"a projected point is unsure by {c.centre_px:.2g} px at the centre, by {c.border_px:.2g} px at the border",
        ],
        "lines": camera_lines(one),
        "coverage": figures.coverage(one),
        "residuals": field,
        "longer": longer,
        "scatter": cloud,
        "reach": reach,
        "bars": figures.bars(one),
    }
