"""Losses of flow against slow sums over pixels, and their slopes against differences."""

import math

import numpy as np
import pytest
import torch

from geomvision.losses.flow_supervised import end_point_error, known_flow, mean_flow, multi_scale_loss, sequence_loss


def maps(count=1, height=4, width=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    truth = torch.randn((2, 2, height, width), generator=generator, dtype=torch.float64)
    truth[0, :, 1, 2] = torch.nan
    truth[1, 0, 3, 0] = torch.nan  # half a truth is none
    return [torch.randn_like(truth) + k for k in range(count)], truth


def by_pixels(flow, truth, of):
    """The mean of `of(dx, dy)` over the pixels with truth, in Python's numbers."""
    terms = []
    for b in range(truth.shape[0]):
        for y in range(truth.shape[2]):
            for x in range(truth.shape[3]):
                dx, dy = (float(flow[b, c, y, x] - truth[b, c, y, x]) for c in (0, 1))
                if not (math.isnan(dx) or math.isnan(dy)):
                    terms.append(of(dx, dy))
    return sum(terms) / len(terms)


@pytest.mark.parametrize(("exponent", "epsilon"), [(1.0, 0.0), (0.4, 0.01), (2.0, 0.5)])
def test_end_point_error_is_the_mean_length(exponent, epsilon):
    (flow,), truth = maps()
    expected = by_pixels(flow, truth, lambda dx, dy: (math.hypot(dx, dy) + epsilon) ** exponent)
    assert end_point_error(flow, truth, exponent=exponent, epsilon=epsilon).item() == pytest.approx(expected)


def test_sequence_loss_weighs_later_estimates_more():
    flows, truth = maps(3)
    expected = sum(
        0.8 ** (2 - k) * by_pixels(f, truth, lambda x, y: (abs(x) + abs(y)) / 2) for k, f in enumerate(flows)
    )
    assert sequence_loss(flows, truth).item() == pytest.approx(expected)
    slow = truth.clone()
    slow[0, 0, 0, 0] = 500.0  # too fast to be learnt from
    gone = truth.clone()
    gone[0, 0, 0, 0] = torch.nan
    assert sequence_loss(flows, slow).item() == pytest.approx(sequence_loss(flows, gone).item())


def test_multi_scale_loss_compares_each_level_with_means_of_truth():
    _, truth = maps()
    small = mean_flow(truth, 2, 3)
    for b, c, y, x in np.ndindex(2, 2, 2, 3):
        block = truth[b, :, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
        block = block[:, ~block.isnan().any(dim=0)]
        assert small[b, c, y, x].item() == pytest.approx(block[c].mean().item())
    flows = [torch.randn_like(truth), torch.randn_like(small)]
    parts = [by_pixels(f, t, math.hypot) for f, t in zip(flows, (truth, small), strict=True)]
    assert multi_scale_loss(flows, truth, weights=(0.1, 0.5)).item() == pytest.approx(0.1 * parts[0] + 0.5 * parts[1])


@pytest.mark.parametrize("loss", [end_point_error, lambda f, t: sequence_loss([f, 2 * f], t)])
def test_slopes(loss):
    (flow,), truth = maps()
    assert torch.autograd.gradcheck(lambda f: loss(f, truth), (flow.requires_grad_(),))


def test_without_truth_or_error_loss_and_slope_are_zero():
    (flow,), truth = maps()
    flow.requires_grad_()
    for target in (torch.full_like(truth, torch.nan), flow.detach().clone()):
        (slope,) = torch.autograd.grad(end_point_error(flow, target), flow)
        assert end_point_error(flow, target).item() == 0
        assert not slope.any()


def test_wrong_arguments_are_told():
    (flow,), truth = maps()
    for call, message in (
        (lambda: known_flow(truth[0]), "truth has shape"),
        (lambda: end_point_error(flow[:1], truth), "they must be equal"),
        (lambda: end_point_error(flow, truth, exponent=0.4), "exponent is 0.4, epsilon 0.0"),
        (lambda: sequence_loss([], truth), "0 estimates"),
        (lambda: multi_scale_loss([flow], truth, weights=(1.0, 2.0)), "1 levels and 2 weights"),
        (lambda: mean_flow(truth, 3, 3), "must be a multiple of 3 x 3"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
