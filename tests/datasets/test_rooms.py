"""Rendered rooms and roads against what their geometry must be."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from geomvision.datasets._pairs import scene_of
from geomvision.datasets._scene import rotation
from geomvision.datasets.synthetic import Synthetic

SMALL = {"height": 72, "width": 96, "max_disparity": 24, "layout": "room", "task": "depth"}


@cache
def sample(index, **options):
    return Synthetic(seed=5, **{**SMALL, "with_pair": False, **options})[index]


def floor_normal(s):
    """The floor's upward normal in the camera, from its depth alone."""
    points = s.depth.to_point_map(s.camera)[s.masks["floor"]].astype(float)
    n = np.linalg.lstsq(points, np.ones(len(points)), rcond=None)[0]
    return -n / np.linalg.norm(n)


def below_camera(s):
    """Metres below the camera of what each pixel sees, by the horizon and depth alone."""
    pitch = np.arctan2(s.camera.cy - s.horizon_px, s.camera.fy)  # downward
    points = s.depth.to_point_map(s.camera).astype(float)
    return points[..., 1] * np.cos(pitch) + points[..., 2] * np.sin(pitch)


@pytest.mark.parametrize("index", range(6))
def test_everything_lies_between_floor_and_ceiling(index):
    s = sample(index)
    below = below_camera(s)
    assert s.depth.density == 1.0
    assert 0.1 < s.depth.m.min() <= s.depth.m.max() < 10.5
    assert below.max() < s.camera_height_m + 1e-3
    assert below.min() > s.camera_height_m - 3.3
    if "floor" in s.masks:
        np.testing.assert_allclose(below[s.masks["floor"]], s.camera_height_m, rtol=1e-4)


@pytest.mark.parametrize("index", range(2))
def test_nothing_of_a_road_lies_below_it_and_it_has_its_height(index):
    s = sample(index, layout="road")
    seen, road = s.depth.valid, s.masks["road"]
    below = below_camera(s)
    assert 1.2 <= s.camera_height_m <= 2.0
    assert 0.02 < road.mean() < 0.8
    np.testing.assert_allclose(below[road], s.camera_height_m, rtol=1e-3)
    assert below[seen & (s.depth.m < 100)].max() < 1.001 * s.camera_height_m
    np.testing.assert_array_equal(seen, ~s.masks.get("sky", np.zeros_like(seen)))


def test_cameras_are_held_by_hand_and_rooms_differ():
    samples = [sample(index) for index in range(6)]
    pitches = [np.degrees(np.arctan2(s.camera.cy - s.horizon_px, s.camera.fy)) for s in samples]
    assert -15 <= min(pitches) < max(pitches) - 10
    assert max(pitches) <= 35
    assert all(0.8 <= s.camera_height_m <= 1.8 for s in samples)
    medians = [np.median(s.depth.m) for s in samples]
    assert max(medians) > 1.5 * min(medians)


def test_one_view_alone_is_the_left_one_of_the_pair():
    alone, paired = sample(1), sample(1, with_pair=True)
    assert alone.stereo is None
    np.testing.assert_array_equal(alone.image, paired.stereo.left)
    np.testing.assert_array_equal(alone.depth.m, paired.depth.m)
    assert alone.masks.keys() == paired.masks.keys()
    assert paired.stereo.disparity.px.max() <= 24
    z = paired.stereo.disparity.to_depth(paired.stereo.rig).m
    np.testing.assert_allclose(z, paired.depth.m, rtol=1e-4)


@pytest.mark.parametrize("layout", ["room", "street"])
def test_a_rolled_camera_sees_the_ground_rolled(layout):
    name = "floor" if layout == "room" else "road"
    index = next(i for i in range(9) if sample(i, layout=layout).masks.get(name, np.zeros(1)).mean() > 0.05)
    level, rolled = (sample(index, layout=layout, roll=degrees) for degrees in (0.0, 9.0))
    assert rolled.horizon_px is None
    np.testing.assert_allclose(rolled.down, rotation(rz=9.0) @ level.down, atol=1e-6)
    assert rolled.camera_height_m == level.camera_height_m
    normals = [floor_normal(replace(s, masks={"floor": s.masks[name]})) for s in (level, rolled)]
    np.testing.assert_allclose(normals[1], rotation(rz=9.0) @ normals[0], atol=1e-4)


def test_mixed_scenes_are_of_the_first_three_layouts():
    scenes = [scene_of(Synthetic(seed=1, height=16, width=16), index)[0] for index in range(12)]
    assert not any(thing.name == "floor" for scene in scenes for thing in scene.objects)
    with pytest.raises(ValueError, match="swapped exchanges the views"):
        Synthetic(swapped=True, with_pair=False)
