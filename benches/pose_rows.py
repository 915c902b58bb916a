"""Rows of absolute pose: a camera among 2,000 known points, some of them matched wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from contest import OURS, Call, Contest, MissingError, Row

import geomvision as gv

COUNT, THRESHOLD_PX = 2000, 4.0
CAMERA = gv.Camera(width=640, height=480, fx=500.0, fy=520.0, cx=310.0, cy=250.0)


def scene(outliers: float, seed: int = 0) -> tuple[Any, Any]:
    """Points (N, 3) 2 to 8 m before a camera at rest, and where it sees them with a pixel of noise, or anywhere."""
    rng = np.random.default_rng(seed)
    size = (CAMERA.width, CAMERA.height)
    pixels = rng.uniform((0, 0), size, (COUNT, 2))
    points = CAMERA.unproject(pixels, rng.uniform(2, 8, COUNT))
    pixels += rng.normal(0, 1, pixels.shape)
    wrong = rng.random(COUNT) < outliers
    pixels[wrong] = rng.uniform((0, 0), size, (int(wrong.sum()), 2))
    return points, pixels


def absolute_pose(outliers: float) -> Contest:
    def prepare(threads: int) -> Mapping[str, Call]:
        import cv2

        try:
            import poselib
        except ImportError as error:
            raise MissingError(f"poselib: {error}") from error
        points, pixels = scene(outliers)
        how = cv2.UsacParams()
        how.threshold, how.confidence, how.maxIterations = THRESHOLD_PX, 0.9999, 10_000
        c = CAMERA
        lens = {"model": "PINHOLE", "width": c.width, "height": c.height, "params": [c.fx, c.fy, c.cx, c.cy]}
        limit = {"max_reproj_error": THRESHOLD_PX}
        ours = {"max_error_px": THRESHOLD_PX, "num_threads": threads}
        return {
            OURS: lambda: gv.geometry.absolute_pose(points, pixels, c, **ours),
            "OpenCV USAC": lambda: cv2.solvePnPRansac(points, pixels, c.K, np.zeros(4), params=how),
            "PoseLib": lambda: poselib.estimate_absolute_pose(pixels, points, lens, limit),
        }

    return Contest(row="absolute pose", case=f"{COUNT:,} points, {outliers:.0%} wrong", prepare=prepare)


def rows() -> list[Row]:
    """Accuracy is held by `tests/geometry/test_absolute_pose.py`."""
    cases = tuple(absolute_pose(outliers) for outliers in (0.0, 0.3, 0.5))
    return [Row(name="absolute pose", peer="OpenCV USAC", bar=1.0, cases=cases)]
