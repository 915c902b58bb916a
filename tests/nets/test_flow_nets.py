"""FlowNet, PWC-Net and SPyNet: what they see of images, what they compare, and what their numbers mean."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from geomvision.nets import pwc_net  # noqa: E402
from geomvision.nets.flownet import FlowNetC, FlowNetS  # noqa: E402
from geomvision.nets.pwc_net import MIXED, PWCNet  # noqa: E402
from geomvision.nets.spynet import SPyNet  # noqa: E402

NARROW = {
    FlowNetS: {"width": 4},
    FlowNetC: {"width": 4},
    PWCNet: {"pyramid": (4,) * 6, "dense": (4, 4, 3, 2, 2), "around": (3,) * 6},
    SPyNet: {"widths": (4, 5, 4, 3)},
}
NETS = list(NARROW)


def made(net, seed=0, **options):
    torch.manual_seed(seed)
    return net(**NARROW[net], **options).eval()


def images(height=64, width=128, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (2, 1, 3, height, width), generator=generator).float()


def silent(net, predictions):
    """The net with all weights zero, but for the biases that its layers of flow predict."""
    for parameter in net.parameters():
        torch.nn.init.zeros_(parameter)
    for layer in predictions:
        layer.bias.data.copy_(torch.tensor([1.0, -0.5]))
    return net


def first_seen(net, layer, pair):
    """What `layer` is given, of each of its calls."""
    seen = []
    layer.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.inference_mode():
        net(*pair)
    return seen


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (63, 65), (40, 200)])
def test_any_size_is_taken_and_nothing_is_nan(net, size):
    with torch.inference_mode():
        found = made(net)(*images(*size))
    assert found.flow.shape == (1, 2, *size)
    assert found.flow.isfinite().all()


@pytest.mark.parametrize("net", NETS)
def test_training_gives_every_estimate_and_a_derivative_to_every_parameter(net):
    model = made(net).train()
    found = model(*images(64, 1024 if net is SPyNet else 64))
    assert len(found.steps) == (6 if net is SPyNet else 5)
    assert all(step.shape == found.flow.shape for step in found.steps)
    sum(step.abs().mean() for step in found.steps).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("net", NETS)
def test_what_is_no_pair_of_images_is_refused(net):
    for shapes in (((1, 3, 8, 8), (1, 3, 8, 9)), ((1, 1, 8, 8),) * 2, ((3, 8, 8),) * 2, ((1, 3, 0, 8),) * 2):
        with pytest.raises(ValueError, match=r"both must be \(B, 3, H, W\) with at least one pixel"):
            made(net)(*(torch.zeros(shape) for shape in shapes))


@pytest.mark.parametrize("net", [FlowNetS, FlowNetC])
def test_flownet_predicts_twentieths_of_pixels(net):
    model = made(net, scale=20.0)
    *_, last = model.predict
    with torch.inference_mode():
        flow = silent(model, [last])(*images(37, 50)).flow
        np.testing.assert_allclose(flow[0, :, 20, 30], [20, -10])
        levels = [estimate for estimate, _ in silent(model, model.predict).estimates(*images(37, 50))]
    assert [tuple(level.shape[2:]) for level in levels] == [(1, 1), (2, 2), (3, 4), (5, 7), (10, 13)]  # rounded up
    assert [float(level[0, 0, 0, 0]) * 2**k for k, level in zip((6, 5, 4, 3, 2), levels, strict=True)] == [20.0] * 5


@pytest.mark.parametrize("net", [FlowNetS, FlowNetC])
@pytest.mark.parametrize(
    ("mean", "expected"),
    [
        ("chairs", [1 - 0.411, -0.432, -0.45, -0.411, -0.432, 0.2 - 0.45]),
        ("pair", [0.5, 0, -0.1, -0.5, 0, 0.1]),
    ],
)
def test_flownet_takes_a_mean_off_red_green_and_blue(net, mean, expected):
    pair = torch.zeros(2, 1, 3, 64, 64)
    pair[0, :, 0], pair[1, :, 2] = 255, 51
    model = made(net, mean=mean)
    seen = first_seen(model, model.down[0].convolution, pair)
    assert len(seen) == (1 if net is FlowNetS else 2)
    np.testing.assert_allclose(torch.cat(seen, dim=1)[0, :, 5, 5], expected, atol=1e-6)


def test_flownet_raises_features_before_flow_and_cuts_both_at_the_end():
    """Transposed convolutions that repeat each value in two by two pixels: the coarse pixel above stands for it."""
    model = silent(made(FlowNetS), [])
    for layer in (*model.features, *model.upsample):
        layer.weight.data[0, 0, 1:3, 1:3] = 1
    model.predict[0].bias.data[0] = 3.0
    last = model.predict[1]
    seen = []
    last.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.inference_mode():
        model(*images(100, 65))  # 2 x 2 coarse pixels, of which 4 x 3 fine ones are taken
    (given,) = seen
    assert given.shape == (1, 32 + 32 + 2, 4, 3)
    np.testing.assert_array_equal(given[0, -2], np.full((4, 3), 3.0))
    assert (given[0, :-2] == 0).all()
    assert (given[0, -1] == 0).all()


def test_flownet_c_compares_every_other_feature_row_by_row():
    model, pair = made(FlowNetC, mean="pair"), images(128, 192)
    model.down[2] = torch.nn.Sequential(model.down[2], torch.nn.InstanceNorm2d(16))  # features of both signs
    (seen,) = first_seen(model, model.same[0].convolution, pair)
    assert seen.shape == (1, 2 + 441, 16, 24)  # what is handed on of image 0 stands before
    with torch.inference_mode():
        first, second = (torch.nn.Sequential(*model.down[:3])(image) for image in model._scaled(*pair))
        np.testing.assert_array_equal(seen[:, :2], model.redirect(first))
    products = (first[..., :-2, 4:] * second[..., 2:, :-4]).mean(dim=1)  # one step down, two to the left
    assert (products < 0).any()
    found = seen[:, 2 + (10 + 1) * 21 + (10 - 2)]
    np.testing.assert_allclose(found[:, :-2, 4:], torch.where(products < 0, 0.1 * products, products), atol=1e-6)
    assert (found[:, -2:] == 0).all()
    assert (found[..., :4] == 0).all()


def test_pwc_net_sees_blue_green_red_and_predicts_twentieths_of_pixels():
    pair = torch.zeros(2, 1, 3, 61, 90)
    pair[:, :, 0], pair[:, :, 1] = 255, 51
    model = made(PWCNet)
    seen = first_seen(model, model.pyramid[0][0], pair)
    assert [tuple(each.shape) for each in seen] == [(1, 3, 64, 128)] * 2
    np.testing.assert_allclose(seen[0][0, :, 5, 5], [0, 0.2, 1], atol=1e-6)
    with torch.inference_mode():
        flow = silent(model, [model.estimators[4].predict])(*pair).flow
    np.testing.assert_allclose(flow[0, :, 30, 40], [20 * 90 / 128, -10 * 61 / 64], rtol=1e-6)
    with torch.inference_mode():
        flow = silent(model, [model.around[6]])(*pair).flow
    np.testing.assert_allclose(flow[0, :, 30, 40], [20 * 90 / 128, -10 * 61 / 64], rtol=1e-6)


def test_pwc_net_warps_by_the_flow_of_the_coarser_level_in_its_own_pixels(monkeypatch):
    """Twentieths of image pixels, raised by a copy: 20 / 32, 20 / 16 … of a level's."""
    model = silent(made(PWCNet), [])
    for estimator, raised in zip(model.estimators, model.raise_flow, strict=False):
        estimator.predict.bias.data[0] = 1.0
        raised.weight.data[0, 0, 1:3, 1:3] = 1
    flows, seen = [], pwc_net._seen_from_the_first
    monkeypatch.setattr(pwc_net, "_seen_from_the_first", lambda f, flow: (flows.append(flow), seen(f, flow))[1])
    with torch.inference_mode():
        model(*images())
    assert [flow.shape[3] for flow in flows] == [4, 8, 16, 32]
    assert [flow[0, 0].unique().tolist() for flow in flows] == [[0.625], [1.25], [2.5], [5.0]]
    assert all((flow[0, 1] == 0).all() for flow in flows)


