import math

import numpy as np
import pytest
import torch

from geomvision.losses.uncertainty import gaussian_nll, laplace_nll


@pytest.fixture
def maps(random):
    """Flow, spread of each component, truth (2, 2, 3, 4) that is unknown at one pixel."""
    truth = random((2, 2, 3, 4), -2, 2)
    truth[0, 1, 1, 1] = torch.nan
    return random((2, 2, 3, 4), -2, 2), random((2, 2, 3, 4), -1, 1), truth


def laplace(e, b):
    return -math.log(math.exp(-abs(e) / b) / (2 * b))


def gaussian(e, s):
    return -math.log(math.exp(-0.5 * (e / s) ** 2) / (s * math.sqrt(2 * math.pi)))


@pytest.mark.parametrize("link", ["exp", "softplus"])
@pytest.mark.parametrize(("loss", "density"), [(laplace_nll, laplace), (gaussian_nll, gaussian)])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_minus_the_log_of_the_density(loss, density, link, channels, maps, random):
    flow, spread, truth = maps
    spread = spread[:, :channels]
    expected = np.full((2, 1, 3, 4), np.nan)
    for b, y, x in np.ndindex(2, 3, 4):
        u = [spread[b, min(c, channels - 1), y, x].item() for c in (0, 1)]
        scales = [(math.exp(v) if link == "exp" else math.log1p(math.exp(v))) + 1e-3 for v in u]
        errors = (flow - truth)[b, :, y, x].tolist()
        if all(map(math.isfinite, errors)):
            expected[b, 0, y, x] = np.mean([density(e, s) for e, s in zip(errors, scales, strict=True)])
    found = loss(flow, spread, truth, link=link, reduction="none")
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)
    weight = random((2, 1, 3, 4))
    share = np.where(np.isnan(expected), 0, weight.numpy())
    mean = (share * np.nan_to_num(expected)).sum() / share.sum()
    assert loss(flow, spread, truth, link=link, weight=weight).item() == pytest.approx(mean)
    leaves = [flow[:1].clone().requires_grad_(), spread[:1].clone().requires_grad_()]
    assert torch.autograd.gradcheck(lambda f, s: loss(f, s, truth[:1], link=link), leaves)


@pytest.mark.parametrize(("loss", "drawn"), [(laplace_nll, "laplace"), (gaussian_nll, "normal")])
def test_the_true_spread_costs_least(loss, drawn):
    errors = getattr(np.random.default_rng(0), drawn)(0, 1.5, (1, 2, 60, 60))
    truth, flow = torch.zeros(1, 2, 60, 60, dtype=torch.float64), torch.from_numpy(errors)
    costs = {s: loss(flow, torch.full((1, 1, 60, 60), math.log(s)).double(), truth).item() for s in (1.0, 1.5, 2.2)}
    assert min(costs, key=costs.get) == 1.5


@pytest.mark.parametrize("link", ["exp", "softplus"])
def test_depth_is_a_map_of_one_component(link, maps, without_truth_nothing_moves):
    depth, spread, truth = (m[:, 1:] for m in maps)
    for loss in (laplace_nll, gaussian_nll):
        twice = [torch.cat([m, m], dim=1) for m in (depth, spread, truth)]
        assert loss(depth, spread, truth, link=link).item() == pytest.approx(loss(*twice, link=link).item())
        without_truth_nothing_moves(lambda s, t: loss(depth, s, t, link=link), spread, truth)  # noqa: B023
        with pytest.raises(ValueError, match=r"spread has 2 channels; it must have 1$"):
            loss(depth, twice[1], truth)


def test_without_truth_nothing_is_lost_and_nothing_moves(maps):
    flow, spread, truth = (m.clone() for m in maps)
    leaves = flow.requires_grad_(), spread.requires_grad_()
    value = laplace_nll(flow, spread, torch.full_like(truth, torch.nan))
    assert value.item() == 0
    assert not any(slope.any() for slope in torch.autograd.grad(value, leaves))


def test_wrong_arguments_are_told(maps):
    flow, spread, truth = maps
    for call, message in (
        (lambda: laplace_nll(flow, spread[..., 1:], truth), r"spread has shape .* it must be \(2, C, 3, 4\)"),
        (
            lambda: laplace_nll(flow, torch.cat([spread, spread], 1), truth),
            "spread has 4 channels; it must have 1 or 2",
        ),
        (lambda: gaussian_nll(flow, spread, truth[:1]), "they must be equal"),
        (lambda: gaussian_nll(flow, spread, truth, link="relu"), "allowed are 'exp', 'softplus'"),
        (lambda: gaussian_nll(flow, spread, truth, least=0.0), "least is 0.0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
