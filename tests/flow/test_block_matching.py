"""Block matching flow: known motions, costs in closed form, rendered scenes, and a search that equals its reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomvision as gv
from geomvision import _core
from geomvision.flow import BlockMatching, _blocks

COSTS = ("sad", "ssd", "census")


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("levels", [1, 5])
def test_known_motions_are_found(pattern, epe, cost, levels):
    # fits along x and along y miss where texture runs askew; coarser levels leave less to fit
    worst = 0.4 if levels == 1 else 0.15
    for shift in ((1.3, -0.6), (7.25, 4.5)):
        frame0, frame1, truth = pattern().moved(lambda x, y, shift=shift: shift)
        flow = BlockMatching(cost=cost, levels=levels, radius=8 if levels == 1 else 4)(frame0, frame1)
        assert epe(flow, truth) < worst


def test_motions_that_change_from_pixel_to_pixel_are_found(pattern, motion, epe):
    frame0, frame1, truth = pattern().moved(motion)
    assert epe(BlockMatching()(frame0, frame1), truth) < 0.35


def test_costs_in_closed_form():
    """Frames of one grey level each, but for a pixel: what every sum must be."""
    frame0, frame1 = np.full((3, 9, 9), 10, np.uint16), np.full((9, 9), 13, np.uint16)
    frame0 = frame0[0]
    frame0[4, 4], frame1[5, 6] = 110, 113
    best, costs = _core.block_search(frame0, frame1, 2, 3, False, 1)
    assert best[:, 4, 4].tolist() == [2, 1]
    assert costs[:2, 4, 4].tolist() == [3.0, np.float32((8 * 3 + 97) / 9)]
    assert costs[2:, 4, 4].tolist() == [np.float32(221 / 9), np.inf, np.float32(221 / 9), np.float32(221 / 9)]
    squares = _core.block_search(frame0, frame1, 2, 3, True, 1)[1]
    assert squares[:2, 4, 4].tolist() == [9.0, np.float32((8 * 9 + 97**2) / 9)]
    corner = _core.block_search(frame0, frame1, 0, 3, False, 1)[1]
    assert corner[:, 0, 0].tolist() == [3.0, *[np.inf] * 5]  # the window ends where the frame does


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(0, 6),
    st.sampled_from([1, 3, 9, 31]),
    st.sampled_from(["sad", "ssd", "census"]),
    st.integers(1, 5),
    st.integers(0, 2**16),
)
def test_the_search_equals_its_reference_on_every_pixel(size, radius, window, cost, threads, seed):
    random = np.random.default_rng(seed)
    if cost == "census":
        frames = random.integers(0, 2**62, (2, *size), dtype=np.int64)
    else:
        frames = random.integers(0, 1024, (2, *size), dtype=np.uint16)
    given = (*frames, radius, window, cost == "ssd", threads)
    for found, expected in zip(_core.block_search(*given), _blocks.search(*given), strict=True):
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("isa", _core.available_isas())
def test_every_instruction_set_gives_the_same(isa, instruction_set):
    frames = np.random.default_rng(1).integers(0, 1024, (2, 50, 67), dtype=np.uint16)
    words = frames.astype(np.int64) << 40
    with instruction_set(isa):
        for pair, squared in ((frames, False), (frames, True), (words, False)):
            found, expected = _core.block_search(*pair, 5, 7, squared, 0), _blocks.search(*pair, 5, 7, squared, 0)
            assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_a_flat_area_has_no_estimate_and_no_confidence():
    frame0 = np.full((40, 60), 90, np.uint8)
    flow = BlockMatching(levels=1)(frame0, frame0)
    assert flow.density == 0
    assert not flow.confidence.any()


def test_light_that_changes_is_withstood_by_census(pattern, epe):
    frame0, frame1, truth = pattern().moved(lambda x, y: (1.0, -2.0))
    darker = (frame1 * 0.6).astype(np.uint8)
    assert epe(BlockMatching(cost="census")(frame0, darker), truth) < 0.2
    assert not epe(BlockMatching(cost="sad")(frame0, darker), truth) < 0.3  # NaN: some pixels have no estimate


def test_subpixel_fits_are_better_than_none(pattern, epe):
    frame0, frame1, truth = pattern().moved(lambda x, y: (1.3, -0.6))
    errors = {
        fit: epe(BlockMatching(subpixel=fit)(frame0, frame1), truth) for fit in ("none", "parabola", "equiangular")
    }
    assert errors["none"] > 0.45
    assert errors["parabola"] < 0.12
    assert errors["equiangular"] < 0.12
    unrefined = epe(BlockMatching(refinements=0)(frame0, frame1), truth)
    assert errors["parabola"] < 0.9 * unrefined


def test_the_surer_pixels_are_the_better_ones():
    options = {"motion": (2.0, 10.0), "pieces": (5, 9), "faults": False}
    sample = gv.datasets.Layered(seed=0, width=128, height=96, **options)[0]
    flow = BlockMatching()(sample.frame0, sample.frame1)
    error = np.linalg.norm(flow.px - sample.flow.px, axis=2)
    known = np.isfinite(error)
    order = np.argsort(-flow.confidence[known], kind="stable")
    assert error[known][order[: int(0.7 * known.sum())]].mean() < 0.75 * error[known].mean()


def test_memory_does_not_grow_with_the_range():
    frames = np.random.default_rng(0).integers(0, 255, (2, 120, 160), dtype=np.uint8)
    flow = BlockMatching(levels=1, radius=16, num_threads=1)(*frames)
    peak = flow.run.peak_memory_bytes
    if peak is None:
        pytest.skip("the system does not say what was needed")
    assert peak < 64 * frames[0].size * 4  # a volume would be 1089 floats for each pixel


def test_what_the_core_cannot_sum_is_refused():
    frame = np.full((4, 4), 1024, np.uint16)
    with pytest.raises(ValueError, match="a level is 1024; allowed is at most 1023"):
        _core.block_search(frame, frame, 1, 3, False, 1)
    with pytest.raises(ValueError, match="window is 4; it must be odd"):
        _core.block_search(frame, frame, 1, 4, False, 1)
    with pytest.raises(ValueError, match="frame0 is 4x4, frame1 4x3"):
        _core.block_search(frame, frame[:, :3].copy(), 1, 3, False, 1)
