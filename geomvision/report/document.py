"""`Report`: one or several comparisons that can be printed, saved as a page and turned into JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group

from ..benchmark.comparison import Comparison, Row, compare_methods
from ..benchmark.inspection import PairReport
from ..io._files import write_bytes
from ..method import Method
from ..metrics import Protocol
from ..results import AlignedHow
from ..samples import Sample
from .surfaces import Surface
from .tables import failures, summary_table
from .tasks import SHOWN


class Tables(Group):
    """What `Report.table` gives: rich shows it in colour, `print` as text."""

    def __str__(self) -> str:
        console = Console(width=120, color_system=None, force_terminal=False)
        with console.capture() as capture:
            console.print(self)
        return capture.get()


@dataclass(frozen=True, eq=False)
class Report:
    """Comparisons, one for each task, and what can be shown of them; surfaces in space beside them."""

    comparisons: tuple[Comparison, ...] = ()
    title: str = "geomvision report"
    surfaces: tuple[Surface, ...] = ()

    @classmethod
    def of(cls, comparison: Comparison, title: str | None = None) -> Report:
        """The report of one comparison, headed by its task and sample unless a title is given."""
        names = [sample.name for sample in comparison.samples]
        task = SHOWN[comparison.task].title
        heading = f"{task} on {names[0] if len(names) == 1 else f'{len(names)} samples'}"
        return cls((comparison,), title or heading)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every method on every sample: label, scores, density, timing, estimate, or the error."""
        return tuple(row for comparison in self.comparisons for row in comparison.rows)

    def __add__(self, other: Report) -> Report:
        """Both reports' comparisons and surfaces in one report under this one's title."""
        both = ((*self.comparisons, *other.comparisons), self.title, (*self.surfaces, *other.surfaces))
        return Report(*both)

    def table(self) -> Tables:
        """The summary tables, with notes and failures under each; for `print` or, in colour, `rich.print`."""
        parts: list[Any] = []
        for comparison in self.comparisons:
            parts += [f"[yellow]{_plain(text)}[/yellow]" for text in comparison.warnings]
            parts.append(summary_table(comparison).rich())
            parts += [f"[dim]{_plain(text)}[/dim]" for text in comparison.notes]
            parts += [f"[red]{_plain(line)}[/red]" for line in failures(comparison)]
        return Tables(*parts)

    def __str__(self) -> str:
        return str(self.table())

    def to_dict(self) -> dict[str, Any]:
        """Everything but the maps, ready for JSON."""
        told = {"title": self.title, "comparisons": [comparison.to_dict() for comparison in self.comparisons]}
        return told | ({"surfaces": [surface.to_dict() for surface in self.surfaces]} if self.surfaces else {})

    def json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=2, default=str, allow_nan=False)

    def save(self, path: str | Path) -> Path:
        """Write the page (.html: everything, opens offline) or the figures (.json), in one step.

        Raises:
            ValueError: on another ending, or where the folder does not exist.
        """
        target = Path(path)
        if target.suffix.lower() == ".json":
            text = self.json()
        elif target.suffix.lower() in (".html", ".htm"):
            from .page import render

            text = render(list(self.comparisons), self.title, self.surfaces)
        else:
            raise ValueError(f"{target.name}: a report is written as .html or .json")
        write_bytes(target, text.encode(errors="backslashreplace"))  # names of files need not be text
        return target


def compare(
    methods: Sequence[Method],
    samples: Sample | Sequence[Sample],
    *,
    protocols: Sequence[str | Protocol] | None = None,
    repeats: int = 3,
    progress: bool = True,
    force: bool = False,
    fit: Callable[[Method, Sample, PairReport | None], Method] | None = None,
    commercial: bool = False,
    title: str | None = None,
    remove_occluded: bool = False,
    align: AlignedHow | None = None,
) -> Report:
    """Run methods of one task on one or many samples, under one timer, scored by several protocols at once.

    Every stereo pair is looked at first; one that cannot be right is refused with the measured evidence. A method
    that fails becomes a row that says why.

    >>> report = gv.compare([gv.stereo.SGM(max_disparity=96), gv.stereo.OpenCVSGBM()], sample)  # doctest: +SKIP
    >>> report.save("report.html")  # doctest: +SKIP

    Args:
        methods: method objects with their options, all of one task.
        samples: one sample or many (a data set), of that task.
        protocols: names or protocols; None takes all of the task when there is truth.
        repeats: timed calls after one warm-up; the median is shown. A method slower than 5 s is timed once.
        progress: whether a bar is shown on standard error.
        force: run pairs that cannot be right too; the report warns of them.
        fit: adapts each method to each sample (see `geomvision.benchmark.fitting`); None runs them as they are.
        commercial: refuse weights that may not be used commercially: a row that says why (`gv.licences`).
        title: the report's heading.
        remove_occluded: depth alone: score without true depths that are hidden from the camera, as projected laser
            scans have them (`geometry.visible_returns`); notes tell how many, and the main figures with them, too.
        align: depth alone: relative depth is aligned to the truth that counts, by ``"median"``, ``"scale"`` or
            ``"scale_shift"``, before protocols in metres, and is called so; None: these refuse it.

    Raises:
        PairRefused: when a pair cannot be a rectified stereo pair (see `geomvision.benchmark.inspect_pair`).
        ValueError: when methods and samples are of different tasks, or a protocol does not fit.
    """
    comparison = compare_methods(
        methods,
        samples,
        protocols=protocols,
        repeats=repeats,
        progress=progress,
        force=force,
        fit=fit,
        commercial=commercial,
        remove_occluded=remove_occluded,
        align=align,
    )
    return Report.of(comparison, title)


def _plain(text: str) -> str:
    """Text in which rich sees no markup."""
    return text.replace("[", r"\[")
