"""Tables, and the self-contained HTML report that shows what methods did."""

import importlib
from typing import Any

_NAMES = {"Report": "document", "compare": "document", "Surface": "surfaces", "save_calibration": "calibration"}

__all__ = list(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"geomvision.report.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'geomvision.report' has no attribute {name!r}")
