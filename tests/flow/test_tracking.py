"""Tracked points against motions that are known exactly, and every reason to lose one."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomvision as gv
from geomvision import _core
from geomvision.flow._tracking import PointTracker
from geomvision.method import OptionError


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_known_motions_are_followed_between_pixels(pattern, motion, dtype):
    frame0, frame1, _ = pattern().moved(motion, height=96, width=112)
    scale = 257 if dtype == np.uint16 else 1
    points = np.random.default_rng(0).uniform(24, 72, (40, 2))
    tracks = gv.flow.track_points(frame0.astype(dtype) * scale, frame1.astype(dtype) * scale, points, window=9)
    truth = points + np.stack(np.broadcast_arrays(*motion(points[:, 0], points[:, 1]), points[:, 0])[:2], -1)
    assert tracks.found.all()
    assert np.median(np.linalg.norm(tracks.points1 - truth, axis=1)) < 0.16
    assert tracks.forward_backward_px.max() <= 1.0
    assert tracks.points0.dtype == tracks.points1.dtype == np.float32
    assert tracks.run.method == "flow/track_points"


def test_a_shift_is_followed_to_a_fiftieth_of_a_pixel(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (7.25, -4.5), height=96, width=112)
    points = np.random.default_rng(0).uniform(24, 72, (40, 2))
    tracks = gv.flow.track_points(frame0, frame1, points)
    assert np.linalg.norm(tracks.points1 - points - [7.25, -4.5], axis=1).mean() < 0.02


def test_no_motion_leaves_points_exactly_where_they_are(pattern):
    frame, _, _ = pattern().moved(lambda x, y: (0.0, 0.0))
    points = np.array([[0, 0], [79, 63], [30.25, 20.5]])
    tracks = gv.flow.track_points(frame, frame, points)
    np.testing.assert_array_equal(tracks.points1, points)
    assert not tracks.forward_backward_px.any()


def test_points_outside_and_points_that_are_nan_are_lost(pattern):
    frame, _, _ = pattern().moved(lambda x, y: (0.0, 0.0))
    points = np.array([[-0.1, 5], [5, -0.1], [79.1, 5], [5, 63.1], [np.nan, 5], [5, np.inf], [1e300, 5], [40, 30]])
    tracks = gv.flow.track_points(frame, frame, points)
    np.testing.assert_array_equal(tracks.found, [False] * 7 + [True])
    assert np.isnan(tracks.min_eigenvalue[:7]).all()


def test_a_point_that_leaves_the_image_is_lost(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (6.0, 0.0))
    points = np.array([[77.0, 30], [60.0, 30]])
    np.testing.assert_array_equal(gv.flow.track_points(frame0, frame1, points).found, [False, True])


def test_flat_areas_and_straight_edges_are_lost_with_their_eigenvalue(pattern):
    frame, _, _ = pattern().moved(lambda x, y: (0.0, 0.0))
    frame[:, :40] = 100
    frame[:, 12:16] = 200  # a straight bar
    tracks = gv.flow.track_points(frame, frame, [[27.0, 30], [14.0, 30], [60.0, 30]], window=9)
    np.testing.assert_array_equal(tracks.found, [False, False, True])
    np.testing.assert_array_equal(tracks.min_eigenvalue[:2], [0, 0])
    assert tracks.min_eigenvalue[2] > 4


def test_the_eigenvalue_is_that_of_the_mean_structure_tensor():
    frame = np.add.outer(2 * np.arange(40), 3 * np.arange(40)).astype(np.uint8)  # gradient (3, 2) everywhere
    frame[:20] = (5 * np.arange(40)).astype(np.uint8)  # gradient (5, 0) above; the window sees both halves
    found = gv.flow.track_points(frame, frame, [[20.0, 30.0], [20.0, 8.0]], min_eigenvalue=0.0, window=5, levels=1)
    np.testing.assert_allclose(found.min_eigenvalue, [0, 0], atol=1e-9)
    y, x = np.mgrid[:64, :64]
    waves = np.rint(128 + 60 * np.sin(2 * np.pi * x / 8) + 30 * np.sin(2 * np.pi * y / 8)).astype(np.uint8)
    k = 2 * np.pi / 8
    weaker = 30**2 / 2 * ((8 * np.sin(k) - np.sin(2 * k)) / 6) ** 2
    found = gv.flow.track_points(waves, waves, [[32.0, 32.0]], window=25)
    np.testing.assert_allclose(found.min_eigenvalue, weaker, rtol=0.1)


def test_a_point_that_does_not_come_back_is_lost(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.0, 0.0))
    other = pattern(9).moved(lambda x, y: (0.0, 0.0))[0]
    points = np.random.default_rng(1).uniform(15, 48, (30, 2))
    assert gv.flow.track_points(frame0, frame1, points).found.all()
    checked = gv.flow.track_points(frame0, other, points)
    assert checked.found.mean() < 0.3
    assert (checked.forward_backward_px[checked.found] <= 1.0).all()
    unchecked = gv.flow.track_points(frame0, other, points, forward_backward=0.0)
    assert np.isnan(unchecked.forward_backward_px).all()
    assert unchecked.found.sum() > checked.found.sum()


@pytest.mark.parametrize("backend", ["cpp", "reference"])
def test_no_points_give_no_tracks(backend):
    frame = np.zeros((5, 5), np.uint8)
    tracks = gv.flow.track_points(frame, frame, np.empty((0, 2)), backend=backend)
    assert tracks.points0.shape == tracks.points1.shape == (0, 2)
    assert tracks.found.shape == tracks.min_eigenvalue.shape == (0,)


def test_wrong_points_and_options_are_named():
    frame = np.zeros((5, 5), np.uint8)
    with pytest.raises(ValueError, match=r"shape \(2, 7\).*transpose it"):
        gv.flow.track_points(frame, frame, np.zeros((2, 7)))
    with pytest.raises(ValueError, match=r"shape \(4,\); it must be \(N, 2\)"):
        gv.flow.track_points(frame, frame, np.zeros(4))
    with pytest.raises(ValueError, match="dtype <U1"):
        gv.flow.track_points(frame, frame, [["a", "b"]])
    with pytest.raises(TypeError, match="windows"):
        gv.flow.track_points(frame, frame, np.zeros((1, 2)), windows=3)
    with pytest.raises(OptionError, match="window is 4"):
        gv.flow.track_points(frame, frame, np.zeros((1, 2)), window=4)


def test_options_are_the_cores():
    fields = {f.name: f.default for f in dataclasses.fields(PointTracker) if f.name != "backend"}
    assert fields == _core.track_points_options()


@settings(max_examples=60, deadline=None)
@given(
    options=st.fixed_dictionaries(
        {
            "window": st.sampled_from([3, 7, 21]),
            "levels": st.integers(1, 3),
            "iterations": st.integers(1, 20),
            "accuracy": st.sampled_from([0.0, 0.01]),
            "min_eigenvalue": st.sampled_from([0.0, 4.0]),
            "forward_backward": st.sampled_from([0.0, 0.1, 1.0]),
        }
    ),
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    flat=st.booleans(),
    threads=st.integers(0, 4),
    isa=st.sampled_from(_core.available_isas()),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_core_equals_the_reference_in_every_bit(options, size, flat, threads, isa, seed, instruction_set):
    rng = np.random.default_rng(seed)
    frame0, frame1 = rng.integers(0, 2 if flat else 256, (2, *size), dtype=np.uint8)
    points = rng.uniform(-2, max(size) + 2, (12, 2))
    with instruction_set(isa):
        native = gv.flow.track_points(frame0, frame1, points, backend="cpp", num_threads=threads, **options)
    readable = gv.flow.track_points(frame0, frame1, points, backend="reference", **options)
    for name in ("points0", "points1", "min_eigenvalue", "forward_backward_px"):
        np.testing.assert_array_equal(getattr(native, name), getattr(readable, name))
