"""The verbs of depth and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def complete(
    sparse: Annotated[Path, typer.Argument(help="Depth at some pixels: .pfm in metres, or .png or .pgm, 0 unknown.")],
    image: Annotated[Path | None, typer.Option(help="Image of the same size, whose edges depth follows.")] = None,
    scale: Annotated[float | None, typer.Option(help="Stored value per metre: KITTI 256, millimetres 1000.")] = None,
    method: Annotated[
        str, typer.Option(help="heat_diffusion, mono_completion, bilateral_solver, morphological.")
    ] = "heat_diffusion",
    options: Annotated[list[str] | None, typer.Option("--set", help="An option of it: neighbours=24.")] = None,
    hold_back: Annotated[float, typer.Option(min=0, max=0.9, help="Share to judge by; 0 does not.")] = 0.2,
    out: Annotated[Path, typer.Option(help="To write: .pfm (metres) or .png (metres · 256).")] = Path("completed.png"),
) -> None:
    """Depth at every pixel from depth at some, as of a laser, and how far off it is on points held back."""
    from . import completing

    choices = completing.Choices(
        image=image, scale=scale, method=method, options=options or (), hold_back=hold_back, out=out
    )
    completing.run(sparse, choices)
