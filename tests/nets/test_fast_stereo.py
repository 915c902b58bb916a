"""The refiner that matches again: it starts as the refiner, and looks where it says."""

import pytest
import torch
from torch.nn import functional

from geomvision.nets.fast_stereo import LEVELS, QUARTER, RADIUS, FastStereo
from geomvision.nets.refiner import Refiner, evidence, normalised

SMALL = {"width": 4, "features": 8, "hidden": 8}


def moved(seed=4):
    """A small net whose weights are not at their plain start, so that every path carries something."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = FastStereo(**SMALL)
        for parameter in net.parameters():
            parameter.data += 0.05 * torch.randn_like(parameter)
    return net.eval()


def inputs(height, width, seed=0):
    generator = torch.Generator().manual_seed(seed)
    left, right = torch.rand(2, 1, 3, height, width, generator=generator).unbind()
    confidence = torch.rand(1, 1, height, width, generator=generator) - 0.2
    disparity = 5 + 20 * torch.rand(1, 1, height, width, generator=generator)
    return left, right, disparity, confidence.clamp(min=0)


def test_it_is_small():
    assert sum(parameter.numel() for parameter in FastStereo().parameters()) <= 2_000_000


def test_untaught_it_is_the_refiner_whose_weights_it_has():
    torch.manual_seed(0)
    refiner, net = Refiner(width=4).eval(), FastStereo(**SMALL).eval()
    for parameter in refiner.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    missing, unknown = net.load_state_dict(refiner.state_dict(), strict=False)
    assert unknown == []
    assert {name.partition(".")[0] for name in missing} == {"matching", "unit"}
    with torch.inference_mode():
        torch.testing.assert_close(net(*inputs(50, 70)).disparity, refiner(*inputs(50, 70)).disparity, rtol=0, atol=0)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (33, 2), (31, 65)])
def test_any_size_and_any_number_of_threads(size):
    net, threads = moved(), torch.get_num_threads()
    with torch.inference_mode():
        expected = net(*inputs(*size))
        try:
            torch.set_num_threads(3)
            again = net(*inputs(*size))
        finally:
            torch.set_num_threads(threads)
    assert expected.disparity.shape == expected.coarse.shape == (1, 1, *size)
    assert expected.disparity.isfinite().all()
    assert torch.equal(again.disparity, expected.disparity)


@pytest.mark.parametrize(("estimate", "place"), [(8.0, RADIUS), (4.0, RADIUS - 1), (16.0, RADIUS + 2)])
def test_the_products_are_largest_where_the_other_view_shows_the_same(estimate, place):
    torch.manual_seed(1)
    wide = functional.interpolate(torch.rand(1, 3, 24, 52), scale_factor=4.0, mode="bicubic")
    left, right = wide[..., :192], wide[..., 8:200]  # what is at column x on the left is at x - 8 on the right
    net = FastStereo().eval()
    seen = evidence(normalised(left), normalised(right), torch.full((1, 1, 96, 192), 8.0), torch.ones(1, 1, 96, 192))
    with torch.inference_mode():
        products = net._compared(seen)(torch.full((1, 1, 24, 48), estimate))
    assert products.shape == (1, LEVELS * (2 * RADIUS + 1), 96 // QUARTER, 192 // QUARTER)
    best = products[:, : 2 * RADIUS + 1, 4:-4, 12:-8].argmax(dim=1)
    assert (best == place).float().mean() > 0.95


def test_training_gives_every_estimate_and_a_derivative_to_every_parameter():
    net = moved().train()
    result = net(*inputs(64, 64))
    assert result.coarse.shape == (1, 1 + net.iterations, 64, 64)
    (result.disparity.sum() + result.coarse.square().sum() + result.confidence.sum() + result.occluded.sum()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
