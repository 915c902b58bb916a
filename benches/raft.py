"""RAFT-S at 1024x436 against the same net with torch's own matmul and grid_sample: time and peak memory.

    python benches/raft.py [--size 1024x436] [--iterations 12] [--threads 1,4] [--seconds 20] [--compiled] [--4k]
                           [--out FOLDER]

One net, weights at random, eval mode, float32; images are random, padded to multiples of 8. Ours computes what is
looked up. "torch" is the net as RAFT's authors write it (`plain_raft.py`), which holds all products and their pyramid
and samples them; "ours with torch's lookup" does that alone as they do, and has our layouts and norms for the rest. All
run in turn in one process, warmed: medians. Peak memory is that of the first call of this size in a process of its own,
on all threads: resident memory at the peak above that of the loaded net, after a call on 64x64 pixels has loaded the
libraries; what the call returns is not counted. Bars, against "torch": 1.5 times as fast on all threads, at most a
quarter of the memory.

`--compiled` also times the nets under torch.compile, which takes minutes to compile each. `--4k` runs RAFT-S and
PWC-small once on 3840x2160 pixels with our lookup, two iterations, and says whether all flow is finite, how long it
took and the peak.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # idle threads must not spin on the other side's cores

import torch
from contest import OURS, Call, Contest, compete, peak_mb, set_threads
from plain_raft import PlainRAFT
from surroundings import REPOSITORY, describe, slug

import geomvision as gv
from geomvision.nets.pwc_small import PWCSmall
from geomvision.nets.raft import LEAST, STRIDE, RAFTSmall
from geomvision.timing import timed

FASTER, SHARE = 1.5, 0.25
PEER, MIXED = "torch", "ours with torch's lookup"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1024x436", help="width x height of the images, before they are padded")
    parser.add_argument("--iterations", type=int, default=12)
    parser.add_argument("--threads", default="", help="numbers of threads; 1 and all cores when empty")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each number of threads, at least 3 rounds")
    parser.add_argument("--compiled", action="store_true", help="also under torch.compile")
    parser.add_argument("--4k", dest="four_k", action="store_true", help="also 3840x2160")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--peak", nargs=2, metavar=("SIDE", "THREADS"), help=argparse.SUPPRESS)
    return parser.parse_args()


def images(width: int, height: int) -> torch.Tensor:
    """(2, 1, 3, H, W): smooth noise, moved by (3, 1) pixels; sides as the net takes them."""
    width, height = (max(LEAST, -(-side // STRIDE) * STRIDE) for side in (width, height))
    coarse = torch.rand(1, 3, height // 4 + 4, width // 4 + 4, generator=torch.Generator().manual_seed(0))
    fine = 255 * torch.nn.functional.interpolate(coarse, scale_factor=4, mode="bicubic").clamp(0, 1)
    return torch.stack([fine[..., 4 : 4 + height, 4 : 4 + width], fine[..., 3 : 3 + height, 1 : 1 + width]])


def raft(correlation: Any = "lookup") -> RAFTSmall:
    torch.manual_seed(0)
    return RAFTSmall(correlation=correlation).eval().to(memory_format=torch.channels_last)


def plain() -> PlainRAFT:
    return PlainRAFT(raft())


SIDES = {OURS: raft, PEER: plain, MIXED: partial(raft, "torch")}


def contest(size: tuple[int, int], iterations: int, compiled: bool = False) -> Contest:
    def prepare(threads: int) -> Mapping[str, Call]:
        set_threads(threads)
        pair = images(*size)
        return {side: call(make(), pair) for side, make in SIDES.items()}

    def call(net: Any, pair: torch.Tensor) -> Call:
        run = torch.compile(net) if compiled else net

        def flow() -> torch.Tensor:
            with torch.inference_mode():
                found: torch.Tensor = run(*pair, iterations=iterations).flow
            return found

        return flow

    name = f"{size[0]}x{size[1]}, {iterations} iterations" + (", compiled" if compiled else "")
    small = None if size == (LEAST, LEAST) else contest((LEAST, LEAST), iterations)
    return Contest(row="RAFT-S", case=name, prepare=prepare, memory=True, small=small)


def difference(chosen: Contest) -> float:
    """The largest difference of the flows, pixels: all must compute the same."""
    first, *others = (call() for call in chosen.prepare(torch.get_num_threads()).values())
    return max(float((first - other).abs().max()) for other in others)


def peaks(given: argparse.Namespace, threads: int) -> dict[str, float]:
    """Megabytes of each side, in a process of its own."""
    found = {}
    for side in SIDES:
        command = [sys.executable, str(Path(__file__).resolve()), "--size", given.size]
        command += ["--iterations", str(given.iterations), "--peak", side, str(threads)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[side] = float(json.loads(done.stdout.splitlines()[-1]))
    return found


def four_k(threads: int) -> dict[str, Any]:
    """RAFT-S and PWC-small, once each."""
    set_threads(threads)
    found = {}
    for name, net, options in (("RAFT-S", raft(), {"iterations": 2}), ("PWC-small", PWCSmall().eval(), {})):
        pair = images(3840, 2176)  # both nets take these sides
        with torch.inference_mode():
            flows, seconds, peak = timed(lambda net=net, pair=pair, options=options: net(*pair, **options))
        finite = bool(flows.flow.isfinite().all())
        found[name] = {"seconds": seconds, "peak_mb": (peak or 0) / 1e6, "finite": finite}
        print(f"{name} at 3840x2176: {seconds:.1f} s, {(peak or 0) / 1e6:.0f} MB, finite: {finite}", flush=True)
    return found


def page(report: dict[str, Any]) -> str:
    machine = report["machine"]
    on = f"{machine['cpu']}, {machine['cores']} cores, torch {machine['torch']['version']}"
    alike = f"Largest difference of the flows: {report['difference_px']:.1e} px"
    lines = [
        "# RAFT-S, inference",
        "",
        f"{report['case']}; {on}, load {machine['load']} when it began. {alike}.",
        "",
        f"| | threads | rounds | ours, ms | {PEER}, ms | {MIXED}, ms | ratio |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run in report["runs"]:
        times = [run["sides"][side]["median_ms"] for side in SIDES]
        ratios = " and ".join(f"{time / times[0]:.2f}" for time in times[1:])
        cells = (run["case"], run["threads"], run["rounds"], *(f"{time:.0f}" for time in times), ratios)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    ours, peer = (report["peak_mb"][side] for side in (OURS, PEER))
    lines += ["", f"Peak memory of a call: {ours:.0f} MB against {peer:.0f} MB, a share of {ours / peer:.2f}."]
    lines += [f"Bars: {FASTER} times as fast on all threads, {SHARE} of the memory: {report['verdict']}."]
    for name, found in report.get("4k", {}).items():
        lines.append(f"{name} at 3840x2176: {found['seconds']:.1f} s, {found['peak_mb']:.0f} MB.")
    return "\n".join(lines) + "\n"


def main() -> None:
    given = arguments()
    width, _, height = given.size.partition("x")
    chosen = contest((int(width), int(height)), given.iterations)
    if given.peak:
        print(json.dumps(peak_mb(chosen, given.peak[0], int(given.peak[1]))))
        return
    cores = torch.get_num_threads()
    numbers = [int(n) for n in given.threads.split(",") if n] or sorted({1, cores})
    report: dict[str, Any] = {"machine": describe(), "case": chosen.case, "runs": []}
    report["difference_px"] = difference(chosen)
    report["peak_mb"] = peaks(given, numbers[-1])
    print(f"peak MB: {report['peak_mb']}", flush=True)
    cases = [chosen, *([contest((int(width), int(height)), given.iterations, True)] if given.compiled else [])]
    for case in cases:
        for threads in numbers:
            run = {"case": case.case, **compete(case, threads, given.seconds)}
            report["runs"].append(run)
            print(f"{case.case}, {threads} threads: {run['sides']}", flush=True)
    share = report["peak_mb"][OURS] / report["peak_mb"][PEER]
    sides = next(run["sides"] for run in report["runs"] if run["threads"] == numbers[-1])
    faster = sides[PEER]["median_ms"] / sides[OURS]["median_ms"]
    report["verdict"] = "pass" if faster >= FASTER and share <= SHARE else "FALLS SHORT"
    print(f"ratio {faster:.2f}, bar {FASTER}; memory {share:.2f}, bar {SHARE}: {report['verdict']}")
    if given.four_k:
        report["4k"] = four_k(numbers[-1])
    folder = given.out or REPOSITORY / "benches" / "results" / gv.__version__
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{slug(report['machine'])}-raft"
    target.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    target.with_suffix(".md").write_text(page(report))
    print(f"wrote {target}.json and .md")


if __name__ == "__main__":
    main()
