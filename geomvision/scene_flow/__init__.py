"""Scene flow, motion in space: one file is one method. ``gv.scene_flow.ICP`` imports only its own file."""

from pathlib import Path
from typing import Any

from ..registry import Registry

METHODS = Registry("scene_flow", Path(__file__).parent)


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return METHODS.by_class_name(name)
