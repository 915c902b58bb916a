"""Middlebury's calib.txt (2014, 2021, evaluation v3; ETH3D two-view uses the same form).

``cam0=[f 0 cx; 0 f cy; 0 0 1]``, ``cam1``, ``doffs`` = cx1 − cx0 in pixels, ``baseline`` in **millimetres**,
``width``, ``height``, ``ndisp`` and more: Z = baseline · f / (d + doffs) (Scharstein et al., GCPR 2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arguments import checked
from ..cameras import Camera, StereoRig, pose
from ._files import FormatError, PathLike, read_text, write_bytes

_EXPECTED = "Middlebury calibration: cam0=[…], cam1=[…], baseline=…, width=…, height=…"


@dataclass(frozen=True, kw_only=True, eq=False)
class MiddleburyCalibration:
    """The rig in metres, and what the file says about disparities, pixels; None where it says nothing."""

    rig: StereoRig
    ndisp: int | None = None
    vmin: float | None = None
    vmax: float | None = None


@checked
def read_middlebury_calib(path: PathLike, *, baseline_unit_m: float = 0.001) -> MiddleburyCalibration:
    """Read calib.txt. `baseline_unit_m` is the length of the file's unit: 0.001 for millimetres.

    Raises:
        FormatError: when the file is missing, lacks an entry, has one that is no number, or contradicts itself.
    """
    entries = _entries(path)
    for name in ("width", "height", "ndisp"):
        value = _number(path, entries, name) if name in entries else 1.0
        if value != round(value) or (name == "ndisp" and value < 1):  # sizes below 1 are refused by the camera
            raise FormatError(path, f"{name} is {value:g}", "a whole number of pixels, 1 or more")
    width, height = round(_number(path, entries, "width")), round(_number(path, entries, "height"))
    try:
        left = Camera.from_matrix(_matrix(path, entries, "cam0"), width, height)
        right = Camera.from_matrix(_matrix(path, entries, "cam1"), width, height)
    except FormatError:
        raise
    except ValueError as error:
        raise FormatError(path, str(error), _EXPECTED) from error
    baseline = _number(path, entries, "baseline")
    if baseline <= 0:
        raise FormatError(path, f"baseline is {baseline}", "a positive baseline")
    doffs = _number(path, entries, "doffs") if "doffs" in entries else right.cx - left.cx
    if abs(right.cx - left.cx - doffs) > 0.01:
        raise FormatError(path, f"doffs is {doffs} but cx1 − cx0 is {right.cx - left.cx:.3f}", "equal numbers")
    translation = (-baseline * baseline_unit_m, 0.0, 0.0)
    optional = {name: _number(path, entries, name) for name in ("ndisp", "vmin", "vmax") if name in entries}
    return MiddleburyCalibration(
        rig=StereoRig(left=left, right=right, T_right_left=pose(translation=translation)),
        ndisp=round(optional["ndisp"]) if "ndisp" in optional else None,
        vmin=optional.get("vmin"),
        vmax=optional.get("vmax"),
    )


@checked
def write_middlebury_calib(path: PathLike, rig: StereoRig, *, ndisp: int | None = None) -> None:
    """Write a rectified rig as calib.txt (baseline in millimetres), atomically. Raises ValueError otherwise."""
    rig.require_rectified()
    lines = [
        f"{name}=[{c.fx!r} 0 {c.cx!r}; 0 {c.fy!r} {c.cy!r}; 0 0 1]"
        for name, c in (("cam0", rig.left), ("cam1", rig.right))
    ]
    lines += [f"doffs={rig.doffs_px!r}", f"baseline={rig.baseline_m * 1000!r}"]
    lines += [f"width={rig.left.width}", f"height={rig.left.height}"]
    lines += [] if ndisp is None else [f"ndisp={ndisp}"]
    write_bytes(path, ("\n".join(lines) + "\n").encode())


def _entries(path: PathLike) -> dict[str, str]:
    lines = read_text(path, _EXPECTED).splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    entries = {name.strip(): value.strip() for name, value in pairs}
    missing = [name for name in ("cam0", "cam1", "baseline", "width", "height") if name not in entries]
    if missing:
        raise FormatError(path, f"has no {', '.join(missing)}", _EXPECTED)
    return entries


def _number(path: PathLike, entries: dict[str, str], name: str) -> float:
    try:
        value = float(entries[name])
    except ValueError as error:
        raise FormatError(path, f"{name} is {entries[name]!r}", "a number") from error
    if not np.isfinite(value):
        raise FormatError(path, f"{name} is {value}", "a finite number")
    return value


def _matrix(path: PathLike, entries: dict[str, str], name: str) -> NDArray[np.float64]:
    try:
        rows = [[float(word) for word in row.split()] for row in entries[name].strip("[] ").split(";")]
        return np.array(rows).reshape(3, 3)
    except ValueError as error:
        raise FormatError(path, f"{name} is {entries[name]!r}", "[f 0 cx; 0 f cy; 0 0 1]") from error
