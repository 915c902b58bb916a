"""What tiles, mirror images, several sizes and many methods gain over a depth method of one image alone.

    python benches/depth_looks.py --bases "mono_small; ground_plane" [--data FOLDER] [--scenes 4] [--out FOLDER]

Scenes are rendered, 384 x 512, none of them trained on (`SEED`), and every fourth frame of the clips of FOLDER,
`depth/7scenes_a` and `depth/icl_nuim` (Shotton et al., CVPR 2013; Handa et al., ICRA 2014). A relative answer is
fitted and capped as the protocol `affine` does, a metric one is taken as it is. AbsRel and δ1 are those of `depth`;
AbsRel at edges is of pixels within `NEAR` pixels of neighbours whose depths differ by a tenth. A base that a scene
tells too little is left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scenes import HERE, machine_line

import geomvision as gv
from geomvision import metrics
from geomvision.cameras import Camera
from geomvision.datasets.posed_clip import PosedClip
from geomvision.datasets.synthetic import Synthetic
from geomvision.depth.averaged import Averaged
from geomvision.depth.ensemble import Ensemble
from geomvision.depth.tiled import Tiled
from geomvision.images import Mask
from geomvision.metrics._affine_fit import fitted
from geomvision.results import Depth, RelativeDepth
from geomvision.samples import DepthSample

SEED, LAYOUTS, SIZE = 990, ("tabletop", "street"), (384, 512)
CLIPS, EVERY = ("7scenes_a", "icl_nuim"), 4
NEAR, JUMP = 4, 1.1
FIGURES = ("AbsRel", "δ1 %", "AbsRel at edges", "seconds")

Figures = dict[str, float]


def rendered(count: int) -> Iterator[tuple[str, DepthSample]]:
    for layout in LAYOUTS:
        scenes = Synthetic(seed=SEED, count=count, height=SIZE[0], width=SIZE[1], layout=layout)
        yield from ((f"rendered {layout}", scenes.depth(index)) for index in range(count))


def real(data: Path) -> Iterator[tuple[str, DepthSample]]:
    for name in CLIPS:
        folder = data / "depth" / name
        meta = json.loads((folder / "meta.json").read_text())
        camera = Camera(width=meta["width"], height=meta["height"], **meta["intrinsics"])
        clip = PosedClip(folder, camera, depth_scale=float(meta["depth_scale"]))
        yield from ((name, clip[index]) for index in range(0, len(clip), EVERY))


def edges(truth: Depth) -> Mask:
    """Pixels near a step of the depth."""
    steps = np.zeros(truth.m.shape, np.uint8)
    for axis in (0, 1):
        beside = np.diff(np.log(truth.m), axis=axis)
        steps[: beside.shape[0], : beside.shape[1]] |= np.abs(beside) > np.log(JUMP)
    return np.asarray(cv2.dilate(steps, np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)) > 0)


def aligned(answer: RelativeDepth, truth: Depth) -> Depth:
    """Metres by scale and shift of least squares in the space of the answer, 1 mm … the largest true depth."""
    known, cap = answer.valid & truth.valid, float(np.nanmax(truth.m))
    inverse = answer.kind == "disparity_affine"
    target = truth.m[known].astype(np.float64)
    metres = np.full(truth.m.shape, np.nan)
    values = fitted(answer.values[known].astype(np.float64), 1 / target if inverse else target)
    metres[known] = 1 / np.maximum(values, 1 / cap) if inverse else np.clip(values, 1e-3, cap)
    return Depth(m=metres)


def figures(method: Any, sample: DepthSample) -> Figures:
    answer = method.on(sample)
    truth = sample.depth
    assert truth is not None
    found = answer if isinstance(answer, Depth) else aligned(answer, truth)
    score = metrics.score(found, sample, ["depth"])["depth"]
    near = edges(truth) & found.valid & truth.valid
    error = np.abs(found.m - truth.m)[near] / truth.m[near]
    at_edges = float(error.mean()) if near.any() else float("nan")
    return dict(zip(FIGURES, (score["AbsRel"].value, score["delta1"].value, at_edges, answer.run.seconds), strict=True))


def looks(base: Any) -> dict[str, Any]:
    tiles = {"tile_height": 192, "tile_width": 256, "overlap": 64}
    return {
        "alone": base,
        "tiled": Tiled.of(base, **tiles),
        "tiled, guidance_px 32": Tiled.of(base, **tiles, guidance_px=32),
        "tiled, guidance_px 64": Tiled.of(base, **tiles, guidance_px=64),
        "flip": Averaged.of(base),
        "flip, sizes 0.8 1 1.25": Averaged.of(base, scales="0.8 1 1.25"),
    }


def table(done: dict[str, dict[str, list[Figures]]]) -> str:
    """Markdown: means over scenes, one table for each group of them."""
    lines = ["# Looks at one image", "", machine_line()]
    for group, rows in done.items():
        count = max(map(len, rows.values()))
        lines += ["", f"## {group}, {count} images", "", "| | " + " | ".join(FIGURES) + " |", "| --- " * 5 + "|"]
        for label, cells in rows.items():
            means = [float(np.nanmean([cell[figure] for cell in cells])) for figure in FIGURES]
            texts = (f"{means[0]:.4f}", f"{means[1]:.1f}", f"{means[2]:.4f}", f"{means[3]:.2f}")
            lines.append(f"| {label} | " + " | ".join(texts) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bases", default="ground_plane", help="'name; name(option=value, …); …'")
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--scenes", type=int, default=4, help="rendered scenes of each layout")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE / "results" / gv.__version__)
    given = parser.parse_args()
    bases = Ensemble(bases=given.bases, num_threads=given.threads).methods()
    tried = {f"{base.label()}, {name}": each for base in bases for name, each in looks(base).items()}
    if len(bases) > 1:
        tried["median of all"] = Ensemble(bases=given.bases, num_threads=given.threads)
    done: dict[str, dict[str, list[Figures]]] = {}
    samples = [*rendered(given.scenes), *(real(given.data) if given.data.is_dir() else ())]
    for group, sample in samples:
        for label, method in tried.items():
            try:
                cell = figures(method, replace(sample, stereo=None, clip=None))
            except ValueError as error:
                print(f"{sample.name}: {label}: {error}")
                continue
            done.setdefault(group, {}).setdefault(label, []).append(cell)
    given.out.mkdir(parents=True, exist_ok=True)
    written = given.out / "depth_looks.md"
    written.write_text(table(done))
    print(written.read_text())


if __name__ == "__main__":
    main()
