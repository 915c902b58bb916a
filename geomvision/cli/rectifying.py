"""``geomvision rectify``: read a pair and its rig, rectify, measure, write images, masks, the new rig and a report."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import io
from ..cameras import StereoRig
from ..geometry import (
    Rectification,
    RectificationRefused,
    SelfRectification,
    rectify,
    rectify_uncalibrated,
    self_rectify,
)
from ..geometry.rectification_residual import VerticalResidual, measure_rows
from ..images import Image, as_pair
from ..io._files import write_json
from . import sources
from .outputs import check_folder, spare
from .saying import say

#: What may be written to the folder.
WRITTEN = (
    "left.png", "right.png", "left_mask.png", "right_mask.png", "rows.png", "rectification.json", "calib.txt",
    "mended.yaml",
)  # fmt: skip
#: Distance of the lines in rows.png, pixels.
LINES_PX = 32


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags say: as in ``geomvision rectify --help``."""

    rig: tuple[Path, ...] = ()
    uncalibrated: bool = False
    mend: bool = False
    out: Path
    size: str | None = None
    alpha: float | None = None
    crop: bool = False
    vertical: bool = False
    bicubic: bool = False
    force: bool = False
    unit: str | None = None


def run(left: Path, right: Path, choices: Choices) -> Rectification:
    """Rectify a pair of files and write what came of it. ValueError when it cannot be right."""
    _check(choices)
    spare(f"--out {choices.out}", (choices.out / name for name in WRITTEN), (left, right, *choices.rig))
    images = io.read_image(left), io.read_image(right)
    pair = as_pair(*images, names=(str(left), str(right)))
    if pair[0].dtype.kind == "f":
        raise ValueError(f"{left} holds {pair[0].dtype}; images of 8 or 16 bits can be rectified here")
    if np.array_equal(*pair):
        raise ValueError(f"{left} and {right} are the same image, pixel for pixel")
    seen = max(images, key=lambda image: image.ndim)  # a colour image tells which cameras took both
    rig = sources.rig_of(choices.rig, seen, unit=choices.unit) if choices.rig else None
    found, mended = _rectified(pair, rig, choices)
    residual = found.residual if found.residual is not None else found.measure(*pair)
    before = measure_rows(*pair)
    _tell(found, residual, before, mended)
    _write(choices.out, found, pair, choices.bicubic)
    if mended is not None and rig is not None:
        io.write_rig(choices.out / "mended.yaml", mended.rig)
        say(f"wrote mended.yaml, the rig that took the images, to {choices.out}")
    report = {
        "before": dataclasses.asdict(before),
        "residual": dataclasses.asdict(residual),
        "region": dict(zip(("x", "y", "width", "height"), found.region, strict=True)),
        "corrections": [dataclasses.asdict(c) for c in mended.corrections] if mended is not None else [],
    }
    write_json(choices.out / "rectification.json", report)
    say(f"next:   look at {choices.out / 'rows.png'}; geomvision compare stereo {choices.out} --out report.html")
    return found


def _check(choices: Choices) -> None:
    """Fail before the work when the flags contradict each other or nothing can be written."""
    if choices.uncalibrated and (choices.rig or choices.mend):
        raise ValueError("--uncalibrated uses matches alone: leave out --rig and --self")
    if not (choices.uncalibrated or choices.mend) and not choices.rig:
        raise ValueError("say how: --rig FILE (calibrated), --self (mend a nearly rectified pair), or --uncalibrated")
    if choices.uncalibrated and (choices.size or choices.alpha is not None):
        raise ValueError("--size and --alpha need a rig; --uncalibrated keeps the size")
    if choices.mend and choices.vertical:
        raise ValueError("--self is for rigs side by side; turn the images by 90 degrees first")
    if choices.force and (choices.uncalibrated or choices.mend):
        raise ValueError("--force is for --rig alone: the other ways have nothing else to go by than the rows")
    check_folder(choices.out)


def _rectified(
    pair: tuple[Image, Image], rig: StereoRig | None, choices: Choices
) -> tuple[Rectification, SelfRectification | None]:
    if choices.uncalibrated:
        return rectify_uncalibrated(*pair, crop=choices.crop, vertical=choices.vertical), None
    size = None if choices.size is None else _size(choices.size)
    options: dict[str, Any] = {"size": size, "alpha": choices.alpha, "crop": choices.crop}
    if choices.mend:
        mended = self_rectify(*pair, rig, **options)
        return mended.rectification, mended
    assert rig is not None
    options["vertical"] = choices.vertical
    try:
        return rectify(rig, images=None if choices.force else pair, **options), None
    except RectificationRefused as refused:
        if not _exchanged(rig, pair, options):
            raise
        raise ValueError(f"{refused}. Exchanged they agree: left and right are swapped") from refused


def _exchanged(rig: StereoRig, pair: tuple[Image, Image], options: dict[str, Any]) -> bool:
    """Whether the rig fits the images when they are given the other way round."""
    try:
        rectify(rig, images=(pair[1], pair[0]), **options)
    except RectificationRefused:
        return False
    return True


def _size(text: str) -> tuple[int, int]:
    width, times, height = text.lower().partition("x")
    if not (times and width.isdecimal() and height.isdecimal()):
        raise ValueError(f"--size is {text!r}; it must be WIDTHxHEIGHT, like 1280x720")
    return int(width), int(height)


def _tell(
    found: Rectification, residual: VerticalResidual, before: VerticalResidual, mended: SelfRectification | None
) -> None:
    say(f"before: {before}")
    say(f"after:  {residual}")
    for problem in residual.problems:
        say(f"problem: {problem}")
    if mended is not None:
        say("drift:  " + ", ".join(map(str, mended.corrections)))
        say(f"doubt:  rows up to {mended.doubt_px:.2f} px, disparities {mended.disparity_doubt_px:.2f} px in common")
    x, y, width, height = found.region
    say(f"valid in both: {width}x{height} pixels from ({x}, {y}) of {found.left.size[0]}x{found.left.size[1]}")
    if found.rig is not None:
        camera = found.rig.left
        centre = f"({camera.cx:.2f}, {camera.cy:.2f})"
        say(f"rig:    f {camera.fx:.2f} px, centre {centre}, baseline {found.rig.baseline_m:.6g} m")


def _write(folder: Path, found: Rectification, pair: tuple[Image, Image], bicubic: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    images = found.apply(*pair, mode="bicubic" if bicubic else "bilinear")
    for name, image, view in zip(("left", "right"), images, (found.left, found.right), strict=True):
        io.write_image(folder / f"{name}.png", image)
        io.write_image(folder / f"{name}_mask.png", view.valid.astype(np.uint8) * 255)
    io.write_image(folder / "rows.png", _lined(*images))
    written = list(WRITTEN[:-2])
    for name in WRITTEN[-2:]:
        (folder / name).unlink(missing_ok=True)  # those of an earlier run would be believed
    if found.rig is not None:
        io.write_middlebury_calib(folder / "calib.txt", found.rig)
        written.append("calib.txt")
    say(f"wrote {', '.join(written)} to {folder}")


def _lined(left: Image, right: Image) -> Image:
    """Both images beside each other with lines along equal rows: a point and its partner lie on the same one."""
    both = np.concatenate([left, right], axis=1)
    both = np.stack([both] * 3, axis=-1) if both.ndim == 2 else both.copy()
    both[LINES_PX // 2 :: LINES_PX] = np.array([0, 1, 0], both.dtype) * np.iinfo(both.dtype).max
    return both
