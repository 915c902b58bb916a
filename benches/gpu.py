"""The CUDA twins against what torch users write, and against our own CPU kernels, on this machine's GPU.

    python benches/gpu.py [--rounds 15] [--rows REGEX] [--out FOLDER]

Both sides of a row run in turn, warmed; medians count. Times are those of the device (events around a call), but for
rows against the CPU. Beside each stands the share of what the device can do at most, measured here as well. Results go
to `benches/results/VERSION/GPU.json` and `.md`; losses stay in.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gpu_rows
import torch
from gpu_rows import Row

import geomvision as gv
from geomvision.ops._dispatch import cuda_kernel

Call = Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Of one row: times in ms, their ratio (or the bound that stands for a peer), and megabytes at the peak."""

    row: str
    case: str
    peer: str
    ours_ms: float
    peer_ms: float
    ratio: float
    bar: float
    share_of_limit: float
    ours_mb: float
    peer_mb: float | None

    @property
    def verdict(self) -> str:
        """Whether the ratio reaches the bar."""
        return "pass" if self.ratio >= self.bar else "**falls short**"


def device_ms(call: Call) -> float:
    """Milliseconds that the device needs for a call."""
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    call()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end)


def wall_ms(call: Call) -> float:
    torch.cuda.synchronize()
    start = time.perf_counter()
    call()
    torch.cuda.synchronize()
    return 1e3 * (time.perf_counter() - start)


def limits() -> dict[str, float]:
    """What the device does at most: GB/s of a copy, read and written, and GFLOP/s of a product in single precision."""
    source = torch.empty(1 << 28, device="cuda")
    target = torch.empty_like(source)
    torch.backends.cuda.matmul.allow_tf32 = False
    side = 4096
    factor = torch.randn(side, side, device="cuda")
    found = {}
    for name, work, call in (
        ("copy_gbs", 2 * source.nbytes, lambda: target.copy_(source)),
        ("fp32_gflops", 2 * side**3, lambda: factor @ factor),
    ):
        for _ in range(3):
            call()
        found[name] = work / statistics.median(device_ms(call) for _ in range(10)) / 1e6
    return found


def peak_mb(call: Call) -> float:
    """Memory that a call takes at most beyond what is there, in torch's allocator and in ours."""
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    kept = cuda_kernel("peak_bytes")
    kept(True)
    floor = kept(False)
    call()
    torch.cuda.synchronize()
    return (torch.cuda.max_memory_allocated() - before + kept(False) - floor) / 1e6


def alternate(calls: list[Call], clock: Callable[[Call], float], rounds: int) -> list[list[float]]:
    """Milliseconds of each call, in turn, warmed."""
    for call in calls:
        call()
        call()
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(rounds):
        for i in range(len(calls)) if turn % 2 == 0 else reversed(range(len(calls))):
            times[i].append(clock(calls[i]))
    return times


def compete(row: Row, rates: dict[str, float], rounds: int) -> Outcome:
    calls = row.prepare()
    ours = calls.pop(gpu_rows.OURS)
    (peer,) = [*calls, *row.published]
    found = alternate([ours, *calls.values()], wall_ms if row.wall else device_ms, rounds)
    times = found if calls else [*found, [row.published[peer]] * rounds]
    mine, theirs = map(statistics.median, times)
    least = max(row.bytes / rates["copy_gbs"], row.flops / rates["fp32_gflops"]) / 1e6
    return Outcome(
        row=row.name,
        case=row.case,
        peer=peer,
        ours_ms=mine,
        peer_ms=theirs,
        ratio=statistics.median(b / a for a, b in zip(*times, strict=True)),
        bar=row.bar,
        share_of_limit=least / mine,
        ours_mb=peak_mb(ours),
        peer_mb=None if row.wall or not calls else peak_mb(calls[peer]),
    )


def table(device: str, rates: dict[str, float], outcomes: list[Outcome], missing: dict[str, str]) -> str:
    lines = [
        "# CUDA twins against their peers",
        "",
        f"{device}; torch {torch.__version__}, CUDA {torch.version.cuda}.",
        f"Copy {rates['copy_gbs']:.0f} GB/s, single precision {rates['fp32_gflops']:.0f} GFLOP/s.",
        "",
        "| work | case | peer | ours, ms | peer, ms | ratio | bar | | share of the limit | peak MB, ours / peer |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for o in outcomes:
        memory = f"{o.ours_mb:.1f} / {'–' if o.peer_mb is None else format(o.peer_mb, '.1f')}"
        lines.append(
            f"| {o.row} | {o.case} | {o.peer} | {o.ours_ms:.3g} | {o.peer_ms:.3g} | {o.ratio:.3g} | {o.bar:g} | "
            f"{o.verdict} | {o.share_of_limit:.2f} | {memory} |"
        )
    lines += [f"| {name} | missing: {why} | | | | | | | | |" for name, why in missing.items()]
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--rows", default="")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / gv.__version__)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("benches/gpu.py needs a GPU that torch can use; this machine has none")
    device = torch.cuda.get_device_name()
    rates = limits()
    outcomes: list[Outcome] = []
    missing: dict[str, str] = {}
    for row in gpu_rows.rows(rates):
        if not re.search(options.rows, f"{row.name}: {row.case}"):
            continue
        lacking = [name for name in row.kernels if cuda_kernel(name) is None]
        if lacking:
            missing[row.name] = f"_cuda.{', _cuda.'.join(lacking)}"
            continue
        with torch.device("cuda"):  # where peers make what they need
            outcomes.append(compete(row, rates, options.rounds))
        torch.cuda.empty_cache()
        print(f"{row.name}, {row.case}: {outcomes[-1].ratio:.3g} ({outcomes[-1].verdict})", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")
    found = {"device": device, "limits": rates, "rows": [asdict(o) for o in outcomes], "missing": missing}
    (options.out / f"{stem}.json").write_text(json.dumps(found, indent=1) + "\n")
    (options.out / f"{stem}.md").write_text(table(device, rates, outcomes, missing))
    print(f"wrote {options.out / stem}.json and .md")


if __name__ == "__main__":
    main()
