"""What the flags of `pose.Essential` are worth: false alarms, power and stated doubt over random cameras and motions.

    python benches/two_view_flags.py [--scenes 200] [--degenerate 50] [--wrong 20] [--few 100] [--processes 2]
    python benches/two_view_flags.py --real DATA [--draws 10] [--seeds 3]
    python benches/two_view_flags.py --mixed 200 [--draws 2] [--seeds 1]

Each scene draws its cameras (field of view 24° to 80°, principal point off the middle), its motion, its depths, 50 to
10,000 matches, noise of 0.3 to 2 px and 0 to 50 % wrong matches anew. "fixate" turns about a point on both axes, at one
distance: there no focal length can be told (Sturm, CVPR 1999); "near_fixate" does so nearly; "sideways" does not turn.
`--few`: the same scenes of 12 to 50 matches, with wrong focal lengths; beside what is flagged, what could be.

`--real`: subsets of the matches of real pairs. `--mixed`: of rendered ones with much that is hard: see
`two_view_subsets.py`.
"""

import argparse
import itertools
import math
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import beta, chi2, nct, norm
from scipy.stats import t as student
from two_view_scenes import Scene, any_camera, any_motion, turn
from two_view_subsets import mixed_pairs, print_subsets, real_pairs

from geomvision import metrics
from geomvision.cameras import Camera, pose
from geomvision.pose import Essential
from geomvision.pose._intrinsics import linearised
from geomvision.pose._pose_manifold import tangent_basis
from geomvision.pose._views import view

RIGHT = ("general", "turning", "sideways", "fixate", "near_fixate")
EXPECTED = {"rotation": "pure_rotation", "no_motion": "no_motion", "plane": "plane", "forward": "forward_motion"}
EXPECTED |= {"few_points": "too_few_points", "no_scene": "too_few_points"}
#: Factor of the focal lengths, and shift of the principal points in focal lengths.
WRONG = [(f, 0.0) for f in (0.4, 0.6, 0.8, 0.9, 1.1, 1.25, 1.6, 2.5)] + [(1.0, 0.05), (1.0, 0.1)]
CLASSES = (0.0, 0.02, 0.05, 0.2, np.inf)


def scene(kind, seed):
    rng = np.random.default_rng([seed, sum(map(ord, kind))])
    count = int(np.exp(rng.uniform(np.log(50), np.log(10_000))))
    noise, outliers = np.exp(rng.uniform(np.log(0.3), np.log(2.0))), float(rng.choice([0, 0.1, 0.3, 0.5]))
    if kind == "few_points":
        count, outliers = int(rng.integers(5, 12)), 0.0
    if kind == "no_scene":
        outliers = 1.0
    while True:
        camera0 = any_camera(rng)
        camera1 = camera0 if kind == "no_motion" or rng.random() < 0.7 else any_camera(rng)
        near, far = 4.0, 4.0 * rng.uniform(1.5, 4)
        T = any_motion(kind, np.sqrt(near * far), np.arctan(camera0.width / 2 / camera0.fx), rng)
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
    clean = [p[inside][:count].copy() for p in (pixels, seen)]
    clean[1][wrong] = np.nan
    return Scene(points0, points1, camera0, camera1, T, noise, tuple(clean))


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
    if right:
        printed_right(right)
    for kind, flag in EXPECTED.items():
        of_kind = [row for row in rows if row[0][0] == kind]
        if of_kind:
            others = Counter(f for row in of_kind if flag not in row[1] for f in sorted(row[1]) or ["nothing"])
            told = f"; instead {dict(others)}" if others else ""
            print(f"{kind}: {flag} {share(sum(flag in row[1] for row in of_kind), len(of_kind))}{told}")
    if any(row[0][2:] != (1.0, 0.0) for row in rows):
        printed_wrong(rows, {row[0][:2]: row[2] for row in right})


def printed_right(right):
    """False alarms, and what the stated covariance is worth."""
    alarms = [row for row in right if row[1] - {"forward_motion"}]
    print(f"false alarms over {len(right)} scenes with depth and motion: {share(len(alarms), len(right))}")
    for job, flags, *_ in alarms:
        print(f"    {job[0]} {job[1]}: {', '.join(sorted(flags))}")
    forward = sum("forward_motion" in row[1] for row in right)
    print(f"forward_motion, where it may be so: {share(forward, len(right))}")
    squares = np.array([row[4] for row in right if np.isfinite(row[4])])
    if len(squares):
        beyond = " ".join(f"{q:.0%}: {np.mean(squares > chi2.ppf(q, 5)):.3f}" for q in (0.5, 0.9, 0.99))
        print(f"normalised error squared, of 5: mean {squares.mean():.2f}; share beyond the quantile of {beyond}")


def printed_wrong(rows, told):
    """Wrong intrinsics by the `focal_sigma` that the right ones have (`told`)."""
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
    clean = tuple(p[chosen] for p in s.clean)
    return s._replace(points0=s.points0[chosen], points1=s.points1[chosen], clean=clean)


