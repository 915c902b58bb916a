import numpy as np
import pytest

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
