"""Points against OpenCV's, row by row, with the bars they have to reach.

    python benches/geometry.py [--rows REGEX] [--seconds S] [--threads 1,4] [--out FOLDER]

Both sides run in turn in one process, warmed; medians count. Results go to `benches/results/VERSION/CPU-geometry.json`
and `.md`; losses stay in. Bars hold for as many threads as there are cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from pathlib import Path
from typing import Any

from contest import OURS, Row, compete

HERE = Path(__file__).resolve().parent


def line_of(row: Row, run: dict[str, Any], judged: bool) -> str:
    """A row of the table."""
    ours, peer = run["sides"][OURS]["median_ms"], run["sides"][run["best_peer"]]["median_ms"]
    verdict = f"{row.bar:g}: {'pass' if run['ratio'] >= row.bar else '**falls short**'}" if judged else ""
    cells = (row.name, row.cases[0].case, run["best_peer"], run["threads"], f"{ours:.2f}", f"{peer:.1f}")
    return "| " + " | ".join(map(str, (*cells, f"{run['ratio']:.0f}×", verdict))) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="only rows whose name matches")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each contest, at least 3 rounds")
    parser.add_argument("--threads", default="", help="numbers of threads; 1 and all cores when empty")
    parser.add_argument("--out", type=Path, default=None)
    given = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from geometry_rows import rows
    from surroundings import describe, slug

    import geomvision as gv

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    numbers = [int(n) for n in given.threads.split(",") if n] or sorted({1, cores})
    report: dict[str, Any] = {"machine": describe(), "rows": {}}
    lines = ["| what | case | peer | threads | ours, ms | peer, ms | ratio | bar |", "| --- " * 8 + "|"]
    for row in rows():
        if not re.search(given.rows, row.name):
            continue
        runs = report["rows"][row.name] = [compete(row.cases[0], n, given.seconds) for n in numbers]
        lines += [line_of(row, run, run["threads"] == numbers[-1]) for run in runs]
        print("\n".join(lines[-len(runs) :]), flush=True)
    folder = given.out or HERE / "results" / gv.__version__
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{slug(report['machine'])}-geometry"
    (folder / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / f"{name}.md").write_text("# Points against OpenCV's\n\n" + "\n".join(lines) + "\n")
    print(f"wrote {folder / name}.json and .md")


if __name__ == "__main__":
    main()
