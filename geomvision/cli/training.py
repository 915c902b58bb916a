"""``geomvision train``: hands the recipe to `geomvision.training`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any


def run(recipe: str, out: Path) -> None:
    """Train `recipe`; an interrupted run goes on where it stopped."""
    training: Any = importlib.import_module("geomvision.training")
    training.run(recipe, out)