def test_pwc_net_compares_means_row_by_row_and_joins_what_it_saw():
    model, pair = made(PWCNet), images(128, 192)
    (seen,) = first_seen(model, model.estimators[0].layers[0], pair)
    with torch.inference_mode():
        first, second = (model._features(image)[-1] for image in pair)
    assert first.shape == (1, 4, 2, 3)
    products = (first[..., :1, 1:] * second[..., 1:, :-1]).mean(dim=1)  # one down, one to the left
    found = seen[:, (4 + 1) * 9 + (4 - 1)]
    np.testing.assert_allclose(found[:, :1, 1:], torch.where(products < 0, 0.1 * products, products), atol=1e-6)
    costs = 81
    for before in ((True,) * 5, MIXED):
        dense = pwc_net._Dense(3, (2, 2, 1, 1, 1), before)
        x = torch.randn(1, 3, 4, 4)
        layer = torch.nn.functional.leaky_relu(dense.layers[0](x), 0.1)
        given = []
        dense.layers[1].register_forward_pre_hook(lambda _, inputs, given=given: given.append(inputs[0]))
        dense(x)
        assert torch.equal(given[0], torch.cat([layer, x] if before[0] else [x, layer], dim=1))
    second_level = first_seen(model, model.estimators[1].layers[0], pair)[0]
    assert second_level.shape[1] == costs + 4 + 2 + 2
    with torch.inference_mode():
        np.testing.assert_array_equal(second_level[:, costs : costs + 4], model._features(pair[0])[-2])


