"""Pictures of a calibration as SVG: where boards were seen, how sure the lens is there, and what was left over."""

from __future__ import annotations

from html import escape
from itertools import pairwise

import numpy as np
from markupsafe import Markup
from scipy.spatial import ConvexHull

from ..cameras import Array
from ..geometry import Calibration

#: Cells across and down of the map of doubt, and its steps in pixels with their colours, from sure to unsure.
CELLS = (40, 30)
STEPS_PX = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
COLOURS = ("#0b5d56", "#1d7d6f", "#4a9b7d", "#86b57f", "#c3c877", "#e8bd5a", "#e58a3c", "#c9402e")
WIDE = 640.0


def _svg(width: float, height: float, parts: list[str], label: str) -> Markup:
    frame = f'<rect width="{width:.5g}" height="{height:.5g}" fill="none" stroke="currentColor" stroke-opacity=".4"/>'
    head = f'<svg viewBox="0 0 {width:.5g} {height:.5g}" role="img" aria-label="{escape(label)}">'
    return Markup(head + "".join(parts) + frame + "</svg>")  # noqa: S704 — text is escaped where it enters


def _scale(calibration: Calibration) -> tuple[float, float, float]:
    camera = calibration.camera
    scale = WIDE / camera.width
    return scale, WIDE, camera.height * scale


def _points(pixels: Array, scale: float) -> Array:
    """Pixel centres at integers become places in a picture whose corner is 0."""
    return np.asarray((pixels + 0.5) * scale)


def coverage(calibration: Calibration) -> Markup:
    """Boards over a map of how unsure a projected point is; uncoloured where the lens model ends."""
    scale, width, height = _scale(calibration)
    camera, (columns, rows) = calibration.camera, CELLS
    x = (np.arange(columns) + 0.5) * camera.width / columns - 0.5
    y = (np.arange(rows) + 0.5) * camera.height / rows - 0.5
    sigma = calibration.sigma_px(np.stack(np.meshgrid(x, y), axis=-1))
    steps = np.searchsorted(STEPS_PX, sigma)
    w, h = width / columns, height / rows
    size = f'width="{w + 0.3:.2f}" height="{h + 0.3:.2f}"'  # a little overlap hides the seams
    parts = [
        f'<rect x="{i * w:.2f}" y="{j * h:.2f}" {size} fill="{COLOURS[steps[j, i]]}"/>'
        for j in range(rows)
        for i in range(columns)
        if np.isfinite(sigma[j, i])
    ]
    for n, view in enumerate(calibration.views):
        place = _points(view.pixels, scale)
        outline = " ".join(f"{a:.1f},{b:.1f}" for a, b in place[ConvexHull(place).vertices])
        title = escape(view.name or f"view {n}")
        parts.append(
            f'<polygon points="{outline}" fill="#fff" fill-opacity=".03" stroke="#fff"><title>{title}</title></polygon>'
        )
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.2" fill="#fff"/>' for a, b in place]
    return _svg(width, height, parts, "image covered by boards, over the standard deviation of projected points")


def legend() -> list[tuple[str, str]]:
    """Colours of the map of doubt and what they mean."""
    edges = ["", *(f"{step:g}" for step in STEPS_PX), ""]
    words = [f"{a or '0'}–{b} px" if b else f"above {a} px" for a, b in pairwise(edges)]
    return list(zip(COLOURS, words, strict=True))


def residuals(calibration: Calibration) -> tuple[Markup, float]:
    """From each measured corner a line towards its projection, and by how much the lines are longer than that."""
    scale, width, height = _scale(calibration)
    lengths = np.concatenate([np.linalg.norm(r, axis=1) for r in calibration.residuals_px])
    typical = max(float(np.percentile(lengths, 95)), 1e-9)
    longer = _round(0.04 * width / scale / typical)
    parts = []
    for view, left, weights in zip(calibration.views, calibration.residuals_px, calibration.weights, strict=True):
        start = _points(view.pixels, scale)
        ends = start + np.clip(left * longer * scale, -width, width)
        for (a, b), (c, d), weight in zip(start, ends, weights, strict=True):
            colour = "var(--bad)" if weight < 0.5 else "var(--accent)"
            parts.append(f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" stroke="{colour}"/>')
            parts.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.3" fill="{colour}"/>')
    return _svg(width, height, parts, "residual of every corner"), longer


def _round(value: float) -> float:
    """1, 2 or 5 times a power of ten, not above `value`."""
    ten = float(10 ** np.floor(np.log10(value)))
    return ten * max(step for step in (1, 2, 5) if step * ten <= value * (1 + 1e-9))


def scatter(calibration: Calibration) -> tuple[Markup, float]:
    """All residuals around zero, and half the width of the picture in pixels."""
    left, weights = np.concatenate(calibration.residuals_px), np.concatenate(calibration.weights)
    reach = max(4 * float(np.median(np.linalg.norm(left, axis=1))), 1e-9)
    half = 160.0
    parts = [f'<path d="M0 {half} H{2 * half} M{half} 0 V{2 * half}" stroke="currentColor" stroke-opacity=".3"/>']
    for (x, y), weight in zip(np.clip(left / reach, -1, 1) * half + half, weights, strict=True):
        colour = "var(--bad)" if weight < 0.5 else "var(--accent)"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.6" fill="{colour}" fill-opacity=".6"/>')
    return _svg(2 * half, 2 * half, parts, "residuals around zero"), reach


def bars(calibration: Calibration) -> list[tuple[str, float, float]]:
    """Name, RMS in pixels and share of the largest RMS, of every view."""
    most = max(*calibration.per_image_rms, 1e-12)
    pairs = zip(calibration.views, calibration.per_image_rms, strict=True)
    return [(view.name or f"view {n}", rms, rms / most) for n, (view, rms) in enumerate(pairs)]
