"""TV-L1 against closed forms and known motions; the C++ core against the reference on every bit."""

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
    assert epe(gv.flow.TVL1()(frame0, frame1), truth) < 0.15


def test_no_motion_and_no_contrast_are_exactly_zero(pattern):
    frame, _, _ = pattern().moved(lambda x, y: (0.0, 0.0))
    assert not gv.flow.TVL1()(frame, frame).px.any()
    assert not gv.flow.TVL1()(frame * 0, frame * 0).px.any()


def ramps(step=2):
    """Grey levels 3 x + step and 3 x: gradient (3, 0), difference -step, normal flow step / 3 px."""
    frame1 = np.tile(3 * np.arange(60, dtype=np.uint8), (40, 1))
    return frame1 + np.uint8(step), frame1


@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_far_from_the_data_each_step_is_lambda_theta_times_the_gradient(iterations):
    # The difference cannot be cancelled yet, and equal pixels have no gradient of the flow: u grows by λθ · 3.
    flow = gv.flow.TVL1(data_weight=0.1, theta=0.3, iterations=iterations, **PLAIN)(*ramps())
    np.testing.assert_allclose(flow.px[15:-15, 15:-15, 0], iterations * 0.1 * 0.3 * 3, rtol=1e-5)
    assert not flow.px[15:-15, 15:-15, 1].any()


def test_near_the_data_one_step_cancels_the_difference():
    flow = gv.flow.TVL1(data_weight=100.0, iterations=1, **PLAIN)(*ramps())
    np.testing.assert_allclose(flow.px[10:-10, 10:-10, 0], 2 / 3, rtol=1e-5)


def test_a_motion_edge_stays_sharper_than_with_horn_schunck(pattern):
    y, x = np.mgrid[:64, :96]
    back, front = pattern(1), pattern(2)
    frames = [np.where(y < 32, front(x - dx, y), back(x, y)).astype(np.uint8) for dx in (0, 3)]
    truth = np.where(y < 32, 3.0, 0.0)
    errors = []
    for name in ("tvl1", "horn_schunck"):
        u = gv.flow.METHODS[name]()(*frames).px[..., 0]
        errors.append(np.abs(u - truth)[26:38, 12:-12].mean())
    assert errors[0] < 0.7 * errors[1]


def test_few_wrong_pixels_do_not_move_the_flow(pattern, epe):
    frame0, frame1, truth = pattern().moved(lambda x, y: (1.3, -0.6))
    wrong = np.random.default_rng(0).random(frame0.shape) < 0.05
    assert epe(gv.flow.TVL1()(np.where(wrong, 255, frame0).astype(np.uint8), frame1), truth) < 0.12


def test_options_are_the_cores_and_are_checked_there():
    fields = {f.name: f.default for f in dataclasses.fields(gv.flow.TVL1) if f.name != "backend"}
    assert fields == _core.tvl1_options()
    frame = np.zeros((4, 4), np.float32)
    for name, value in (("data_weight", 0.0), ("theta", 0.0), ("tau", 0.3), ("iterations", 0), ("finest_warps", 0)):
        with pytest.raises(ValueError, match=f"TVL1: {name} is"):
            _core.tvl1(frame, frame, **{**_core.tvl1_options(), name: value})
        with pytest.raises(OptionError, match=name):
            gv.flow.TVL1(**{name: value})


@settings(max_examples=50, deadline=None)
@given(
    options=st.fixed_dictionaries(
        {
            "levels": st.integers(1, 4),
            "warps": st.integers(1, 3),
            "finest_warps": st.integers(1, 3),
            "median": st.sampled_from([1, 3, 5, 7]),
            "check_occlusion": st.booleans(),
            "data_weight": st.floats(0.01, 3.0),
            "theta": st.floats(0.05, 2.0),
            "tau": st.floats(0.01, 0.25),
            "iterations": st.integers(1, 40),
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
        native = gv.flow.TVL1(backend="cpp", num_threads=threads, **options)(frame0, frame1)
    readable = gv.flow.TVL1(backend="reference", **options)(frame0, frame1)
    assert native.px.tobytes() == readable.px.tobytes()
    assert np.array_equal(native.occluded, readable.occluded)
    assert native.confidence is None


def test_bands_of_rows_meet_without_a_seam(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.5, 0.5), height=300, width=400)
    one, eight = (gv.flow.TVL1(num_threads=n)(frame0, frame1).px for n in (1, 8))
    assert one.tobytes() == eight.tobytes()


def test_stages_show_the_constraint_of_each_level(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.0, 0.5))
    method = gv.flow.TVL1()
    trace = method.trace(frame0, frame1)
    assert [s.name for s in trace if "constraint" in s.name] == [f"level {n}: constraint" for n in (2, 1, 0)]
    np.testing.assert_array_equal(trace["level 0: flow"].array, method(frame0, frame1).px)
