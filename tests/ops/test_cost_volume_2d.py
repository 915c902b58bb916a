import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twins = pytest.importorskip("geomvision.ops._torch.cost_volume_2d")

DTYPES = ("uint8", "uint16", "float32", "float64")
EXACT = {"rtol": 0, "atol": 0, "equal_nan": True}


def frames(dtype, shape):
    rng = np.random.default_rng(3)
    return [rng.integers(0, 60000 if dtype == "uint16" else 255, shape).astype(dtype) for _ in range(2)]


def test_order_of_displacements_by_hand():
    frame0, frame1 = np.zeros((3, 3), np.uint8), np.arange(1, 10, dtype=np.uint8).reshape(3, 3)
    volume = ops.cost_volume_2d(frame0, frame1, radius=1)
    assert volume.dtype == np.float32
    # at the centre every candidate lies inside: rows of frame1, one after the other
    assert volume[1, 1].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    inf = np.inf
    assert volume[0, 0].tolist() == [inf, inf, inf, inf, 1, 2, inf, 4, 5]
    assert volume[2, 1].tolist() == [4, 5, 6, 7, 8, 9, inf, inf, inf]
    squares = ops.cost_volume_2d(frame0, frame1, radius=1, cost="squared")
    np.testing.assert_array_equal(squares, volume**2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cost", ["absolute", "squared"])
def test_a_moved_frame_costs_nothing_at_its_motion(dtype, cost):
    scene = frames(dtype, (30, 40))[0]
    dx, dy = 3, -2
    frame0, frame1 = scene[5:25, 5:35], scene[5 - dy : 25 - dy, 5 - dx : 35 - dx]
    volume = ops.cost_volume_2d(frame0, frame1, radius=4, cost=cost)
    assert volume.shape == (20, 30, 81)
    assert (volume[2:, :-3, (dy + 4) * 9 + dx + 4] == 0).all()
    assert (volume[:2, :, (dy + 4) * 9 + dx + 4] == np.inf).all()


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(DTYPES),
    st.tuples(st.integers(0, 2), st.integers(0, 7), st.integers(0, 25)),
    st.integers(0, 9),
    st.sampled_from(["absolute", "squared"]),
    st.integers(0, 9),
)
def test_any_frames_give_what_the_twin_gives(dtype, shape, radius, cost, threads):
    frame0, frame1 = (torch.from_numpy(frame)[:, :, ::2] for frame in frames(dtype, shape))
    found = ops.cost_volume_2d(frame0, frame1, radius=radius, cost=cost, num_threads=threads)
    expected = twins._cost_volume_2d(frame0, frame1, radius, cost == "squared", 0)
    torch.testing.assert_close(found, expected, **EXACT)
    array = ops.cost_volume_2d(frame0.numpy(), frame1.numpy(), radius=radius, cost=cost)
    np.testing.assert_array_equal(array, expected.numpy())


@pytest.mark.parametrize("dtype", DTYPES)
def test_operator(assert_operator, dtype):
    frame0, frame1 = (torch.from_numpy(frame) for frame in frames(dtype, (2, 5, 7)))
    for squared in (False, True):
        arguments = frame0, frame1, 2, squared, 0
        assert_operator(torch.ops.geomvision.cost_volume_2d.default, twins._cost_volume_2d, *arguments, rtol=0, atol=0)


