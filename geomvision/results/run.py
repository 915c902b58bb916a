"""How a result was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a result was made.

    `peak_memory_bytes` is the resident memory the call added at its peak, None where the system does not say. What it
    took over from earlier calls is not counted: `timing.measure`, and so `compare`, count that too. `copy_seconds` is
    the part of `seconds` that copying images to a GPU and maps back took, None where nothing is copied.
    """

    method: str
    options: dict[str, Any]
    backend: str
    seconds: float
    peak_memory_bytes: int | None = None
    copy_seconds: float | None = None
