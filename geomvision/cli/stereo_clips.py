"""``geomvision stereo``: the disparity of every pair of two videos, as pictures, numbers or points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from .. import io
from ..benchmark.fitting import OPTION, search_range
from ..benchmark.inspection import inspect_pair
from ..cameras import StereoRig
from ..flow.inverse_search import InverseSearch
from ..images import Image
from ..io.frames import IMAGES, Frame, Frames
from ..metrics import temporal_change
from ..report.maps import colored, eight_bit
from ..results import Disparity
from ..samples import StereoSample
from ..stereo._base import StereoMethod
from . import settings, sources
from .clip import Clip, progress
from .outputs import check_folder
from .saying import say

FORMATS = ("png", "pfm", "ply")
#: The colours of a video go from one of these percentiles of the first disparities to the other.
COLOURS = (1, 99)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags say: as in ``geomvision stereo --help``."""

    out: Path
    method: str = "sgm"
    options: Sequence[str] = ()
    max_disparity: int | None = None
    format: str = "png"
    rig: tuple[Path, ...] = ()
    unit: str | None = None
    warm: bool = True
    consistency: bool = True
    frames: int | None = None
    force: bool = False


@dataclass(frozen=True, eq=False)
class PairFrame(Frame):
    """A left frame, and the right one beside it."""

    right: Image | None = None


def run(left: str, right: str, choices: Choices) -> list[Path]:
    """Write the disparity of each pair; the paths written. ValueError where there are none."""
    both = (_frames(left), _frames(right))
    _check(choices, both)
    pairs = _pairs(*both)
    first, rest = _first(pairs)
    method = _method(choices, first)
    rig = _rig(choices, first)
    choices.out.mkdir(parents=True, exist_ok=True)
    write, steady = _Writer(choices, rig), _Steadiness()
    known = [count for count in (*(frames.total for frames in both), choices.frames) if count is not None]
    with progress() as bar:
        task = bar.add_task(method.name(), total=min(known) if known else None)
        clip = Clip(islice(rest, choices.frames), bar.console, lambda: bar.advance(task))

        def along(run: Iterator[PairFrame]) -> Iterator[Disparity]:
            views = ((frame.image, frame.right) for frame in run)
            return method.along(views) if choices.warm else (method(*pair) for pair in views)

        try:
            for frame, disparity in clip.results(along):
                write(frame, disparity)
                if choices.consistency:
                    steady(frame, disparity)
        except KeyboardInterrupt:
            bar.console.print(f"interrupted: {_told(write, choices)}", markup=False, soft_wrap=True)
            raise
    for note in chain.from_iterable(frames.notes for frames in both):
        say(f"warning: {note}")
    if not write.written:
        raise ValueError(f"{left} and {right}: no pair could be read; {clip.skipped} could not")
    skipped = f"; {clip.skipped} of {clip.read + clip.skipped} pairs skipped" if clip.skipped else ""
    say(_told(write, choices) + skipped)
    for line in steady.told():
        say(line)
    return write.written


def _frames(source: str) -> Frames:
    """As `io.read_frames`, and a single image is a clip of one frame."""
    path = Path(source)
    if path.is_file() and path.suffix.lower() in IMAGES:
        return Frames(source, 1, (path,))
    return io.read_frames(source)


def _pairs(left: Frames, right: Frames) -> Iterator[PairFrame]:
    """Frames side by side, as long as both last; what is amiss with either is the pair's problem."""
    seconds = iter(right)
    for frame in left:
        other = next(seconds, None)
        if other is None:
            left.notes.append(f"{right.source} ends before frame {frame.number}; {left.source} goes on")
            return
        problem = "; ".join(
            f"{name}: {each.problem}" for name, each in (("left", frame), ("right", other)) if each.image is None
        )
        if frame.image is not None and other.image is not None and frame.image.shape != other.image.shape:
            (height, width), (h, w) = frame.image.shape[:2], other.image.shape[:2]
            problem = f"left is {width}x{height} and right {w}x{h}, or one is grey and the other is not"
        image, second = (None, None) if problem else (frame.image, other.image)
        yield PairFrame(frame.number, frame.name, image, problem, second)
    if next(seconds, None) is not None:
        right.notes.append(f"{left.source} ends first; {right.source} goes on")


def _first(pairs: Iterator[PairFrame]) -> tuple[PairFrame, Iterator[PairFrame]]:
    """The first pair that could be read, and all pairs."""
    held = []
    for frame in pairs:
        held.append(frame)
        if frame.image is not None:
            return frame, chain(held, pairs)
    why = f": {held[0].problem}" if held else ""
    raise ValueError(f"no pair could be read; {len(held)} could not{why}")


