"""Disparity, flow and depth by file ending, as the typed results that methods return too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from ..results import Depth, Disparity, Flow
from . import flo, kitti, pfm, scaled, sintel, spring
from ._files import FormatError, PathLike

_DISPARITY_SCALES = (
    "scale= or --truth-scale (stored value = disparity · scale), which 8 bits do not tell: "
    "Middlebury 2001 8 (tsukuba 16), 2003 quarter size 4, 2005/2006 third size 3"
)
_DEPTH_SCALES = (
    "scale=, --truth-scale or (of complete) --scale (stored value = metres · scale), which a PNG does not tell: "
    "KITTI 256, TUM 5000, millimetres 1000"
)


def read_disparity(
    path: PathLike, *, scale: float | None = None, invalid: int | Collection[int] | None = 0
) -> Disparity:
    """Read a disparity map: .pfm, .dsp5, or grey .png / .pgm whose values are disparity · scale.

    Args:
        path: the file.
        scale: for .png and .pgm. 8 bits need it; 16 bits without it are KITTI's, 256. Other files hold pixels.
        invalid: stored value(s) of .png and .pgm that mean unknown; None when there is none.

    Raises:
        FormatError: when the file is missing, damaged, of another kind, or needs a scale.
        ValueError: for a scale other than 1 of a file that has none.
    """
    ending = _ending(path)
    _require_no_scale(path, scale, {".pfm": "pixels", ".dsp5": "pixels"})
    if ending == ".pfm":
        return Disparity(px=_one_channel(path))
    if ending == ".dsp5":
        return Disparity(px=spring.read_dsp5(path))
    if ending not in (".png", ".pgm"):
        raise FormatError(path, f"ends in {ending!r}", "a disparity map: .pfm, .dsp5, .png or .pgm")
    stored = scaled.read_grey(path)
    if scale is None and stored.dtype == np.uint8:
        raise FormatError(path, "has 8 bits and no scale was given", _DISPARITY_SCALES)
    scale = kitti.SCALE if scale is None else scale
    return Disparity(px=scaled.apply_scale(stored, scale=scale, invalid=invalid))


def write_disparity(path: PathLike, disparity: Disparity) -> None:
    """Write as .pfm (exact) or .png (KITTI, 16 bits, 1/256 px), atomically. Raises ValueError otherwise."""
    writers = {".pfm": pfm.write_pfm, ".png": kitti.write_kitti_disparity}
    writers[_known(path, writers)](path, disparity.px)


def read_flow(path: PathLike) -> Flow:
    """Read optical flow: .flo, .flo5, .png (KITTI, 16 bits) or .pfm (three channels, the third unused).

    Raises:
        FormatError: when the file is missing, damaged or of another kind.
    """
    ending = _ending(path)
    if ending == ".flo":
        return Flow(px=flo.read_flo(path))
    if ending == ".flo5":
        return Flow(px=spring.read_flo5(path))
    if ending == ".png":
        return Flow(px=kitti.read_kitti_flow(path))
    if ending == ".pfm":
        values = pfm.read_pfm(path)
        if values.ndim != 3:
            raise FormatError(path, "has one channel", "flow in PFM: three channels (dx, dy, unused)")
        return Flow(px=values[..., :2])
    raise FormatError(path, f"ends in {ending!r}", "optical flow: .flo, .flo5, .png (KITTI) or .pfm")


def write_flow(path: PathLike, flow: Flow) -> None:
    """Write as .flo (exact) or .png (KITTI, 1/64 px), atomically. Raises ValueError otherwise."""
    writers = {".flo": flo.write_flo, ".png": kitti.write_kitti_flow}
    writers[_known(path, writers)](path, flow.px)


def read_depth(path: PathLike, *, scale: float | None = None, invalid: int | Collection[int] | None = 0) -> Depth:
    """Read depth in metres: .pfm, .dpt, or grey .png / .pgm whose values are metres · scale.

    Args:
        path: the file.
        scale: required for .png and .pgm; other files hold metres.
        invalid: stored value(s) of .png and .pgm that mean unknown. In PFM, depths that are not positive are.

    Raises:
        FormatError: when the file is missing, damaged, of another kind, or needs a scale.
        ValueError: for a scale other than 1 of a file that has none.
    """
    ending = _ending(path)
    _require_no_scale(path, scale, {".pfm": "metres", ".dpt": "metres"})
    if ending == ".pfm":
        values = _one_channel(path)
        return Depth(m=np.where(values > 0, values, np.nan))
    if ending == ".dpt":
        return Depth(m=sintel.read_dpt(path))
    if ending not in (".png", ".pgm"):
        raise FormatError(path, f"ends in {ending!r}", "a depth map: .pfm, .dpt, .png or .pgm")
    if scale is None:
        raise FormatError(path, "was given no scale", _DEPTH_SCALES)
    values = scaled.read_scaled(path, scale=scale, invalid=invalid)
    return Depth(m=np.where(values > 0, values, np.nan))


def write_depth(path: PathLike, depth: Depth) -> None:
    """Write as .pfm (exact) or .png (KITTI, 16 bits, 1/256 m), atomically. Raises ValueError otherwise."""
    writers = {".pfm": pfm.write_pfm, ".png": kitti.write_kitti_depth}
    writers[_known(path, writers)](path, depth.m)


def _require_no_scale(path: PathLike, scale: float | None, units: Mapping[str, str]) -> None:
    """ValueError for a scale that the file's format has no use for: it would be passed over without a word."""
    unit = units.get(_ending(path))
    if unit is not None and scale not in (None, 1):
        kind = _ending(path).removeprefix(".").upper()
        raise ValueError(f"{path}: scale is {scale}, but a {kind} holds {unit} and has none: leave it out")


def _ending(path: PathLike) -> str:
    return Path(path).suffix.lower()


def _known(path: PathLike, endings: Collection[str]) -> str:
    ending = _ending(path)
    if ending not in endings:
        raise ValueError(f"{path}: cannot write {ending!r}; allowed are {', '.join(endings)}")
    return ending


def _one_channel(path: PathLike) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    values = pfm.read_pfm(path)
    if values.ndim != 2:
        raise FormatError(path, "has three channels", "a PFM with one channel ('Pf')")
    return values
