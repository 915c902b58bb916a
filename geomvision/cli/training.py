"""``geomvision train``: hands the name to `geomvision.training` and says where the weights are."""

from __future__ import annotations

import importlib
import os
import warnings
from typing import Any

from rich.console import Console

from ..method import BackendError


def run(name: str, fresh: bool, **options: Any) -> None:
    """Train with the options of `geomvision.training.run`; an interrupted run, which says so, goes on.

    BackendError when torch is missing.
    """
    training: Any = importlib.import_module("geomvision.training")
    console = Console(highlight=False)

    def tell(message: Warning | str, *_where: Any, **_line: Any) -> None:
        console.print(f"warning: {message}", markup=False, soft_wrap=True)

    with warnings.catch_warnings():  # which gives the way of showing them back, too
        warnings.showwarning = tell
        try:
            outcome = training.run(name, resume=not fresh, **options)
        except ModuleNotFoundError as error:
            raise BackendError(str(error)) from None
        except KeyboardInterrupt:
            again = "run it again, without --fresh," if fresh else "run the same command again"
            console.print(f"interrupted: {again} to go on", markup=False)
            raise
    if os.environ.get("RANK", "0") != "0":  # of processes that share a training the first alone has scores to tell
        return
    console.print(f"step {outcome.step} of {outcome.steps}", markup=False)
    for figure, value in outcome.scores.items():
        console.print(f"  {figure} {value:.3f}", markup=False)
    if outcome.weights is None:
        console.print(f"not finished: run the same command again to go on from {outcome.folder}", markup=False)
    else:
        console.print(f"wrote {outcome.weights}", markup=False)
