"""From measured contests to pass or fall short, and to a table in Markdown."""

from __future__ import annotations

import statistics
from typing import Any

from contest import OURS, Row, Work
from surroundings import best_rates, opencv_has_avx2

Results = dict[str, Any]


def bar_of(row: Row, opencv: dict[str, Any]) -> float:
    """The row's bar against this OpenCV: another one where all of it was compiled for AVX2."""
    return row.bar_avx2 if row.bar_avx2 is not None and opencv_has_avx2(opencv) else row.bar


def ours_ms(case: Results, threads: int) -> float | None:
    run = case["runs"].get(str(threads))
    return run["sides"][OURS]["median_ms"] if run else None


def distance(work: Work, case: Results, limits: Results, threads: int) -> float | None:
    """Our time over the least time that the limits of this machine allow; None where the work was not counted."""
    took, least = ours_ms(case, threads), work.seconds(best_rates(limits, threads))
    return took / (1e3 * least) if took is not None and least > 0 else None


def median_ratio(cases: list[Results], threads: int) -> float | None:
    ratios = [case["runs"][str(threads)]["ratio"] for case in cases if str(threads) in case["runs"]]
    return statistics.median(ratios) if ratios else None


def judged(name: str, value: float | None, bar: float, at_least: bool) -> list[Results]:
    if value is None:
        return []
    return [{"demand": name, "value": value, "bar": bar, "pass": value >= bar if at_least else value <= bar}]


def judge(row: Row, result: Results, machine: Results, limits: Results, threads: int) -> list[Results]:
    """Every demand of a row that was measured: its name, value, bar, and whether it passes."""
    everything = list(result["cases"].values())
    cases = [case for case in everything if case["runs"]]
    works = {contest.case: contest.work for contest in row.cases}
    demands = judged(f"ratio, {threads} threads", median_ratio(cases, threads), bar_of(row, machine["opencv"]), True)
    if row.bar_1 is not None:
        demands += judged("ratio, 1 thread", median_ratio(cases, 1), row.bar_1, True)
    if row.near_limit is not None and cases:
        far = [distance(works[case["case"]], case, limits, threads) for case in cases]
        known = [value for value in far if value is not None]
        demands += judged("time / limit", statistics.median(known) if known else None, row.near_limit, False)
    if row.scaling is not None and threads > 1:
        pairs = [(ours_ms(case, 1), ours_ms(case, threads)) for case in cases]
        scalings = [one / many for one, many in pairs if one and many]
        demands += judged("scaling", statistics.median(scalings) if scalings else None, row.scaling, True)
    for case in everything:
        memory = case.get("peak_mb", {})
        peers = [mb for side, mb in memory.items() if side != OURS and mb is not None]
        if memory.get(OURS) is None:
            continue
        if case["case"] in row.memory_mb:
            demands += judged(f"peak MB, {case['case']}", memory[OURS], row.memory_mb[case["case"]], False)
        if row.memory_share is not None and peers:
            demands += judged("peak / peer's", memory[OURS] / max(min(peers), 1e-9), row.memory_share, False)
    quality = result.get("quality")
    if quality and "ours" in quality:
        demands += judged(quality["figure"], quality["ours"], quality["peer"], False)
    return demands


def number(value: float | None) -> str:
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}"


def status(result: Results) -> str:
    if result.get("missing"):
        return "missing"
    return "pass" if all(demand["pass"] for demand in result["demands"]) else "fall short"


