"""Degenerate pairs of real features: photographs beside what a camera that does not move, only turns, or sees a plane
would take of them.

    python benches/two_view_warped.py DATA [--draws 12] [--processes 2]

The second image of a pair is the first one seen through a homography K·(R + t·nᵀ)·K⁻¹, both with noise and light of
their own; its pose is known, features and their errors are those of the photographs under DATA/stereo and DATA/twoview.
From 13 to 200 of the matches, and all of them, are looked at. "Silent": not a flag but `forward_motion`.
"""

import argparse
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np
from two_view_flags import share
from two_view_scenes import turn

from geomvision import geometry
from geomvision.cameras import Camera
from geomvision.pose import Essential

EXPECTED = {"still": "no_motion", "rotation": "pure_rotation", "plane": "plane"}
COUNTS = (13, 20, 30, 50, 100, 200)
#: No image is wider, pixels.
WIDTH = 900


def photographs(data):
    """One image of each scene."""
    found = [next((p for p in sorted(f.glob("left.*")) if cv2.haveImageReader(str(p))), None) for f in folders(data)]
    return [path for path in found if path] + sorted(data.glob("twoview/*/image0.png"))


def folders(data):
    return sorted(data.glob("stereo/*/"))


def taken(image, rng):
    """With noise of 3 levels and light of its own."""
    return np.clip(image * rng.uniform(0.9, 1.1) + rng.normal(size=image.shape) * 3, 0, 255).astype(np.uint8)


def motion(kind, rng):
    """R + t·nᵀ of a plane at distance 1; a turn of 3° to 10°, a translation of 0.08 to 0.25."""
    axis, direction = rng.normal(size=3), rng.normal(size=3) * (1, 0.6, 0.3)
    R = turn(axis / np.linalg.norm(axis) * np.radians(rng.uniform(3, 10)))
    t = direction / np.linalg.norm(direction) * rng.uniform(0.08, 0.25)
    normal = np.array([*rng.uniform(-0.4, 0.4, 2), 1.0])
    return {"still": np.eye(3), "rotation": R, "plane": R + np.outer(t, normal)}[kind]


def matches_of(path, kind, rng):
    """The camera and the matches of a photograph and its warped twin."""
    image = cv2.imread(str(path))
    smaller = min(1.0, WIDTH / image.shape[1])
    image = cv2.resize(image, None, fx=smaller, fy=smaller, interpolation=cv2.INTER_AREA)
    height, width = image.shape[:2]
    camera = Camera(width=width, height=height, fx=width, fy=width, cx=(width - 1) / 2, cy=(height - 1) / 2)
    H = camera.K @ motion(kind, rng) @ np.linalg.inv(camera.K)
    warped = cv2.warpPerspective(image, H, (width, height), flags=cv2.INTER_CUBIC)
    return camera, geometry.match_features(taken(image, rng), taken(warped, rng))


def looked_at(path, draws):
    """Kind, count and flags of each subset."""
    cv2.setNumThreads(1)
    rows = []
    for number, kind in enumerate(EXPECTED):
        rng = np.random.default_rng([number, *map(ord, path.parent.name)])
        camera, found = matches_of(path, kind, rng)
        size = len(found.points0)
        subsets = [(c, d) for c in COUNTS if c < size for d in range(draws)] + [(size, 0)] * (size >= COUNTS[0])
        for count, draw in subsets:
            chosen = np.random.default_rng([draw, count]).choice(size, count, replace=False)
            flags = Essential(num_threads=1)(found.points0[chosen], found.points1[chosen], camera, camera).degeneracies
            rows.append((kind, count if count < size else 0, flags))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with stereo/ and twoview/")
    parser.add_argument("--draws", type=int, default=12, help="of each count, photograph and kind")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    paths = photographs(options.data)
    with Pool(options.processes) as pool:
        rows = [row for some in pool.imap(partial(looked_at, draws=options.draws), paths) for row in some]
    print(f"{len(paths)} photographs")
    print("| kind | matches | flag expected | silent |\n| --- | --- | --- | --- |")
    for kind, expected in EXPECTED.items():
        for count in (*COUNTS, 0):
            of = [flags for k, c, flags in rows if (k, c) == (kind, count)]
            if of:
                silent = sum(not flags - {"forward_motion"} for flags in of)
                seen = share(sum(expected in flags for flags in of), len(of))
                print(f"| {kind} | {count or 'all'} | {expected}: {seen} | {silent} |")


if __name__ == "__main__":
    main()
