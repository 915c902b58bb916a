"""Horn–Schunck against closed forms and known motions; the C++ core against the reference on every bit."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomvision as gv
from geomvision import _core
from geomvision.method import OptionError

PLAIN = {"levels": 1, "warps": 1, "median": 1}


def test_known_motions_are_found(pattern, motion, epe):
    frame0, frame1, truth = pattern().moved(motion)
    assert epe(gv.flow.HornSchunck()(frame0, frame1), truth) < 0.08


def test_no_motion_and_no_contrast_are_exactly_zero(pattern):
    frame, _, _ = pattern().moved(lambda x, y: (0.0, 0.0))
    assert not gv.flow.HornSchunck()(frame, frame).px.any()
    assert not gv.flow.HornSchunck()(frame * 0, frame * 0).px.any()


def ramps():
    """Grey levels 3 x + 2 and 3 x: gradient (3, 0), difference −2, normal flow 2/3 px."""
    frame1 = np.tile(3 * np.arange(60, dtype=np.uint8), (40, 1))
    return frame1 + np.uint8(2), frame1


@pytest.mark.parametrize("alpha", [2.0, 10.0])
@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_iterations_on_a_ramp_are_the_closed_form(alpha, iterations):
    # Equal pixels have equal averages, so each iteration leaves α²/(α² + 9) of the distance to 2/3.
    flow = gv.flow.HornSchunck(alpha=alpha, iterations=iterations, **PLAIN)(*ramps())
    left = (alpha**2 / (alpha**2 + 9)) ** iterations
    np.testing.assert_allclose(flow.px[10:-10, 10:-10, 0], 2 / 3 * (1 - left), rtol=1e-5)
    assert not flow.px[10:-10, 10:-10, 1].any()


def test_one_pixel_spreads_by_the_papers_averages():
    # One iteration moves only pixels of a dot that moves; in the next, flat pixels take their neighbours' average.
    frame0, frame1 = np.full((2, 21, 21), 100, np.uint8)
    frame0[10, 10] = frame1[10, 11] = 160
    one, two = (gv.flow.HornSchunck(iterations=n, alpha=50.0, **PLAIN)(frame0, frame1).px for n in (1, 2))
    weights = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 12
    around = sum(
        weights[dy + 1, dx + 1] * np.roll(one.astype(float), (-dy, -dx), (0, 1))
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    )
    flat = np.ones((21, 21), bool)
    flat[8:13, 10:12] = flat[10, 8:14] = False  # where the dot has derivatives
    np.testing.assert_allclose(two[flat], around[flat], atol=1e-6)
    assert np.abs(one[~flat]).max() > 0


def test_options_are_the_cores_and_are_checked_there():
    fields = {f.name: f.default for f in dataclasses.fields(gv.flow.HornSchunck) if f.name != "backend"}
    assert fields == _core.horn_schunck_options()
    frame = np.zeros((4, 4), np.float32)
    for name, value in (("alpha", 0.0), ("iterations", 0), ("warps", 0)):
        with pytest.raises(ValueError, match=f"HornSchunck: {name} is"):
            _core.horn_schunck(frame, frame, **{**_core.horn_schunck_options(), name: value})
        with pytest.raises(OptionError, match=name):
            gv.flow.HornSchunck(**{name: value})


@settings(max_examples=50, deadline=None)
@given(
    options=st.fixed_dictionaries(
        {
            "levels": st.integers(1, 4),
            "warps": st.integers(1, 3),
            "finest_warps": st.integers(1, 3),
            "median": st.sampled_from([1, 3, 5, 7]),
            "check_occlusion": st.booleans(),
            "alpha": st.floats(0.01, 30.0),
            "iterations": st.integers(1, 12),
        }
    ),
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    threads=st.integers(0, 4),
    isa=st.sampled_from(_core.available_isas()),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_core_equals_the_reference_in_every_bit(options, size, threads, isa, seed, instruction_set):
    rng = np.random.default_rng(seed)
    frame0, frame1 = rng.integers(0, 256, (2, *size), dtype=np.uint8)
    with instruction_set(isa):
        native = gv.flow.HornSchunck(backend="cpp", num_threads=threads, **options)(frame0, frame1)
    readable = gv.flow.HornSchunck(backend="reference", **options)(frame0, frame1)
    assert native.px.tobytes() == readable.px.tobytes()
    assert np.array_equal(native.occluded, readable.occluded)
    assert native.confidence is None


def test_stages_show_the_constraint_of_each_level(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.0, 0.5))
    method = gv.flow.HornSchunck()
    trace = method.trace(frame0, frame1)
    assert [s.name for s in trace if "constraint" in s.name] == [f"level {n}: constraint" for n in (2, 1, 0)]
    np.testing.assert_array_equal(trace["level 0: flow"].array, method(frame0, frame1).px)
