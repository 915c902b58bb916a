"""Lucas–Kanade against motions that are known exactly; the C++ core against the reference on every bit."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomvision as gv
from geomvision import _core
from geomvision.images import ImageError
from geomvision.method import OptionError


def test_known_motions_are_found(pattern, motion, epe):
    frame0, frame1, truth = pattern().moved(motion)
    assert epe(gv.flow.LucasKanade()(frame0, frame1), truth) < 0.15


def test_a_shift_is_found_to_a_fiftieth_of_a_pixel(pattern, epe):
    frame0, frame1, truth = pattern().moved(lambda x, y: (7.25, -4.5))
    assert epe(gv.flow.LucasKanade()(frame0, frame1), truth) < 0.02


def test_no_motion_is_exactly_zero(pattern):
    frame, _, _ = pattern().moved(lambda x, y: (0.0, 0.0))
    flow = gv.flow.LucasKanade(check_occlusion=True)(frame, frame)
    assert not flow.px.any()
    assert not flow.occluded.any()


def test_no_contrast_gives_zero_flow_without_confidence():
    for frame in (np.full((20, 30), 7, np.uint8), np.full((20, 30, 3), 0.5, np.float32)):
        flow = gv.flow.LucasKanade()(frame, frame)
        assert not flow.px.any()
        assert not flow.confidence.any()


def ramps():
    """Grey levels 3 x + 2 and 3 x: gradient (3, 0), difference −2, normal flow 2/3 px."""
    frame1 = np.tile(3 * np.arange(60, dtype=np.uint8), (40, 1))
    return frame1 + np.uint8(2), frame1


def test_one_step_on_a_ramp_is_the_closed_form():
    # The system is (9 + λ) u = 9 · 2/3, λ v = 0, with λ = min_eigenvalue the weight of the mean flow, here 0.
    once = gv.flow.LucasKanade(levels=1, warps=1, median=1, robust=0.0, window=5, min_eigenvalue=4.0)
    flow = once(*ramps())
    np.testing.assert_allclose(flow.px[10:-10, 10:-10, 0], 6 / 13, rtol=1e-6)
    assert not flow.px[10:-10, 10:-10, 1].any()


def test_a_straight_edge_moves_along_its_normal_and_has_no_confidence():
    flow = gv.flow.LucasKanade(levels=1, warps=50, finest_warps=50, robust=0.0)(*ramps())
    inside = flow.px[12:-12, 12:-12]
    np.testing.assert_allclose(inside[..., 0], 2 / 3, atol=1e-3)
    np.testing.assert_allclose(inside[..., 1], 0, atol=1e-3)
    assert flow.confidence[12:-12, 12:-12].max() < 1e-5


def test_confidence_is_the_eigenvalues_share():
    # Plane waves along x and y of amplitude a: mean gx² = gy² = (a k)²/2 over a window that holds whole periods,
    # times the squared response of (1 −8 0 8 −1)/12 at k.
    k = 2 * np.pi / 8
    y, x = np.mgrid[:64, :64]
    frame = np.rint(128 + 60 * np.sin(k * x) + 60 * np.sin(k * y)).astype(np.uint8)
    flow = gv.flow.LucasKanade(window=17, weighting="box", levels=1, warps=1, min_eigenvalue=500.0)(frame, frame)
    response = (8 * np.sin(k) - np.sin(2 * k)) / 6
    eigenvalue = 60**2 * response**2 / 2
    np.testing.assert_allclose(flow.confidence[20:-20, 20:-20], eigenvalue / (eigenvalue + 500), atol=0.03)


def test_gaps_are_where_confidence_is_low_and_only_there(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.0, 0.0))
    frame0[:, :30] = frame1[:, :30] = 90
    dense = gv.flow.LucasKanade()(frame0, frame1)
    gaps = gv.flow.LucasKanade(min_confidence=0.5)(frame0, frame1)
    assert dense.density == 1
    np.testing.assert_array_equal(gaps.valid, dense.confidence >= 0.5)
    np.testing.assert_array_equal(gaps.px[gaps.valid], dense.px[gaps.valid])
    assert not gaps.valid[:, :20].any()
    assert gaps.valid[10:-10, 45:-10].all()


def test_pixels_that_a_moving_square_covers_are_occluded(pattern):
    y, x = np.mgrid[:120, :160]
    back, front = pattern(1)(x, y), pattern(2)
    frames = []
    for left in (40, 48):
        square = (x >= left) & (x < left + 64) & (y >= 28) & (y < 92)
        frames.append(np.where(square, front(x - left, y), back).astype(np.uint8))
    flow = gv.flow.LucasKanade(check_occlusion=True)(*frames)
    covered = (x >= 104) & (x < 112) & (y >= 28) & (y < 92)  # seen beside the square, then behind it
    assert flow.occluded[covered].mean() > 0.45
    assert flow.occluded[:20].mean() < 0.02


def test_a_pixel_that_leaves_the_image_is_occluded(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (6.0, 0.0))
    flow = gv.flow.LucasKanade(check_occlusion=True)(frame0, frame1)
    assert flow.occluded[8:-8, -5:].all()
    assert not flow.occluded[8:-8, 8:-12].any()


def test_grey_levels_mean_the_same_for_integers_of_8_and_16_bits(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.0, 2.0))
    method = gv.flow.LucasKanade()
    wide = method(frame0.astype(np.uint16) * 257, frame1.astype(np.uint16) * 257)
    np.testing.assert_array_equal(wide.px, method(frame0, frame1).px)


def test_floats_of_any_scale_give_the_same_flow(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.0, 2.0))
    method = gv.flow.LucasKanade()
    small = method(frame0.astype(np.float32) * 2.0**-20, frame1.astype(np.float32) * 2.0**-20)
    large = method(frame0.astype(np.float32) * 2.0**100, frame1.astype(np.float32) * 2.0**100)
    np.testing.assert_array_equal(small.px, large.px)
    assert not np.isnan(method(np.float32([[-3e38, 3e38]]), np.float32([[3e38, -3e38]])).px).any()


def test_nan_is_refused(pattern):
    frame = np.zeros((9, 9), np.float32)
    frame[3, 4] = np.nan
    with pytest.raises(ImageError, match="frame0 holds 1 values that are NaN"):
        gv.flow.LucasKanade()(frame, frame)
    with pytest.raises(ValueError, match=r"pixel \(4, 3\) is nan; grey levels are numbers"):
        _core.lucas_kanade(frame, frame, **_core.lucas_kanade_options())


def test_extreme_options_keep_the_flow_finite(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.0, 2.0))
    for options in ({"robust": 5e-324}, {"robust": 1e308}, {"min_eigenvalue": 1e6}, {"min_eigenvalue": 0.01}):
        flows = [gv.flow.LucasKanade(backend=name, **options)(frame0, frame1).px for name in ("cpp", "reference")]
        assert np.isfinite(flows[0]).all()
        np.testing.assert_array_equal(*flows)


def test_the_core_refuses_what_the_options_do():
    frame = np.zeros((4, 4), np.float32)
    for name, value in (("window", 4), ("median", 2), ("levels", 0), ("min_eigenvalue", 0.0), ("weighting", "cone")):
        with pytest.raises(ValueError, match=f"LucasKanade: {name} is"):
            _core.lucas_kanade(frame, frame, **{**_core.lucas_kanade_options(), name: value})
        with pytest.raises(OptionError, match=name):
            gv.flow.LucasKanade(**{name: value})
    with pytest.raises(ValueError, match="frame0 is 4x4, frame1 is 4x3"):
        _core.lucas_kanade(frame, frame[:3].copy(), **_core.lucas_kanade_options())


def test_options_are_the_cores():
    fields = {f.name: f.default for f in dataclasses.fields(gv.flow.LucasKanade) if f.name != "backend"}
    assert fields == _core.lucas_kanade_options()


OPTIONS = st.fixed_dictionaries(
    {
        "levels": st.integers(1, 4),
        "warps": st.integers(1, 3),
        "finest_warps": st.integers(1, 3),
        "median": st.sampled_from([1, 3, 5, 7]),
        "check_occlusion": st.booleans(),
        "window": st.sampled_from([1, 3, 9, 31]),
        "weighting": st.sampled_from(["gaussian", "box"]),
        "robust": st.sampled_from([0.0, 2.0, 10.0]),
        "min_eigenvalue": st.sampled_from([0.01, 1.0, 4.0]),
        "min_confidence": st.sampled_from([0.0, 0.4]),
    }
)


@settings(max_examples=60, deadline=None)
@given(
    options=OPTIONS,
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    threads=st.integers(0, 4),
    isa=st.sampled_from(_core.available_isas()),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_core_equals_the_reference_in_every_bit(options, size, dtype, threads, isa, seed, instruction_set):
    rng = np.random.default_rng(seed)
    frame0, frame1 = (rng.integers(0, 256, size).astype(dtype) for _ in range(2))
    with instruction_set(isa):
        native = gv.flow.LucasKanade(backend="cpp", num_threads=threads, **options)(frame0, frame1)
    readable = gv.flow.LucasKanade(backend="reference", **options)(frame0, frame1)
    assert native.px.tobytes() == readable.px.tobytes()
    assert native.confidence.tobytes() == readable.confidence.tobytes()
    assert np.array_equal(native.occluded, readable.occluded)
    assert ((native.confidence >= 0) & (native.confidence <= 1)).all()


def test_stages_show_the_pyramid_down_to_the_result(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.0, 0.5))
    method = gv.flow.LucasKanade()
    trace = method.trace(frame0, frame1)
    assert [s.name for s in trace if s.name.endswith(": flow")] == [f"level {n}: flow" for n in (2, 1, 0)]
    assert trace["level 2: frame0"].array.shape == (16, 20)
    np.testing.assert_array_equal(trace["level 0: frame0"].array, frame0)
    np.testing.assert_array_equal(trace["level 0: flow"].array, method(frame0, frame1).px)
    tensor, smaller = (trace[f"level 0: {name}"].array for name in ("structure tensor", "smaller eigenvalue"))
    matrices = tensor[..., [0, 1, 1, 2]].reshape(*smaller.shape, 2, 2).astype(float)
    np.testing.assert_allclose(smaller, np.linalg.eigvalsh(matrices)[..., 0], rtol=1e-3, atol=0.05)


def test_it_beats_farneback_on_real_scenes(real_data):
    errors = {"lucas_kanade": [], "opencv_farneback": []}
    for scene in ("RubberWhale", "Grove3", "yosemite"):
        folder = real_data / "flow" / scene
        frames = [gv.io.read_image(folder / name) for name in ("frame0.png", "frame1.png")]
        truth = gv.io.read_flo(folder / "flow.flo")
        for name, means in errors.items():
            flow = gv.flow.METHODS[name]()(*frames)
            means.append(np.nanmean(np.linalg.norm(flow.px - truth, axis=-1)))
    assert np.mean(errors["lucas_kanade"]) < 0.57
    assert np.mean(errors["lucas_kanade"]) < np.mean(errors["opencv_farneback"])
