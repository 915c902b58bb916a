"""Flags of small subsets of the matches of real and of rendered pairs, held against what the true pose says of them.

    python benches/two_view_flags.py --real DATA [--draws 10] [--seeds 3]
    python benches/two_view_flags.py --mixed 200 [--draws 2] [--seeds 1]

A set is degenerate where the *true* pose says so, whatever was estimated: fewer than 12 of its matches lie within three
times the pair's noise of it, or its interval of 95 % (of the matches' information there, Student's) reaches beyond 20°.
It is determined where this stays within 10°. That looks at the true pose alone: a second pose may fit as well, as near
a plane.

Rendered pairs are such that hard ones are many: two in five nearly planar (relief of 0.5 % to 10 %), one in five of two
planes, a third with baselines of 2 % to 12 %, points on a part of the image, noise that differs from match to match,
wrong matches up to two in five, most of them near where the right one would be. Flags are chosen on these, and judged
on the real ones.
"""

import itertools
import math
from collections import Counter
from multiprocessing import Pool

import numpy as np
from scipy.stats import t as student
from two_view_scenes import Scene, any_camera, any_motion, real_matches

from geomvision import geometry, io, metrics
from geomvision.cameras import pose
from geomvision.pose import Essential
from geomvision.pose._intrinsics import linearised
from geomvision.pose._views import view

COUNTS = (13, 20, 30, 50, 100, 200)
MIXED = {"general": 0.3, "turning": 0.15, "sideways": 0.2, "fixate": 0.1, "near_fixate": 0.2, "forward": 0.05}
MATCHES = 400


def real_pairs(data):
    """Name and scene of the real pairs."""
    for folder in sorted(data.glob("twoview/*/")):
        yield folder.name, Scene(*real_matches(folder)[:5])
    for folder in sorted(data.glob("stereo/*/")):
        if (folder / "calib.txt").exists() and "cam0" in (folder / "calib.txt").read_text():
            rig = io.read_middlebury_calib(folder / "calib.txt").rig
            images = [io.read_image(next(folder.glob(f"{side}.*"))) for side in ("left", "right")]
            found = geometry.match_features(*images)
            yield folder.name, Scene(found.points0, found.points1, rig.left, rig.right, rig.T_right_left)


def mixed_pairs(count):
    """Name and scene of rendered pairs."""
    for seed in range(count):
        rng = np.random.default_rng([99, seed])
        made = None
        while made is None:
            made = mixed(rng)
        yield f"{seed}", made


def mixed(rng):
    """A scene; None where too little of it is seen twice."""
    kind = str(rng.choice(list(MIXED), p=list(MIXED.values())))
    camera0 = any_camera(rng)
    camera1 = camera0 if rng.random() < 0.7 else any_camera(rng)
    near, far = 4.0, 4.0 * rng.uniform(1.3, 3)
    middle = math.sqrt(near * far)
    T = any_motion(kind, middle, np.arctan(camera0.width / 2 / camera0.fx), rng)
    if rng.random() < 0.35 and "fixate" not in kind:
        centre = -T[:3, :3].T @ T[:3, 3]
        T = pose(T[:3, :3], -T[:3, :3] @ centre / np.linalg.norm(centre) * middle * rng.uniform(0.02, 0.12))
    size = np.array([camera0.width, camera0.height])
    cover = rng.uniform(0.35, 1.0)
    corner = rng.uniform(0, 1 - cover, 2)
    pixels = (corner + cover * rng.uniform(size=(8000, 2))) * size - 0.5
    rays = camera0.unproject(pixels)
    X = rays * mixed_depths(rays, near, far, rng)[:, None]
    X = X @ T[:3, :3].T + T[:3, 3]
    ahead = X[:, 2] > 0.5
    seen = camera1.project(np.where(ahead[:, None], X, (0, 0, 1)))
    high = np.array([camera1.width - 0.5, camera1.height - 0.5])
    inside = np.flatnonzero(ahead & ((seen > -0.5) & (seen < high)).all(axis=1))[:MATCHES]
    if len(inside) < MATCHES:
        return None
    noise = np.exp(rng.uniform(np.log(0.1), np.log(1.0)))
    points0, points1 = (
        p[inside] + noise * rng.normal(size=(MATCHES, 2)) * np.exp(0.4 * rng.normal(size=(MATCHES, 1)))
        for p in (pixels, seen)
    )
    wrong = rng.permutation(MATCHES)[: int(rng.choice([0, 0.05, 0.15, 0.3, 0.4]) * MATCHES)]
    close, anywhere = np.split(wrong, [int(rng.uniform(0, 0.8) * len(wrong))])
    reach = np.exp(rng.uniform(np.log(2), np.log(30), (len(close), 1)))
    points1[close] += rng.normal(size=(len(close), 2)) * reach
    points1[anywhere] = rng.uniform((-0.5, -0.5), high, (len(anywhere), 2))
    return Scene(points0, points1, camera0, camera1, T)


def mixed_depths(rays, near, far, rng):
    """Of anything, of one plane with some relief, or of two planes."""
    layout = rng.choice(["deep", "plane", "planes"], p=[0.4, 0.4, 0.2])
    if layout == "deep":
        return rng.uniform(near, far, len(rays))
    middle = math.sqrt(near * far)
    relief = np.exp(rng.uniform(np.log(0.005), np.log(0.1)))
    first, second = (middle * rng.uniform(0.7, 1.4) / (rays @ (*rng.uniform(-0.4, 0.4, 2), 1.0)) for _ in range(2))
    depth = np.where(rng.random(len(rays)) < rng.uniform(0.1, 0.5), second, first) if layout == "planes" else first
    return depth * (1 + relief * rng.normal(size=len(rays)))


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


def looked_at(job):
    """Of each subset of a pair: its count, what the truth says, the error and the flags."""
    (name, s), draws, seeds = job
    truth, rows = Truth(s), []
    for seed, count, draw in itertools.product(range(seeds), COUNTS, range(draws)):
        if count <= len(s.points0):
            chosen = np.random.default_rng([seed, count, draw]).choice(len(s.points0), count, replace=False)
            found = Essential(num_threads=1)(s.points0[chosen], s.points1[chosen], s.camera0, s.camera1)
            error = metrics.pose_error(found.T_1_0, s.T_1_0).worst_deg
            rows.append((count, truth.says(chosen), error, found.degeneracies - {"forward_motion"}, name))
    return rows


def print_subsets(pairs, draws, seeds, share, processes):
    """Draw subsets and print how they are flagged."""
    with Pool(processes) as pool:
        rows = [row for some in pool.imap(looked_at, ((pair, draws, seeds) for pair in pairs)) for row in some]
    for low, high in ((13, 50), (100, 200)):
        for said in ("determined", "between", "degenerate"):
            of = [row for row in rows if low <= row[0] <= high and row[1] == said]
            if not of:
                continue
            right, wrong = [row for row in of if row[2] < 5], [row for row in of if not row[2] <= 10]
            alarms = [row for row in right if row[3]]
            print(f"{low} to {high} matches, {said}: {len(of)} sets")
            if right:
                print(f"    right within 5°, but flagged: {share(len(alarms), len(right))}")
                print(f"        {dict(Counter(flag for row in alarms for flag in sorted(row[3])))}")
            still = sum(bool(row[3] & {"no_motion", "pure_rotation"}) for row in of)
            print(f"    called still or a rotation: {still}")
            unseen = sum(not row[3] for row in wrong)
            print(f"    wrong by more than 10°: {len(wrong)}, of them without a flag {unseen}")
