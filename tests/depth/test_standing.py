"""What stands on the ground, from one image: against rays cast at planes and boxes, and rendered scenes with truth."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import geomvision as gv
from geomvision.cameras import Camera, pose
from geomvision.datasets._render import Sight, View, first_hits, namespace
from geomvision.datasets._scene import Light, Material, Object, Scene, rotation
from geomvision.datasets._shade import radiance
from geomvision.datasets._shapes import Box, Plane
from geomvision.depth._standing import foot_line
from geomvision.images import ImageError
from geomvision.samples import DepthSample

CAMERA = Camera(width=120, height=90, fx=100.0, fy=100.0, cx=59.5, cy=44.5)
HEIGHT_M = 1.3
COLOURS = {"floor": (0.5, 0.35, 0.2), "left": (0.1, 0.5, 0.6), "right": (0.7, 0.7, 0.75), "box": (0.6, 0.05, 0.1)}


def plain(colour, kind="plain"):
    return Material(kind=kind, variant=1, texels_per_m=60.0, colours=np.array([colour, [0.05] * 3, [0.02] * 3]))


@cache
def corner(pitch: float = 20.0, roll: float = 0.0) -> DepthSample:
    """Two walls meet on a floor 3.4 m ahead, a box stands before them; the camera looks down and is rolled."""
    shapes = {
        "floor": (Plane(), pose(rotation(rx=90), (0, HEIGHT_M, 0))),
        "left": (Plane(), pose(rotation(ry=-50), (-0.3, 0, 3.4))),
        "right": (Plane(), pose(rotation(ry=35), (-0.3, 0, 3.4))),
        "box": (Box(0.3, 0.3, 0.15), pose(translation=(0.35, HEIGHT_M - 0.3, 2.0))),
    }
    objects = [Object(name=k, shape=s, T_world=T, material=plain(COLOURS[k])) for k, (s, T) in shapes.items()]
    light = Light(position=(0.0, -3.0, 0.0), shadows=False)
    T_camera_world = rotation(rz=roll) @ rotation(rx=pitch)
    sight = Sight(Scene(objects=tuple(objects), light=light), View(CAMERA, pose(T_camera_world)))
    hits = first_hits(namespace("numpy"), sight)
    linear = radiance(namespace("numpy"), [sight], [hits])[0]
    return DepthSample(
        name="corner",
        image=(255 * np.sqrt(np.clip(linear, 0, 1))).astype(np.uint8),
        camera=CAMERA,
        depth=gv.results.Depth(m=1 / hits.q),
        camera_height_m=HEIGHT_M,
        down=tuple(T_camera_world[:, 1]),
        masks={name: hits.index == k for k, name in enumerate(shapes)},
        things=("left", "right", "box"),
    )


def off(found, sample, where=None):
    """Relative errors of depth at the chosen pixels."""
    errors = np.abs(found.m / sample.depth.m - 1)
    return errors if where is None else errors[where]


@pytest.mark.parametrize("roll", [0.0, -14.0])
@pytest.mark.parametrize("pitch", [4.0, 28.0])
def test_walls_on_a_floor_are_exact_with_masks(pitch: float, roll: float) -> None:
    s = corner(pitch, roll)
    found = gv.depth.GroundPlane(objects="complete", segmented=True).on(s)
    assert found.density == 1.0
    np.testing.assert_allclose(found.m[s.masks["floor"]], s.depth.m[s.masks["floor"]], rtol=1e-5)
    for wall in ("left", "right"):
        assert np.median(off(found, s, s.masks[wall])) < 0.01
    if pitch > 20:  # else the box's foot is below the image
        assert np.median(off(found, s, s.masks["box"])) < 0.02


def test_walls_on_a_floor_are_found_without_masks() -> None:
    s = corner(20.0, -8.0)
    found = gv.depth.GroundPlane(objects="complete").on(s)
    errors = off(found, s)
    assert found.density == 1.0
    assert errors.mean() < 0.05
    assert (errors < 0.1).mean() > 0.9
    ignorant = gv.depth.GroundPlane().on(s)
    assert np.nanmean(off(ignorant, s)) > 4 * errors.mean()


def test_what_is_over_a_box_belongs_to_the_wall_behind() -> None:
    s = corner(20.0)
    found = gv.depth.GroundPlane(objects="complete").on(s)
    columns = np.flatnonzero(s.masks["box"].any(axis=0))[3:-3]
    top = s.masks["box"].argmax(axis=0)
    wall = np.zeros_like(s.masks["box"])
    for column in columns:
        wall[: top[column] - 3, column] = True
    assert np.median(off(found, s, wall)) < 0.12  # the box stands a third nearer
    assert np.median(off(found, s, s.masks["box"])) < 0.08
    step = np.median(found.m[wall]) / np.median(found.m[s.masks["box"]])
    assert step > 1.2


def test_a_sky_and_what_is_unsure_are_told() -> None:
    s = corner(20.0)
    method = gv.depth.GroundPlane(objects="complete")
    given = {"camera_height_m": HEIGHT_M, "down": s.down, "ground": s.masks["floor"]}
    found = method(s.image, s.camera, sky=s.masks["left"], **given)
    np.testing.assert_array_equal(found.valid, ~s.masks["left"])
    assert (found.confidence[s.masks["left"]] == 0).all()
    assert found.confidence[s.masks["floor"]].mean() > found.confidence[s.masks["right"]].mean() > 0.4


def test_a_camera_whose_y_points_up_sees_the_same() -> None:
    s = corner(20.0, 6.0)
    up = Camera(width=120, height=90, fx=100.0, fy=-100.0, cx=59.5, cy=44.5)
    method = gv.depth.GroundPlane(objects="complete")
    one = method.on(s)
    other = method(s.image, up, camera_height_m=HEIGHT_M, down=np.array(s.down) * (3.0, -3.0, 3.0))
    np.testing.assert_allclose(other.m, one.m, rtol=1e-3)
    pitched, down = corner(20.0), (0.0, np.cos(np.radians(20)), np.sin(np.radians(20)))
    np.testing.assert_allclose(pitched.down, down, atol=1e-9)
    same = method(pitched.image, CAMERA, camera_height_m=HEIGHT_M, pitch_rad=np.radians(20))
    np.testing.assert_allclose(same.m, method.on(pitched).m, rtol=1e-5)


def test_the_foot_line_is_made_of_the_planes_own_lines() -> None:
    x = np.arange(200.0)
    truth = np.where(x < 70, 40 + 0.3 * x, np.where(x < 130, 30.0, 80 - 0.2 * x))
    noisy = truth + np.random.default_rng(0).uniform(-1.0, 1.0, 200)
    noisy[150:160] = np.nan
    line = foot_line(noisy / 50.0, 50.0)[0] * 50.0
    assert np.isnan(line[150:160]).all()
    known = ~np.isnan(line)
    assert np.abs(line - truth)[known].mean() < 0.35
    assert np.isnan(foot_line(np.full(5, np.nan), 50.0)).all()
    np.testing.assert_allclose(foot_line(np.array([np.nan, 0.4, np.nan]), 9.0)[0][1], 0.4)


def test_rendered_roads() -> None:
    """With exact masks better than without, and better than taking everything for ground, which ends at the horizon."""
    data = gv.datasets.Synthetic(
        seed=90, layout="road", task="depth", width=96, height=72, with_pair=False, max_disparity=24
    )
    errors = {"ignore": [], "complete": [], "segmented": []}
    for index in range(2):
        s = data[index]
        for name, found_off in errors.items():
            objects = "ignore" if name == "ignore" else "complete"
            found = gv.depth.GroundPlane(objects=objects, segmented=name == "segmented").on(s)
            both = found.valid & s.depth.valid & (s.depth.m < 80)
            found_off.append(np.mean(np.abs(found.m[both] / s.depth.m[both] - 1)))
            if objects == "complete":
                assert both.sum() > 0.9 * (s.depth.valid & (s.depth.m < 80)).sum()
    assert np.mean(errors["segmented"]) < 0.2
    assert np.mean(errors["segmented"]) < np.mean(errors["complete"]) < 0.35


def test_real_roads(real_data) -> None:
    """KITTI's camera is 1.65 m over the road and level; laser truth, part of it over the horizon."""
    for name in ("kitti_lidar_000000", "kitti_lidar_000001"):
        s = gv.datasets.Folder(real_data / "depth" / name)[0]
        found = gv.depth.GroundPlane(objects="complete")(
            s.image, s.camera, camera_height_m=1.65, horizon_px=s.camera.cy
        )
        both = found.valid & s.depth.valid
        assert both.sum() > 0.95 * s.depth.valid.sum()
        assert np.mean(np.abs(found.m[both] / s.depth.m[both] - 1)) < 0.3


