"""Relative pose of two views against PoseLib and OpenCV's USAC_MAGSAC: errors and times, one after the other.

    python benches/two_view.py [--counts 2000,10000] [--outliers 0,0.5] [--noise 0.5,1,2] [--scenes 20] [--real FOLDER]
    python benches/two_view.py --timing          # only times, at 50 % outliers
    python benches/two_view.py --real DATA --draws 20   # each pair of DATA/twoview and DATA/stereo, and all together

Peers are told the noise: they run with a threshold of 1 px, their default, and of twice the noise, and the better of
all figures counts. We are told nothing. Errors are medians and 90th percentiles of degrees; times are medians of whole
calls, decomposition included, on one thread; the ratio is ours over the fastest peer's. Of real pairs four fifths of
the matches are drawn anew for each scene.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from two_view_scenes import KINDS, random_matches, real_matches
from two_view_subsets import real_pairs

from geomvision import metrics, pose


def methods(noise):
    """Name → method that is called with matches."""
    thresholds = sorted({1.0, max(1.0, 2 * noise)})
    found = {"ours": pose.Essential(num_threads=1)}
    found |= {f"PoseLib {t:g} px": pose.PoseLib(max_error_px=t) for t in thresholds}
    return found | {f"MAGSAC {t:g} px": pose.OpenCVUSAC(max_error_px=t) for t in thresholds}


def bare(name, method):
    """A peer as its users call it: without the look at degeneracies that our methods take at their results."""
    if name == "ours":
        return lambda m: method(*m[:4]).T_1_0
    if name.startswith("PoseLib"):
        return lambda m: poselib_pose(m, method.max_error_px)
    return lambda m: opencv_pose(m, method.max_error_px)


def poselib_pose(m, threshold):
    import poselib

    cameras = [
        {"model": "PINHOLE", "width": c.width, "height": c.height, "params": [c.fx, c.fy, c.cx, c.cy]} for c in m[2:4]
    ]
    found, _ = poselib.estimate_relative_pose(m[0], m[1], *cameras, {"max_epipolar_error": threshold}, {})
    return np.vstack([np.column_stack([found.R, found.t]), [0, 0, 0, 1]])


def opencv_pose(m, threshold):
    import cv2

    rays = [cv2.undistortPoints(p[:, None], c.K, None)[:, 0] for p, c in zip(m[:2], m[2:4], strict=True)]
    focal = np.mean([(c.fx, c.fy) for c in m[2:4]])
    pixels, K = [ray * focal for ray in rays], np.diag([focal, focal, 1.0])  # it is better with pixels than with rays
    E, mask = cv2.findEssentialMat(*pixels, K, cv2.USAC_MAGSAC, 0.9999, threshold)
    if E is None:
        return None
    _, R, t, _ = cv2.recoverPose(E[:3], *rays, np.eye(3), mask=mask)
    return np.vstack([np.column_stack([R, t]), [0, 0, 0, 1]])


def measured(scenes, noise):
    """Name → (N, 3): rotation and translation error in degrees, seconds. The methods take turns."""
    calls = {name: bare(name, method) for name, method in methods(noise).items()}
    rows = {name: [] for name in calls}
    for call in calls.values():
        call(scenes[0])
    for scene in scenes:
        for name, call in calls.items():
            begin = time.perf_counter()
            found = call(scene)
            seconds = time.perf_counter() - begin
            error = metrics.pose_error(found, scene.T_1_0)
            rows[name].append((*np.nan_to_num(error, nan=180.0), seconds))
    return {name: np.array(values) for name, values in rows.items()}


def printed(title, rows):
    peers = [values for name, values in rows.items() if name != "ours"]
    fastest = min(np.median(values[:, 2]) for values in peers)
    ratio = np.median(rows["ours"][:, 2]) / fastest
    print(f"\n{title}: time ratio {ratio:.2f}")
    print(f"| {'method':14} | R median | R 90 % | t median | t 90 % | AUC@5 | ms |\n|---|---|---|---|---|---|---|")
    for name, values in rows.items():
        figures = [np.percentile(values[:, k], q) for k in (0, 1) for q in (50, 90)]
        area = metrics.pose_auc(values[:, :2].max(axis=1))[5.0]
        cells = " | ".join(f"{figure:.3f}" for figure in figures)
        print(f"| {name:14} | {cells} | {area:.3f} | {1e3 * np.median(values[:, 2]):.1f} |")
    ours = rows["ours"]
    worse = [
        f"{'Rt'[k]} {q} % by {np.percentile(ours[:, k], q) / best:.2f}"
        for k in (0, 1)
        for q in (50, 90)
        if np.percentile(ours[:, k], q) > 1.02 * (best := min(np.percentile(v[:, k], q) for v in peers))
    ]
    print("no worse than the better peer" if not worse else "worse: " + ", ".join(worse), flush=True)


def own_pairs(folder):
    """Name and matches of the pairs in a folder."""
    return ((p.name, real_matches(p)) for p in sorted(folder.iterdir()) if p.is_dir())


def drawn(scene, draws):
    """The scene with four fifths of its matches, so many times."""
    for seed in range(draws):
        chosen = np.random.default_rng(seed).permutation(len(scene.points0))[: len(scene.points0) * 4 // 5]
        yield scene._replace(points0=scene.points0[chosen], points1=scene.points1[chosen])


def numbers(text):
    return [float(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=numbers, default=[2000.0, 10000.0])
    parser.add_argument("--outliers", type=numbers, default=[0.0, 0.5])
    parser.add_argument("--noise", type=numbers, default=[0.5, 1.0, 2.0])
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--timing", action="store_true")
    parser.add_argument("--real", type=Path, help="folder of pairs with known pose, or of twoview and stereo")
    parser.add_argument("--draws", type=int, default=20, help="of the matches of a real pair")
    options = parser.parse_args()
    import cv2

    cv2.setNumThreads(1)
    if options.real:
        every = []
        for name, scene in real_pairs(options.real) if (options.real / "twoview").is_dir() else own_pairs(options.real):
            every.append(measured(list(drawn(scene, options.draws)), 0.5))
            printed(f"{name}, {len(scene.points0)} matches", every[-1])
        printed("all pairs", {name: np.concatenate([rows[name] for rows in every]) for name in every[0]})
        return
    if options.timing:
        options.outliers, options.noise, options.kinds = [0.5], [0.5], "general"
    for count in map(int, options.counts):
        for kind in options.kinds.split(","):
            for outliers in options.outliers:
                for noise in options.noise:
                    scenes = [random_matches(kind, count, outliers, noise, seed) for seed in range(options.scenes)]
                    title = f"{kind}, {count} matches, {outliers:.0%} wrong, {noise} px"
                    printed(title, measured(scenes, noise))


if __name__ == "__main__":
    main()
