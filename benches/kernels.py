"""Our kernels against the fastest peers, row by row, with the bars they have to reach: `make bench`.

    python benches/kernels.py [--rows REGEX] [--cases REGEX] [--seconds S] [--threads 1,4] [--data FOLDER]
                              [--opencv-path FOLDER] [--no-memory] [--no-quality] [--out FOLDER]

Both sides of a contest run in turn in one process, warmed; medians count. What is missing is reported as missing.
`--opencv-path` takes cv2 from another folder: a build of OpenCV with CPU_BASELINE=AVX2, for instance, whose stereo
matchers are about twice as fast as the wheel's. Results go to `benches/results/VERSION/CPU.json` and `.md`; losses
stay in.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="only rows whose name matches")
    parser.add_argument("--cases", default="", help="only cases whose name matches")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each contest, at least 3 rounds")
    parser.add_argument("--threads", default="", help="numbers of threads; 1 and all cores when empty")
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data", help="real scenes")
    parser.add_argument("--opencv-path", default="", help="folder that holds another cv2")
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--no-quality", action="store_true")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--peak", nargs=4, metavar=("ROW", "CASE", "SIDE", "THREADS"), help=argparse.SUPPRESS)
    return parser.parse_args()


def all_rows() -> list[Any]:
    import correlation_rows
    import flow_rows
    import map_rows
    import pose_rows
    import stereo_rows

    return [*stereo_rows.rows(), *map_rows.rows(), *flow_rows.rows(), *correlation_rows.rows(), *pose_rows.rows()]


def chosen_rows(given: argparse.Namespace) -> list[Any]:
    from dataclasses import replace

    chosen = []
    for row in all_rows():
        cases = tuple(case for case in row.cases if re.search(given.cases, case.case))
        if re.search(given.rows, row.name) and cases:
            chosen.append(replace(row, cases=cases))
    return chosen


def measure_peaks(contest: Any, sides: list[str], threads: int, opencv_path: str) -> dict[str, float | None]:
    """Peak memory of each side, in a process of its own."""
    peaks: dict[str, float | None] = {}
    for side in sides:
        command = [sys.executable, str(HERE / "kernels.py"), "--opencv-path", opencv_path]
        command += ["--peak", contest.row, contest.case, side, str(threads)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks[side] = json.loads(done.stdout.splitlines()[-1])
    return peaks


def print_peak(row: str, case: str, side: str, threads: str) -> None:
    from contest import peak_mb

    (contest,) = (c for r in all_rows() for c in r.cases if (c.row, c.case) == (row, case))
    print(json.dumps(peak_mb(contest, side, int(threads))))


def run_row(row: Any, numbers: list[int], given: argparse.Namespace) -> dict[str, Any]:
    """Every case of a row: times by threads, peak memory; and why the row is missing, where it is."""
    from contest import MissingError, compete

    result: dict[str, Any] = {"peer": row.peer, "cases": {}, "missing": None}
    for contest in row.cases:
        case: dict[str, Any] = {"case": contest.case, "runs": {}}
        result["cases"][contest.case] = case
        try:
            for threads in numbers if contest.timed else []:
                run = compete(contest, threads, given.seconds)
                case["runs"][str(threads)] = run
                ours, peer = (run["sides"][side]["median_ms"] for side in ("geomvision", run["best_peer"]))
                line = f"  {contest.case:58} {threads} threads: {ours:9.2f} ms, {run['best_peer']} {peer:9.2f} ms"
                print(f"{line}, ratio {run['ratio']:.2f}", flush=True)
            if contest.memory and not given.no_memory:
                sides = ["geomvision", *([run["best_peer"]] if contest.timed else list(contest.prepare(1))[1:])]
                case["peak_mb"] = measure_peaks(contest, sides, numbers[-1], given.opencv_path)
                print(f"  {'':58} peak MB: {case['peak_mb']}", flush=True)
        except (MissingError, ImportError) as reason:
            result["missing"] = str(reason)
            print(f"  missing: {reason}", flush=True)
            break
        except Exception as error:  # one row that fails must not lose the others: it is reported
            result["missing"] = f"failed: {type(error).__name__}: {error}"
            print(f"  {result['missing']}", flush=True)
            break
    return result


def write(report: dict[str, Any], rows: list[Any], given: argparse.Namespace) -> None:
    from surroundings import slug
    from verdicts import page

    import geomvision as gv

    folder = given.out or HERE / "results" / gv.__version__
    folder.mkdir(parents=True, exist_ok=True)
    name = slug(report["machine"]) + ("-opencv-avx2" if given.opencv_path else "")
    (folder / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / f"{name}.md").write_text(page(rows, report))
    print(f"wrote {folder / name}.json and .md")


def main() -> None:
    given = arguments()
    if given.opencv_path:
        sys.path.insert(0, given.opencv_path)
    # Idle OpenMP threads of torch must sleep: they would spin on the cores of the side that runs next.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if given.peak:
        print_peak(*given.peak)
        return
    from quality import compare
    from surroundings import describe, measure_limits, scaling_now
    from verdicts import judge, status

    machine, limits = describe(), measure_limits()
    numbers = [int(n) for n in given.threads.split(",") if n] or sorted({1, limits["threads"]})
    report: dict[str, Any] = {"machine": machine, "limits": limits, "threads": numbers[-1], "rows": {}}
    rows = chosen_rows(given)
    for row in rows:
        print(f"{row.name} against {row.peer}", flush=True)
        before = scaling_now(numbers[-1])
        result = run_row(row, numbers, given)
        result["machine_scaling"] = (before + scaling_now(numbers[-1])) / 2
        print(f"  additions of bytes scale {result['machine_scaling']:.2f}", flush=True)
        if row.quality and not result["missing"] and not given.no_quality:
            result["quality"] = compare(row.quality, given.data)
            print(f"  {result['quality']}", flush=True)
        result["demands"] = judge(row, result, machine, limits, numbers[-1])
        for demand in result["demands"]:
            verdict = "pass" if demand["pass"] else "FALLS SHORT"
            print(f"  {demand['demand']}: {demand['value']:.2f}, bar {demand['bar']:.2f}: {verdict}", flush=True)
        result["status"] = status(result)
        report["rows"][row.name] = result
    write(report, rows, given)


if __name__ == "__main__":
    main()
