import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import ops

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.soft_argmin")


def costs(shape=(2, 7, 3, 5), dtype=torch.float32, seed=0, requires_grad=False):
    return (
        torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        .to(dtype)
        .requires_grad_(requires_grad)
    )


def test_two_candidates_follow_the_logistic_curve():
    volume = np.zeros((1, 2, 1, 3))
    volume[0, 1, 0] = [0.0, 1.0, -2.0]
    expected = 4 + 1 / (1 + np.exp(volume[0, 1, 0]))
    np.testing.assert_allclose(ops.soft_argmin(volume, first=4.0)[0, 0], expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_deep_valley_wins_alone_and_no_cost_overflows(dtype):
    volume = np.full((1, 9, 2, 2), 3e4, dtype)
    volume[0, 6] = -3e4
    found = ops.soft_argmin(volume, first=-2.0)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, 4.0)


def test_strided_input_gives_what_its_copy_gives():
    volume = costs().numpy()[:, ::-2, :, ::2]
    np.testing.assert_array_equal(ops.soft_argmin(volume), ops.soft_argmin(volume.copy()))


def test_numpy_and_torch_agree_on_every_number_of_threads():
    volume = costs((2, 33, 17, 19))
    expected = ops.soft_argmin(volume.numpy(), num_threads=1)
    for threads in range(2, 9):
        np.testing.assert_array_equal(ops.soft_argmin(volume.numpy(), num_threads=threads), expected)
        np.testing.assert_array_equal(ops.soft_argmin(volume, num_threads=threads).numpy(), expected)


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from([1, 2, 5, 40]),
    st.integers(1, 3),
    st.sampled_from([1, 7, 16, 63, 64, 77, 150]),
    st.sampled_from([0.1, 3.0, 200.0]),
)
def test_any_width_has_the_values_and_derivatives_of_the_twin(candidates, height, width, spread):
    volume = spread * costs((1, candidates, height, width), torch.float64)
    weight = costs((1, height, width), torch.float64, seed=1)
    expected, slope = twin._twin(volume, 2.0, 0), twin._twin_backward(weight, volume, 0)
    found = torch.ops.geomvision.soft_argmin(volume.float(), 2.0, 0)
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-6 * candidates * (1 + spread))
    found = torch.ops.geomvision.soft_argmin_backward(weight.float(), volume.float(), 0)
    torch.testing.assert_close(found.double(), slope, rtol=0, atol=4e-6 * candidates * (1 + spread))


def test_costs_that_rise_linearly_are_upsampled_to_a_line():
    # Costs that are linear in x at one candidate and 0 at the other: the logistic curve, at half-pixel centres.
    volume = np.zeros((1, 2, 2, 6))
    volume[0, 1] = np.arange(6)
    found = ops.upsampled_soft_argmin(volume, size=(2, 4, 24), first=1.0)
    x = np.clip((np.arange(24) + 0.5) / 4 - 0.5, 0, 5)
    np.testing.assert_allclose(found, np.broadcast_to(1 + 1 / (1 + np.exp(x)), (1, 4, 24)), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_valley_stays_where_it_is_when_upsampled_and_no_cost_underflows(dtype):
    volume = np.full((1, 9, 3, 20), 1e6, dtype)
    volume[:, 5] = -1e6
    found = ops.upsampled_soft_argmin(volume, scale=4)
    # Candidate 5 of 9 lies between the candidates 21 and 22 of 36.
    np.testing.assert_allclose(found, np.full((1, 12, 80), 21.5), atol=1e-4)


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("valley", [[3e38, 2.9e38, 3.1e38], [0, -3e38, 1e38]])
@pytest.mark.parametrize(("dtype", "larger"), [(torch.float32, 1.0), (torch.float64, 5e269)])
def test_upsampled_costs_near_the_largest_number_are_neither_infinite_nor_nan(places, scale, valley, dtype, larger):
    """The sample at the middle candidate wins, or that before it: the cost before is nearer than the one after."""
    winner = scale + (scale - 1) // 2
    column = torch.tensor(valley, dtype=torch.float64).mul(larger).to(dtype)[:, None, None]
    everywhere = column.expand(1, 3, 2, 3)
    alone = torch.zeros(1, 3, 2, 3, dtype=dtype)
    alone[..., 1:2] = column
    size = (3 * scale, 2 * scale, 3 * scale)
    for place, device in places:
        for volume, seen in ((everywhere, slice(None)), (alone, slice(scale, 2 * scale))):
            leaf = volume.to(device, copy=True).requires_grad_()
            with place():
                found = torch.ops.geomvision.upsampled_soft_argmin(leaf, *size, 0.0, 0)
                (slope,) = torch.autograd.grad(found[..., seen].sum(), leaf)
            assert found.isfinite().all()
            assert (found[..., seen] == winner).all()
            assert slope.abs().max() < 1e-30  # a winner that takes all keeps it
            wanted = twin._upsampled(volume, *size, 0.0, 0)[..., seen]
            torch.testing.assert_close(found[..., seen].cpu(), wanted)


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([1, 2, 3, 12, 70]),
    st.integers(1, 12),
    st.sampled_from([1, 2, 5, 16, 33, 260]),
    st.sampled_from([(2, 2, 2), (4, 4, 4), (8, 3, 2.5), (4, 0.5, 7.3), (3, 2, 2), (1, 1, 1), (0.7, 0.6, 0.5)]),
    st.sampled_from([0.1, 3.0, 200.0]),
)
def test_any_upsampling_has_the_values_and_derivatives_of_the_twin(candidates, height, width, scales, spread):
    if candidates * width > 4000:
        height = 1
    volume = spread * costs((1, candidates, height, width), torch.float64)
    size = [max(1, round(s * n)) for s, n in zip(scales, volume.shape[1:], strict=True)]
    weight = costs((1, *size[1:]), torch.float64, seed=1)
    expected = twin._upsampled(volume, *size, 2.0, 0)
    slope = twin._upsampled_backward(weight, volume, size[0], 0)
    atol = 2e-6 * max(size) * (1 + spread) + 1e-6 * max(size) ** 2
    found = torch.ops.geomvision.upsampled_soft_argmin(volume.float(), *size, 2.0, 0)
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=atol)
    found = torch.ops.geomvision.upsampled_soft_argmin_backward(weight.float(), volume.float(), size[0], 0)
    torch.testing.assert_close(found.double(), slope, rtol=0, atol=atol * max(scales) ** 2)
    found = torch.ops.geomvision.upsampled_soft_argmin(volume, *size, 2.0, 0)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9 * max(size))
    found = torch.ops.geomvision.upsampled_soft_argmin_backward(weight, volume, size[0], 0)
    torch.testing.assert_close(found, slope, rtol=0, atol=1e-8 * max(size))


