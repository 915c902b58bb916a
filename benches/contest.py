"""A contest: one case of a row, ours against its peers, alternating in one process, both warmed."""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import geomvision as gv
from geomvision.timing import timed

Call = Callable[[], Any]
OURS = "geomvision"
#: libgomp's threads spin for about this long after their loop, on the cores of whoever runs next.
SETTLE_S = 0.004


class MissingError(Exception):
    """Something a row needs is not there: an op of ours, or a peer."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a case cannot do without. Compared with what the machine can do at most (`benches/limits`)."""

    lanes8: float = 0.0  #: additions and minima of bytes; an operation on 16 bits counts as two
    popcounts: float = 0.0  #: Hamming distances of 64-bit words
    flops: float = 0.0  #: fp32; a multiply-add is two
    bytes: float = 0.0  #: read and written once, past the caches

    def seconds(self, rates: Mapping[str, float]) -> float:
        """The least time for it: arithmetic, or memory where that takes longer."""
        arithmetic = self.lanes8 / rates["lanes8_gops"] + self.popcounts / rates["hamming_gpairs"]
        arithmetic += self.flops / rates["fma_gflops"]
        return max(arithmetic, self.bytes / rates["dram_copy_gbs"]) / 1e9


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One case. `prepare(threads)` makes the calls by name, ours (`OURS`) first, or raises `MissingError`."""

    row: str
    case: str
    prepare: Callable[[int], Mapping[str, Call]]
    work: Work = Work()
    memory: bool = False  #: whether peak memory is measured, each side in a process of its own
    small: Contest | None = None  #: the same, tiny: loads code before the memory of this one is measured
    timed: bool = True  #: False: only memory is measured


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is demanded of the cases of one row: bars are on the median over its cases of peer's time / our time."""

    name: str
    peer: str
    bar: float
    bar_avx2: float | None = None  #: against an OpenCV built for AVX2, where that is demanded
    bar_1: float | None = None  #: on one thread
    near_limit: float | None = None  #: our time / the least time that the limits allow, at most
    scaling: float | None = None  #: our time on one thread / on all, at least
    memory_share: float | None = None  #: our peak / the peer's, at most
    memory_mb: Mapping[str, float] = field(default_factory=dict)  #: case → our peak, at most
    quality: str | None = None  #: key in `quality.py`: our figure must not be worse than the peer's
    cases: tuple[Contest, ...] = ()


def op(name: str) -> Callable[..., Any]:
    """An op of `geomvision.ops`, or `MissingError`."""
    found = getattr(gv.ops, name, None)
    if found is None:
        raise MissingError(f"geomvision.ops.{name}")
    return found  # type: ignore[no-any-return]


def core(name: str) -> Callable[..., Any]:
    """A function of the compiled core, or `MissingError`."""
    from geomvision import _core

    found = getattr(_core, name, None)
    if found is None:
        raise MissingError(f"geomvision._core.{name}")
    return found  # type: ignore[no-any-return]


def set_threads(threads: int) -> None:
    """Tell OpenCV and torch, where loaded or loadable, how many threads to use."""
    import cv2

    cv2.setNumThreads(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def clock(call: Call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def alternate(calls: Mapping[str, Call], seconds: float, threads: int) -> dict[str, list[float]]:
    """Seconds of each call in rounds: A B, B A, A B … for at least 3 rounds and about `seconds` in all."""
    for call in calls.values():
        if clock(call) < 1.0:
            call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    order = list(calls)
    gc.collect()
    gc.disable()
    try:
        begin = time.perf_counter()
        while len(times[order[0]]) < 3 or (time.perf_counter() - begin < seconds and len(times[order[0]]) < 200):
            for name in order:
                if threads > 1:
                    time.sleep(SETTLE_S)
                times[name].append(clock(calls[name]))
            order.reverse()
    finally:
        gc.enable()
    return times


def compete(contest: Contest, threads: int, seconds: float) -> dict[str, Any]:
    """Times of one contest on `threads` threads: per side median and minimum in ms, the best peer, ratio to it."""
    calls = contest.prepare(threads)
    set_threads(threads)  # after the libraries are loaded
    times = alternate(calls, seconds, threads)
    sides = {
        name: {"median_ms": 1e3 * statistics.median(series), "min_ms": 1e3 * min(series)}
        for name, series in times.items()
    }
    best = min((name for name in sides if name != OURS), key=lambda name: sides[name]["median_ms"])
    pairs = [peer / ours for ours, peer in zip(times[OURS], times[best], strict=True)]
    return {
        "threads": threads,
        "rounds": len(pairs),
        "sides": sides,
        "best_peer": best,
        "ratio": statistics.median(pairs),
        "ratio_of_minima": sides[best]["min_ms"] / sides[OURS]["min_ms"],
    }


def result_bytes(result: Any) -> int:
    """Bytes of the arrays and tensors that a call returns."""
    if isinstance(result, Mapping):
        result = list(result.values())
    if isinstance(result, (list, tuple)):
        return sum(result_bytes(each) for each in result)
    return int(getattr(result, "nbytes", 0))


def peak_mb(contest: Contest, side: str, threads: int) -> float | None:
    """MB of resident memory that the first call of one side adds at its peak, beyond what it returns.

    Run it in a process of its own.

    A tiny case runs before, so that what the system loads for the first call of a library is not counted.
    """
    set_threads(threads)
    if contest.small is not None:
        contest.small.prepare(threads)[side]()
    call = contest.prepare(threads)[side]
    result, _, peak = timed(call)
    return None if peak is None else max(0, peak - result_bytes(result)) / 1e6
