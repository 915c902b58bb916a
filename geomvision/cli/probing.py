"""``geomvision probe``: which cues to depth a method uses, as plots."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer


def probe(
    method: Annotated[str, typer.Argument(help="A depth method: geomvision methods depth lists them.")],
    cue: Annotated[list[str] | None, typer.Option(help="Which cue; more by more; all when left out.")] = None,
    options: Annotated[list[str] | None, typer.Option("--set", help="An option of it: objects=upright.")] = None,
    size: Annotated[str, typer.Option(help="Of the rendered pictures: 320x192.")] = "320x192",
    seed: Annotated[int, typer.Option(min=0, help="Which scene is rendered.")] = 0,
    out: Annotated[Path, typer.Option(help="Page of plots to write: .html.")] = Path("probe.html"),
) -> None:
    """Move, scale and paint a rendered object, tilt the camera, and plot what a depth method makes of it."""
    from ..benchmark.probes import CUES, probes
    from ..datasets._probe_scene import ProbeScene
    from ..depth._base import DepthMethod
    from ..report.probes import figures, save
    from . import settings

    sides = re.fullmatch(r"(\d{1,4})x(\d{1,4})", size)
    if sides is None or min(map(int, sides.groups())) < 16:
        raise ValueError(f"--size is {size!r}; it is width and height in pixels, at least 16, as in 96x64")
    if out.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--out {out}: plots are written as .html")
    built = settings.build("depth", method, options or ())
    if len(built) != 1 or not isinstance(built[0], DepthMethod):
        raise ValueError(f"{method!r} names {len(built)} methods; give one")
    scene = ProbeScene(seed=seed, width=int(sides[1]), height=int(sides[2]))
    responses = probes(built[0], cue or tuple(CUES), scene)
    for response in responses:
        typer.echo(f"{response.cue}: {figures(response)}")
    save(responses, out)
    typer.echo(f"wrote {out}")
