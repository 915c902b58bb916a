import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twins = pytest.importorskip("geomvision.ops._torch.winners")

DTYPES = ("uint8", "uint16", "int32", "float32")
NAN = np.nan


def nothing(dtype):
    return np.inf if dtype == "float32" else np.iinfo(dtype).max


def random_volume(dtype, shape=(3, 14, 9), seed=0, none=0.2):
    rng = np.random.default_rng(seed)
    volume = rng.integers(0, 9, shape).astype(dtype)
    volume[rng.random(shape) < none] = nothing(dtype)
    return volume


@pytest.mark.parametrize("dtype", DTYPES)
def test_winner_second_and_gaps_by_hand(dtype):
    none = nothing(dtype)
    volume = np.array([[[5, 2, 1, 7, 3], [4, 4, 9, 9, 9], [none] * 5, [none, none, 6, none, none]]], dtype)
    disparity, cost, second = ops.winner_takes_all(volume, first=-2)
    # neighbours of the winner are no rivals; of equal costs the first wins
    np.testing.assert_array_equal(disparity, np.array([[0, -2, NAN, 0]], np.float32))
    assert cost.tolist() == [[1, 4, none, 6]]
    assert second.tolist() == [[3, 9, none, none]]
    assert disparity.dtype == np.float32
    assert cost.dtype == second.dtype == dtype


def test_floats_below_zero_zeros_and_nan_are_ordered():
    volume = np.array([[[1, -3, NAN], [0.0, -0.0, 5], [-np.inf, NAN, -1], [NAN, NAN, NAN]]], np.float32)
    disparity, cost, _ = ops.winner_takes_all(volume)
    np.testing.assert_array_equal(disparity[0], np.array([1, 0, 0, NAN], np.float32))
    np.testing.assert_array_equal(cost[0], np.array([-3, 0, -np.inf, np.inf], np.float32))


def test_right_winners_follow_the_diagonals():
    # cost of left x and disparity d is |d - 2|: every right pixel whose left x + 2 exists has disparity 2
    volume = np.abs(np.arange(4) - 2).astype(np.uint8)[None, None].repeat(6, 1)
    np.testing.assert_array_equal(ops.right_winners(volume)[0], np.array([2, 2, 2, 2, 1, 0], np.float32))
    assert np.isnan(ops.right_winners(volume, first=6)).all()


@pytest.mark.parametrize(("fit", "curve"), [("parabola", np.square), ("equiangular", np.abs)])
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_subpixel_finds_the_vertex_it_was_made_with(fit, curve, dtype):
    vertex = np.linspace(2.6, 5.4, 57)
    volume = (1e4 * curve(np.arange(9) - vertex[:, None])).astype(dtype)[None]
    found = ops.subpixel(volume, ops.winner_takes_all(volume, first=10).disparity, first=10, fit=fit)
    np.testing.assert_allclose(found[0], 10 + vertex, atol=1e-3)


def test_subpixel_leaves_what_it_cannot_fit():
    volume = np.array([[[1, 2, 3], [3, 2, 1], [5, 5, 5], [4, 3, 255], [1, 5, 1]]], np.uint8)
    winners = np.array([[0, 2, 1, 1, 1]], np.float32)
    np.testing.assert_array_equal(ops.subpixel(volume, winners), winners)
    np.testing.assert_array_equal(ops.subpixel(volume, winners * NAN), winners * NAN)
    far = np.array([[np.inf, -np.inf, 3e9, -7, 0.5]], np.float32)
    np.testing.assert_array_equal(ops.subpixel(volume, far), far)


def test_uniqueness_needs_a_lead():
    disparity, cost = np.arange(5, dtype=np.float32)[None], np.array([[90, 91, 90, 0, 5]], np.uint8)
    second = np.array([[100, 100, 90, 0, 255]], np.uint8)
    found = ops.Winners(disparity, cost, second)
    kept, margin = ops.uniqueness(found, percent=9)
    np.testing.assert_array_equal(kept, np.array([[0, NAN, NAN, NAN, 4]], np.float32))
    np.testing.assert_array_equal(margin, np.array([[0.1, 0, 0, 0, 0]], np.float32))
    np.testing.assert_array_equal(ops.uniqueness(found)[0], np.array([[0, 1, NAN, NAN, 4]], np.float32))


