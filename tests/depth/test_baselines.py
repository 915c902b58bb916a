"""Adaptive baselines: the same cameras before walls at several depths, which ask for other ones of them."""

import cv2
import numpy as np
import pytest

from geomvision.cameras import Camera, pose
from geomvision.depth import FromMotion
from geomvision.depth._from_motion import _Sweeps, checked, solve

CAMERA = Camera(width=200, height=140, fx=160.0, fy=150.0, cx=96.0, cy=73.0)
#: Where the cameras stand along x, metres.
PLACES = (0.0, 0.04, 0.2, 0.8)
POSES = np.stack([pose(translation=(x, 0.0, 0.0)) for x in PLACES])


def walls(depths_m):
    """What the cameras see of walls one above the other, each a strip of the image, at whole pixels of shift."""
    random, frames = np.random.default_rng(5), []
    strips = np.array_split(np.arange(CAMERA.height), len(depths_m))
    textures = [cv2.GaussianBlur(random.uniform(0, 255, (len(s), 700)), (0, 0), 1.3) for s in strips]
    textures = [((t - t.min()) / np.ptp(t) * 255).astype(np.uint8) for t in textures]
    for x in PLACES:
        shifts = [round(CAMERA.fx * x / z) for z in depths_m]
        rows = [t[:, s : s + CAMERA.width] for t, s in zip(textures, shifts, strict=True)]
        frames.append(np.concatenate(rows))
    return frames, strips


def chosen(depths_m, views):
    """The frames that the first one is compared with, by the length of their baselines, and its depth."""
    frames, strips = walls(depths_m)
    method = FromMotion(refine="never", consistency=0, views=views, min_depth=0.5, max_depth=20.0)
    clip = checked(frames, CAMERA, POSES, 0)
    return [PLACES[k] for k in _Sweeps(method, clip, solve(method, clip)).sources(0)], method, frames, strips


@pytest.mark.parametrize(("depth_m", "baseline_m"), [(0.8, 0.2), (8.0, 0.8)])
def test_a_near_wall_asks_for_a_short_baseline_and_a_far_one_for_a_long_one(depth_m, baseline_m):
    """0.8 m from the near wall the fourth camera sees a fifth of what the first does, of the far one all but 16 px.

    Shifts are 8, 40 and 160 px, or 1, 4 and 16; by δZ = Z²·δd / (f·B) a quarter of a pixel is 0.5 % and 12.5 %.
    """
    (taken,), method, frames, _ = chosen([depth_m], views=1)
    assert taken == baseline_m
    depth = method(frames, CAMERA, T_world_cam=POSES, reference=0)
    assert depth.density > 0.5
    error = 0.25 * depth_m**2 / (CAMERA.fx * baseline_m)
    assert np.median(np.abs(depth.m[depth.valid] - depth_m)) < error


def test_walls_at_both_depths_get_both_baselines():
    baselines, method, frames, strips = chosen([8.0, 0.8], views=2)
    assert set(baselines) == {0.2, 0.8}
    depth = method(frames, CAMERA, T_world_cam=POSES, reference=0)
    for rows, z in zip(strips, (8.0, 0.8), strict=True):
        part = depth.m[rows[8:-8]]
        assert np.nanmedian(np.abs(part - z)) < 0.05 * z
        assert np.isfinite(part).mean() > 0.4


def test_a_camera_that_adds_nothing_is_not_taken():
    """Before a far wall the one 4 cm beside has the least parallax of all: it comes last, or not at all."""
    for depths in ([8.0], [8.0, 0.8]):
        baselines, *_ = chosen(depths, views=3)
        assert 0.0 not in baselines
        assert 0.04 not in baselines[:-1]
    assert chosen([0.8], views=3)[0][0] == 0.2
