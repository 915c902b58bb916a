"""Monodepth's net: its size, what its answers mean, how far it is from a crop to the whole, derivatives."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from geomvision.nets.monodepth import Monodepth  # noqa: E402


def images(count=1, height=48, width=80, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, height, width), generator=generator).float()


def saying(net, *logits):
    """The net whose last layers say these logits everywhere."""
    with torch.no_grad():
        for layer in net.predict:
            layer.weight.zero_()
            layer.bias.copy_(torch.tensor(logits))
    return net.eval()


def test_the_net_has_the_published_number_of_parameters():
    """ "31 million": convolutions of the paper's table, kernel size, channels in and out, summed by hand."""
    down = [(7, 3, 32), (7, 32, 32), (5, 32, 64), (5, 64, 64), (3, 64, 128), (3, 128, 128), (3, 128, 256)]
    down += [(3, 256, 256), (3, 256, 512), *[(3, 512, 512)] * 5]
    up = [(3, 512, 512), (3, 1024, 512)] * 2 + [(3, 512, 256), (3, 512, 256), (3, 256, 128), (3, 256, 128)]
    up += [(3, 128, 64), (3, 130, 64), (3, 64, 32), (3, 66, 32), (3, 32, 16), (3, 18, 16)]
    answers = [(3, wide, 2) for wide in (128, 64, 32, 16)]
    count = sum(k * k * a * b + b for k, a, b in down + up + answers)
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in Monodepth().parameters()) == count == 31_600_072


def test_shares_of_the_width_become_the_depth_of_the_rig():
    """A sigmoid of one half is 0.15 of the width: 12 of 80 pixels; Z = f B / d with f = 256 pixels, B = 0.54 m."""
    logit = float(np.log(0.02 / (1 - 0.02)))
    relative, metric = saying(Monodepth(width=2), 0.0, logit), saying(Monodepth(width=2, baseline_m=0.54), 0.0, logit)
    with torch.inference_mode():
        found, metres = relative(images()), metric(images())
    for map_, expected in zip(found.depth[0], (1 / 0.15, 0.15, 0.3 * 0.02), strict=True):
        np.testing.assert_allclose(map_, np.full((48, 80), expected), rtol=1e-5)
    np.testing.assert_allclose(metres.depth[0, 0], np.full((48, 80), 256 * 0.54 / 12), rtol=1e-5)


@pytest.mark.parametrize("size", [(48, 80), (1, 1), (37, 129), (128, 5)])
def test_images_of_any_size_have_four_estimates_each_of_half_the_size(size):
    torch.manual_seed(0)
    net = Monodepth(width=2).eval()
    with torch.inference_mode():
        found = net(images(2, *size))
    halves = [tuple(-(-side // 2**level) for side in size) for level in (3, 2, 1, 0)]
    assert [tuple(each.shape) for each in found.estimates] == [(2, 2, *half) for half in halves]
    assert found.depth.shape == (2, 3, *size)
    assert all(bool(((each > 0) & (each < 0.3)).all()) for each in found.estimates)


def test_training_and_use_compute_the_same_and_every_parameter_has_a_derivative():
    torch.manual_seed(0)
    net = Monodepth(width=2)
    found = net(images(2))
    sum(each.square().sum() for each in found.estimates).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    with torch.inference_mode():
        torch.testing.assert_close(net.eval()(images(2)).depth, found.depth.detach(), rtol=1e-4, atol=1e-4)


def test_what_cannot_be_is_refused():
    for wrong, told in (({"width": 3}, "width is 3; it must be even"), ({"baseline_m": 0}, "baseline_m is 0")):
        with pytest.raises(ValueError, match=told):
            Monodepth(**wrong)
    with pytest.raises(ValueError, match=r"images are \(1, 1, 8, 8\)"):
        Monodepth(width=2)(torch.zeros(1, 1, 8, 8))
