"""Errors of relative pose against PoseLib and OpenCV's USAC_MAGSAC over a grid of scenes, with their uncertainty.

    python benches/two_view_grid.py [--scenes 200] [--first 1000] [--processes 4] [--keep FOLDER]

Each cell is a kind of scene, a number and share of wrong matches, and a noise; every method sees the same scenes. The
figures are ratios: our median (and 90th percentile) of the error of rotation (and translation) over the *smallest* that
any of four peers has, PoseLib and MAGSAC with thresholds of 1 px and of twice the noise. The interval holds 95 % of
bootstrap resamples of the scenes (Efron 1979), the choice of the smallest taken anew in each. A smallest of four is low
by chance: a method as good as each of them would be above 1 on average. How far is told by the row `known`: a fit of
largest likelihood to the right matches alone, from the true pose, which nothing that has to find them can beat by
more than chance.
"""

import argparse
import itertools
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from two_view import bare, methods, numbers
from two_view_scenes import KINDS, random_matches

from geomvision import metrics

FIGURES = [(part, q) for part in (0, 1) for q in (50, 90)]


def known_inliers(scene):
    """Gauss–Newton on Sampson errors of the right matches alone, from the true pose."""
    from geomvision.pose._essential_reference import PoseManifold, sampson

    unit = 530.0
    x0, x1 = (
        np.column_stack([(p[scene.right] - (c.cx, c.cy)) / unit, np.ones(scene.right.sum())])
        for p, c in ((scene.points0, scene.camera0), (scene.points1, scene.camera1))
    )
    to_rays = [np.diag([unit / c.fx, unit / c.fy, 1.0]) for c in (scene.camera0, scene.camera1)]
    T = scene.T_1_0
    pose = PoseManifold(T[:3, :3], T[:3, 3] / np.linalg.norm(T[:3, 3]), *to_rays)
    ones = np.ones(len(x0))
    for _ in range(10):
        value, gradient, slope = sampson(pose.matrix(), x0, x1, ones, ones)
        J = (slope @ pose.tangents().T) / np.sqrt(gradient)[:, None]
        step = np.linalg.lstsq(J, -value / np.sqrt(gradient), rcond=None)[0]
        pose = pose.moved(step)
        if np.linalg.norm(step) < 1e-9:
            break
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = pose.R, pose.t
    return found


def errors(cell, name, seeds):
    """(scenes, 2) of degrees."""
    kind, count, outliers, noise = cell
    call = None if name == "known" else bare(name, methods(noise)[name])
    rows = []
    for seed in seeds:
        scene = random_matches(kind, count, outliers, noise, seed)
        found = known_inliers(scene) if call is None else call(scene)
        rows.append(np.nan_to_num(metrics.pose_error(found, scene.T_1_0)[:2], nan=180.0))
    return np.array(rows)


def measured(task):
    """A cell's name → errors; those of others come from `keep` where they are."""
    import cv2

    cv2.setNumThreads(1)
    cell, seeds, keep = task
    made = {}
    for name in [*methods(cell[3]), "known"]:
        text = "-".join(map(str, (*cell, name.replace(" ", "_"), seeds[0], len(seeds))))
        path = keep / f"{text}.npy" if keep and name != "ours" else None
        if path and path.exists():
            made[name] = np.load(path)
            continue
        made[name] = errors(cell, name, seeds)
        if path:
            np.save(path, made[name])
    return cell, made


def ratios(made, name, picks):
    """(resamples, 4) of a method's figures over the smallest of the peers'."""

    def figures(values):
        return np.stack([np.percentile(values[picks, part], q, axis=1) for part, q in FIGURES], axis=1)

    peers = [figures(values) for other, values in made.items() if other not in ("ours", "known")]
    return figures(made[name]) / np.maximum(np.min(peers, axis=0), 1e-12)


def row(cell, made):
    """The table's row, and for each figure whether the interval lies above 1, below it, or around it."""
    count = len(made["ours"])
    once = np.arange(count)[None]
    picks = np.random.default_rng(0).integers(0, count, (1000, count))
    ours, known = ratios(made, "ours", once)[0], ratios(made, "known", once)[0]
    low, high = np.percentile(ratios(made, "ours", picks), (2.5, 97.5), axis=0)
    verdicts = np.where(low > 1, 1, np.where(high < 1, -1, 0))
    cells = [f"{o:.3f} [{a:.2f}, {b:.2f}] ({k:.2f})" for o, a, b, k in zip(ours, low, high, known, strict=True)]
    kind, matches, outliers, noise = cell
    return f"| {kind}, {matches}, {outliers:.0%}, {noise:g} px | " + " | ".join(cells) + " |", ours, known, verdicts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=numbers, default=[2000.0, 10000.0])
    parser.add_argument("--outliers", type=numbers, default=[0.0, 0.5, 0.8])
    parser.add_argument("--noise", type=numbers, default=[0.5, 1.0, 2.0])
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--first", type=int, default=1000, help="seed of the first scene")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder that keeps what peers found between runs")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    seeds = range(options.first, options.first + options.scenes)
    cells = itertools.product(map(int, options.counts), options.kinds.split(","), options.outliers, options.noise)
    tasks = [((kind, count, outliers, noise), seeds, options.keep) for count, kind, outliers, noise in cells]
    print("ours / smallest peer [95 %] (known inliers / smallest peer)\n")
    print("| scene | R median | R 90 % | t median | t 90 % |\n|---|---|---|---|---|")
    every = []
    with ProcessPoolExecutor(options.processes) as pool:
        for cell, made in pool.map(measured, tasks):
            text, *figures = row(cell, made)
            print(text, flush=True)
            every.append(figures)
    ours, known, verdicts = (np.array(column) for column in zip(*every, strict=True))
    print(
        f"\n{verdicts.size} figures: {(verdicts > 0).sum()} worse, {(verdicts < 0).sum()} better (95 %), others alike"
    )
    for name, values in (("ours", ours), ("known inliers", known)):
        print(f"{name}: geometric mean {np.exp(np.log(values).mean()):.3f}, above 1.05 in {(values > 1.05).mean():.0%}")


if __name__ == "__main__":
    main()
