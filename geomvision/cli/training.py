"""``geomvision train``: hands the name to `geomvision.training` and says where the weights are."""

from __future__ import annotations

import importlib
from typing import Any

from rich.console import Console

from ..method import BackendError


def run(name: str, fresh: bool, **options: Any) -> None:
    """Train with the options of `geomvision.training.run`; an interrupted run goes on.

    BackendError when torch is missing.
    """
    training: Any = importlib.import_module("geomvision.training")
    try:
        outcome = training.run(name, resume=not fresh, **options)
    except ModuleNotFoundError as error:
        raise BackendError(str(error)) from None
    console = Console(highlight=False)
    console.print(f"step {outcome.step} of {outcome.steps}", markup=False)
    for figure, value in outcome.scores.items():
        console.print(f"  {figure} {value:.3f}", markup=False)
    if outcome.weights is None:
        console.print(f"not finished: run the same command again to go on from {outcome.folder}", markup=False)
    else:
        console.print(f"wrote {outcome.weights}", markup=False)