def test_what_cannot_be_completed_is_refused() -> None:
    s, method = corner(20.0), gv.depth.GroundPlane(objects="complete")
    with pytest.raises(ValueError, match="no ground is in view"):
        method(s.image, s.camera, camera_height_m=1.0, pitch_rad=-0.6)
    with pytest.raises(ValueError, match="no ground is in view"):
        method(s.image, s.camera, camera_height_m=1.0, down=s.down, ground=np.zeros((90, 120), bool))
    with pytest.raises(ValueError, match="no ground is told apart"):
        method(np.full((90, 120, 3), 99, np.uint8), s.camera, camera_height_m=1.0, horizon_px=44.5)
    with pytest.raises(ImageError, match="a mask is float64"):
        method(s.image, s.camera, camera_height_m=1.0, down=s.down, ground=np.zeros((90, 120)))
    with pytest.raises(ImageError, match="it must be bool"):
        method(s.image, s.camera, camera_height_m=1.0, down=s.down, things=[np.zeros((90, 20), bool)])
    for down, message in (((0, 0, 1), "straight down"), ((0, 0, 0), "not all 0"), ((0, 1), "three finite numbers")):
        with pytest.raises(ValueError, match=message):
            method(s.image, s.camera, camera_height_m=1.0, down=down)
    with pytest.raises(ValueError, match="exactly one"):
        method(s.image, s.camera, camera_height_m=1.0, down=(0, 1, 0), pitch_rad=0.1)
    bare = DepthSample(name="bare", image=s.image, camera=s.camera, camera_height_m=1.0, horizon_px=44.5)
    with pytest.raises(ValueError, match="needs a mask of the ground"):
        gv.depth.GroundPlane(segmented=True).on(bare)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (5, 7)])
def test_small_images(size: tuple[int, int]) -> None:
    height, width = size
    camera = Camera(width=width, height=height, fx=10.0, fy=10.0, cx=0.0, cy=0.0)
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)
    everything = np.ones((height, width), bool)
    found = gv.depth.GroundPlane(objects="complete")(
        image, camera, camera_height_m=1.0, horizon_px=-5.0, ground=everything
    )
    assert found.valid.all()
