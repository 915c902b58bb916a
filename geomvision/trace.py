"""The stages of a method, in order, as it ran: what lectures, figures and tests look at."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Stage:
    """One stage: its name, what it computed, the unit, one line that explains it, seconds since the last stage."""

    name: str
    array: NDArray[Any]
    unit: str
    doc: str
    seconds: float


@dataclass
class Trace:
    """Ordered stages by name (``trace["cost"].array``), and the `result` they led to."""

    stages: list[Stage] = field(default_factory=list)
    result: Any = None
    _last: float = field(default_factory=time.perf_counter, repr=False)

    def record(self, name: str, array: NDArray[Any], unit: str = "", doc: str = "") -> None:
        """Append a stage of any shape (a copy is kept, so later stages may work in place).

        Raises ValueError for a name that was recorded before.
        """
        if name in self:
            raise ValueError(f"stage {name!r} was recorded before")
        now = time.perf_counter()
        self.stages.append(Stage(name, np.array(array), unit, doc, now - self._last))
        self._last = time.perf_counter()

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    def __len__(self) -> int:
        return len(self.stages)

    def __contains__(self, name: object) -> bool:
        return any(stage.name == name for stage in self.stages)

    def __getitem__(self, name: str) -> Stage:
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(f"no stage {name!r}; there are {', '.join(stage.name for stage in self.stages)}")


class NoTrace(Trace):
    """Records nothing: what a plain call hands to a reference that can be traced."""

    def record(self, name: str, array: NDArray[Any], unit: str = "", doc: str = "") -> None:
        """Forget it."""
