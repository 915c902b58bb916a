import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.ops import splat

torch = pytest.importorskip("torch")
twin = pytest.importorskip("geomvision.ops._torch.splatting")


def pair(shape=(2, 3, 5, 7), dtype=torch.float32, requires_grad=False, spread=2.0):
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(shape, generator=generator, dtype=torch.float64)
    flow = spread * torch.randn((shape[0], 2, *shape[2:]), generator=generator, dtype=torch.float64)
    return image.to(dtype).requires_grad_(requires_grad), flow.to(dtype).requires_grad_(requires_grad)


def test_one_pixel_is_shared_by_the_four_around_its_place():
    image, flow = np.zeros((4, 5)), np.full((4, 5, 2), np.nan)
    image[1, 1], flow[1, 1] = 16.0, (1.25, 0.5)
    expected = np.zeros((4, 5))
    expected[1:3, 2:4] = [[6.0, 2.0], [6.0, 2.0]]
    np.testing.assert_array_equal(splat(image, flow), expected)
    mean = splat(image, flow, mode="average")
    np.testing.assert_array_equal(mean, np.where(expected > 0, 16.0, np.nan))
    np.testing.assert_array_equal(splat(image, flow, mode="average", holes="zero"), np.nan_to_num(mean))


def test_what_is_nearer_hides_what_is_farther():
    image, flow = np.array([[3.0, 5.0, 7.0]]), np.array([[[1.0, 0], [0, 0], [0, 0]]])
    soft = splat(image, flow, mode="softmax", importance=np.array([[2.0, 0.0, -500.0]]))
    assert np.isnan(soft[0, 0])
    assert soft[0, 1] == pytest.approx((3 * np.exp(2) + 5) / (np.exp(2) + 1), rel=1e-12)
    assert soft[0, 2] == 7.0  # however little it matters, nothing else is there


@settings(deadline=None, max_examples=50)
@given(
    st.tuples(st.integers(1, 2), st.sampled_from([1, 3, 17]), st.sampled_from([1, 2, 63, 65, 130]), st.integers(1, 5)),
    st.sampled_from([0.0, 0.4, 3.0, 100.0]),
)
def test_any_size_has_the_values_and_derivatives_of_the_twin(shape, spread):
    image, flow = pair(shape, requires_grad=True, spread=spread)
    flow.data[0, 0, 0, 0] = torch.nan
    flow.data[0, 1, -1, -1] = -torch.inf
    found = torch.ops.geomvision.splat_sum(image, flow, 2)
    expected = twin._twin(image, flow, 0)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    weight = torch.randn(found.shape, generator=torch.Generator().manual_seed(1))
    slopes = torch.autograd.grad(found, (image, flow), weight)
    torch.testing.assert_close(slopes, torch.autograd.grad(expected, (image, flow), weight), rtol=1e-3, atol=1e-3)
    assert all(slope.isfinite().all() for slope in slopes)


