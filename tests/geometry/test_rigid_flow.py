"""Rigid flow and what moves against it: closed forms, rendered scenes with exact truth, and refusals."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomvision as gv
from geomvision.cameras import Camera, pose
from geomvision.datasets._pairs import motion_pair
from geomvision.datasets._render import namespace
from geomvision.geometry import motion_segmentation, nearest_pose, rigid_flow
from geomvision.results import Depth, Flow

CAMERA = Camera(width=44, height=30, fx=50.0, fy=45.0, cx=20.0, cy=16.0)


def wall(depth_m: float = 2.0) -> Depth:
    return Depth(m=np.full((30, 44), depth_m, np.float32))


@cache
def moving_scene(seed: int) -> tuple[gv.samples.FlowSample, Depth, np.ndarray]:
    """Two frames in which camera and things move, the exact depth of frame 0, and the camera's exact motion."""
    scenes = gv.datasets.Synthetic(seed=seed, task="flow", width=240, height=180)
    q = motion_pair(scenes, 0, namespace("numpy")).hits[0].q
    depth = Depth(m=np.where(q > 0, 1.0 / np.where(q > 0, q, 1.0), np.nan))
    return scenes.flow(0), depth, scenes.poses(0)["world"]


def test_sideways_ahead_and_turning_in_closed_form() -> None:
    flow = rigid_flow(wall(), CAMERA, pose(translation=(0.1, -0.2, 0.0)))
    np.testing.assert_allclose(flow.px, np.broadcast_to([50 * 0.1 / 2, -45 * 0.2 / 2], (30, 44, 2)), atol=1e-6)
    ahead = rigid_flow(wall(), CAMERA, pose(translation=(0.0, 0.0, -0.5)))
    from_centre = CAMERA.pixel_grid() - (CAMERA.cx, CAMERA.cy)
    np.testing.assert_allclose(ahead.px, from_centre * (2.0 / 1.5 - 1.0), atol=1e-5)
    angle = 0.1
    c, s = np.cos(angle), np.sin(angle)
    turned = rigid_flow(wall(7.0), CAMERA, pose([[c, 0, s], [0, 1, 0], [-s, 0, c]]))
    x = (CAMERA.pixel_grid()[16, :, 0] - CAMERA.cx) / CAMERA.fx
    np.testing.assert_allclose(turned.px[16, :, 0], CAMERA.fx * (np.tan(np.arctan(x) + angle) - x), atol=1e-5)


@pytest.mark.parametrize("seed", [0, 2])
def test_it_is_the_flow_of_what_stands_still_in_rendered_scenes(seed: int) -> None:
    sample, depth, T_1_0 = moving_scene(seed)
    off = np.linalg.norm(sample.flow.px - rigid_flow(depth, sample.camera, T_1_0).px, axis=2)
    assert np.percentile(off[np.isfinite(off)], 60) < 1e-4


def test_occlusion_is_what_the_other_frames_depth_says() -> None:
    clip = gv.datasets.Synthetic(seed=4, layout="clutter", width=240, height=180, max_disparity=40).clip(0, 3)
    T_1_0 = np.linalg.inv(clip[2].clip.T_world_cam[2]) @ clip[2].clip.T_world_cam[0]
    flow = rigid_flow(clip[0].depth, clip[0].camera, T_1_0)
    landed = clip[0].camera.pixel_grid() + flow.px
    z = (clip[0].depth.to_point_map(clip[0].camera) @ T_1_0[:3, :3].T + T_1_0[:3, 3])[..., 2]
    at = np.rint(landed)
    inside = (at >= 0).all(axis=2) & (at[..., 0] < 240) & (at[..., 1] < 180)
    x, y = np.where(inside[..., None], at, 0).astype(int).transpose(2, 0, 1)
    truth = ~inside | (clip[2].depth.m[y, x] < 0.97 * z)
    assert truth.mean() > 0.1
    assert (flow.occluded == truth)[flow.valid].mean() > 0.95
    assert flow.occluded[truth].mean() > 0.8


def test_behind_the_camera_and_without_depth_there_is_no_flow() -> None:
    depth = wall()
    depth.m[3, 4] = np.nan
    flow = rigid_flow(depth, CAMERA, pose(translation=(0.0, 0.0, -1.0)))
    assert not flow.valid[3, 4]
    assert flow.valid.sum() == 30 * 44 - 1
    assert not rigid_flow(depth, CAMERA, pose(translation=(0.0, 0.0, -3.0))).valid.any()


