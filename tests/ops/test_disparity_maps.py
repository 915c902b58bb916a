import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twins = pytest.importorskip("geomvision.ops._torch.disparity_maps")

NAN = np.nan


def random_map(shape=(2, 11, 17), seed=0, gaps=0.3, low=0, high=6):
    rng = np.random.default_rng(seed)
    disparity = rng.integers(low, high, shape).astype(np.float32)
    disparity[rng.random(shape) < gaps] = NAN
    return disparity


def test_left_right_check_tells_occlusion_from_mismatch():
    right = np.array([[0, 0, 2, 2, NAN, 0]], np.float32)  # points at left 0, 1, 4, 5, nothing, 5
    # left 2 and 3 match right pixels that pair with left 0 and 5; left 1 points outside, left 4 has none
    left = np.array([[0, 5, 2, 0, NAN, 2]], np.float32)
    assert ops.left_right_check(left, right).tolist() == [[0, 1, 2, 2, 3, 0]]
    assert ops.left_right_check(left, right, tolerance=2).tolist() == [[0, 1, 0, 0, 3, 0]]


def test_a_shifted_wall_agrees_where_it_is_seen():
    wall = np.full((3, 4, 20), 6.25, np.float32)
    codes = ops.left_right_check(wall, wall, tolerance=0)
    assert (codes[..., 6:] == 0).all()
    assert (codes[..., :6] == 2).all()


def test_median_takes_the_lower_middle_and_leaves_gaps():
    row = np.array([[1, 9, 2, NAN, 5]], np.float32)
    np.testing.assert_array_equal(ops.median(row), np.array([[1, 2, 2, NAN, 5]], np.float32))
    np.testing.assert_array_equal(ops.median(row, size=1), row)


def test_speckles_are_regions_joined_by_small_steps():
    disparity = np.array([[1, 1.5, 2, 9, 9], [NAN, 1, 2.5, 3, 9]], np.float32)
    expected = np.array([[1, 1.5, 2, NAN, NAN], [NAN, 1, 2.5, 3, NAN]], np.float32)
    np.testing.assert_array_equal(ops.speckle(disparity, size=4, range=0.5), expected)
    np.testing.assert_array_equal(ops.speckle(disparity, size=3, range=0.5), disparity)
    assert np.isnan(ops.speckle(disparity, size=4, range=0.4)).all()


def test_gaps_are_filled_from_behind_or_from_the_middle():
    disparity = np.array([[9, 8, 7], [6, NAN, 5], [4, 3, 2]], np.float32)
    assert ops.fill_background(disparity)[1, 1] == 5  # the lower middle of 2 … 9
    assert ops.fill_background(disparity, np.ones((3, 3), bool))[1, 1] == 3  # the second lowest
    nothing = np.full((2, 2), NAN, np.float32)
    assert np.isnan(ops.fill_background(nothing)).all()


def test_equal_to_the_readable_loops_bit_for_bit():
    loops = pytest.importorskip("geomvision.stereo._postprocess")
    left, right = random_map((13, 29), 1, low=-3, high=9), random_map((13, 29), 2, low=-3, high=9)
    whole = [np.where(np.isnan(m), loops.NONE, m).astype(np.int16) for m in (left, right)]
    for tolerance in (0, 1, 3):
        codes = loops.left_right_check(*whole, tolerance)
        np.testing.assert_array_equal(ops.left_right_check(left, right, tolerance=tolerance), codes)
    occluded = codes == loops.OCCLUDED
    np.testing.assert_array_equal(ops.fill_background(left, occluded), loops.background_fill(left, occluded))
    for size in (1, 3, 5):
        np.testing.assert_array_equal(ops.median(left, size=size), loops.median_filter(left, size))
        np.testing.assert_array_equal(ops.speckle(left, size=size), loops.speckle_filter(left, size, 1.0))


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(st.integers(0, 2), st.integers(0, 13), st.integers(0, 13)),
    st.integers(0, 99),
    st.integers(0, 9),
)
def test_any_map_gives_what_the_twin_gives(shape, seed, threads):
    disparity, right = (torch.from_numpy(random_map(shape, s, seed / 100)).mT for s in (seed, seed + 1))
    occluded = right.isnan()
    exact = {"rtol": 0, "atol": 0, "equal_nan": True}
    pairs = [
        (ops.median(disparity, size=5, num_threads=threads), twins._median(disparity, 5, 0)),
        (ops.speckle(disparity, size=4, range=0.5, num_threads=threads), twins._speckle(disparity, 4, 0.5, 0)),
        (
            ops.fill_background(disparity, occluded, num_threads=threads),
            twins._fill_background(disparity, occluded.byte(), 0),
        ),
    ]
    pairs.append((ops.nearest_known(disparity, num_threads=threads), twins._nearest_known(disparity, 0)))
    lines = disparity.flatten(0, 1), right.flatten(0, 1)
    pairs.append((ops.left_right_check(*lines, num_threads=threads), twins._left_right_check(*lines, 1.0, 0)))
    for found, expected in pairs:
        torch.testing.assert_close(found, expected, **exact)


