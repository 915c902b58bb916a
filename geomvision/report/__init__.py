"""Tables, and the self-contained HTML report that shows what methods did."""

import importlib
from typing import Any

_NAMES = {
    "Report": "document",
    "Surface": "surfaces",
    "compare": "document",
    "save_calibration": "calibration",
    "save_leaderboard": "leaderboard",
}

__all__ = list(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"geomvision.report.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'geomvision.report' has no attribute {name!r}")
