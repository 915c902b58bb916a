"""A camera among known points without outliers, against OpenCV's solvers: errors and times, one after the other.

    python benches/pnp.py [--counts 4,5,6,50,1000] [--kinds general,planar,nearly_planar] [--noise 1] [--scenes 100]
                          [--out FOLDER]

Every method sees the same scenes: 6 m before a camera, points in a box of 4 m, in a plane, or in one of 10 cm
thickness. Errors are medians and 90th percentiles of degrees and of the camera's place in cm; where nothing is found
they are 180 and 1000. Times are of whole calls of the compiled functions on one thread, the charts of ours included,
medians over rounds in which the methods take turns. The ratio is the peer's time over ours.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from surroundings import describe, slug

import geomvision as gv
from geomvision import _core

Array = NDArray[np.float64]
Call = Callable[[Array, Array], Array | None]

HERE = Path(__file__).resolve().parent
K = np.array([[800.0, 0, 320], [0, 800, 240], [0, 0, 1]])
BOXES = {"general": (2.0, 2.0, 2.0), "planar": (2.0, 2.0, 0.0), "nearly_planar": (2.0, 2.0, 0.05)}
#: Ours, the peer it is held against, and what both do.
PAIRS = (
    ("epnp", "cv2 EPNP", "control points, as they come out"),
    ("epnp, refined", "cv2 ITERATIVE", "least squares of pixels"),
    ("sqpnp", "cv2 SQPNP", "the best rotation by an algebraic error"),
    ("sqpnp, refined", "cv2 ITERATIVE", "least squares of pixels"),
)


def scene(kind: str, count: int, noise_px: float, seed: int) -> tuple[Array, Array, Array]:
    """Points of the world, pixels, and the pose."""
    random = np.random.default_rng(seed)
    points = random.uniform(-1, 1, (count, 3)) * BOXES[kind]
    q = random.normal(size=4)
    w, x, y, z = q / np.linalg.norm(q)
    T = np.eye(4)
    T[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    T[:3, 3] = (0, 0, 6) + random.normal(size=3) * (0.3, 0.3, 0.5) - T[:3, :3] @ points.mean(axis=0)
    seen = (points @ T[:3, :3].T + T[:3, 3]) @ K.T
    return points, seen[:, :2] / seen[:, 2:] + random.normal(0, noise_px, (count, 2)), T


def ours(solver: int, refine: bool) -> Call:
    def call(points: Array, pixels: Array) -> Array | None:
        charts = np.tile(K, (len(pixels), 1, 1))
        charts[:, :2, 2] -= pixels
        found, T, *_ = _core.perspective_n_point(points, charts, solver, refine)
        return T if found else None

    return call


def opencvs(flag: int) -> Call:
    def call(points: Array, pixels: Array) -> Array | None:
        try:
            found, turn, shift = cv2.solvePnP(points, pixels, K, None, flags=flag)
        except cv2.error:  # fewer points than it takes
            return None
        if not found:
            return None
        T = np.eye(4)
        T[:3, :3], T[:3, 3] = cv2.Rodrigues(turn)[0], shift.ravel()
        return T

    return call


METHODS: dict[str, Call] = {
    "epnp": ours(1, False),
    "cv2 EPNP": opencvs(cv2.SOLVEPNP_EPNP),
    "epnp, refined": ours(1, True),
    "sqpnp": ours(0, False),
    "cv2 SQPNP": opencvs(cv2.SOLVEPNP_SQPNP),
    "sqpnp, refined": ours(0, True),
    "cv2 ITERATIVE": opencvs(cv2.SOLVEPNP_ITERATIVE),
}


def error(found: Array | None, truth: Array) -> tuple[float, float]:
    if found is None or not np.isfinite(found).all():
        return 180.0, 1000.0
    chord = float(np.linalg.norm(found[:3, :3] - truth[:3, :3])) / np.sqrt(8)
    centres = [-T[:3, :3].T @ T[:3, 3] for T in (found, truth)]
    return float(np.degrees(2 * np.arcsin(min(1.0, chord)))), 100 * float(np.linalg.norm(centres[0] - centres[1]))


def measured(kind: str, count: int, noise_px: float, scenes: int) -> dict[str, dict[str, float]]:
    """Per method medians and 90th percentiles of errors, and the median time in µs."""
    errors: dict[str, list[tuple[float, float]]] = {name: [] for name in METHODS}
    times: dict[str, list[float]] = {name: [] for name in METHODS}
    order = list(METHODS)
    for seed in range(scenes):
        points, pixels, truth = scene(kind, count, noise_px, seed)
        for name in order:
            METHODS[name](points, pixels)  # warm
            begin = time.perf_counter()
            found = METHODS[name](points, pixels)
            times[name].append(time.perf_counter() - begin)
            errors[name].append(error(found, truth))
        order.reverse()
    rows = {}
    for name in METHODS:
        (degrees, cm), (degrees90, cm90) = np.median(errors[name], axis=0), np.quantile(errors[name], 0.9, axis=0)
        rows[name] = {"degrees": degrees, "degrees90": degrees90, "cm": cm, "cm90": cm90}
        rows[name]["us"] = 1e6 * statistics.median(times[name])
    return rows


def lines_of(kind: str, count: int, rows: dict[str, dict[str, float]]) -> list[str]:
    lines = []
    for mine, peer, _ in PAIRS:
        a, b = rows[mine], rows[peer]
        cells = [kind, f"{count:,}", mine, peer]
        cells += [f"{a[k]:.3g} / {b[k]:.3g}" for k in ("degrees", "degrees90", "cm", "cm90")]
        cells += [f"{a['us']:.0f} / {b['us']:.0f}", f"{b['us'] / a['us']:.2f}×"]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", default="4,5,6,50,1000")
    parser.add_argument("--kinds", default=",".join(BOXES))
    parser.add_argument("--noise", type=float, default=1.0, help="standard deviation of a coordinate, pixels")
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--out", type=Path, default=None)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    report: dict[str, Any] = {"machine": describe(), "noise_px": given.noise, "scenes": given.scenes, "rows": {}}
    head = "| points | number | ours | peer | ° | ° 90 % | cm | cm 90 % | µs | ratio |"
    lines = [head, "| --- " * 10 + "|"]
    for kind in given.kinds.split(","):
        for count in map(int, given.counts.split(",")):
            rows = report["rows"][f"{kind}, {count}"] = measured(kind, count, given.noise, given.scenes)
            lines += lines_of(kind, count, rows)
            print("\n".join(lines[-len(PAIRS) :]), flush=True)
    folder = given.out or HERE / "results" / gv.__version__
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{slug(report['machine'])}-pnp"
    (folder / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    told = "Errors and times are ours / the peer's; the ratio is of times, above 1 where ours is faster.\n\n"
    (folder / f"{name}.md").write_text("# PnP against OpenCV's\n\n" + told + "\n".join(lines) + "\n")
    print(f"wrote {folder / name}.json and .md")


if __name__ == "__main__":
    main()
