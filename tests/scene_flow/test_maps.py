"""Motion from maps, and what the camera has in it: closed forms and rendered scenes with exact truth."""

from dataclasses import replace

import numpy as np
import pytest

from geomvision.cameras import Camera, StereoRig, inverse, pose
from geomvision.geometry import independent_motion, scene_flow
from geomvision.geometry._rotations import rotation_of
from geomvision.results import Disparity, Flow, SceneFlow

NAN = np.nan
CAMERA = Camera(width=40, height=30, fx=50.0, fy=45.0, cx=19.0, cy=14.0)
RIG = StereoRig.rectified(CAMERA, 0.2, doffs_px=1.5)


def disparity_of(z):
    return 50.0 * 0.2 / z - 1.5


def wall(z, **extra):
    return Disparity(px=np.full((30, 40), disparity_of(z), np.float32), **extra)


def steady(dx, dy, **extra):
    return Flow(px=np.broadcast_to(np.float32([dx, dy]), (30, 40, 2)), **extra)


def test_a_wall_that_comes_nearer_in_closed_form():
    """From 4 m to 3 m while every point moves by (3, −2) pixels."""
    found = scene_flow(wall(4.0), wall(3.0), steady(3.0, -2.0), RIG)
    x, y = CAMERA.pixel_grid().transpose(2, 0, 1)
    start = np.stack([(x - 19) / 50 * 4, (y - 14) / 45 * 4, np.full_like(x, 4)], axis=-1)
    end = np.stack([(x + 3 - 19) / 50 * 3, (y - 2 - 14) / 45 * 3, np.full_like(x, 3)], axis=-1)
    inside = (x + 3 <= 39) & (y - 2 >= 0)
    np.testing.assert_array_equal(found.valid, inside)
    np.testing.assert_allclose(found.points0, start, atol=1e-5)
    np.testing.assert_allclose(found.motion[inside], (end - start)[inside], atol=1e-5)
    np.testing.assert_allclose(found.points1[inside], end[inside], atol=1e-5)
    assert found.density == pytest.approx(inside.mean())


def test_what_one_map_lacks_or_hides_has_no_motion():
    hidden, gone, lost = (np.zeros((30, 40), bool) for _ in range(3))
    hidden[5, 6] = gone[7, 8] = lost[9, 10] = True
    first = wall(4.0, occluded=hidden)
    hole = first.px.copy()
    hole[1, 2] = NAN
    hole[2, 2] = -1.5  # at infinity
    found = scene_flow(replace(first, px=hole), wall(4.0, occluded=gone), steady(0, 0, occluded=lost), RIG)
    expected = np.ones((30, 40), bool)
    expected[[5, 7, 9, 1, 2], [6, 8, 10, 2, 2]] = False
    np.testing.assert_array_equal(found.valid, expected)
    assert np.isfinite(found.points0[7, 8]).all()
    assert np.isnan(found.points0[5, 6]).all()


def test_pixels_that_do_not_come_back_are_lost():
    there, back = steady(2.0, 0.0), steady(-2.0, 0.0).px.copy()
    back[10, 12:20] = (-2.0, 1.5)  # reached from 10 … 17
    found = scene_flow(wall(4.0), wall(4.0), there, RIG, backward=Flow(px=back))
    assert not found.valid[10, 10:18].any()
    assert found.valid[9, 10:18].all()
    assert found.flow.occluded[10, 10:18].all()
    patient = scene_flow(wall(4.0), wall(4.0), there, RIG, backward=Flow(px=back), round_trip_px=2.0)
    assert patient.valid[10, 10:18].all()


def test_between_two_surfaces_there_is_no_third():
    px = np.full((30, 40), 4.0, np.float32)
    px[:, 20:] = 12.0
    slope = np.tile(np.linspace(4, 8, 40, dtype=np.float32), (30, 1))
    for later, allowed in ((px, {4.0, 12.0}), (slope, None)):
        found = scene_flow(wall(4.0), Disparity(px=later), steady(0.4, 0.0), RIG).disparity1.px[:, :39]
        if allowed is None:
            np.testing.assert_allclose(found, later[:, :39] + 0.4 * 4 / 39, atol=1e-5)
        else:
            assert set(np.unique(found)) == allowed


def test_exact_maps_give_the_exact_motion_of_rendered_pixels(scene):
    found = scene_flow(scene.disparity0, scene.disparity_of_left1, scene.flow, scene.rig)
    off = np.linalg.norm(found.motion - scene.motion, axis=-1)
    assert found.valid[~scene.occluded].mean() > 0.9
    assert np.nanpercentile(off, 90) < 1e-3
    assert not found.valid[scene.flow.occluded].any()


def test_what_stands_still_moves_as_the_camera_says(scene):
    truth, still = scene.truth, ~scene.masks["moving"]
    moved = truth.points0 @ scene.T_1_0[:3, :3].T + scene.T_1_0[:3, 3]
    assert 0.05 < scene.masks["moving"].mean() < 0.5
    np.testing.assert_allclose(truth.points1[still & truth.valid], moved[still & truth.valid], atol=1e-5)


