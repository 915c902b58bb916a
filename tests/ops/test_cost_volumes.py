import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twins = pytest.importorskip("geomvision.ops._torch.cost_volumes")

TWINS = {
    "group_wise_volume": (twins._group_wise, (5, 2)),
    "difference_volume": (twins._difference, (5,)),
    "concatenated_volume": (twins._concatenated, (5,)),
}


def features(shape=(2, 6, 3, 11), dtype=torch.float32, seed=0, requires_grad=False):
    generator = torch.Generator().manual_seed(seed)
    pair = (torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for _ in range(2))
    return [values.requires_grad_(requires_grad) for values in pair]


def indices(batch, channels, height, width):
    """Left and right features whose every entry tells its channel, row and column."""
    b, c, y, x = np.indices((batch, channels, height, width)).astype(np.float64)
    return 1 + b + 2 * c + 3 * y + 5 * x, 7 - b + c * y + 11 * x


def test_every_entry_is_the_mean_product_of_its_group():
    left, right = indices(2, 6, 3, 9)
    volume = ops.group_wise_volume(left, right, max_disparity=11, groups=3)
    for b, g, d, y, x in np.ndindex(volume.shape):
        expected = 0.0 if x < d else (left[b, 2 * g : 2 * g + 2, y, x] * right[b, 2 * g : 2 * g + 2, y, x - d]).mean()
        assert volume[b, g, d, y, x] == pytest.approx(expected, rel=1e-12)


def test_every_entry_is_the_mean_difference_and_every_channel_is_beside_its_partner():
    left, right = indices(1, 3, 2, 7)
    difference = ops.difference_volume(left, right, max_disparity=9)
    beside = ops.concatenated_volume(left, right, max_disparity=9)
    for d, y, x in np.ndindex(difference.shape[1:]):
        there = right[0, :, y, x - d] if x >= d else np.zeros(3)
        assert difference[0, d, y, x] == pytest.approx(np.abs(left[0, :, y, x] - there).mean(), rel=1e-12)
        assert beside[0, :3, d, y, x].tolist() == (left[0, :, y, x] * (x >= d)).tolist()
        assert beside[0, 3:, d, y, x].tolist() == there.tolist()


def test_a_shifted_view_correlates_best_at_its_shift():
    left = features((1, 64, 4, 40))[0].numpy()
    right = np.roll(left, -7, axis=3)
    volume = ops.correlation_volume(left, right, max_disparity=12)
    assert volume.shape == (1, 12, 4, 40)
    assert (volume[0, :, :, 12:].argmax(0) == 7).all()


def test_what_no_candidate_sees_is_zero_whatever_the_features_hold():
    left, right = (f.numpy() for f in features())
    left[..., 0], right[..., -1] = np.inf, np.nan
    for name in ("group_wise_volume", "concatenated_volume"):
        rest = {"groups": 2} if name == "group_wise_volume" else {}
        volume = getattr(ops, name)(left, right, max_disparity=5, **rest)
        for d in range(1, 5):
            assert (volume[:, :, d, :, :d] == 0).all()


