"""``geomvision complete``: depth at every pixel from depth at some, and how far off it is on what was held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from .. import io
from ..depth._completion import Completion
from . import settings
from .outputs import spare


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the flags say: as in ``geomvision complete --help``."""

    image: Path | None = None
    scale: float | None = None
    method: str = "heat_diffusion"
    options: Sequence[str] = ()
    hold_back: float = 0.2
    out: Path = Path("completed.png")


def run(sparse: Path, choices: Choices) -> None:
    """Write the depth. ValueError where flags or files do not fit."""
    methods = settings.build("depth", choices.method, choices.options)
    if len(methods) != 1 or not isinstance(methods[0], Completion):
        every = settings.registry("depth")
        names = [name for name in every if issubclass(every[name], Completion)]
        raise ValueError(f"--method is {choices.method!r}; it must be one that completes depth: {', '.join(names)}")
    method = methods[0]
    spare(f"--out {choices.out}", [choices.out], (sparse, choices.image))
    given = io.read_depth(sparse, scale=choices.scale)
    image = None if choices.image is None else io.read_image(choices.image)
    count = int(given.valid.sum())
    known, held = given.split(1 - choices.hold_back) if choices.hold_back > 0 else (given, given)
    if choices.hold_back > 0 and not (known.valid.any() and held.valid.any()):
        raise ValueError(f"--hold-back {choices.hold_back:g}: of {count} pixels none is left to complete, or to judge")
    io.write_depth(choices.out, method(given, image))
    console = Console(highlight=False)
    console.print(f"{count} pixels of {given.m.size} were given ({100 * given.density:.3g} %)", markup=False)
    if choices.hold_back > 0:
        found = method(known, image).m[held.valid]
        error = np.abs(found - held.m[held.valid]) / held.m[held.valid]
        told = f"{100 * error.mean():.1f} % off on average, {100 * np.median(error):.1f} % in the middle"
        console.print(f"with {100 * choices.hold_back:g} % of them held back, these are {told}", markup=False)
    console.print(f"wrote {choices.out}", markup=False)
