"""What the variational methods share: still frames, options, stages; the core against the reference on every bit."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomvision as gv
from geomvision import _core
from geomvision.method import OptionError

SHARED = {
    "levels": st.integers(1, 4),
    "warps": st.integers(1, 3),
    "finest_warps": st.integers(1, 3),
    "median": st.sampled_from([1, 3, 5, 7]),
    "check_occlusion": st.booleans(),
}
RELAXED = SHARED | {
    "data_weight": st.floats(0.01, 3.0),
    "theta": st.floats(0.05, 2.0),
    "tau": st.floats(0.01, 0.25),
    "iterations": st.integers(1, 40),
    "brightness_cell": st.sampled_from([0, 1, 7, 16, 100]),
}
OPTIONS = {
    "horn_schunck": SHARED | {"alpha": st.floats(0.01, 30.0), "iterations": st.integers(1, 12)},
    "tvl1": RELAXED,
    "inverse_search": RELAXED
    | {
        "patch_size": st.sampled_from([8, 16]),
        "patch_step": st.integers(1, 8),
        "descents": st.integers(0, 12),
        "propagations": st.integers(0, 3),
        "finest_search": st.integers(0, 2),
    },
}
WRONG = {
    "horn_schunck": {"alpha": 0.0, "iterations": 0, "warps": 0},
    "tvl1": {"data_weight": 0.0, "theta": 0.0, "tau": 0.3, "iterations": 0, "finest_warps": 0},
    "inverse_search": {
        "patch_size": 9,
        "patch_step": 0,
        "descents": -1,
        "propagations": -1,
        "finest_search": -1,
        "brightness_cell": -1,
    },
}
each_method = pytest.mark.parametrize("name", OPTIONS)


@each_method
def test_no_motion_and_no_contrast_are_exactly_zero(name, pattern):
    frame, _, _ = pattern().moved(lambda x, y: (0.0, 0.0))
    method = gv.flow.METHODS[name]()
    assert not method(frame, frame).px.any()
    assert not method(frame * 0, frame * 0).px.any()


@each_method
def test_options_are_the_cores_and_are_checked_there(name):
    method = gv.flow.METHODS[name]
    defaults = getattr(_core, f"{name}_options")()
    assert {f.name: f.default for f in dataclasses.fields(method) if f.name != "backend"} == defaults
    frame = np.zeros((4, 4), np.float32)
    for option, value in WRONG[name].items():
        with pytest.raises(ValueError, match=f"{method.__name__}: {option} is"):
            getattr(_core, name)(frame, frame, **(defaults | {option: value}))
        with pytest.raises(OptionError, match=option):
            method(**{option: value})


@each_method
@settings(max_examples=50, deadline=None)
@given(
    data=st.data(),
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    threads=st.integers(0, 4),
    isa=st.sampled_from(_core.available_isas()),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_core_equals_the_reference_in_every_bit(name, data, size, threads, isa, seed, instruction_set):
    options = data.draw(st.fixed_dictionaries(OPTIONS[name]))
    frame0, frame1 = np.random.default_rng(seed).integers(0, 256, (2, *size), dtype=np.uint8)
    method = gv.flow.METHODS[name]
    with instruction_set(isa):
        native = method(backend="cpp", num_threads=threads, **options)(frame0, frame1)
    readable = method(backend="reference", **options)(frame0, frame1)
    assert native.px.tobytes() == readable.px.tobytes()
    assert np.array_equal(native.occluded, readable.occluded)
    assert native.confidence is None


@each_method
def test_stages_show_the_constraint_of_each_level(name, pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.0, 0.5))
    method = gv.flow.METHODS[name]()
    trace = method.trace(frame0, frame1)
    assert [s.name for s in trace if "constraint" in s.name] == [f"level {n}: constraint" for n in (2, 1, 0)]
    np.testing.assert_array_equal(trace["level 0: flow"].array, method(frame0, frame1).px)
