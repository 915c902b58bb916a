"""Run methods over samples: a measured look at the input, one timer, scores by named protocol."""

import importlib
from typing import Any

_NAMES = {
    "Comparison": "comparison",
    "Row": "comparison",
    "compare_methods": "comparison",
    "PairRefused": "inspection",
    "PairReport": "inspection",
    "inspect_pair": "inspection",
    "describe_machine": "machine",
    "Leaderboard": "leaderboard",
    "changes": "differences",
    "check_submission": "submissions",
    "write_submission": "submissions",
    "CUES": "probes",
    "ProbeScene": "probes",
    "Response": "probes",
    "probe": "probes",
    "probes": "probes",
}

__all__ = list(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"geomvision.benchmark.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'geomvision.benchmark' has no attribute {name!r}")
