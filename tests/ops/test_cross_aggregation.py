import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twins = pytest.importorskip("geomvision.ops._torch.cross_aggregation")


def test_arms_end_at_edges_borders_and_their_length():
    row = np.array([[10, 10, 12, 90, 90, 90, 90]], np.uint8)
    arms = ops.cross_arms(row, arm=2, threshold=20)
    assert arms[0, :, 0].tolist() == [0, 1, 2, 0, 1, 2, 2]
    assert arms[0, :, 1].tolist() == [2, 1, 0, 2, 2, 1, 0]
    assert not arms[..., 2:].any()
    np.testing.assert_array_equal(ops.cross_arms(row.T, arm=2)[:, 0, 2:], arms[0, :, :2])


def test_far_pixels_must_be_closer_in_colour_and_steps_small():
    ramp = np.arange(0, 90, 3, dtype=np.uint8)[None]
    assert ops.cross_arms(ramp, arm=34, inner=17, threshold=20, outer_threshold=20)[0, 0, 1] == 6  # 18 < 20
    assert ops.cross_arms(ramp, arm=34, inner=4, threshold=20, outer_threshold=6)[0, 0, 1] == 4
    saw = np.array([[0, 15, 5, 40, 0]], np.int16)
    assert ops.cross_arms(saw, threshold=16)[0, 0, 1] == 2
    steps = np.array([[0, 15, -15]], np.int16)  # each is near the first, but not near the other
    assert ops.cross_arms(steps, threshold=16)[0, 0, 1] == 1


def test_every_channel_must_agree():
    image = np.zeros((1, 3, 3), np.float32)
    image[0, 2, 1] = 50
    assert ops.cross_arms(image, colour=True)[0, :, 1].tolist() == [1, 0, 0]


@pytest.mark.parametrize("first", ["rows", "columns"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_mean_over_the_region_collected_pixel_by_pixel(first, dtype):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 60, (7, 9)).astype(np.uint8)
    volume = rng.integers(0, 250, (7, 9, 3)).astype(dtype)
    arms = ops.cross_arms(image, threshold=30, outer_threshold=30).astype(int)
    expected = np.empty(volume.shape)
    for y in range(7):
        for x in range(9):
            left, right, up, down = arms[y, x]
            if first == "rows":
                ranges = [(v, u) for v in range(y - up, y + down + 1) for u in span(x, arms[v, x, :2])]
            else:
                ranges = [(v, u) for u in range(x - left, x + right + 1) for v in span(y, arms[y, u, 2:])]
            expected[y, x] = np.mean([volume[v, u] for v, u in ranges], axis=0)
    found = ops.cross_aggregation(volume, arms.astype(np.uint8), first=first)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def span(centre, arms):
    return range(centre - arms[0], centre + arms[1] + 1)


def test_the_largest_costs_do_not_overflow():
    image, volume = np.zeros((260, 260), np.uint8), np.full((260, 260, 1), 65535, np.uint16)
    arms = ops.cross_arms(image, arm=127, inner=127)
    assert arms.max() == 127
    np.testing.assert_allclose(ops.cross_aggregation(volume, arms), 65535, rtol=2e-7)


@pytest.mark.parametrize("large", [1e12, 1e38, np.inf, np.nan])
@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_large_cost_spoils_the_regions_that_hold_it_and_no_other(large, level):
    arms = ops.cross_arms(np.zeros((30, 150), np.uint8), arm=5, inner=5)
    volume = np.full((30, 150, 70), level, np.float32)
    volume[8, 20, 3] = volume[8, 90, 66] = large
    found = ops.cross_aggregation(volume, arms)
    spoilt = np.zeros(volume.shape, bool)
    spoilt[3:14, 15:26, 3] = spoilt[3:14, 85:96, 66] = True
    np.testing.assert_allclose(found[~spoilt], level, rtol=1e-6)
    assert not np.isclose(found[spoilt], level).any()


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 20), st.integers(1, 70)),
    st.sampled_from(["uint8", "uint16", "int32", "float32"]),
    st.integers(1, 4),
    st.integers(0, 40),
    st.booleans(),
    st.integers(0, 9),
)
def test_any_volume_gives_what_the_twins_give(shape, dtype, channels, arm, columns, threads):
    rng = np.random.default_rng(arm)
    image = torch.from_numpy(rng.integers(0, 40, (*shape[:3], channels)).astype(dtype))
    arms = ops.cross_arms(image, arm=arm, inner=3, colour=True, num_threads=threads)
    torch.testing.assert_close(arms, twins._cross_arms(image, arm, 3, 20.0, 6.0, 0), rtol=0, atol=0)
    volume = torch.from_numpy(rng.integers(0, 250, shape).astype(dtype))
    found = ops.cross_aggregation(volume, arms, first="columns" if columns else "rows", num_threads=threads)
    torch.testing.assert_close(found, twins._cross_aggregation(volume, arms, columns, 0), rtol=1e-6, atol=0)


def test_operators(assert_operator):
    rng = np.random.default_rng(0)
    image = torch.from_numpy(rng.integers(0, 40, (1, 7, 9, 3)).astype(np.uint8))
    assert_operator(torch.ops.geomvision.cross_arms.default, twins._cross_arms, image, 5, 3, 20.0, 6.0, 0)
    volume, arms = (
        torch.from_numpy(rng.integers(0, 99, (1, 7, 9, 5)).astype(np.uint8)),
        ops.cross_arms(image, colour=True),
    )
    named = torch.ops.geomvision.cross_aggregation.default
    assert_operator(named, twins._cross_aggregation, volume, arms, False, 0)


def test_compiles(assert_compiles):
    image, volume = torch.zeros(5, 6), torch.rand(5, 6, 4)
    assert_compiles(lambda v, i: ops.cross_aggregation(v, ops.cross_arms(i), first="columns").amin(-1), volume, image)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: ops.cross_arms(np.zeros((4, 5)), arm=128), ValueError, "arm is 128"),
        (lambda: ops.cross_arms(np.zeros(4)), ValueError, r"must be \(\.\.\., H, W\)"),
        (
            lambda: ops.cross_arms(np.zeros((4, 5)), threshold=np.nan),
            ValueError,
            "threshold is NaN; it must be a number",
        ),
        (
            lambda: ops.cross_aggregation(np.zeros((4, 5, 2), np.uint8), np.zeros((4, 5), np.uint8)),
            ValueError,
            r"must be \(4, 5, 4\)",
        ),
        (
            lambda: ops.cross_aggregation(np.zeros((4, 5, 2), np.uint8), np.ones((4, 5, 4), np.uint8)),
            ValueError,
            "an arm leaves the image",
        ),
        (
            lambda: ops.cross_aggregation(np.zeros((4, 5, 2), np.uint8), np.zeros((4, 5, 4))),
            TypeError,
            "cross_arms gives uint8",
        ),
        (
            lambda: ops.cross_aggregation(np.zeros((4, 5, 2), np.uint8), np.zeros((4, 5, 4), np.uint8), first="x"),
            ValueError,
            "first is 'x'",
        ),
    ],
)
def test_wrong_input_says_what_is_allowed(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
