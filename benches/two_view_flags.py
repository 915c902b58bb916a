"""What the flags of `pose.Essential` are worth: false alarms, power and stated doubt over random cameras and motions.

    python benches/two_view_flags.py [--scenes 200] [--degenerate 50] [--wrong 20] [--few 100] [--processes 2]
    python benches/two_view_flags.py --real DATA [--draws 10] [--seeds 3]

Each scene draws its cameras (field of view 24° to 80°, principal point off the middle), its motion, its depths, 50 to
10,000 matches, noise of 0.3 to 2 px and 0 to 50 % wrong matches anew. "fixate" turns about a point on both axes, at one
distance: there no focal length can be told (Sturm, CVPR 1999); "near_fixate" does so nearly; "sideways" does not turn.
`--few`: the same scenes of 12 to 50 matches, with wrong focal lengths.

`--real`: subsets of the matches of real pairs. A set is degenerate where the *true* pose says so, whatever was
estimated: fewer than 12 of its matches lie within three times the pair's noise of it, or its interval of 95 % (of the
matches' information there, Student's) reaches beyond 20°. It is determined where this stays within 10°.
"""

import argparse
import itertools
import math
from collections import Counter
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import beta, chi2
from scipy.stats import t as student
from two_view_scenes import real_matches, turn

from geomvision import geometry, io, metrics
from geomvision.cameras import Camera, pose
from geomvision.pose import Essential
from geomvision.pose._intrinsics import linearised
from geomvision.pose._views import view

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


def few(kind, seed):
    """A scene of 12 to 50 matches."""
    s = scene(kind, seed)
    rng = np.random.default_rng([seed, 7])
    chosen = rng.choice(len(s.points0), min(int(rng.integers(12, 51)), len(s.points0)), replace=False)
    return s._replace(points0=s.points0[chosen], points1=s.points1[chosen])


def measured_few(job):
    kind, seed, factor = job
    s = few(kind, seed)
    found = Essential(num_threads=1)(*s[:2], changed(s.camera0, factor, 0), changed(s.camera1, factor, 0))
    return factor, found.degeneracies - {"forward_motion"}, metrics.pose_error(found.T_1_0, s.T_1_0).worst_deg


def real_pairs(data):
    """Name, points, cameras and T_1_0 of the real pairs."""
    for folder in sorted(data.glob("twoview/*/")):
        yield folder.name, Scene(*real_matches(folder)[:5])
    for folder in sorted(data.glob("stereo/*/")):
        if (folder / "calib.txt").exists() and "cam0" in (folder / "calib.txt").read_text():
            rig = io.read_middlebury_calib(folder / "calib.txt").rig
            images = [io.read_image(next(folder.glob(f"{side}.*"))) for side in ("left", "right")]
            found = geometry.match_features(*images)
            yield folder.name, Scene(found.points0, found.points1, rig.left, rig.right, rig.T_right_left)


class Truth:
    """What the true pose says of subsets of a pair's matches."""

    def __init__(self, s):
        T = np.array(s.T_1_0, float)
        T[:3, 3] /= np.linalg.norm(T[:3, 3])
        off, slopes, unit = linearised(T, view(s.points0, s.camera0), view(s.points1, s.camera1))
        off = np.abs(off * unit)
        sigma = 1.4826 * np.median(off[off < 6.0])
        sigma = 1.4826 * np.median(off[off < max(4 * sigma, 0.5)])
        self.agrees, self.slopes = off < 3 * sigma, slopes[:, :5] * unit / sigma

    def says(self, chosen):
        """Whether the chosen matches determine the pose."""
        J = self.slopes[chosen[self.agrees[chosen]]]
        if len(J) < 12 or np.linalg.matrix_rank(J) < 5:
            return "degenerate"
        C = np.linalg.inv(J.T @ J)
        widest = max(np.linalg.eigvalsh(block)[-1] for block in (C[:3, :3], C[3:, 3:]))
        reach = math.degrees(math.sqrt(widest)) * student.ppf(0.975, len(J) - 5)
        return "determined" if reach < 10 else "between" if reach < 20 else "degenerate"


def real(data, draws, seeds):
    rows = []
    for name, s in real_pairs(data):
        truth = Truth(s)
        for seed, count, draw in itertools.product(range(seeds), (13, 20, 30, 50, 100, 200), range(draws)):
            if count <= len(s.points0):
                chosen = np.random.default_rng([seed, count, draw]).choice(len(s.points0), count, replace=False)
                found = Essential(num_threads=1)(s.points0[chosen], s.points1[chosen], s.camera0, s.camera1)
                error = metrics.pose_error(found.T_1_0, s.T_1_0).worst_deg
                flags = found.degeneracies - {"forward_motion"}
                rows.append((count, truth.says(chosen), error, flags, name))
    for low, high in ((13, 50), (100, 200)):
        for said in ("determined", "between", "degenerate"):
            of = [row for row in rows if low <= row[0] <= high and row[1] == said]
            if not of:
                continue
            right, wrong = [row for row in of if row[2] < 5], [row for row in of if row[2] > 10]
            alarms = [row for row in right if row[3]]
            print(f"{low} to {high} matches, {said}: {len(of)} sets")
            print(f"    right within 5°, but flagged: {share(len(alarms), max(len(right), 1))}")
            print(f"        {dict(Counter(flag for row in alarms for flag in row[3]))}")
            print(
                f"    wrong by more than 10°: {len(wrong)}, of them without a flag {sum(not row[3] for row in wrong)}"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200, help="of each kind with depth and motion")
    parser.add_argument("--degenerate", type=int, default=50, help="of each degenerate kind")
    parser.add_argument("--wrong", type=int, default=20, help="of each kind, with wrong intrinsics")
    parser.add_argument("--few", type=int, default=0, help="of four kinds, with 12 to 50 matches")
    parser.add_argument("--real", type=Path, help="folder with twoview/ and stereo/: these pairs instead")
    parser.add_argument("--draws", type=int, default=10, help="of each count and pair")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    if options.real:
        return real(options.real, options.draws, options.seeds)
    jobs = [(kind, seed, 1.0, 0.0) for kind in RIGHT for seed in range(options.scenes)]
    jobs += [(kind, seed, 1.0, 0.0) for kind in EXPECTED for seed in range(options.degenerate)]
    jobs += [(kind, seed, *wrong) for kind in RIGHT for seed in range(options.wrong) for wrong in WRONG]
    with Pool(options.processes) as pool:
        if jobs:
            printed(list(pool.imap_unordered(measured, jobs, chunksize=8)))
        kinds, factors = ("general", "turning", "sideways", "near_fixate"), (1.0, 0.5, 0.7, 1.4, 2.0)
        small = [(kind, 1000 + seed, f) for kind in kinds for seed in range(options.few) for f in factors]
        rows = pool.map(measured_few, small, chunksize=16)
    for factor in factors if rows else ():
        of = [row for row in rows if row[0] == factor]
        called, flagged = (np.mean([test(row[1]) for row in of]) for test in (lambda f: "uncalibrated" in f, bool))
        bad = sum(row[2] > 5 and not row[1] for row in of)
        print(
            f"12 to 50 matches, {factor:g} f: uncalibrated {called:.3f}, any flag {flagged:.3f}, bad {bad} of {len(of)}"
        )
    return None


if __name__ == "__main__":
    main()
