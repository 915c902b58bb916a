"""Relative pose of two views: one file is one method."""

from pathlib import Path
from typing import Any

from ..registry import Registry

METHODS = Registry("pose", Path(__file__).parent)


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return METHODS.by_class_name(name)