@settings(deadline=None, max_examples=15)
@given(
    st.integers(1, 2),
    st.integers(1, 3),
    st.sampled_from([1, 2, 9, 17]),
    st.integers(1, 3),
    st.sampled_from([1, 2, 17, 33, 321]),
    st.sampled_from([1, 3, 9, 65]),
    st.integers(1, 4),
)
def test_any_size_has_the_values_and_derivatives_of_the_twin(batch, groups, share, height, width, candidates, threads):
    shape = (batch, groups * share, height, width)
    for name, (twin, rest) in TWINS.items():
        rest = (candidates, groups) if len(rest) == 2 else (candidates,)
        ours, theirs = features(shape, requires_grad=True), features(shape, requires_grad=True)
        volume = getattr(torch.ops.geomvision, name)(*ours, *rest, threads)
        expected = twin(*theirs, *rest, 0)
        torch.testing.assert_close(volume, expected, rtol=1e-5, atol=1e-5)
        weight = torch.randn(volume.shape, generator=torch.Generator().manual_seed(1))
        found = torch.autograd.grad(volume, ours, weight)
        torch.testing.assert_close(found, torch.autograd.grad(expected, theirs, weight), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", TWINS)
def test_every_number_of_threads_gives_the_same(name):
    left, right = features((2, 18, 7, 35))
    rest = TWINS[name][1]
    backward = getattr(torch.ops.geomvision, name + "_backward")
    saved = () if name == "concatenated_volume" else (left, right)
    expected = getattr(torch.ops.geomvision, name)(left, right, *rest, 1)
    gradient = backward(expected, *saved, 1)
    for threads in range(2, 9):
        assert torch.equal(getattr(torch.ops.geomvision, name)(left, right, *rest, threads), expected)
        assert all(map(torch.equal, backward(expected, *saved, threads), gradient))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("name", TWINS)
def test_operator(assert_operator, name, dtype):
    twin, rest = TWINS[name]
    tolerance = {torch.float16: 1e-2, torch.bfloat16: 6e-2}.get(dtype, 1e-5)
    operator = getattr(torch.ops.geomvision, name).default
    inputs = features(dtype=dtype, requires_grad=True)
    assert_operator(operator, twin, *inputs, *rest, 0, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", TWINS)
def test_derivative(name):
    inputs = features((1, 4, 2, 6), torch.float64, requires_grad=True)
    rest = {"groups": 2} if name == "group_wise_volume" else {}
    assert torch.autograd.gradcheck(lambda a, b: getattr(ops, name)(a, b, max_disparity=4, **rest), inputs)


def test_compiles(assert_compiles):
    def nets(left, right):
        volumes = [
            ops.group_wise_volume(left, right, max_disparity=4, groups=3).flatten(),
            ops.correlation_volume(left, right, max_disparity=4).flatten(),
            ops.difference_volume(left, right, max_disparity=4).flatten(),
            ops.concatenated_volume(left, right, max_disparity=4).flatten(),
        ]
        return torch.cat(volumes)

    assert_compiles(nets, *features(requires_grad=True))


def test_strided_and_half_arrays():
    left, right = (f.numpy() for f in features((2, 6, 5, 22)))
    for name in ("difference_volume", "concatenated_volume", "correlation_volume"):
        op = getattr(ops, name)
        strided = op(left[:, ::-2, :, ::2], right[:, ::-2, :, ::2], max_disparity=3)
        copied = op(left[:, ::-2, :, ::2].copy(), right[:, ::-2, :, ::2].copy(), max_disparity=3)
        np.testing.assert_array_equal(strided, copied)
        assert op(left.astype(np.float16), right.astype(np.float16), max_disparity=3).dtype == np.float16


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"groups": 4}, ValueError, "6 channels do not make 4 equal groups"),
        ({"groups": 0}, ValueError, "6 channels do not make 0 equal groups"),
        ({"max_disparity": 0}, ValueError, "max_disparity is 0; at least one candidate"),
        ({"right": np.zeros((1, 6, 3, 8), np.float32)}, ValueError, r"right \(1, 6, 3, 8\); they must be equal"),
        ({"right": np.zeros((1, 6, 3, 9))}, TypeError, "they must have one dtype"),
        ({"left": np.zeros((6, 3, 9), np.float32)}, ValueError, r"it must be \(B, C, H, W\)"),
        ({"left": np.zeros((1, 0, 3, 9), np.float32)}, ValueError, "right"),
    ],
)
def test_wrong_input_says_what_is_allowed(change, kind, message):
    given = {"left": np.zeros((1, 6, 3, 9), np.float32), "right": np.zeros((1, 6, 3, 9), np.float32)}
    given |= {"max_disparity": 4, "groups": 2} | change
    with pytest.raises(kind, match=message):
        ops.group_wise_volume(given.pop("left"), given.pop("right"), **given)


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (1, 3, 0, 4), (2, 1, 1, 0)])
def test_nothing_gives_nothing(shape):
    empty = np.zeros(shape, np.float32)
    assert ops.group_wise_volume(empty, empty, max_disparity=2, groups=1).shape == (shape[0], 1, 2, *shape[2:])
    assert ops.concatenated_volume(empty, empty, max_disparity=2).shape == (shape[0], 2 * shape[1], 2, *shape[2:])
