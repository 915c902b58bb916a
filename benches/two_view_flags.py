"""What the flags of `pose.Essential` are worth: false alarms, power and stated doubt over random cameras and motions.

    python benches/two_view_flags.py [--scenes 200] [--degenerate 50] [--wrong 20] [--processes 2]

Each scene draws its cameras (field of view 24° to 80°, principal point off the middle), its motion, its depths, 50 to
10,000 matches, noise of 0.3 to 2 px and 0 to 50 % wrong matches anew. "fixate" turns about a point on both axes, at one
distance: there no focal length can be told (Sturm, CVPR 1999); "near_fixate" does so nearly; "sideways" does not turn.
"""

import argparse
import itertools
from collections import Counter
from multiprocessing import Pool
from typing import NamedTuple

import numpy as np
from scipy.stats import beta, chi2
from two_view_scenes import turn

from geomvision import metrics
from geomvision.cameras import Camera, pose
from geomvision.pose import Essential

RIGHT = ("general", "turning", "sideways", "fixate", "near_fixate")
EXPECTED = {"rotation": "pure_rotation", "no_motion": "no_motion", "plane": "plane", "forward": "forward_motion"}
EXPECTED |= {"few_points": "too_few_points", "no_scene": "too_few_points"}
#: Factor of the focal lengths, and shift of the principal points in focal lengths.
WRONG = [(f, 0.0) for f in (0.4, 0.6, 0.8, 0.9, 1.1, 1.25, 1.6, 2.5)] + [(1.0, 0.05), (1.0, 0.1)]
CLASSES = (0.0, 0.02, 0.05, 0.2, np.inf)


class Scene(NamedTuple):
    """Row i of both arrays of pixels is one match."""

    points0: np.ndarray
    points1: np.ndarray
    camera0: Camera
    camera1: Camera
    T_1_0: np.ndarray


def camera(rng):
    width = int(rng.integers(480, 1400))
    height = int(width * rng.uniform(0.55, 0.8))
    f = width * np.exp(rng.uniform(np.log(0.6), np.log(2.4)))
    cx, cy = width / 2 + rng.normal() * 0.03 * width, height / 2 + rng.normal() * 0.03 * height
    return Camera(width=width, height=height, fx=f, fy=f * rng.uniform(0.98, 1.02), cx=cx, cy=cy)


def motion(kind, middle, field, rng):
    """T_1_0; the baseline is 8 % to 35 % of the middle distance."""
    axis, direction = rng.normal(size=3), rng.normal(size=3) * (1, 0.6, 0.3)
    axis, direction = axis / np.linalg.norm(axis), direction / np.linalg.norm(direction)
    R, centre = turn(axis * np.radians(rng.uniform(2, 12))), direction * middle * rng.uniform(0.08, 0.35)
    if kind == "turning":
        R = turn(axis * np.radians(rng.uniform(8, 25)) * min(1.0, field / 0.5))
    if kind == "sideways":
        R, centre[2] = np.eye(3), 0.0
    if kind in ("fixate", "near_fixate"):
        about = rng.normal(size=3) * (1, 1, 0)
        Q = turn(about / np.linalg.norm(about) * np.radians(rng.uniform(6, 25)))
        R, centre = Q.T, np.array([0, 0, middle]) - Q @ (0, 0, middle)
        if kind == "near_fixate":
            R = turn(rng.normal(size=3) * np.radians(1.5)) @ R
            centre = centre + rng.normal(size=3) * 0.03 * middle
    if kind == "forward":
        centre = np.array([*rng.normal(size=2) * 0.05, 1.0]) * middle * rng.uniform(0.1, 0.25)
        R = turn(axis * np.radians(rng.uniform(0, 3)))
    if kind in ("rotation", "no_motion"):
        centre = np.zeros(3)
    if kind == "no_motion":
        R = np.eye(3)
    return pose(R, -R @ centre)


def scene(kind, seed):
    rng = np.random.default_rng([seed, sum(map(ord, kind))])
    count = int(np.exp(rng.uniform(np.log(50), np.log(10_000))))
    noise, outliers = np.exp(rng.uniform(np.log(0.3), np.log(2.0))), float(rng.choice([0, 0.1, 0.3, 0.5]))
    if kind == "few_points":
        count, outliers = int(rng.integers(5, 12)), 0.0
    if kind == "no_scene":
        outliers = 1.0
    while True:
        camera0 = camera(rng)
        camera1 = camera0 if kind == "no_motion" or rng.random() < 0.7 else camera(rng)
        near, far = 4.0, 4.0 * rng.uniform(1.5, 4)
        T = motion(kind, np.sqrt(near * far), np.arctan(camera0.width / 2 / camera0.fx), rng)
        pixels = rng.uniform((-0.5, -0.5), (camera0.width - 0.5, camera0.height - 0.5), (8 * count + 2000, 2))
        rays = camera0.unproject(pixels)
        depth = rng.uniform(near, far, len(rays))
        if kind == "plane":
            depth = np.sqrt(near * far) / (rays @ (*rng.uniform(-0.4, 0.4, 2), 1.0))
        X = rays * depth[:, None]
        X = X @ T[:3, :3].T + T[:3, 3]
        ahead = (X[:, 2] > 0.5) & (depth > 0)
        seen = camera1.project(np.where(ahead[:, None], X, (0, 0, 1)))
        inside = ahead & ((seen > -0.5) & (seen < (camera1.width - 0.5, camera1.height - 0.5))).all(axis=1)
        if inside.sum() >= count:
            break
    points0, points1 = (p[inside][:count] + noise * rng.normal(size=(count, 2)) for p in (pixels, seen))
    wrong = rng.permutation(count)[: int(outliers * count)]
    points1[wrong] = rng.uniform((-0.5, -0.5), (camera1.width - 0.5, camera1.height - 0.5), (len(wrong), 2))
    return Scene(points0, points1, camera0, camera1, T)


