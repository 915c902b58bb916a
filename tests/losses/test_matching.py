"""The matching loss against its equation, place by place in Python's numbers."""

import math

import numpy as np
import pytest
import torch

from geomvision import ops
from geomvision.losses.matching import matching

HEIGHT, WIDTH = 3, 4


@pytest.fixture
def maps(random):
    """Features (2, 5, 3, 4) of both images; flow with a gap, one that leads out, and one to the very corner."""
    flow = random((2, 2, HEIGHT, WIDTH), -0.9, 0.9)
    rows, columns = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    there = flow + torch.stack([columns, rows])
    there[:, 0].clamp_(0.05, WIDTH - 1.05)
    there[:, 1].clamp_(0.05, HEIGHT - 1.05)
    flow = there - torch.stack([columns, rows])
    flow[0, 1, 1, 2] = torch.nan
    flow[1, 0, 0, 3] = 0.1
    flow[1, :, 2, 0] = torch.tensor([WIDTH - 1.0, 0.0])
    return random((2, 5, HEIGHT, WIDTH), -2, 2), random((2, 5, HEIGHT, WIDTH), -2, 2), flow


def plain(features0, features1, flow, b, y, x):
    """−Σ w log P of one place; None where nothing is known."""
    to_x, to_y = x + float(flow[b, 0, y, x]), y + float(flow[b, 1, y, x])
    if not (0 <= to_x <= WIDTH - 1 and 0 <= to_y <= HEIGHT - 1):
        return None
    own = features0[b, :, y, x]
    powers = {
        (v, u): math.exp(sum(float(a) * float(c) for a, c in zip(own, features1[b, :, v, u], strict=True)) / 5**0.5)
        for v in range(HEIGHT)
        for u in range(WIDTH)
    }
    total = sum(powers.values())
    weights = {(v, u): max(0, 1 - abs(to_x - u)) * max(0, 1 - abs(to_y - v)) for v, u in powers}
    return -sum(weight * math.log(powers[place] / total) for place, weight in weights.items())


def test_it_is_its_equation(maps):
    found = matching(*maps, reduction="none")
    terms = []
    for b, y, x in np.ndindex(2, HEIGHT, WIDTH):
        expected = plain(*maps, b, y, x)
        if expected is None:
            assert found[b, 0, y, x].isnan()
            continue
        terms.append(expected)
        assert found[b, 0, y, x].item() == pytest.approx(expected)
    assert len(terms) == 2 * HEIGHT * WIDTH - 2
    assert matching(*maps).item() == pytest.approx(np.mean(terms))


def test_what_is_hidden_counts_as_told(maps, random):
    weight = random((2, 1, HEIGHT, WIDTH), 0, 1)
    values = matching(*maps, reduction="none")
    expected = (values * weight).nansum() / weight[~values.isnan()].sum()
    assert matching(*maps, weight=weight).item() == pytest.approx(expected.item())
    assert matching(*maps, weight=torch.zeros_like(weight)).item() == 0


def test_its_logits_are_the_correlations_that_raft_looks_up(maps):
    first, second, _ = maps
    still = torch.zeros((2, 2, HEIGHT, WIDTH), dtype=first.dtype)
    logits = ops.all_pairs_correlation(first, second).flatten(3).flatten(1, 2)
    of_itself = torch.arange(HEIGHT * WIDTH).expand(2, -1)
    expected = torch.nn.functional.cross_entropy(logits.mT, of_itself)
    assert matching(first, second, still).item() == pytest.approx(expected.item())


def test_features_that_tell_their_places_apart_cost_nothing_and_equal_ones_the_logarithm_of_their_number():
    apart = 30 * torch.eye(HEIGHT * WIDTH).view(1, -1, HEIGHT, WIDTH)
    still = torch.zeros((1, 2, HEIGHT, WIDTH))
    assert matching(apart, apart, still).item() < 1e-6
    alike = torch.ones_like(apart)
    assert matching(alike, alike, still).item() == pytest.approx(math.log(HEIGHT * WIDTH))


def test_slopes(maps):
    first, second, flow = (values[:1].clone() for values in maps)
    inputs = (first.requires_grad_(), second.requires_grad_())
    assert torch.autograd.gradcheck(lambda a, b: matching(a, b, flow), inputs)


def test_where_nothing_is_known_loss_and_slope_are_zero(maps):
    first, second, flow = maps
    first.requires_grad_()
    loss = matching(first, second, torch.full_like(flow, torch.nan))
    (slope,) = torch.autograd.grad(loss, first)
    assert loss.item() == 0
    assert not slope.any()


def test_wrong_arguments_are_told(maps):
    first, second, flow = maps
    for call, message in (
        (lambda: matching(first, second[:, :4], flow), "shapes are features0"),
        (lambda: matching(first, second, flow[:, :1]), r"flow has shape .* it must be \(B, 2, H, W\)"),
        (lambda: matching(first, second, flow[..., :2]), "flow has shape"),
        (lambda: matching(first, second, flow, reduction="sum"), "reduction is 'sum'"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