@pytest.mark.parametrize("dtype", ["uint16", "int32"])
@pytest.mark.parametrize("first", [-3, 0, 5])
def test_equal_to_the_readable_loops_bit_for_bit(dtype, first):
    loops = pytest.importorskip("geomvision.stereo._winners")
    volume = random_volume(dtype, (7, 31, 13))
    none = int(nothing(dtype))
    unsure = loops.post.NONE

    def as_map(winners):
        return np.where(winners == unsure, np.float32(NAN), winners.astype(np.float32))

    found = ops.winner_takes_all(volume, first=first)
    for percent in (0, 15):
        winners, margin = loops.left_winners(volume, first, percent, none)
        kept = ops.uniqueness(found, percent=percent)
        np.testing.assert_array_equal(kept[0], as_map(winners))
        np.testing.assert_array_equal(kept[1], margin)
        for fit in ("parabola", "equiangular"):
            expected = loops.refine(winners, volume, first, fit == "parabola", none)
            np.testing.assert_array_equal(ops.subpixel(volume, kept[0], first=first, fit=fit), expected)
    np.testing.assert_array_equal(
        ops.right_winners(volume, first=first), as_map(loops.right_winners(volume, first, none))
    )


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(DTYPES),
    st.tuples(st.integers(0, 3), st.integers(0, 21), st.integers(1, 70)),
    st.integers(-40, 40),
    st.integers(0, 99),
    st.integers(0, 9),
)
def test_any_volume_gives_what_the_twin_gives(dtype, shape, first, seed, threads):
    volume = torch.from_numpy(random_volume(dtype, shape, seed, none=seed / 100))[:, ::2]
    exact = {"rtol": 0, "atol": 0, "equal_nan": True}
    if volume.numel() == 0:
        assert ops.winner_takes_all(volume).disparity.shape == volume.shape[:2]
        assert ops.right_winners(volume).shape == volume.shape[:2]
        return
    found = ops.winner_takes_all(volume, first=first, num_threads=threads)
    torch.testing.assert_close(tuple(found), twins._winner_takes_all(volume, first, 0), **exact)
    right = ops.right_winners(volume, first=first, num_threads=threads)
    torch.testing.assert_close(right, twins._right_winners(volume, first, 0), **exact)


@pytest.mark.parametrize("dtype", DTYPES)
def test_operators(assert_operator, dtype):
    # without ties and gaps: opcheck takes NaN to differ from NaN
    costs = np.random.default_rng(0).permuted(np.tile(np.arange(9), (3, 14, 1)), axis=-1)
    volume = torch.from_numpy(costs.astype(dtype))
    named = torch.ops.geomvision
    assert_operator(named.winner_takes_all.default, twins._winner_takes_all, volume, 2, 0)
    assert_operator(named.right_winners.default, twins._right_winners, volume, 0, 0)
    found = ops.winner_takes_all(volume, first=2)
    for fit in ("parabola", "equiangular", "none"):
        assert_operator(named.subpixel.default, twins._subpixel, volume, found.disparity, 2, fit, 0, rtol=0, atol=0)
    assert_operator(named.uniqueness.default, twins._uniqueness, *found, 0, 0, rtol=0, atol=0)


def test_compiles(assert_compiles):
    def match(volume):
        found = ops.winner_takes_all(volume, first=1)
        return ops.subpixel(volume, ops.uniqueness(found, percent=5)[0], first=1)

    assert_compiles(match, torch.from_numpy(random_volume("uint8")))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_and_leading_axes(dtype):
    volume = torch.from_numpy(random_volume("float32", (2, 3, 4, 5, 6)))
    found = ops.winner_takes_all(volume.to(dtype))
    assert found.disparity.shape == (2, 3, 4, 5)
    torch.testing.assert_close(tuple(found), tuple(ops.winner_takes_all(volume)), equal_nan=True)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: ops.winner_takes_all(np.zeros((2, 3, 0), np.uint8)), ValueError, "D from 1 to 65535"),
        (lambda: ops.winner_takes_all(np.zeros(3, np.uint8)), ValueError, r"must be \(\.\.\., W, D\)"),
        (lambda: ops.right_winners(np.zeros((2, 3, 4))), TypeError, "float64; allowed are uint8, uint16, int32"),
        (lambda: ops.right_winners([[1]]), TypeError, "list; it must be a numpy array or a torch tensor"),
        (
            lambda: ops.subpixel(np.zeros((2, 3, 4), np.uint8), np.zeros((2, 2), np.float32)),
            ValueError,
            "the volume asks for",
        ),
        (
            lambda: ops.subpixel(np.zeros((2, 3, 4), np.uint8), np.zeros((2, 3), np.float32), fit="line"),
            ValueError,
            "fit is 'line'",
        ),
        (
            lambda: ops.uniqueness(ops.winner_takes_all(np.zeros((1, 2, 3), np.uint8)), percent=101),
            ValueError,
            "percent is 101; allowed is 0 to 100",
        ),
        (
            lambda: ops.subpixel(np.zeros((1, 2, 3), np.uint8), torch.zeros(1, 2)),
            TypeError,
            "must all be numpy arrays or all torch",
        ),
    ],
)
def test_wrong_input_says_what_is_allowed(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
