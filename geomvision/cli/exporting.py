"""``geomvision export``: the net of a method in a file of another program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer


def export(
    name: Annotated[str, typer.Argument(help="Task and method, like stereo/fast_stereo.")],
    out: Annotated[Path, typer.Option(help="File to write: .onnx, .pt2 (torch-export) or .pt (torchscript).")],
    to: Annotated[str | None, typer.Option(help="onnx, torch-export or torchscript; else as the file ends.")] = None,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH of images.")] = "384x512",
    dynamic: Annotated[bool, typer.Option("--dynamic", help="Images of any size.")] = False,
    options: Annotated[list[str] | None, typer.Option("--set", help="An option of the method: weights=a.pt.")] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, help="The largest difference allowed: pixels, or share of the largest depth.")
    ] = 0.01,
) -> None:
    """Write the net of a learned method to a file that is a method by itself, and compare both before it stays."""
    from . import settings

    task, separator, method = name.partition("/")
    sides = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size)
    if not separator or sides is None:
        wrong = f"{name!r} is no task/method, like stereo/fast_stereo" if not separator else f"--size is {size!r}"
        raise ValueError(wrong if not separator else f"{wrong}; it is height and width in pixels, as in 384x1248")
    built = settings.build(task, method, options or ())
    if len(built) != 1:
        raise ValueError(f"{name!r} names {len(built)} methods; give one")
    from ..packages import needed_by
    from .outputs import files_of, spare

    spare(f"--out {out}", [out], files_of(built))
    with needed_by("export"):
        from .. import export as exports

    rows, columns = int(sides[1]), int(sides[2])
    done = exports.export(built[0], out, to=to, size=(rows, columns), dynamic=dynamic, tolerance=tolerance)
    unit = "of the largest depth" if task == "depth" else "px"
    for (height, width), apart in done.differences.items():
        typer.echo(f"largest difference at {height}x{width}: {apart:.2g} {unit}")
    typer.echo(f"wrote {out}, {done.size_bytes / 1e6:.1f} MB: it takes {done.card.allowed()}")