def changed(c, factor, shift):
    fx, fy = c.fx * factor, c.fy * factor
    return Camera(width=c.width, height=c.height, fx=fx, fy=fy, cx=c.cx + shift * c.fx, cy=c.cy)


def measured(job):
    """Flags, focal_sigma, worst error in degrees and squared normalised error (chi square, 5)."""
    kind, seed, factor, shift = job
    s = scene(kind, seed)
    found = Essential(num_threads=1)(*s[:2], changed(s.camera0, factor, shift), changed(s.camera1, factor, shift))
    error, square = metrics.pose_error(found.T_1_0, s.T_1_0).worst_deg, np.nan
    if found.T_1_0 is not None and found.covariance is not None and not found.degeneracies:
        D = s.T_1_0[:3, :3] @ found.rotation.T
        t = s.T_1_0[:3, 3] / np.linalg.norm(s.T_1_0[:3, 3])
        w = np.array([D[2, 1] - D[1, 2], D[0, 2] - D[2, 0], D[1, 0] - D[0, 1]]) / 2
        off = np.concatenate([w, found.translation_basis @ (t - found.translation)])
        square = float(off @ np.linalg.solve(found.covariance, off))
    return job, found.degeneracies, found.focal_sigma, error, square


def share(hits, count):
    """Percent with the 95 % interval of Clopper & Pearson (1934)."""
    low = 0.0 if hits == 0 else beta.ppf(0.025, hits, count - hits + 1)
    high = 1.0 if hits == count else beta.ppf(0.975, hits + 1, count - hits)
    return f"{hits}/{count} = {100 * hits / count:.1f} % ({100 * low:.1f} … {100 * high:.1f})"


def printed(rows):
    right = [row for row in rows if row[0][0] in RIGHT and row[0][2:] == (1.0, 0.0)]
    alarms = [row for row in right if row[1] - {"forward_motion"}]
    print(f"false alarms over {len(right)} scenes with depth and motion: {share(len(alarms), len(right))}")
    for job, flags, *_ in alarms:
        print(f"    {job[0]} {job[1]}: {', '.join(sorted(flags))}")
    forward = sum("forward_motion" in row[1] for row in right)
    print(f"forward_motion, where it may be so: {share(forward, len(right))}")
    squares = np.array([row[4] for row in right if np.isfinite(row[4])])
    beyond = " ".join(f"{q:.0%}: {np.mean(squares > chi2.ppf(q, 5)):.3f}" for q in (0.5, 0.9, 0.99))
    print(f"normalised error squared, of 5: mean {squares.mean():.2f}; share beyond the quantile of {beyond}")
    for kind, flag in EXPECTED.items():
        of_kind = [row for row in rows if row[0][0] == kind]
        if of_kind:
            others = Counter(f for row in of_kind if flag not in row[1] for f in sorted(row[1]) or ["nothing"])
            told = f"; instead {dict(others)}" if others else ""
            print(f"{kind}: {flag} {share(sum(flag in row[1] for row in of_kind), len(of_kind))}{told}")
    told = {row[0][:2]: row[2] for row in right}
    print("| focal_sigma | " + " | ".join(f"{f:g} f" if not d else f"{d:g} f aside" for f, d in WRONG) + " |")
    for low, high in itertools.pairwise(CLASSES):
        cells = []
        for wrong in WRONG:
            of = [row for row in rows if row[0][2:] == wrong and low <= told[row[0][:2]] < high]
            bad = sum(row[3] > 5 and not row[1] for row in of)
            cells.append(
                f"{np.mean(['uncalibrated' in row[1] for row in of]):.2f} of {len(of)}, {bad} bad" if of else ""
            )
        print(f"| {low:g} … {high:g} | " + " | ".join(cells) + " |")
    print("bad: wrong by more than 5° and without any flag")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200, help="of each kind with depth and motion")
    parser.add_argument("--degenerate", type=int, default=50, help="of each degenerate kind")
    parser.add_argument("--wrong", type=int, default=20, help="of each kind, with wrong intrinsics")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    jobs = [(kind, seed, 1.0, 0.0) for kind in RIGHT for seed in range(options.scenes)]
    jobs += [(kind, seed, 1.0, 0.0) for kind in EXPECTED for seed in range(options.degenerate)]
    jobs += [(kind, seed, *wrong) for kind in RIGHT for seed in range(options.wrong) for wrong in WRONG]
    with Pool(options.processes) as pool:
        printed(list(pool.imap_unordered(measured, jobs, chunksize=8)))


if __name__ == "__main__":
    main()
