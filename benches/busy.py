"""How long calls take beside processes that want the same cores: `make busy`.

    python benches/busy.py [--calls N] [--out FOLDER]

Threads that wait for one another stand still as soon as the system stops one of them. Beside some processes that do
nothing but count, each method runs on one thread and on all cores; all of a method's times come from the same loop, in
turn, after a warm call.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import stereo_rows
from contest import Call
from surroundings import REPOSITORY, describe, slug

import geomvision as gv

BUSY = (0, 1, 2, 4, 8)
SIZE, DISPARITIES = (1242, 375), 128


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that never rest."""
    counting = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    time.sleep(0.3 if processes else 0.0)
    try:
        yield
    finally:
        for process in counting:
            process.kill()
            process.wait()


def calls() -> Mapping[str, Call]:
    images = stereo_rows.pair(*SIZE)

    def ours(method: str, threads: int, **options: object) -> Call:
        return stereo_rows.ours(method, method, images, threads, max_disparity=DISPARITIES, **options)

    peer = cv2.StereoSGBM.create(0, DISPARITIES, 5, 200, 800, mode=cv2.STEREO_SGBM_MODE_HH4)
    found: dict[str, Call] = {}
    for threads, where in ((1, "1 thread"), (0, "all cores")):
        found[f"sgm, 8 paths, {where}"] = ours("sgm", threads)
        found[f"sgm, 5 paths, {where}"] = ours("sgm", threads, paths=5)
        found[f"block_matching, {where}"] = ours("block_matching", threads, cost="sad", window=15)
    found["cv2.StereoSGBM HH4, all cores"] = lambda: peer.compute(*images)
    return found


def medians(rows: Mapping[str, Call], rounds: int) -> dict[str, float]:
    """Milliseconds of each."""
    times: dict[str, list[float]] = {name: [] for name in rows}
    for round_ in range(rounds + 1):
        for name, call in rows.items():
            start = time.perf_counter()
            call()
            if round_ > 0:
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=9, help="of each, in turn")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benches" / "results" / gv.__version__)
    given = parser.parse_args()

    rows = calls()
    columns: list[dict[str, float]] = []
    for processes in BUSY:
        with busy(processes):
            columns.append(medians(rows, given.calls))
        print(
            f"beside {processes}: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in columns[-1].items()), flush=True
        )
    machine = describe()
    about = (
        f"{SIZE[0]}×{SIZE[1]}, {DISPARITIES} disparities; medians of {given.calls} calls in milliseconds, beside "
        f"so many processes that never rest. {machine['cpu']}, {machine['cores']} cores."
    )
    lines = [
        "# Beside other processes",
        "",
        about,
        "",
        "| | " + " | ".join(map(str, BUSY)) + " |",
        "| --- |" + " --- |" * len(BUSY),
        *(f"| {name} | " + " | ".join(f"{column[name]:.1f}" for column in columns) + " |" for name in rows),
    ]
    given.out.mkdir(parents=True, exist_ok=True)
    target = given.out / f"{slug(machine)}-busy.md"
    target.write_text("\n".join(lines) + "\n")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
