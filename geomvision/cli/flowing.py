"""``geomvision flow``: the motion from each frame of a video to the next, as pictures or .flo files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from .. import io
from ..flow._base import FlowMethod
from ..io.frames import Frame, Frames
from ..report.maps import flow_colored
from ..results import Flow
from . import settings
from .clip import Clip, progress
from .outputs import check_folder
from .saying import say

FORMATS = ("png", "flo")
#: The colours of a video are full at this share of the first flow's lengths, and at one pixel at least.
FULL_AT = 99


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags say: as in ``geomvision flow --help``."""

    out: Path
    method: str = "inverse_search"
    options: Sequence[str] = ()
    format: str = "png"
    full_px: float | None = None
    warm: bool = True
    frames: int | None = None


def run(source: str, choices: Choices) -> list[Path]:
    """Write the flow of each two frames in a row; the paths written. ValueError where there are none."""
    method = _method(choices)
    frames = io.read_frames(source)
    _check(choices, frames)
    choices.out.mkdir(parents=True, exist_ok=True)
    write = _Writer(choices)
    known = [count for count in (frames.total, choices.frames) if count is not None]
    with progress() as bar:
        task = bar.add_task(method.name(), total=min(known) if known else None)
        clip = Clip(islice(frames, choices.frames), bar.console, lambda: bar.advance(task))

        def along(run: Iterator[Frame]) -> Iterator[Flow]:
            images = (frame.image for frame in run)
            return method.along(images) if choices.warm else FlowMethod.along(method, images)

        try:
            for frame, flow in clip.results(along):
                write(frame, flow)
        except KeyboardInterrupt:
            bar.console.print(f"interrupted: {_told(write, choices)}", markup=False, soft_wrap=True)
            raise
    for note in frames.notes:
        say(f"warning: {note}")
    if not write.written:
        raise ValueError(f"{source}: no two frames in a row could be read; {clip.read} could, {clip.skipped} not")
    skipped = f"; {clip.skipped} of {clip.read + clip.skipped} frames skipped" if clip.skipped else ""
    say(_told(write, choices) + skipped)
    return write.written


class _Writer:
    """Writes flows, each file in one step; the first decides at which length colours are full."""

    def __init__(self, choices: Choices) -> None:
        self._out, self._format, self.full_px = choices.out, choices.format, choices.full_px
        self.written: list[Path] = []

    def __call__(self, frame: Frame, flow: Flow) -> None:
        path = self._out / f"flow_{frame.name}.{self._format}"
        if self._format == "flo":
            io.write_flo(path, flow.px)
        else:
            if self.full_px is None:
                lengths = np.linalg.norm(flow.px[flow.valid], axis=1)
                self.full_px = max(1.0, float(f"{np.percentile(lengths, FULL_AT):.2g}")) if lengths.size else 1.0
            io.write_image(path, flow_colored(flow.px, self.full_px))
        self.written.append(path)


def _method(choices: Choices) -> FlowMethod:
    """The method with its options, able to run. Raises what says why it is not."""
    methods = settings.build("flow", choices.method, choices.options)
    if len(methods) != 1:
        raise ValueError(f"--method is {choices.method!r}; give one: {', '.join(settings.registry('flow'))}")
    (method,) = methods
    assert isinstance(method, FlowMethod)
    if method.name() == "epipolar_flow":
        raise ValueError("--method epipolar_flow needs the camera's pose for each frame, which a video does not tell")
    method.chosen_backend()
    return method


def _check(choices: Choices, frames: Frames) -> None:
    """Fail before the work when the flags are wrong or nothing can be written."""
    if choices.format not in FORMATS:
        raise ValueError(f"--format is {choices.format!r}; it must be one of {', '.join(FORMATS)}")
    if choices.full_px is not None and not 0 < choices.full_px < float("inf"):
        raise ValueError(f"--full is {choices.full_px}; it must be a positive number of pixels")
    check_folder(choices.out, frames.paths)
    if frames.total == 1:
        raise io.FormatError(frames.source, "holds one frame", "two or more: flow is the motion between them")


def _told(write: _Writer, choices: Choices) -> str:
    count = len(write.written)
    colours = "" if write.full_px is None or choices.format == "flo" else f"; colours are full at {write.full_px:g} px"
    return f"{count} flow{'s' if count != 1 else ''} in {choices.out}{colours}"
