"""Responses to cues as a page of plots: what was found, the truth, and what the cue alone would tell."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..benchmark.probes import CUES, Response
from ..cameras import Array
from .maps import encode_image

WIDE, HIGH, EDGE = 360.0, 220.0, 44.0
_LINES = (
    ("found_m", "found", "#d6402b", ""),
    ("truth_m", "truth", "#2b7bd6", ""),
    ("cue_m", "the cue alone", "#777", "5 4"),
)
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color-scheme:light dark}"
    "section{display:flex;gap:1.5em;flex-wrap:wrap;align-items:flex-start;margin:1.5em 0}"
    "figure{margin:0}svg{width:24em;max-width:100%}svg text{font-size:11px;fill:currentColor}img{width:11em}"
)


def save(responses: Sequence[Response], path: str | Path, title: str | None = None) -> None:
    """Write the page. ValueError unless the name ends in .html."""
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{target.name}: plots are written as .html")
    target.write_text(render(responses, title), encoding="utf-8")


def render(responses: Sequence[Response], title: str | None = None) -> str:
    """One HTML page that needs nothing else."""
    name = html.escape(title or "Which cues to depth are used: " + ", ".join(sorted({r.method for r in responses})))
    body = "".join(_section(response) for response in responses)
    key = " · ".join(f'<span style="color:{colour}">{label}</span>' for _, label, colour, _ in _LINES)
    told = (
        f"<p>{key}. Depth of the object, metres, while one cue changes. A share of 1 follows the cue wholly, 0 not at "
        "all; spread is how far answers differ, by the truth. After van Dijk and de Croon, ICCV 2019.</p>"
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style>'
        f"<h1>{name}</h1>{told}{body}</html>"
    )


def figures(response: Response) -> str:
    """Share and spread in words."""
    share = "" if np.isnan(response.share) else f"follows the cue by {response.share:.2f}; "
    return f"{share}spread {response.spread:.1%}"


def _section(response: Response) -> str:
    cue = CUES[response.cue]
    heading = f"<h2>{response.cue}</h2><p>{html.escape(cue.doc)}.<br>{figures(response)}</p>"
    shown = "".join(f'<img alt="" src="{encode_image(response.images[k])}">' for k in _ends(len(response.images)))
    return f"<section><div>{heading}{shown}</div><figure>{_plot(response, cue.unit)}</figure></section>"


def _ends(count: int) -> list[int]:
    return sorted({0, count - 1}) if count else []


def _plot(response: Response, unit: str) -> str:
    """Found depth, truth and cue over the settings, in their order."""
    x = EDGE + (WIDE - 1.3 * EDGE) * np.linspace(0.0, 1.0, response.settings.size)
    curves = [np.asarray(getattr(response, name), np.float64) for name, *_ in _LINES]
    every = np.concatenate(curves)
    known = every[np.isfinite(every)]
    if known.size == 0:
        return "<p>No depth was found.</p>"
    low, high = 0.9 * float(known.min()), 1.1 * float(known.max())
    frame = f'x="{EDGE}" y="8" width="{WIDE - 1.2 * EDGE:.5g}" height="{HIGH - EDGE - 8}"'
    parts = [f'<rect {frame} fill="none" stroke="currentColor" stroke-opacity=".4"/>']
    for values, (_, _, colour, dashes) in zip(curves, _LINES, strict=True):
        parts.append(_curve(x, HIGH - EDGE - (HIGH - EDGE - 8) * (values - low) / (high - low), colour, dashes))
    for at, setting in zip(x, response.settings, strict=True):
        parts.append(f'<text x="{at:.5g}" y="{HIGH - EDGE + 16}" text-anchor="middle">{setting:g}</text>')
    for value, y in ((low, HIGH - EDGE), (high, 16.0)):
        parts.append(f'<text x="{EDGE - 4}" y="{y}" text-anchor="end">{value:.3g} m</text>')
    parts.append(
        f'<text x="{0.5 * WIDE}" y="{HIGH - 8}" text-anchor="middle">{response.cue} {html.escape(unit)}</text>'
    )
    label = f"{response.method}: depth of the object over {response.cue}"
    return f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{html.escape(label)}">{"".join(parts)}</svg>'


def _curve(x: Array, y: Array, colour: str, dashes: str) -> str:
    known = np.isfinite(y)
    points = " ".join(f"{a:.5g},{b:.5g}" for a, b in zip(x[known], y[known], strict=True))
    dots = "".join(
        f'<circle cx="{a:.5g}" cy="{b:.5g}" r="2.5" fill="{colour}"/>' for a, b in zip(x[known], y[known], strict=True)
    )
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-dasharray="{dashes}"/>{dots}'