def test_what_cannot_be_right_is_refused() -> None:
    still = Flow(px=np.zeros((30, 44, 2)))
    with pytest.raises(ValueError, match="resize the camera"):
        rigid_flow(wall(), CAMERA.resize(22, 15), np.eye(4))
    for bad in (np.eye(3), np.full((4, 4), np.nan), 2.0 * np.eye(4), np.diag([1.0, 1.0, -1.0, 1.0])):
        with pytest.raises(ValueError, match="T_1_0"):
            rigid_flow(wall(), CAMERA, bad)
    for options in (
        {"noise_px": 0.0},
        {"noise_px": np.nan},
        {"depth_noise": -1.0},
        {"false_alarm": 1.0},
        {"min_size": -1},
    ):
        with pytest.raises(ValueError, match=next(iter(options))):
            motion_segmentation(still, wall(), CAMERA, np.eye(4), **options)
    with pytest.raises(ValueError, match="must be equal"):
        motion_segmentation(Flow(px=np.zeros((30, 43, 2))), wall(), CAMERA, np.eye(4))
    with pytest.raises(ValueError, match="must be equal"):
        motion_segmentation(still, wall(), CAMERA, np.eye(4), backward=Flow(px=np.zeros((30, 43, 2))))
    with pytest.raises(ValueError, match="look the other way"):
        motion_segmentation(still, wall(), CAMERA, pose(translation=(0.0, 0.0, -3.0)))
    with pytest.warns(UserWarning, match="is T_1_0 right"):
        motion_segmentation(still, wall(), CAMERA, pose([[0, -1, 0], [1, 0, 0], [0, 0, 1]]))


@given(st.floats(-1e-3, 1e-3), st.integers(0, 5))
def test_nearest_pose_takes_what_files_round(error: float, place: int) -> None:
    T = pose(translation=(1.0, 2.0, 3.0))
    T[place // 3, place % 3] += 0.4 * error
    nearest = nearest_pose(T)
    np.testing.assert_allclose(nearest[:3, :3] @ nearest[:3, :3].T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(nearest, T, atol=1e-3)


def intersection_over_union(found: np.ndarray, truth: np.ndarray) -> float:
    return float((found & truth).sum() / max((found | truth).sum(), 1))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_moving_things_are_found_in_noisy_flow(seed: int) -> None:
    sample, depth, T_1_0 = moving_scene(seed)
    truth = np.linalg.norm(sample.flow.px - rigid_flow(depth, sample.camera, T_1_0).px, axis=2) > 1.5
    noise = np.random.default_rng(seed).normal(0, 0.3, sample.flow.px.shape)
    rough = Depth(m=depth.m * np.random.default_rng(1).normal(1, 0.01, depth.m.shape))
    found = motion_segmentation(Flow(px=sample.flow.px + noise), rough, sample.camera, T_1_0)
    seen = found.known & ~sample.occluded
    assert 0.02 < truth[seen].mean() < 0.4
    assert intersection_over_union(found.moving & seen, truth & seen) > 0.8
    assert 0.25 < found.noise_px < 0.6
    assert np.isnan(found.chi2[~found.known]).all()
    assert not found.moving[~found.known].any()


def test_moving_things_are_found_in_estimated_flow() -> None:
    scores = []
    for seed in (0, 1, 2, 6):
        sample, depth, T_1_0 = moving_scene(seed)
        truth = np.linalg.norm(sample.flow.px - rigid_flow(depth, sample.camera, T_1_0).px, axis=2) > 1.5
        dis = gv.flow.OpenCVDIS()
        there, back = dis(sample.frame0, sample.frame1), dis(sample.frame1, sample.frame0)
        found = motion_segmentation(there, depth, sample.camera, T_1_0, backward=back)
        seen = found.known & ~sample.occluded
        scores.append(intersection_over_union(found.moving & seen, truth & seen))
    assert np.mean(scores) > 0.55


def test_nothing_moves_in_a_scene_that_stands_still() -> None:
    rng = np.random.default_rng(2)
    depth = Depth(m=rng.uniform(1, 5, (30, 44)))
    T = pose(translation=(0.05, 0.02, 0.1))
    flow = rigid_flow(depth, CAMERA, T)
    found = motion_segmentation(Flow(px=flow.px + rng.normal(0, 0.4, flow.px.shape)), depth, CAMERA, T)
    assert not found.moving.any()
    values = found.chi2[found.known]
    assert abs(np.mean(values > -2 * np.log(0.05)) - 0.05) < 0.03