def _method(choices: Choices, first: PairFrame) -> StereoMethod:
    """The method with its options, able to run, over the range that was given or that the first pair shows."""
    chosen = [] if choices.max_disparity is None else [f"{OPTION}={choices.max_disparity}"]
    methods = settings.build("stereo", choices.method, [*choices.options, *chosen])
    if len(methods) != 1:
        raise ValueError(f"--method is {choices.method!r}; give one: {', '.join(settings.registry('stereo'))}")
    (method,) = methods
    assert isinstance(method, StereoMethod)
    method.chosen_backend()
    assert first.image is not None
    report = inspect_pair(first.image, first.right)
    if not choices.force:
        report.require()
    named = settings.chosen_option([*choices.options, *chosen], OPTION, methods)
    if OPTION not in method.option_limits() or method.name() in named:
        return method
    sample = StereoSample(name=first.name, left=first.image, right=first.right)  # type: ignore[arg-type]
    value, origin = search_range(sample, report)
    say(f"range: {value} px, {origin}; --max-disparity chooses another")
    return method.with_options(**{OPTION: value})


def _rig(choices: Choices, first: PairFrame) -> StereoRig | None:
    assert first.image is not None
    return sources.calibration(choices.rig, first.image, choices.unit)[0] if choices.rig else None


class _Writer:
    """Writes disparities, each file in one step; the first decides what the colours mean."""

    def __init__(self, choices: Choices, rig: StereoRig | None) -> None:
        self._out, self._format, self._rig = choices.out, choices.format, rig
        self.colours: tuple[float, float] | None = None
        self.written: list[Path] = []

    def __call__(self, frame: PairFrame, disparity: Disparity) -> None:
        path = self._out / f"disparity_{frame.name}.{self._format}"
        if self._format == "pfm":
            io.write_pfm(path, np.where(disparity.valid, disparity.px, np.inf).astype(np.float32))
        elif self._format == "ply":
            assert self._rig is not None
            assert frame.image is not None
            depth = disparity.to_depth(self._rig)
            colours = eight_bit(frame.image)
            colours = np.repeat(colours[..., None], 3, axis=2) if colours.ndim == 2 else colours
            io.write_ply(path, depth.to_points(self._rig.left), colors=colours[depth.valid])
        else:
            if self.colours is None and disparity.valid.any():
                low, high = np.percentile(disparity.px[disparity.valid], COLOURS)
                self.colours = (float(low), float(high))
            io.write_image(path, colored(disparity.px, self.colours))
        self.written.append(path)


class _Steadiness:
    """How much the disparity changes along the flow, from each pair to the next."""

    def __init__(self) -> None:
        self._before: tuple[PairFrame, Disparity] | None = None
        self._changes: list[dict[str, Any]] = []
        self._flow = InverseSearch()

    def __call__(self, frame: PairFrame, disparity: Disparity) -> None:
        if self._before is not None and self._before[0].number + 1 == frame.number:
            earlier, first = self._before
            flow = self._flow(earlier.image, frame.image)
            self._changes.append(temporal_change(first, disparity, flow))
        self._before = frame, disparity

    def told(self) -> list[str]:
        """The figures, over all pixels of all pairs in a row."""
        count = sum(each["change"].count for each in self._changes)
        if count == 0:
            return []
        mean, share = (
            sum(each[name].value * each[name].count for each in self._changes if each[name].count) / count
            for name in ("change", "change>1")
        )
        moved = f"by {mean:.3g} px (mean), by more than 1 px at {share:.3g} % of the pixels"
        return [f"consistency: along the flow from frame to frame disparity changes {moved}; motion in depth counts"]


def _check(choices: Choices, both: tuple[Frames, Frames]) -> None:
    """Fail before the work when the flags are wrong or nothing can be written."""
    if choices.format not in FORMATS:
        raise ValueError(f"--format is {choices.format!r}; it must be one of {', '.join(FORMATS)}")
    if choices.format == "ply" and not choices.rig:
        raise ValueError("--format ply holds points in metres, which need the rectified rig: --rig FILE")
    check_folder(choices.out, chain.from_iterable(frames.paths for frames in both))


def _told(write: _Writer, choices: Choices) -> str:
    count = len(write.written)
    colours = ""
    if write.colours is not None:
        colours = f"; colours go from {write.colours[0]:.3g} px (blue) to {write.colours[1]:.3g} px (red)"
    return f"{count} disparit{'ies' if count != 1 else 'y'} in {choices.out}{colours}"