def demands_table(results: dict[str, Results]) -> list[str]:
    lines = ["| work | peer | demand | measured | bar | |", "| --- | --- | --- | --- | --- | --- |"]
    for name, result in results.items():
        if result.get("missing"):
            lines.append(f"| {name} | {result['peer']} | – | – | – | missing: {result['missing']} |")
        for demand in result["demands"]:
            verdict = "pass" if demand["pass"] else "**falls short**"
            what = demand["demand"]
            if what == "scaling" and "machine_scaling" in result:
                what += f" (of additions: {number(result['machine_scaling'])})"
            cells = (name, result["peer"], what, number(demand["value"]), number(demand["bar"]), verdict)
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def cases_table(rows: list[Row], results: dict[str, Results], limits: Results, threads: int) -> list[str]:
    """Every case: times of both sides, ratios, scaling, distance to the limit, peak memory."""
    several = f"{threads} threads"
    head = ["case", f"ours, {several}, ms", "best peer", "ms", "ratio", "ours, 1 thread, ms", "peer, ms", "ratio, 1"]
    head += ["scaling", "× limit", "peak MB, ours / peer"]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for row in rows:
        for contest in row.cases:
            case = results[row.name]["cases"].get(contest.case)
            if case is None or not (case["runs"] or "peak_mb" in case):
                continue
            many, one = case["runs"].get(str(threads)), case["runs"].get("1")
            peer = (many or one or {"best_peer": row.peer})["best_peer"]
            cells = [f"{row.name}: {contest.case}", number(ours_ms(case, threads)), peer]
            cells += [number(many["sides"][many["best_peer"]]["median_ms"] if many else None)]
            cells += [number(many["ratio"] if many else None), number(ours_ms(case, 1))]
            cells += [number(one["sides"][one["best_peer"]]["median_ms"] if one else None)]
            cells += [number(one["ratio"] if one else None)]
            both = ours_ms(case, 1), ours_ms(case, threads)
            cells.append(number(both[0] / both[1]) if both[0] and both[1] and threads > 1 else "–")
            cells.append(number(distance(contest.work, case, limits, threads)))
            memory = case.get("peak_mb", {})
            peers = [mb for side, mb in memory.items() if side != OURS and mb is not None]
            cells.append(f"{number(memory.get(OURS))} / {number(min(peers) if peers else None)}" if memory else "–")
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def limits_table(limits: Results) -> list[str]:
    names = {
        "fma_gflops": "fp32 multiply-add, GFLOP/s",
        "lanes8_gops": "8-bit minimum and add, G lanes/s",
        "hamming_gpairs": "64-bit Hamming, G pairs/s",
        "l1_read_gbs": "L1 read, GB/s",
        "l2_read_gbs": "L2 read, GB/s",
        "dram_read_gbs": "DRAM read, GB/s",
        "dram_copy_gbs": "DRAM copy, GB/s",
    }
    columns = [(isa, threads) for isa, runs in limits["instruction_sets"].items() for threads in runs]
    lines = ["| | " + " | ".join(f"{isa}, {threads}" for isa, threads in columns) + " |"]
    lines.append("| --- |" + " --- |" * len(columns))
    for name, title in names.items():
        cells = (number(limits["instruction_sets"][isa][threads][name]) for isa, threads in columns)
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return lines


def page(rows: list[Row], report: Results) -> str:
    """The whole table as Markdown."""
    machine, limits, threads = report["machine"], report["limits"], report["threads"]
    opencv, torch = machine["opencv"], machine["torch"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    text = [
        "# Kernels against their peers",
        "",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['instruction_set']}, {machine['system']}; {packages}.",
        f"OpenCV {opencv['version']}: baseline {opencv['baseline']}; dispatched {opencv['dispatched'] or 'none'}; "
        f"IPP {opencv['ipp'] or 'none'}. Its stereo matchers run with the baseline. "
        + (f"torch {torch['version']}, {torch['capability']}." if torch else "No torch."),
        f"Load when it began: {machine['load']}. A ratio is the peer's time over ours, the median over rounds in which",
        "both ran in turn, warmed, in one process; bars are on the median over a row's cases.",
        "",
        *demands_table(report["rows"]),
        "",
        "## Cases",
        "",
        "× limit: our time over the least that additions, popcounts and multiply-adds (or memory) take here.",
        "Peak MB: resident memory that the first call of this size adds, each side in a fresh process.",
        "",
        *cases_table(rows, report["rows"], limits, threads),
        "",
        "## Limits of this machine, by instruction set and threads",
        "",
        *limits_table(limits),
        "",
        f"Handing a loop to the threads and waiting for it: {number(limits['loop_start_us'])} µs.",
    ]
    return "\n".join(text) + "\n"
