"""`refined` against the best that smoothing along edges makes of the same base, on every real stereo scene.

    python benches/refined.py --data FOLDER [--bases sgm,opencv_bm] [--half patchmatch] [--weights FILE] [--out FOLDER]

FOLDER holds `stereo/SCENE` (see `geomvision.datasets.Folder`). Each base has its defaults and the range of
`scenes.expert_range`. Missing estimates count as wrong. What smoothing is: weighted least squares (Min et al., TIP
2014) by OpenCV's filter of both views, and by `ops.fast_global_smoothing` with the base's confidence (else with the
agreement of both views) and weights λ of `LAMBDAS`; the table takes the one with the smallest mean for each base.
Cells are kept in `--cells`: an interrupted run goes on, and several may share the work. Bases in `--half` see images of
half the size, by means of 2x2 pixels, and truth of every second pixel; their errors are in pixels of that size.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scenes import EXPOSURE, HERE, expert_range, machine_line, mean

import geomvision as gv
from geomvision import metrics, ops
from geomvision.results import Disparity
from geomvision.samples import StereoSample
from geomvision.stereo._refining import completed
from geomvision.stereo.refined import Refined
from geomvision.trace import NoTrace

BASES = (
    "sgm",
    "block_matching",
    "patchmatch",
    "ad_census",
    "opencv_bm",
    "opencv_sgbm",
    "opencv_quasi_dense",
)
LAMBDAS = (100, 1000, 8000)
SIGMA = 1.5
FIGURES = ("totbad-2.0 all", "totbad-2.0 noc")

Cell = dict[str, dict[str, float]]


def halved(sample: StereoSample) -> StereoSample:
    height, width = (size // 2 * 2 for size in sample.left.shape[:2])

    def image(view: Any) -> Any:
        parts = [view[y:height:2, x:width:2].astype(np.float64) for y in (0, 1) for x in (0, 1)]
        return np.rint(sum(parts) / 4).astype(view.dtype)

    assert sample.disparity is not None
    return replace(
        sample,
        left=image(sample.left),
        right=image(sample.right),
        rig=None,
        disparity=Disparity(px=sample.disparity.px[:height:2, :width:2] / 2),
        disparity_right=None,
        occluded=None if sample.occluded is None else sample.occluded[:height:2, :width:2].copy(),
        max_disparity=None if sample.max_disparity is None else math.ceil(sample.max_disparity / 2),
    )


def from_both(matcher: Any, left: Any, right: Any) -> tuple[Disparity, Disparity]:
    """What the matcher says of the left view, and of the right one."""
    other = matcher(*(np.ascontiguousarray(view[:, ::-1]) for view in (right, left)))
    maps = (None if each is None else np.ascontiguousarray(each[:, ::-1]) for each in (other.px, other.confidence))
    return matcher(left, right), Disparity(**dict(zip(("px", "confidence"), maps, strict=True)))


def opencv_filtered(found: Any, seen: Any, guide: Any) -> Any:
    """By OpenCV's filter, which wants fixed point, the right view's disparities negative, and codes for gaps."""
    import cv2

    smooth = cv2.ximgproc.createDisparityWLSFilterGeneric(True)
    smooth.setLambda(LAMBDAS[-1])
    smooth.setSigmaColor(SIGMA)
    left = np.where(np.isnan(found), -16, np.rint(16 * found)).astype(np.int16)
    right = np.where(np.isnan(seen), 16 * 2000, -np.rint(16 * seen)).astype(np.int16)
    height, width = left.shape
    px = smooth.filter(left, guide, disparity_map_right=right, ROI=(0, 0, width, height)).astype(np.float32) / 16
    return np.where(px <= -1, np.nan, px)


def estimates(base: str, sample: StereoSample, weights: str, threads: int) -> dict[str, Any]:
    """Disparities by what was done to the base."""
    made = Refined(base=base, max_disparity=expert_range(sample), weights=weights, num_threads=threads)
    matcher, views = made.matcher(), (sample.left, sample.right)
    found, other = from_both(matcher, *views)
    matched = completed(matcher, found, other.px)
    if found.confidence is None:
        plain, seen = found.px, other.px
    else:  # what has no confidence was filled
        plain, seen = (np.where(each.confidence > 0, each.px, np.nan) for each in (found, other))
    trusted = np.where(matched.confidence > 0, matched.px, np.nan)
    trust = matched.confidence if found.confidence is None else found.confidence
    done = {"alone": plain, "WLS of OpenCV": opencv_filtered(plain, seen, sample.left)}
    for value in LAMBDAS:
        done[f"WLS, λ {value}"] = ops.fast_global_smoothing(
            trusted, sample.left, lambda_=value, sigma=SIGMA, confidence=trust, num_threads=threads
        )
    return {**done, "refined": made.sharpened(matched, *views, NoTrace()).px}


def cell(base: str, sample: StereoSample, weights: str, threads: int) -> Cell:
    scores = {}
    for name, px in estimates(base, sample, weights, threads).items():
        score = metrics.score(Disparity(px=px), sample, ["middlebury"])["middlebury"]
        scores[name] = {figure: score[figure].value for figure in FIGURES if figure in score}
    return scores


def strongest(cells: dict[str, Cell]) -> str:
    """The smoothing with the smallest mean over the scenes, of all pixels."""
    names = [name for name in next(iter(cells.values())) if name.startswith("WLS")]
    return min(names, key=lambda name: mean(c[name][FIGURES[0]] for c in cells.values()))


def row(label: str, cells: Iterable[Cell], columns: Iterable[str]) -> str:
    texts = [label]
    for figure in FIGURES:
        values = [mean(c[column].get(figure, math.nan) for c in cells) for column in columns]
        less = 100 * (1 - values[2] / values[1]) if values[1] > 0 else math.nan
        texts += [f"{value:.2f}" for value in values] + [f"{less:.0f}"]
    return "| " + " | ".join(text.replace("nan", "–") for text in texts) + " |"


def table(done: dict[str, dict[str, Cell]], half: Iterable[str], weights: str) -> str:
    """Markdown: the means of every base, then every scene."""
    heads = [f"{name}, {figure.split()[1]}" for figure in FIGURES for name in ("alone", "WLS", "refined", "% fewer")]
    lines = [
        "# refined: one net on every base",
        "",
        machine_line(),
        "",
        f"totbad-2.0: percentage of pixels with truth that are missing or more than 2 px off; weights {weights!r}.",
        "WLS: the smoothing with the smallest mean of all pixels. “% fewer”: wrong pixels of refined than of WLS.",
        "",
        "## Means",
        "",
        "| base, scenes, WLS | " + " | ".join(heads) + " |",
        "| --- |" + " --- |" * len(heads),
    ]
    for base, cells in done.items():
        columns = ("alone", strongest(cells), "refined")
        size = ", half size" if base in half else ""
        lines.append(row(f"{base}{size}, {len(cells)}, {columns[1]}", list(cells.values()), columns))
        same = [c for name, c in cells.items() if name not in EXPOSURE]
        lines.append(row(f"{base}{size}, without change of exposure, {len(same)}, {columns[1]}", same, columns))
    for base, cells in done.items():
        columns = ("alone", strongest(cells), "refined")
        lines += ["", f"## {base}", "", "| scene | " + " | ".join(heads) + " |", "| --- |" + " --- |" * len(heads)]
        lines += [row(name, [cells[name]], columns) for name in sorted(cells)]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--bases", default=",".join(BASES))
    parser.add_argument("--half", default="", help="bases that see images of half the size")
    parser.add_argument("--weights", default="refined")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--cells", type=Path, default=HERE.parent / "build" / "refined")
    parser.add_argument("--out", type=Path, default=HERE / "results" / gv.__version__)
    arguments = parser.parse_args()
    arguments.cells.mkdir(parents=True, exist_ok=True)
    half = [name for name in arguments.half.split(",") if name]
    done: dict[str, dict[str, Cell]] = {}
    for base in arguments.bases.split(","):
        for sample in gv.datasets.Folder(arguments.data, task="stereo"):
            size = "half" if base in half else "full"
            path = arguments.cells / f"{base}-{sample.name}-{size}-{Path(arguments.weights).stem}.json"
            if not path.exists():
                found = cell(base, halved(sample) if base in half else sample, arguments.weights, arguments.threads)
                path.write_text(json.dumps(found))
                print(base, sample.name, {name: round(c[FIGURES[0]], 2) for name, c in found.items()}, flush=True)
            done.setdefault(base, {})[sample.name] = json.loads(path.read_text())
    (arguments.out / "refined.md").write_text(table(done, half, arguments.weights))
    print(f"wrote {arguments.out / 'refined.md'}")


if __name__ == "__main__":
    main()