def test_the_nearest_known_are_the_first_met_in_four_directions():
    known = np.array([[NAN, 1, NAN, NAN], [2, NAN, NAN, 3]], np.float32)
    left = [[NAN, 1, 1, 1], [2, 2, 2, 3]]
    right = [[1, 1, NAN, NAN], [2, 3, 3, 3]]
    above = [[NAN, 1, NAN, NAN], [2, 1, NAN, 3]]
    below = [[2, 1, NAN, 3], [2, NAN, NAN, 3]]
    expected = np.array([left, right, above, below], np.float32)
    np.testing.assert_array_equal(ops.nearest_known(known), expected)
    np.testing.assert_array_equal(ops.nearest_known(np.stack([known] * 2))[1], expected)
    assert ops.nearest_known(known[:, :0]).shape == (4, 2, 0)


def test_operators(assert_operator):
    # without gaps: opcheck takes NaN to differ from NaN
    disparity, right = (torch.from_numpy(random_map(seed=seed, gaps=0)) for seed in (1, 2))
    named = torch.ops.geomvision
    assert_operator(named.median.default, twins._median, disparity, 3, 0)
    assert_operator(named.speckle.default, twins._speckle, disparity, 4, 5.0, 0)
    assert_operator(named.fill_background.default, twins._fill_background, disparity, (right > 2).byte(), 0)
    assert_operator(named.nearest_known.default, twins._nearest_known, disparity, 0)
    lines = disparity.flatten(0, 1), right.flatten(0, 1)
    assert_operator(named.left_right_check.default, twins._left_right_check, *lines, 1.0, 0)


def test_compiles(assert_compiles):
    def clean(left, right):
        checked = left.where(ops.left_right_check(left, right) == 0, torch.nan)
        return ops.fill_background(ops.speckle(ops.median(checked), size=5)).nan_to_num()

    assert_compiles(clean, torch.from_numpy(random_map(seed=1)), torch.from_numpy(random_map(seed=2)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_comes_back_as_it_was_given(dtype):
    disparity = torch.from_numpy(random_map())
    found = ops.median(disparity.to(dtype))
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), ops.median(disparity), equal_nan=True)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda m: ops.median(m, size=4), ValueError, "size is 4; allowed is odd, 1 to 15"),
        (lambda m: ops.median(m.astype(float)), TypeError, "float64; disparity maps are float32"),
        (lambda m: ops.median(m.astype(int)), TypeError, "int64; it must be floating point"),
        (lambda m: ops.median(m[0]), ValueError, r"shape \(5,\); it must be \(\.\.\., H, W\)"),
        (lambda m: ops.speckle(m, size=-1), ValueError, "size is -1"),
        (lambda m: ops.speckle(m, size=3, range=NAN), ValueError, "range is NaN; it must be a number"),
        (lambda m: ops.left_right_check(m, m[:3]), ValueError, "they must be equal"),
        (lambda m: ops.left_right_check(m, m, tolerance=-1), ValueError, "tolerance is -1"),
        (lambda m: ops.fill_background(m, m), TypeError, "occluded is float32; it must be bool"),
        (lambda m: ops.fill_background(m, m[1:] > 0), ValueError, "they must be equal"),
        (lambda m: ops.fill_background(m.tolist()), TypeError, "list; it must be a numpy array"),
    ],
)
def test_wrong_input_says_what_is_allowed(call, kind, message):
    with pytest.raises(kind, match=message):
        call(np.zeros((4, 5), np.float32))
