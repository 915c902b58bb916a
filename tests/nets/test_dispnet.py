"""DispNet and DispNetC: sizes, what is compared, estimates from coarse to fine, derivatives."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from geomvision.nets.dispnet import DispNet, DispNetC  # noqa: E402


def images(batch=1, height=64, width=128, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (2, batch, 3, height, width), generator=generator).float()


def made(cls, **options):
    torch.manual_seed(1)
    return cls(**{"width": 4, **options}).eval()


@pytest.mark.parametrize(("cls", "count"), [(DispNet, 42_322_374), (DispNetC, 42_174_022)])
def test_the_nets_have_the_size_of_the_paper(cls, count):
    """Convolutions of its table 1, with biases, summed by hand."""
    down = [(6, 64, 7), (64, 128, 5), (128, 256, 5), (256, 512, 3), (512, 512, 3), (512, 1024, 3)]
    if cls is DispNetC:
        down[0], down[2] = (3, 64, 7), (64 + 41, 256, 5)
        down.append((128, 64, 1))
    same = [(n, n, 3) for n in (256, 512, 512, 1024)]
    joined = [(512 + 512 + 1, 512, 3), (512 + 256 + 1, 256, 3), (256 + 128 + 1, 128, 3), (128 + 64 + 1, 64, 3)]
    predicted = [(n, 1, 3) for n in (1024, 512, 256, 128, 64, 32)]
    plan = [*down, *same, *joined, (64 + 32 + 1, 32, 3), *predicted]
    raised = [(1024, 512, 4), (512, 256, 4), (256, 128, 4), (128, 64, 4), (64, 32, 4)]
    assert sum(a * b * k * k + b for a, b, k in plan + raised) == count
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in cls().parameters()) == count


@pytest.mark.parametrize("cls", [DispNet, DispNetC])
def test_estimates_grow_to_half_the_size_and_count_their_own_pixels(cls):
    """Where the last layers say 0.5 everywhere, the disparity is 10 pixels of the images, at every level."""
    net = made(cls)
    with torch.no_grad():
        for layer in net.predict:
            layer.weight.zero_()
            layer.bias.fill_(0.5)
    with torch.inference_mode():
        found = list(net.estimates(*images()))
        full = [net.raised(*each) for each in found]
    assert [tuple(each.shape[2:]) for each, _ in found] == [(1 << k, 2 << k) for k in range(6)]
    np.testing.assert_allclose([float(each.max()) for each, _ in found], [10 / 2**k for k in range(6, 0, -1)])
    for each in full:
        np.testing.assert_allclose(each, np.full((1, 1, 64, 128), 10), rtol=1e-6)


def test_features_are_compared_with_what_lies_to_the_left():
    """One-hot features of columns: of a view moved by 3 of them, disparity 3 has the product, all others none."""
    net = made(DispNetC)
    columns = torch.eye(32)[:, None, :].expand(32, 16, 32)[None]
    views = iter([columns, torch.roll(columns, -3, dims=3)])
    net.down[1] = torch.nn.Identity()
    net.down[1].forward = lambda _: next(views)
    net.redirect = torch.nn.Identity()
    net.redirect.forward = lambda features: features[:, :4]
    seen = []
    net.down[2].register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    with torch.inference_mode():
        net._contracted(*images())
    costs = seen[0][0, 4:, 5, 8:]
    assert costs.shape == (41, 24)
    expected = np.zeros((41, 24))
    expected[3] = 1 / 32
    np.testing.assert_allclose(costs, expected, atol=1e-7)


@pytest.mark.parametrize("cls", [DispNet, DispNetC])
def test_training_gives_every_estimate_and_a_derivative_to_every_parameter(cls):
    net = made(cls).train()
    found = net(*images(2))
    assert [step.shape for step in found.steps] == [(2, 1, 64, 128)] * 6
    torch.testing.assert_close(found.steps[-1], found.disparity)
    sum(step.abs().mean() for step in found.steps).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="63 x 128 pixels; sides must be multiples of 64"):
        made(DispNet)(*images(1, 63))
    with pytest.raises(ValueError, match="width is 3; it must be even"):
        made(DispNet, width=3)