def test_what_pwc_net_warps_from_outside_is_zero_but_for_rounding_errors():
    ramp = torch.arange(1.0, 6.0).expand(1, 2, 3, 5).contiguous()
    flow = torch.zeros(1, 2, 3, 5)
    flow[0, 0, 0] = torch.tensor([-5e-5, 0.5, 0.0, 0.0, 5e-5])
    flow[0, 0, 1] = torch.tensor([-2e-4, -1.0, 0.25, 1.0, 0.5])
    flow[0, 1, 2] = torch.tensor([5e-5, 0.5, float("nan"), -1.0, -3.0])
    found = pwc_net._seen_from_the_first(ramp, flow)[0, 1]
    expected = [[1, 2.5, 3, 4, 5], [0, 1, 3.25, 5, 0], [1, 0, 0, 4, 0]]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_spynet_sees_normalised_red_green_blue_and_adds_up_twice_the_coarser_flow():
    model = made(SPyNet)
    pair = torch.zeros(2, 1, 3, 40, 600)
    pair[:, :, 0], pair[:, :, 1] = 255, 51
    seen = first_seen(model, model.levels[0][0], pair)[0]
    assert seen.shape == (1, 8, 2, 19)  # 64 x 608, halved five times
    expected = [(1 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, -0.406 / 0.225]
    np.testing.assert_allclose(seen[0, :, 0, 5], [*expected, *expected, 0, 0], rtol=1e-5)
    with torch.inference_mode():
        flow = silent(model, [level[-1] for level in model.levels])(*pair).flow
    np.testing.assert_allclose(flow[0, :, 20, 300], [63 * 600 / 608, -31.5 * 40 / 64], rtol=1e-5)


@pytest.mark.parametrize(("coarsest", "sides"), [(32, [32, 64, 128]), (0, [4, 8, 16, 32, 64, 128])])
def test_spynet_halves_small_images_less_often_unless_told(coarsest, sides):
    model = made(SPyNet, coarsest=coarsest)
    with torch.inference_mode():
        found = [flow for flow, _ in model.estimates(*images(64, 128))]
    assert [flow.shape[3] for flow in found] == sides


def test_spynet_warps_the_second_image_and_repeats_its_border():
    model = silent(made(SPyNet), [])
    model.levels[0][-1].bias.data[0] = 1.0  # two pixels at the second level
    pair = images(32, 64)
    seen = first_seen(model, model.levels[1][0], pair)[0][0]
    np.testing.assert_allclose(seen[6], 2)
    np.testing.assert_allclose(seen[7], 0)
    normal = (pair[1][0] / 255 - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(3, 1, 1)
    np.testing.assert_allclose(seen[3:6, :, :-2], normal[..., 2:], atol=1e-5)
    np.testing.assert_allclose(seen[3:6, :, -2:], normal[..., -1:].expand(-1, -1, 2), atol=1e-5)


@pytest.mark.parametrize("net", NETS)
def test_half_precision_changes_little(net):
    model, pair = made(net), images()
    with torch.inference_mode():
        exact = model(*pair).flow
        with torch.autocast("cpu", torch.bfloat16):
            half = model(*pair).flow
    assert half.dtype == torch.float32
    assert (half - exact).abs().max() < 0.1 * exact.abs().max() + 0.5
