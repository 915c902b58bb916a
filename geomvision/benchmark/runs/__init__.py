"""A run over data sets: its plan, the store that keeps what was found, and the engines that work it off.

>>> from geomvision.benchmark.runs import Run  # doctest: +SKIP
>>> failed = [record.label for record in Run("runs/today").records() if record.error]  # doctest: +SKIP
"""

import importlib
from typing import Any

_NAMES = {
    "Entrant": "plan",
    "Plan": "plan",
    "Run": "store",
    "RunError": "work",
    "Source": "plan",
    "StoreError": "journal",
    "Summary": "runner",
    "engine": "engines",
    "run": "runner",
}

__all__ = list(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"geomvision.benchmark.runs.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'geomvision.benchmark.runs' has no attribute {name!r}")
