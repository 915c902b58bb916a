"""One timer for all: warm-up, median and spread, peak memory. What it times is the whole public call."""

from __future__ import annotations

import ctypes
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Wall seconds over `repeats` warmed calls, and the memory the call added at its peak."""

    median_s: float
    minimum_s: float
    maximum_s: float
    repeats: int
    peak_memory_bytes: int | None


def _resident(field: bytes) -> int | None:
    """A field of this process's memory status in bytes; None where the system has none (not Linux)."""
    try:
        status = _STATUS.read_bytes()
    except FileNotFoundError:
        return None
    begin = status.find(b"\n" + field + b":")
    return None if begin < 0 else int(status[begin + len(field) + 2 :].split(maxsplit=1)[0]) * 1024


@cache
def _c_library() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") else None


def _reset_peak() -> bool:
    """Make the peak resident size equal the present one (Linux only); whether that could be done."""
    try:
        _CLEAR_REFS.write_bytes(b"5")
    except OSError:
        return False
    return True


def _give_back_freed() -> None:
    """Freed memory goes back to the system: what waits for results of our own, and what malloc keeps (glibc only)."""
    core = sys.modules.get("geomvision._core")
    if core is not None:
        core.recycled_forget()
    library = _c_library()
    if library is not None:
        library.malloc_trim(0)


def synchronize() -> None:
    """Wait for the GPU, when torch is loaded and uses one: kernels run on after their call returns."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()


def timed(call: Callable[[], Result], *, from_scratch: bool = True) -> tuple[Result, float, int | None]:
    """Call once: result, wall seconds, bytes of resident memory added at the peak (None where unknown).

    A call that takes over what earlier ones freed would seem to need none of it, so that goes back to the system first.
    Asking for it again takes longer than many a call: without `from_scratch` it stays, and only what the call needs
    beyond it is counted. What is timed within the call is told its own peak, and the call's is that of all.
    """
    if from_scratch:
        _give_back_freed()
    with _watched() as peak:
        synchronize()
        start = time.perf_counter()
        result = call()
        synchronize()
        seconds = time.perf_counter() - start
    return result, seconds, peak.added


@dataclass(eq=False)
class _Peak:
    """Resident bytes at the start of a call and at their most; None where the system does not tell."""

    before: int | None = None
    most: int = 0

    @property
    def added(self) -> int | None:
        return None if self.before is None else max(0, self.most - self.before)


#: Peaks of the calls under way: the system keeps one, which each call resets when it begins.
_under_way: list[_Peak] = []


@contextmanager
def _watched() -> Iterator[_Peak]:
    _note_peak()
    peak = _Peak(before=_resident(b"VmRSS") if _reset_peak() else None)
    _under_way.append(peak)
    try:
        yield peak
        _note_peak()
    finally:
        _under_way.remove(peak)


def _note_peak() -> None:
    if _under_way:
        most = _resident(b"VmHWM") or 0
        for outer in _under_way:
            outer.most = max(outer.most, most)


def measure(call: Callable[[], Result], *, repeats: int = 3, warmup: int = 1) -> tuple[Result, Timing]:
    """Warm up, call `repeats` times, and report median, spread and the largest peak.

    Memory that earlier calls freed is taken from those that warm up, not from those whose seconds are told. Raises
    ValueError for fewer than one repeat, or a warm-up below 0.
    """
    if repeats < 1 or warmup < 0:
        raise ValueError(f"repeats is {repeats}, warmup {warmup}; at least 1 and 0 are needed")
    peaks: list[int | None] = []
    for _ in range(warmup):
        _, _, peak = timed(call)  # memory is first touched here
        peaks.append(peak)
    seconds = []
    gc.collect()
    for _ in range(repeats):
        result, elapsed, peak = timed(call, from_scratch=False)
        seconds.append(elapsed)
        peaks.append(peak)
    known = [peak for peak in peaks if peak is not None]
    return result, Timing(
        median_s=statistics.median(seconds),
        minimum_s=min(seconds),
        maximum_s=max(seconds),
        repeats=repeats,
        peak_memory_bytes=max(known) if known else None,
    )
