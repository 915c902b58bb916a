"""``geomvision compare``: check everything that can be checked, run, print, write."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from ..benchmark.comparison import Comparison, compare_methods
from ..benchmark.fitting import OPTION, RangeFit, search_range
from ..method import Method
from ..report import Report
from ..results import AlignedHow
from ..samples import DepthSample, FlowSample, PointsSample, PoseSample, Sample, SceneFlowSample, pair_of
from ..scene_flow._base import PointsMethod
from ..scene_flow.from_stereo_and_flow import FromStereoAndFlow
from . import settings
from .outputs import files_of, spare


@dataclass(frozen=True)
class Choices:
    """What the flags of every ``compare`` say: as in ``geomvision compare stereo --help``."""

    methods: str | None
    options: Sequence[str] | None
    protocols: Sequence[str] | None
    out: Path | None
    force: bool
    repeats: int
    commercial: bool = False
    remove_occluded: bool = False
    align: AlignedHow | None = None
    #: Files and folders that are read.
    read: tuple[Path | None, ...] = ()


@dataclass(frozen=True)
class Joined:
    """Names of stereo and of flow methods, separated by commas, and their options: "name=value, name=value"."""

    stereo: str = "sgm"
    stereo_options: str = ""
    flow: str = "inverse_search"
    flow_options: str = ""

    def methods(self) -> list[FromStereoAndFlow]:
        """Each stereo method with each flow method. ValueError where a name or an option is unknown."""
        return [
            FromStereoAndFlow(
                stereo=stereo.name(),
                stereo_options=self.stereo_options,
                flow=flow.name(),
                flow_options=self.flow_options,
            )
            for stereo in settings.named("stereo", self.stereo)
            for flow in settings.named("flow", self.flow)
        ]


def run(task: str, samples: Sequence[Sample], choices: Choices) -> Report:
    """Compare, print the table and write the report. ValueError when not one method could run."""
    given = list(choices.options or ())
    check_output(choices.out)
    methods = settings.build(task, choices.methods, given)
    chosen = settings.chosen_option(given, OPTION, methods)
    if choices.methods is None and task in ("depth", "flow"):
        methods = [method for method in methods if any(has_inputs(method, sample) for sample in samples)] or methods
    return _run(methods, samples, choices, chosen, "--set")


def run_scene_flow(samples: Callable[[], Sequence[Sample]], joined: Joined, choices: Choices) -> Report:
    """The same for scene flow; its samples are called for once all else is checked."""
    check_output(choices.out)
    methods = joined.methods()
    ranged = [method for method in methods if OPTION in method.matcher().option_limits()]
    chosen = {FromStereoAndFlow.name()} if OPTION in joined.stereo_options or not ranged else set()
    return _run(methods, samples(), choices, chosen, "--stereo-options")


def _run(methods: Sequence[Method], samples: Sequence[Sample], choices: Choices, chosen: set[str], flag: str) -> Report:
    """Run these methods; `chosen` names those whose range the user chose, by this flag."""
    if choices.out is not None:
        spare(f"--out {choices.out}", [choices.out], (*choices.read, *files_of(methods)))
    _check_range(methods, chosen, samples)
    comparison = compare_methods(
        methods,
        samples,
        protocols=choices.protocols or None,
        repeats=choices.repeats,
        force=choices.force,
        fit=RangeFit(chosen),
        commercial=choices.commercial,
        remove_occluded=choices.remove_occluded,
        align=choices.align,
    )
    notes = (*comparison.notes, *_range_notes(comparison, methods, chosen, flag))
    report = Report.of(replace(comparison, notes=notes))
    if all(row.error for row in report.rows):
        raise ValueError("; ".join(dict.fromkeys(f"{row.label}: {row.error}" for row in report.rows)))
    show(report, choices.out)
    return report


def show(report: Report, out: Path | None) -> None:
    """Print the tables and write the report where one was asked for."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(report.table())
    if out is not None:
        written = report.save(out)
        console.print(f"wrote {written} ({written.stat().st_size / 1e6:.1f} MB)", highlight=False)


def check_output(out: Path | None) -> None:
    """Fail before the work, not after it, when the report cannot be written."""
    if out is None:
        return
    if out.suffix.lower() not in (".html", ".htm", ".json"):
        raise ValueError(f"--out {out}: a report is written as .html or .json")
    if out.is_dir():
        raise ValueError(f"--out {out}: this is a folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise ValueError(f"--out {out}: nothing can be written to {out.parent} ({error.strerror})") from None


def has_inputs(method: Method, sample: Sample) -> bool:
    """Whether a sample holds what the method starts from; asked only when the user named no methods."""
    if isinstance(sample, FlowSample):
        return method.name() != "epipolar_flow" or not (sample.camera is None or sample.T_1_0 is None)
    if isinstance(sample, SceneFlowSample | PointsSample):
        return isinstance(method, PointsMethod) == isinstance(sample, PointsSample)
    if isinstance(sample, PoseSample):
        return not getattr(method, "is_metric", False) or not (sample.depth0 is None or sample.depth1 is None)
    assert isinstance(sample, DepthSample)
    from ..depth._completion import Completion

    if {"base", "bases"} & set(method.option_limits()):
        return False  # what asks other methods is compared where it is named, with those that are meant
    if isinstance(method, Completion):
        return sample.sparse is not None
    inputs = {
        "from_motion": (sample.clip,),
        "from_stereo": (sample.stereo,),
        "ground_plane": (sample.camera_height_m, sample.horizon_px if sample.down is None else sample.down),
    }
    return all(value is not None for value in inputs.get(method.name(), ()))


def _check_range(methods: Sequence[Method], chosen: set[str], samples: Sequence[Sample]) -> None:
    """A range wider than the image cannot be meant."""
    for sample in samples:
        pair = pair_of(sample)
        for method in methods:
            value: Any = getattr(method.matcher() if isinstance(method, FromStereoAndFlow) else method, OPTION, 0)
            if pair is not None and method.name() in chosen and value > pair.left.shape[1]:
                width = pair.left.shape[1]
                raise ValueError(f"{method.name()}.{OPTION} is {value}, but {sample.name} is only {width} pixels wide")


def _range_notes(comparison: Comparison, methods: Sequence[Method], chosen: set[str], flag: str) -> list[str]:
    """Where the disparity range came from, for each sample where a method searches one that nobody chose."""
    left_open = [method for method in methods if method.name() not in chosen and _searches(method)]
    if not left_open:
        return []
    inner = flag == "--set" and not any(OPTION in method.option_limits() for method in left_open)
    other = f'{flag} stereo_options="{OPTION}=…"' if inner else f"{flag} {OPTION}=…"
    notes: list[str] = []
    for sample in comparison.samples:
        pair = pair_of(sample)
        if pair is not None:
            value, origin = search_range(pair, comparison.inspections.get(sample.name))
            notes.append(f"{sample.name}: {OPTION} is {value} px, {origin}; {other} chooses another")
    return notes


def _searches(method: Method) -> bool:
    """Whether the method, or the stereo method that it carries, searches a range that its options do not tell."""
    if OPTION in method.option_limits():
        return True
    matcher = getattr(method, "matcher", None)
    return (
        matcher is not None
        and OPTION in matcher().option_limits()
        and OPTION not in getattr(method, "stereo_options", "")
    )
