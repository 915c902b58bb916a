"""What weights may be used for, and the switch that refuses those which may not be used commercially."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import weights as files

#: Set, and not to 0, no method runs with weights that may not be used commercially.
VARIABLE = "GEOMVISION_COMMERCIAL"


@dataclass(frozen=True, kw_only=True)
class Licence:
    """What weights may be used for."""

    #: The weights' name, or their path.
    weights: str
    #: SPDX identifier, "" where it is unknown, and whether it allows commercial use.
    spdx: str = ""
    commercial_use: bool = False

    def refusal(self) -> str | None:
        """Why they may not be used commercially, or None where they may. What is unknown may not."""
        told = f"has weights {self.weights!r}"
        if not self.spdx:
            return f"{told} of unknown licence: no commercial use until it is known"
        return None if self.commercial_use else f"{told} under {self.spdx}: no commercial use"


def licence_of(name_or_path: str | os.PathLike[str]) -> Licence:
    """The licence of weights by their card; unknown where they have none, as public checkpoints have."""
    given = os.fspath(name_or_path)
    try:
        path = files.find(given)
        card = files.Card.read(path.with_suffix(".json")) if path.suffix == files.SUFFIX else None
    except files.WeightsError:
        card = None
    if card is None:
        return Licence(weights=given)
    return Licence(weights=given, spdx=card.licence, commercial_use=card.commercial_use)


@contextmanager
def commercial_only(*, wanted: bool = True) -> Iterator[None]:
    """In this block no method runs with weights whose licence forbids commercial use, or is unknown.

    That is what the environment variable ``GEOMVISION_COMMERCIAL=1`` does for a whole process and those that it starts;
    this sets it meanwhile.
    """
    before = os.environ.get(VARIABLE)
    if wanted:
        os.environ[VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before


def forbidden(licences: Callable[[], Iterable[Licence]]) -> str | None:
    """Why weights may not be used here, or None. Their licences are only asked for where use is commercial."""
    if os.environ.get(VARIABLE, "0") in ("", "0"):
        return None
    return next((reason for each in licences() if (reason := each.refusal()) is not None), None)
