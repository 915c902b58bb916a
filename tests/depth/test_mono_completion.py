"""A net that predicts depth or completes it: what it is told, and what that is worth."""

import numpy as np
import pytest

pytest.importorskip("torch")

import geomvision as gv
from geomvision import weights
from geomvision.depth._told import scattered, told


def test_what_is_told_is_the_nearest_depth_and_how_near_it_is():
    sparse = np.full((5, 9), np.nan, np.float32)
    sparse[2, 0], sparse[2, 8], sparse[0, 8] = 1.0, np.e, np.e**2
    logarithm, nearness = told(sparse)
    np.testing.assert_allclose(logarithm[2, [0, 1, 7, 8]], [-1, -1, 0, 0], atol=1e-6)  # less the median
    np.testing.assert_allclose(nearness[2, [0, 1, 2, 8]], [1, 8 / 9, 8 / 10, 1], rtol=1e-6)
    np.testing.assert_allclose(told(10 * sparse), told(sparse), atol=1e-5)  # the unit tells nothing
    assert not told(np.full((3, 4), np.nan, np.float32)).any()


def test_depths_move_to_the_pixel_of_the_other_size_and_the_nearest_counts():
    sparse = np.full((8, 8), np.nan, np.float32)
    sparse[0, 0], sparse[1, 1], sparse[7, 6] = 3.0, 2.0, 5.0
    found = scattered(sparse, 4, 4)
    assert found[0, 0] == 2.0
    assert found[3, 3] == 5.0
    assert np.isfinite(found).sum() == 2
    larger = scattered(sparse, 16, 16)
    assert (larger[0, 0], larger[2, 2], larger[14, 12]) == (3.0, 2.0, 5.0)


needs_weights = pytest.mark.skipif("mono_small" not in weights.names(), reason="no weights of mono_small are shipped")


@pytest.fixture(scope="module")
def scenes():
    """Rendered scenes that nothing learnt from."""
    options = {"seed": 77, "count": 3, "height": 192, "width": 256, "task": "depth"}
    return [each for layout in ("room", "tabletop", "road") for each in gv.datasets.Synthetic(layout=layout, **options)]


def errors(method, count, scenes):
    """The mean relative error where `count` depths are given exactly."""
    found = []
    for scene in scenes:
        near = np.where(scene.depth.m < 200, scene.depth.m, np.nan)
        sparse, held = gv.Depth(m=near).split(count / np.isfinite(near).sum())
        depth = method(sparse, scene.image)
        found.append(np.nanmean(np.abs(depth.m - held.m) / held.m))
    return float(np.mean(found))


@needs_weights
def test_of_few_points_it_makes_more_than_heat_and_of_many_as_much(scenes):
    net, heat = gv.depth.MonoCompletion(), gv.depth.HeatDiffusion()
    assert errors(net, 16, scenes) < 0.9 * errors(heat, 16, scenes)
    assert errors(net, 2000, scenes) < 1.03 * errors(heat, 2000, scenes)


@needs_weights
@pytest.mark.parametrize("scene", ["kitti_lidar_000000", "kitti_lidar_000001"])
def test_laser_returns_that_were_held_back(real_data, scene):
    folder = real_data / "depth" / scene
    sparse, held = gv.io.read_depth(folder / "depth.png", scale=256).split(0.05)
    depth = gv.depth.MonoCompletion()(sparse, gv.io.read_image(folder / "color.png"))
    assert np.nanmean(np.abs(depth.m - held.m) / held.m) <= 0.05


@needs_weights
def test_metres_are_those_that_are_given_and_stages_are_shown():
    scene = gv.datasets.Synthetic(seed=5, height=64, width=96, task="depth")[0]
    sparse, _ = scene.depth.split(0.02)
    near, far = (gv.depth.MonoCompletion()(gv.Depth(m=k * sparse.m), scene.image) for k in (1, 1000))
    np.testing.assert_allclose(far.m, 1000 * near.m, rtol=2e-3)
    trace = gv.depth.MonoCompletion().trace(sparse, scene.image)
    assert [stage.name for stage in trace.stages][:2] == ["image", "estimate 1"]
    np.testing.assert_array_equal(trace.result.m, near.m)
    assert near.valid.all()


@needs_weights
def test_without_an_image_it_says_what_needs_none():
    with pytest.raises(ValueError, match="looks at an image: give one, or take heat_diffusion"):
        gv.depth.MonoCompletion()(gv.Depth(m=np.ones((40, 50))))
