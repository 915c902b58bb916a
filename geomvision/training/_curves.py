"""The picture of a training: its loss, and each score over the steps, as SVG that any browser shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, GAP = 640, 180, 70, 34
#: Points of the loss that are drawn; each is a mean.
POINTS = 300


def save(path: Path, title: str, losses: Sequence[float], scores: Sequence[tuple[int, dict[str, float]]]) -> None:
    """Write one panel for the loss and one for each score."""
    panels = [("loss", _smoothed(losses))]
    names = list(dict.fromkeys(name for _, found in scores for name in found))
    panels += [(name, [(float(step), found[name]) for step, found in scores if name in found]) for name in names]
    steps = float(len(losses))
    drawn = "".join(_panel(name, points, steps, index) for index, (name, points) in enumerate(panels))
    height = len(panels) * (HEIGHT + GAP) + GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    text = f'{head} font-size="12">{background}<title>{escape(title)}</title>{drawn}</svg>\n'
    path.write_text(text, encoding="utf-8")


def _smoothed(losses: Sequence[float]) -> list[tuple[float, float]]:
    width = max(1, math.ceil(len(losses) / POINTS))
    groups = [losses[i : i + width] for i in range(0, len(losses), width)]
    return [(i * width + len(group) / 2, sum(group) / len(group)) for i, group in enumerate(groups)]


def _panel(name: str, points: Sequence[tuple[float, float]], steps: float, index: int) -> str:
    finite = [(x, y) for x, y in points if math.isfinite(y)]
    top = index * (HEIGHT + GAP) + GAP
    label = f'<text x="{LEFT}" y="{top - 8}">{escape(name)}</text>'
    frame = f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - 10}" height="{HEIGHT}" fill="none" stroke="#999"/>'
    if not finite:
        return label + frame
    low, high = min(y for _, y in finite), max(y for _, y in finite)
    span = high - low or max(abs(high), 1.0)
    low = low if high > low else low - span / 2

    def place(x: float, y: float) -> str:
        right = LEFT + (WIDTH - LEFT - 10) * x / max(steps, 1)
        return f"{right:.1f},{top + HEIGHT * (1 - (y - low) / span):.1f}"

    line = f'<polyline fill="none" stroke="#06c" points="{" ".join(place(x, y) for x, y in finite)}"/>'
    marks = "".join(
        f'<text x="{LEFT - 6}" y="{top + HEIGHT * (1 - share) + 4:.1f}" text-anchor="end">'
        f"{low + share * span:.3g}</text>"
        for share in (0.0, 1.0)
    )
    return label + frame + line + marks
