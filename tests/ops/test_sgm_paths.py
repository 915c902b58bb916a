from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twins = pytest.importorskip("geomvision.ops._torch.sgm_paths")

EXACT = {"rtol": 0, "atol": 0}
GUIDES = ("none", "uint8", "uint16", "float32")


def noise(shape, seed=0, most=75):
    return np.random.default_rng(seed).integers(0, most + 1, shape).astype(np.uint8)


def guide_of(dtype, shape, seed=1):
    if dtype == "none":
        return None
    rng = np.random.default_rng(seed)
    return (rng.normal(0, 40, shape) if dtype == "float32" else rng.integers(0, 200, shape)).astype(dtype)


@pytest.mark.parametrize("paths", [4, 5, 8, 16])
def test_one_row_is_the_cheapest_of_all_ways(paths):
    costs, p1, p2 = noise((1, 5, 3), most=9), 2, 4
    step = [0, p1, p2]

    def cheapest(line, last=None):
        ways = product(range(3), repeat=len(line))
        return min(
            sum(cost[k] for cost, k in zip(line, way, strict=True)) + sum(step[abs(a - b)] for a, b in pairwise(way))
            for way in ways
            if last is None or way[-1] == last
        )

    sums = ops.sgm_paths(costs, paths=paths, p1=p1, p2=p2)
    assert sums.dtype == np.uint16
    line = costs[0].astype(int).tolist()
    for x, k in product(range(5), range(3)):
        there = cheapest(line[: x + 1], k) - (cheapest(line[:x]) if x else 0)
        back = cheapest(line[x:][::-1], k) - (cheapest(line[x + 1 :][::-1]) if x < 4 else 0)
        # in an image one row high all other paths begin, and end, here
        assert sums[0, x, k] == there + back + (paths - 2) * line[x][k]


@pytest.mark.parametrize("paths", [4, 5, 8, 16])
def test_without_penalties_each_path_costs_what_its_last_pixel_costs(paths):
    costs = noise((9, 20, 33), most=255)
    np.testing.assert_array_equal(ops.sgm_paths(costs, paths=paths, p1=0, p2=0), paths * costs.astype(np.uint16))


def test_an_edge_of_the_guide_lets_disparity_jump():
    # the right half wants candidate 7, the left one 0, but two columns beside the edge cannot tell
    costs = np.full((8, 24, 8), 60, np.uint8)
    costs[:, :12, 0] = costs[:, 12:, 7] = 0
    costs[:, 10:14] = 30
    guide = np.where(np.arange(24) < 11, 10, 200).astype(np.uint8)[None].repeat(8, 0)

    def step_at(given):
        return (ops.sgm_paths(costs, given, p1=10, p2=150, paths=4).argmin(-1) > 3).argmax(-1)

    assert (step_at(guide) == 11).all()
    assert (step_at(guide[:, ::-1].copy()) != 11).all()


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([4, 5, 8, 16]),
    st.sampled_from(GUIDES),
    st.tuples(st.integers(0, 9), st.integers(0, 12), st.integers(0, 40)),
    st.sampled_from([(0, 0), (3, 40), (24, 180), (180, 180)]),
    st.integers(0, 8),
)
def test_any_volume_gives_what_the_twin_gives(paths, dtype, shape, penalties, threads):
    costs, guide = torch.from_numpy(noise(shape)), guide_of(dtype, shape[:2])
    guide = None if guide is None else torch.from_numpy(guide)
    p1, p2 = penalties
    found = ops.sgm_paths(costs, guide, paths=paths, p1=p1, p2=p2, num_threads=threads)
    torch.testing.assert_close(found, twins._sgm_paths(costs, guide, paths, p1, p2, 0), **EXACT)


@pytest.mark.parametrize("dtype", GUIDES)
def test_operator(assert_operator, dtype):
    guide = guide_of(dtype, (8, 11))
    arguments = torch.from_numpy(noise((8, 11, 7))), None if guide is None else torch.from_numpy(guide)
    assert_operator(torch.ops.geomvision.sgm_paths.default, twins._sgm_paths, *arguments, 8, 24, 180, 0, **EXACT)


def test_compiles(assert_compiles):
    costs, guide = torch.from_numpy(noise((8, 11, 7))), torch.from_numpy(guide_of("float32", (8, 11)))
    assert_compiles(lambda c, g: ops.sgm_paths(c, g, paths=5).to(torch.int32), costs, guide)


def test_any_float_and_any_strides_guide():
    costs, guide = noise((8, 22, 7))[:, ::2], guide_of("float32", (11, 8)).T
    expected = ops.sgm_paths(np.ascontiguousarray(costs), np.ascontiguousarray(guide))
    np.testing.assert_array_equal(ops.sgm_paths(costs, guide), expected)
    np.testing.assert_array_equal(ops.sgm_paths(costs, guide.astype(np.float64)), expected)
    half = torch.from_numpy(guide.copy()).half()
    found = ops.sgm_paths(torch.from_numpy(costs.copy()), half)
    torch.testing.assert_close(found, ops.sgm_paths(torch.from_numpy(costs.copy()), half.float()), **EXACT)


@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy])
def test_wrong_input_says_what_is_allowed(convert):
    costs, guide = convert(noise((4, 5, 6))), convert(np.zeros((4, 5), np.float32))
    for call, kind, message in (
        (lambda: ops.sgm_paths(costs[0]), ValueError, r"must be \(H, W, D\)"),
        (lambda: ops.sgm_paths(convert(np.zeros((4, 5, 6)))), TypeError, "they must be uint8: scale them to 0 … 75"),
        (lambda: ops.sgm_paths(costs, paths=6), ValueError, "paths is 6; allowed are 4, 5, 8 and 16"),
        (lambda: ops.sgm_paths(costs, p1=200), ValueError, "p1 is 200 and p2 180"),
        (lambda: ops.sgm_paths(costs, p2=250), ValueError, "the largest cost is 75 and p2 250"),
        (lambda: ops.sgm_paths(costs, guide[:, 1:]), ValueError, "guide has shape"),
        (lambda: ops.sgm_paths(costs, convert(np.zeros((4, 5), np.int32))), TypeError, "allowed are uint8, uint16"),
        (lambda: ops.sgm_paths(costs, guide * np.nan), ValueError, "guide holds NaN or infinity"),
        (lambda: ops.sgm_paths(costs.tolist()), TypeError, "list; it must be a numpy array or a torch tensor"),
    ):
        with pytest.raises(kind, match=message):
            call()
    with pytest.raises(ValueError, match="the largest cost is 75 and p2 250"):
        twins._sgm_paths(torch.from_numpy(noise((4, 5, 6))), None, 8, 24, 250, 0)
