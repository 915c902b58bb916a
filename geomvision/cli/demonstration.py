"""``geomvision demo``: three tasks on rendered scenes with exact truth, one report, nothing downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from ..benchmark.fitting import RangeFit
from ..datasets.synthetic import Synthetic
from ..method import Method
from ..report import Report, compare
from . import comparing, settings

#: What is shown of each task; a method that cannot run here is left out and named.
STEREO = ("block_matching", "sgm", "opencv_sgbm", "opencv_wls", "refined_sgm", "fast_stereo")
FLOW = ("lucas_kanade", "horn_schunck", "tvl1", "inverse_search", "opencv_dis", "opencv_tvl1", "pwc_small")
LAYOUTS = ("tabletop", "street")
DEPTH_FROM = ("sgm", "refined_sgm")
DEPTH = ("mono_small", "ground_plane")


def run(out: Path, seed: int, repeats: int) -> None:
    """Render, compare, print the tables and write the report."""
    comparing.check_output(out)
    console = Console(stderr=True)
    with console.status("rendering scenes"):
        pairs = [replace(Synthetic(seed=seed, layout=layout).stereo(0), name=layout) for layout in LAYOUTS]
        frames = replace(Synthetic(seed=seed, task="flow").flow(0), name="moving things")
        view = replace(Synthetic(seed=seed, task="depth", layout="street").depth(0), name="street with a horizon")
    parts = [
        compare(_able("stereo", STEREO, console), pairs, repeats=repeats, fit=RangeFit()),
        compare(_able("flow", FLOW, console), frames, repeats=repeats),
        compare(_depth_methods(console), view, repeats=repeats, fit=RangeFit()),
    ]
    comparisons = tuple(comparison for part in parts for comparison in part.comparisons)
    comparing.show(Report(comparisons, "Classical and learned, on rendered scenes"), out)


def _able(task: str, names: Sequence[str], console: Console) -> list[Method]:
    """Those of the named methods that can run here; the others are named with the reason."""
    able = []
    for name in names:
        if name not in settings.registry(task):
            console.print(f"{task}/{name} is not part of this installation")
            continue
        method = settings.registry(task)[name]
        if method.available_backends():
            able.append(method())
        else:
            reasons = "; ".join(reason for backend in method.backends() if (reason := backend.missing()))
            console.print(f"{task}/{name} is left out: {reasons}", markup=False)
    return able


def _depth_methods(console: Console) -> list[Method]:
    from_stereo: Any = settings.registry("depth")["from_stereo"]
    matchers = _able("stereo", DEPTH_FROM, console)
    return [*(from_stereo(stereo=matcher.name()) for matcher in matchers), *_able("depth", DEPTH, console)]