@pytest.mark.parametrize("cost", ["absolute", "squared"])
def test_derivatives(cost, assert_compiles):
    def inside(frame0, frame1):
        volume = ops.cost_volume_2d(frame0, frame1, radius=2, cost=cost)
        return torch.where(volume.isinf(), 0, volume)

    pair = [torch.from_numpy(frame).requires_grad_() for frame in frames("float64", (2, 3, 4))]
    assert torch.autograd.gradcheck(inside, pair)
    assert_compiles(inside, *pair)
    leaf = torch.tensor([[3.0, 5.0]], requires_grad=True)
    ops.cost_volume_2d(leaf, torch.tensor([[3.0, 4.0]]), radius=0, cost=cost).sum().backward()
    assert leaf.grad.tolist() == [[0, 1 if cost == "absolute" else 2]]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["float32", "float64"]),
    st.tuples(st.integers(0, 2), st.integers(0, 7), st.integers(0, 25)),
    st.integers(0, 9),
    st.booleans(),
    st.integers(2, 8),
)
def test_any_derivative_is_that_of_the_twin(dtype, shape, radius, squared, threads):
    pair = [frame / 255 for frame in frames(dtype, shape)]
    for frame in pair:
        frame.flat[::13], frame.flat[::17] = np.nan, np.inf
    frame0, frame1 = (torch.from_numpy(frame)[:, :, ::2] for frame in pair)
    rng = np.random.default_rng(5)
    d_volume = torch.from_numpy(rng.standard_normal((*frame0.shape, (2 * radius + 1) ** 2)).astype(dtype))
    arguments = d_volume, frame0, frame1, radius, squared
    found = twins.cost_volume_2d_backward(*arguments, 1)
    tolerance = 1e-11 if dtype == "float64" else 1e-4
    for one, expected in zip(found, twins._cost_volume_2d_backward(*arguments, 0), strict=True):
        torch.testing.assert_close(one, expected, rtol=tolerance, atol=tolerance)
    assert all(
        torch.equal(a, b) for a, b in zip(twins.cost_volume_2d_backward(*arguments, threads), found, strict=True)
    )


@pytest.mark.parametrize("squared", [False, True])
def test_the_operator_of_the_derivative(assert_operator, squared):
    pair = [torch.from_numpy(frame) for frame in frames("float32", (2, 5, 7))]
    arguments = torch.linspace(-1, 1, 2 * 5 * 7 * 25).view(2, 5, 7, 25), *pair, 2, squared, 0
    found = torch.ops.geomvision.cost_volume_2d_backward.default
    assert_operator(found, twins._cost_volume_2d_backward, *arguments, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_and_leading_axes(dtype):
    pair = [torch.from_numpy(frame).to(dtype) for frame in frames("float32", (2, 3, 4, 5))]
    volume = ops.cost_volume_2d(*pair, radius=1)
    assert volume.shape == (2, 3, 4, 5, 9)
    torch.testing.assert_close(volume, ops.cost_volume_2d(*(frame.float() for frame in pair), radius=1), **EXACT)
    one = ops.cost_volume_2d(pair[0][1, 2], pair[1][1, 2], radius=1)
    torch.testing.assert_close(one, volume[1, 2], **EXACT)


def test_what_is_not_finite_costs_nothing_finite():
    frame0, frame1 = frames("float32", (3, 3))
    frame0[1, 1], frame1[0, 0] = np.nan, np.inf
    volume = ops.cost_volume_2d(frame0, frame1, radius=1)
    assert np.isnan(volume[1, 1]).all()
    assert volume[0, 1, 3] == np.inf
    assert np.isfinite(volume[2, 2, [0, 1, 3, 4]]).all()


def test_wrong_input_says_what_is_allowed():
    frame = np.zeros((4, 5), np.uint8)
    for call, kind, message in (
        (lambda: ops.cost_volume_2d(frame, frame[1:], radius=1), ValueError, "they must be equal"),
        (lambda: ops.cost_volume_2d(frame[0], frame[0], radius=1), ValueError, r"must be \(\.\.\., H, W\)"),
        (lambda: ops.cost_volume_2d(frame, frame.astype(int), radius=1), TypeError, "they must have one dtype"),
        (lambda: ops.cost_volume_2d(frame.astype(int), frame.astype(int), radius=1), TypeError, "allowed are uint8"),
        (lambda: ops.cost_volume_2d(frame, frame, radius=128), ValueError, "radius is 128; allowed is 0 to 127"),
        (lambda: ops.cost_volume_2d(frame, frame, radius=1, cost="l1"), ValueError, "cost is 'l1'; allowed are"),
        (lambda: ops.cost_volume_2d(frame, torch.from_numpy(frame), radius=1), TypeError, "must all be numpy arrays"),
    ):
        with pytest.raises(kind, match=message):
            call()