def test_upsampling_gives_the_same_on_every_number_of_threads():
    volume = costs((2, 6, 21, 19))
    weight = costs((2, 84, 76), seed=1)
    expected = ops.upsampled_soft_argmin(volume, scale=4, num_threads=1)
    slope = torch.ops.geomvision.upsampled_soft_argmin_backward(weight, volume, 24, 1)
    for threads in range(2, 9):
        assert torch.equal(ops.upsampled_soft_argmin(volume, scale=4, num_threads=threads), expected)
        assert torch.equal(torch.ops.geomvision.upsampled_soft_argmin_backward(weight, volume, 24, threads), slope)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_upsampled_operator(assert_operator, dtype):
    tolerance = {torch.float16: 5e-2, torch.bfloat16: 4e-1}.get(dtype, 1e-4)
    operator = torch.ops.geomvision.upsampled_soft_argmin.default
    inputs = (costs(dtype=dtype, requires_grad=True), 28, 9, 21, 3.0, 0)
    assert_operator(operator, twin._upsampled, *inputs, rtol=1e-2 * tolerance, atol=tolerance)


def test_upsampled_derivative_and_compilation(assert_compiles):
    leaf = costs((1, 3, 2, 3), torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda c: ops.upsampled_soft_argmin(c, size=(12, 5, 8)), leaf)
    assert_compiles(lambda c: ops.upsampled_soft_argmin(c * 2, scale=4), costs(requires_grad=True), atol=1e-4)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({}, TypeError, "exactly one of them"),
        ({"scale": 2, "size": (1, 1, 1)}, TypeError, "exactly one of them"),
        ({"scale": 0}, ValueError, r"cannot become \(0, 0, 0\): all must be between 1 and 2147483647"),
        ({"scale": 2**30}, ValueError, r"cannot become \(\d+, \d+, \d+\): all must be between 1 and 2147483647"),
        ({"size": (4, -1, 3)}, ValueError, r"cannot become \(4, -1, 3\)"),
    ],
)
def test_wrong_upsampling_says_what_is_allowed(options, kind, message):
    with pytest.raises(kind, match=message):
        ops.upsampled_soft_argmin(np.zeros((1, 2, 3, 4), np.float32), **options)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_operator(assert_operator, dtype):
    tolerance = {torch.float16: 2e-2, torch.bfloat16: 2e-1}.get(dtype, 1e-5)
    operator = torch.ops.geomvision.soft_argmin.default
    assert_operator(
        operator, twin._twin, costs(dtype=dtype, requires_grad=True), 3.0, 0, rtol=1e-2 * tolerance, atol=tolerance
    )


def test_derivative():
    assert torch.autograd.gradcheck(
        lambda c: ops.soft_argmin(c, first=2.0), costs((1, 5, 2, 3), torch.float64, requires_grad=True)
    )


def test_compiles(assert_compiles):
    assert_compiles(lambda c: ops.soft_argmin(c * 2, first=1.0), costs(requires_grad=True))


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (np.zeros((3, 4), np.float32), ValueError, r"soft_argmin: costs has shape \(3, 4\); it must be \(B, D, H, W\)"),
        (np.zeros((1, 0, 4, 4), np.float32), ValueError, "at least one candidate"),
        (np.zeros((1, 2, 4, 4), np.uint8), TypeError, "uint8; it must be floating point"),
        ([[1.0]], TypeError, "list; it must be a numpy array or a torch tensor"),
    ],
)
def test_wrong_input_says_what_is_allowed(given, kind, message):
    with pytest.raises(kind, match=message):
        ops.soft_argmin(given)


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (1, 3, 0, 4), (2, 1, 1, 1)])
def test_any_size(shape):
    assert ops.soft_argmin(np.zeros(shape, np.float32)).shape == (shape[0], *shape[2:])


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([np.inf, 1, 1], 1.5),
        ([2, np.inf, np.inf], 0),
        ([np.inf, np.inf, np.inf], np.nan),
        ([1, -np.inf, 2], np.nan),
        ([1, np.nan, 2], np.nan),
        ([3e38, -3e38, 0], 1),
    ],
)
def test_costs_that_are_no_numbers(candidates, expected):
    given = np.array(candidates, np.float32).reshape(1, 3, 1, 1)
    for found in (ops.soft_argmin(given), twin._twin(torch.from_numpy(given), 0.0, 0).numpy()):
        np.testing.assert_allclose(found, np.full((1, 1, 1), expected), rtol=0, atol=1e-30)