def test_the_camera_is_taken_out_of_exact_motion(scene):
    for given in (None, scene.T_1_0):
        found = independent_motion(scene.truth, scene.rig, T_1_0=given)
        error = inverse(scene.T_1_0) @ found.T_1_0
        assert np.abs(error - np.eye(4)).max() < 1e-4
        moving, known = scene.masks["moving"], found.known
        both, either = (found.moving & moving & known).sum(), ((found.moving | moving) & known).sum()
        assert both / either > 0.8
        assert np.nanmax(np.linalg.norm(found.residual, axis=-1)[~moving]) < 1e-3
        assert (found.pose is None) == (given is not None)


def test_a_box_that_moves_along_its_rays_is_found_by_disparity_alone():
    """Flow of the camera's motion everywhere; the box alone comes nearer than that."""
    T = pose(rotation_of((0.0, 0.02, 0.0)), (0.1, 0.0, 0.05))
    grid = CAMERA.pixel_grid()
    z = 3.0 + 0.02 * grid[..., 0] + 0.5 * np.sin(grid[..., 1])
    points1 = CAMERA.unproject(grid, z) @ T[:3, :3].T + T[:3, 3]
    later = disparity_of(points1[..., 2])
    later[8:20, 10:25] += 3.0
    box = np.zeros((30, 40), bool)
    box[8:20, 10:25] = True
    noise = np.random.default_rng(0).normal(size=(4, 30, 40)) * 0.1
    maps = Disparity(px=disparity_of(z) + noise[0]), Disparity(px=later + noise[1])
    flow = Flow(px=CAMERA.project(points1) - grid + noise[2:].transpose(1, 2, 0))
    found = independent_motion(SceneFlow.of_maps(*maps, flow, RIG), RIG, min_size=16)
    assert (found.moving & box).sum() > 0.8 * box.sum()  # windows that vote round the corners off
    assert (found.moving & ~box).sum() < 0.1 * box.sum()
    assert np.median(found.residual[box][:, 2]) < -0.5
    assert abs(np.median(found.residual[~box][:, 2])) < 0.05
    assert np.linalg.norm(found.T_1_0[:3, 3] - T[:3, 3]) < 0.02


def test_noise_that_is_said_makes_chi_squared(scene):
    noise = np.random.default_rng(0).normal(size=(4, 120, 160)) * 0.5
    maps = [Disparity(px=each.px + n) for each, n in zip((scene.disparity0, scene.disparity1), noise, strict=False)]
    flow = Flow(px=scene.flow.px + noise[2:].transpose(1, 2, 0))
    moved = SceneFlow.of_maps(*maps, flow, scene.rig)
    found = independent_motion(moved, scene.rig, T_1_0=scene.T_1_0, flow_noise_px=0.5, disparity_noise_px=0.5)
    chi2 = found.chi2[~scene.masks["moving"] & found.known]
    assert np.mean(chi2) == pytest.approx(3.0, rel=0.06)
    assert (chi2 > 11.345).mean() == pytest.approx(0.01, abs=0.005)  # the 99 % quantile of 3 degrees of freedom
    told = independent_motion(moved, scene.rig, T_1_0=scene.T_1_0)
    assert told.flow_noise_px == pytest.approx(0.5, rel=0.25)
    assert told.disparity_noise_px == pytest.approx(0.5, rel=0.25)


def test_what_tells_no_motion_is_refused(scene):
    cloud = SceneFlow(points0=np.ones((5, 3)), motion=np.ones((5, 3)))
    with pytest.raises(ValueError, match="not made of disparities and flow"):
        independent_motion(cloud, scene.rig)
    with pytest.raises(ValueError, match="160x120 but the rig is 40x30"):
        independent_motion(scene.truth, RIG)
    nothing = SceneFlow.of_maps(wall(4.0), Disparity(px=np.full((30, 40), NAN)), steady(0, 0), RIG)
    with pytest.raises(ValueError, match="motion of no pixel"):
        independent_motion(nothing, RIG)
    random = Flow(px=np.random.default_rng(0).uniform(0, (39, 29), (30, 40, 2)) - CAMERA.pixel_grid())
    with pytest.raises(ValueError, match="tells no motion of the camera"):
        independent_motion(SceneFlow.of_maps(wall(4.0), wall(4.0), random, RIG), RIG)
    with pytest.raises(ValueError, match="before camera 1"):
        independent_motion(scene.truth, scene.rig, T_1_0=pose(translation=(0, 0, -1e4)))


def test_the_type_holds_what_it_says():
    holed = np.ones((4, 3))
    holed[1, 2] = NAN
    found = SceneFlow(points0=holed, motion=np.ones((4, 3)))
    assert found.valid.tolist() == [True, False, True, True]
    assert np.isnan(found.points0[1]).all()
    assert found.density == 0.75
    for points0, motion, told in (
        (np.ones((4, 3)), np.ones((5, 3)), "must be equal"),
        (np.ones((4, 2)), np.ones((4, 2)), r"must be \(H, W, 3\) or \(N, 3\)"),
        (np.ones((4, 3)), np.full((4, 3), np.inf), "holds infinities"),
        (np.ones((4, 3), complex), np.ones((4, 3)), "dtype complex128; it must hold real numbers"),
    ):
        with pytest.raises(ValueError, match=told):
            SceneFlow(points0=points0, motion=motion)
    with pytest.raises(ValueError, match=r"flow has size \(30, 40\)"):
        SceneFlow(points0=np.ones((4, 3)), motion=np.ones((4, 3)), flow=steady(0, 0))