def test_nothing_is_lost_inside():
    image, flow = (a.numpy() for a in pair((1, 3, 90, 31), spread=1.0))
    image, flow = np.moveaxis(image[0], 0, 2), np.moveaxis(flow[0], 0, 2)
    image = np.pad(image, ((20, 20), (20, 20), (0, 0)))
    flow = np.pad(flow, ((20, 20), (20, 20), (0, 0)))
    np.testing.assert_allclose(splat(image, flow).sum((0, 1)), image.sum((0, 1)), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("mode", ["sum", "average", "softmax"])
def test_arrays_and_tensors_agree_and_differentiate(mode):
    image, flow = pair((1, 2, 4, 5), torch.float64, requires_grad=True)
    importance = torch.linspace(-1, 1, 20, dtype=torch.float64).view(1, 1, 4, 5).requires_grad_()
    more = [importance] if mode == "softmax" else []

    def run(image, flow, *more):
        options = {"importance": more[0]} if more else {}
        return splat(image, flow, mode=mode, holes="zero", **options)

    assert torch.autograd.gradcheck(run, (image, flow, *more), atol=1e-4)
    pixels, field = (np.moveaxis(a.detach().numpy()[0], 0, 2) for a in (image, flow))
    found = run(pixels, field, *(a.detach().numpy()[0, 0] for a in more))
    np.testing.assert_allclose(np.moveaxis(found, 2, 0), run(image, flow, *more)[0].detach().numpy(), rtol=1e-12)


def test_every_number_of_threads_gives_the_same():
    image, flow = pair((2, 18, 140, 23), spread=9.0)
    expected = torch.ops.geomvision.splat_sum(image, flow, 1)
    slopes = torch.ops.geomvision.splat_sum_backward(expected, image, flow, 1)
    for threads in range(2, 9):
        assert torch.equal(torch.ops.geomvision.splat_sum(image, flow, threads), expected)
        assert all(map(torch.equal, torch.ops.geomvision.splat_sum_backward(expected, image, flow, threads), slopes))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_operator(assert_operator, dtype):
    image, flow = pair(dtype=dtype, requires_grad=True)
    tolerance = {torch.float16: 2e-2, torch.bfloat16: 2e-1}.get(dtype, 1e-4)
    if dtype.itemsize == 2:
        flow = (flow.detach() * 2).round().div(2).requires_grad_()
    operator = torch.ops.geomvision.splat_sum.default
    assert_operator(operator, twin._twin, image, flow, 0, rtol=tolerance, atol=tolerance)
    assert splat(image, flow, mode="average").dtype == dtype


def test_compiles(assert_compiles):
    def both(image, flow):
        soft = splat(image, flow, mode="softmax", importance=image[:, :1], holes="zero")
        return torch.cat([soft, splat(image, flow, mode="average", holes="zero")], 1)

    assert_compiles(both, *pair(requires_grad=True))


IMAGE, FLOW = np.zeros((2, 3), np.float32), np.zeros((2, 3, 2), np.float32)


@pytest.mark.parametrize(
    ("image", "flow", "options", "kind", "message"),
    [
        (IMAGE, FLOW, {"mode": "max"}, ValueError, "mode is 'max'"),
        (IMAGE, FLOW, {"mode": "softmax"}, ValueError, "importance is NoneType; only 'softmax' needs it"),
        (IMAGE, FLOW, {"importance": IMAGE}, ValueError, "only 'softmax' needs it"),
        (IMAGE, FLOW[:1], {}, ValueError, r"flow \(1, 3, 2\); it must be \(H, W, 2\)"),
        (IMAGE[0], FLOW, {}, ValueError, r"image has shape \(3,\)"),
        (IMAGE.astype(np.uint8), FLOW, {}, TypeError, "must be floating point"),
        (torch.zeros(1, 1, 2, 3), torch.zeros(1, 2, 3, 2), {}, ValueError, r"flow \(1, 2, 3, 2\)"),
    ],
)
def test_wrong_input_says_what_is_allowed(image, flow, options, kind, message):
    with pytest.raises(kind, match=message):
        splat(image, flow, **options)


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (3, 4, 0)])
def test_nothing_gives_nothing(shape):
    for mode in ("sum", "average"):
        assert splat(np.zeros(shape), np.zeros((*shape[:2], 2)), mode=mode).shape == shape


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_an_importance_that_is_none_hides_its_own_pixel_only(kind):
    image, flow = np.array([[[1.0, 2.0, 3.0, 4.0]]], np.float32), np.zeros((2, 1, 4), np.float32)
    flow[0, 0, 3] = -1  # the last pixel lands on the third
    for importance, expected in (
        ([0, 0, 0, np.nan], [1, 2, 3, np.nan]),
        ([np.nan, 0, 0, 0], [np.nan, 2, 3.5, np.nan]),
        ([0, 0, np.inf, 0], [1, 2, 3, np.nan]),
        ([0, -np.inf, -np.inf, 0], [1, 2, 4, np.nan]),
    ):
        rank = np.array([[importance]], np.float32)
        if kind == "numpy":
            found = splat(image[0], np.moveaxis(flow, 0, 2), mode="softmax", importance=rank[0])
        else:
            pixels, field, weight = (torch.from_numpy(each)[None] for each in (image, flow, rank))
            found = splat(pixels, field, mode="softmax", importance=weight)[0, 0].numpy()
        np.testing.assert_allclose(found, [expected], atol=1e-6)