def measured_few(job):
    kind, seed, factor = job
    s = few(kind, seed)
    found = Essential(num_threads=1)(*s[:2], changed(s.camera0, factor, 0), changed(s.camera1, factor, 0))
    error = metrics.pose_error(found.T_1_0, s.T_1_0).worst_deg
    agree = np.isfinite(s.clean[1]).all(axis=1).sum() >= 12
    return factor, found.degeneracies - {"forward_motion"}, error, most_power(s, factor) if agree else None


def most_power(s, factor):
    """How often a common factor of the focal lengths would be found by who knows the right matches, at 1 false alarm of
    1,000: the power of Student's test of the least squares' one direction, the most powerful one that has to learn
    pose, factor and noise from the matches (Lehmann & Romano 2005, 5.2). Beside that, who knows the noise and the very
    factor, too: no test at all is more powerful (Neyman & Pearson 1933).
    """
    if factor == 1.0:
        return 0.001, 0.001
    right = np.isfinite(s.clean[1]).all(axis=1)
    x0, x1 = (p[right] for p in s.clean)
    cameras = changed(s.camera0, factor, 0), changed(s.camera1, factor, 0)
    starts = [s.T_1_0, Essential(num_threads=1)(x0, x1, *cameras).T_1_0]
    views = view(x0, cameras[0]), view(x1, cameras[1])
    least = min(least_squares_cost(T, *views) for T in starts if T is not None and T[:3, 3].any())
    away, free = math.sqrt(least) / s.noise_px, int(right.sum()) - 6
    learnt = nct.sf(student.isf(0.0005, free), free, away)
    return float(learnt), float(norm.sf(norm.isf(0.001) - away))


def least_squares_cost(T, view0, view1):
    """The least sum of squared Sampson errors, in pixels², near a pose."""

    def moved(step):
        R = turn(step[:3]) @ T[:3, :3]
        t = T[:3, 3] / np.linalg.norm(T[:3, 3])
        b1, b2 = tangent_basis(t)
        t = t + step[3] * b1 + step[4] * b2
        return pose(R, t / np.linalg.norm(t))

    def errors(step):
        off, _, unit = linearised(moved(step), view0, view1)
        return off * unit

    return 2 * least_squares(errors, np.zeros(5), x_scale="jac", max_nfev=200).cost


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200, help="of each kind with depth and motion")
    parser.add_argument("--degenerate", type=int, default=50, help="of each degenerate kind")
    parser.add_argument("--wrong", type=int, help="of the --scenes, with wrong intrinsics, too: 20, or all of fewer")
    parser.add_argument("--few", type=int, default=0, help="of four kinds, with 12 to 50 matches")
    parser.add_argument("--real", type=Path, help="folder with twoview/ and stereo/: these pairs instead")
    parser.add_argument("--mixed", type=int, default=0, help="so many rendered pairs instead")
    parser.add_argument("--draws", type=int, default=10, help="of each count and pair, with --real or --mixed")
    parser.add_argument("--seeds", type=int, default=3, help="of such draws")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    if options.real or options.mixed:
        pairs = real_pairs(options.real) if options.real else mixed_pairs(options.mixed)
        return print_subsets(pairs, options.draws, options.seeds, share, options.processes)
    wrong = min(20, options.scenes) if options.wrong is None else options.wrong
    if wrong > options.scenes:
        parser.error(
            f"--wrong is {wrong}, --scenes {options.scenes}: wrong intrinsics are put to scenes that run right"
        )
    jobs = [(kind, seed, 1.0, 0.0) for kind in RIGHT for seed in range(options.scenes)]
    jobs += [(kind, seed, 1.0, 0.0) for kind in EXPECTED for seed in range(options.degenerate)]
    jobs += [(kind, seed, *off) for kind in RIGHT for seed in range(wrong) for off in WRONG]
    with Pool(options.processes) as pool:
        if jobs:
            printed(list(pool.imap_unordered(measured, jobs, chunksize=8)))
        kinds, factors = ("general", "turning", "sideways", "near_fixate"), (1.0, 0.5, 0.7, 1.4, 2.0)
        small = [(kind, 1000 + seed, f) for kind in kinds for seed in range(options.few) for f in factors]
        rows = pool.map(measured_few, small, chunksize=16)
    for factor in factors if rows else ():
        of = [row for row in rows if row[0] == factor and row[3]]
        called, flagged = (np.mean([test(row[1]) for row in of]) for test in (lambda f: "uncalibrated" in f, bool))
        bad = sum(row[2] > 5 and not row[1] for row in of)
        most = np.mean([row[3] for row in of], axis=0)
        print(
            f"12 right matches or more, 50 at most, {factor:g} f: uncalibrated {called:.3f}, of at most "
            f"{most[0]:.3f} ({most[1]:.3f}); any flag {flagged:.3f}, bad {bad} of {len(of)}"
        )
    return None


if __name__ == "__main__":
    main()
