"""How long a leaderboard of many units takes: listed, filtered and rendered from a generated store.

    python benches/board.py                     100,000 units: 20 methods, 5,000 scenes, two protocols
    python benches/board.py --scenes 500        fewer

Seconds of processor time stand beside seconds of the clock, which say how busy the machine was, too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from geomvision.benchmark.grids import chosen
from geomvision.benchmark.leaderboard import Leaderboard
from geomvision.benchmark.records import Record, TimeRecord
from geomvision.benchmark.runs import Run, journal
from geomvision.benchmark.runs.plan import Plan
from geomvision.metrics._base import Ratio
from geomvision.report.leaderboard import save_leaderboard

PIXELS = 400_000.0
FIGURES = {
    "kitti2015": [f"D1-{p} {r}{e}" for r in ("noc", "all") for e in ("", " est") for p in ("bg", "fg", "all")],
    "middlebury": [f"{f}-{t} {r}" for r in ("noc", "all") for f in ("bad", "totbad") for t in (0.5, 1.0, 2.0, 4.0)],
}


def generate(folder: Path, methods: int, scenes: int) -> None:
    """A store whose figures differ between methods and scenes."""
    random = np.random.default_rng(0)
    (folder / "run.json").write_text(json.dumps(Plan(task="stereo", sources=(), entrants=()).to_dict()))
    hard = random.gamma(4.0, 0.25, scenes)
    with (folder / "records.jsonl").open("wb") as records, (folder / "times.jsonl").open("wb") as times:
        for m in range(methods):
            wrong = random.normal(0.02 * (1 + m), 0.002, (scenes, 28)).clip(0.001) * hard[:, None]
            counts = np.rint(wrong.clip(max=1.0) * PIXELS).tolist()
            for s in range(scenes):
                values = iter(counts[s])
                scores = {p: {f: Ratio(next(values), PIXELS, "percent") for f in own} for p, own in FIGURES.items()}
                common = {"key": f"{m:04x}{s:06x}", "task": "stereo", "dataset": "kitti2015", "sample": f"{s:06d}_10"}
                record = Record(
                    **common, label=f"method_{m}", method="stereo/sgm", backend="cpp", scores=scores, density=1.0
                )
                records.write(journal.line_of(record.key, record.to_dict()))
                taken = TimeRecord(
                    key=record.key,
                    seconds=(0.1 * (methods - m),) * 3,
                    peak_memory_bytes=2**26,
                    machine="m",
                    num_threads=4,
                )
                times.write(journal.line_of(taken.key, taken.to_dict()))


def timed(name: str, work: Callable[[], Any]) -> Any:
    """Print what the work took and give what it gave."""
    wall, processor = time.perf_counter(), time.process_time()
    found = work()
    print(f"{name:<40} {time.process_time() - processor:6.2f} s   {time.perf_counter() - wall:6.2f} s by the clock")
    return found


def measure(methods: int, scenes: int) -> Path:
    """Generate, list, filter, render; the page's size is printed, too."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        generate(folder, methods, scenes)
        run = Run(folder)
        print(f"{methods * scenes:,} units, {(folder / 'records.jsonl').stat().st_size / 1e6:.0f} MB of records")
        start, begun = time.process_time(), time.perf_counter()
        board = timed("read and aggregated", lambda: Leaderboard.of(run.records(), run.times()))
        page = timed("rendered as a page", lambda: save_leaderboard(board, folder / "board.html"))
        print(
            f"{'together':<40} {time.process_time() - start:6.2f} s   {time.perf_counter() - begun:6.2f} s by the clock"
        )
        timed("listed alone", lambda: sum(1 for _ in run.records()))
        few = timed("one method of them, filtered", lambda: Leaderboard.of(chosen(run.records(), label="method_1")))
        timed("as Markdown", lambda: save_leaderboard(few, folder / "board.md"))
        print(f"the page has {page.stat().st_size / 1e6:.1f} MB")
    return page


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", type=int, default=20)
    parser.add_argument("--scenes", type=int, default=5000)
    given = parser.parse_args()
    measure(given.methods, given.scenes)
