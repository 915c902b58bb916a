"""Losses of disparity against slow sums over pixels, and their slopes against differences."""

import math

import numpy as np
import pytest
import torch

from geomvision.losses.disparity_supervised import (
    HOURGLASS_WEIGHTS,
    multi_output,
    regression,
    scheduled_weights,
    within,
)
from geomvision.losses.flow_supervised import sequence_weights

COSTS = {
    ("l1", 1.0): abs,
    ("l2", 1.0): lambda e: e * e,
    ("smooth_l1", 1.0): lambda e: e * e / 2 if abs(e) < 1 else abs(e) - 0.5,
    ("smooth_l1", 3.0): lambda e: e * e / 6 if abs(e) < 3 else abs(e) - 1.5,
}


@pytest.fixture
def maps(random):
    """An estimate and its truth, (2, 1, 4, 6), 0 … 20 pixels, with gaps."""
    truth = random((2, 1, 4, 6), 0, 20)
    truth[0, 0, 1, 2] = truth[1, 0, 3, 0] = torch.nan
    return truth.nan_to_num() + random(truth.shape, -6, 6), truth


@pytest.mark.parametrize(("norm", "beta"), COSTS)
def test_it_is_its_equation(norm, beta, maps, random):
    disparity, truth = maps
    cost = COSTS[norm, beta]
    expected = np.full(truth.shape, np.nan)
    for place in np.ndindex(truth.shape):
        expected[place] = cost((disparity - truth)[place].item()) if math.isfinite(truth[place]) else math.nan
    found = regression(disparity, truth, norm=norm, beta=beta, reduction="none")
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    assert regression(disparity, truth, norm=norm, beta=beta).item() == pytest.approx(np.nanmean(expected))
    weight = random(truth.shape)
    share = np.where(np.isnan(expected), 0, weight.numpy())
    mean = (share * np.nan_to_num(expected)).sum() / share.sum()
    assert regression(disparity, truth, norm=norm, beta=beta, weight=weight).item() == pytest.approx(mean)
    loss = lambda d: regression(d, truth, norm=norm, beta=beta)  # noqa: E731
    assert torch.autograd.gradcheck(loss, (disparity.clone().requires_grad_(),))


def test_truth_beyond_the_range_is_not_learnt_from(maps):
    _, truth = maps
    kept = within(truth, min_disparity=5, max_disparity=12)
    for place in np.ndindex(truth.shape):
        value = truth[place].item()
        assert kept[place].item() == value if 5 <= value < 12 else kept[place].isnan()
    ends = torch.tensor([0.0, 8.0, math.inf, -1.0]).view(1, 1, 1, 4)
    assert within(ends, min_disparity=0, max_disparity=8).isfinite().flatten().tolist() == [True, False, False, False]


def test_outputs_are_weighed_and_smaller_ones_meet_the_mean_of_known_truth(maps):
    disparity, truth = maps
    outputs = [disparity + k for k in range(3)]
    each = [regression(d, truth).item() for d in outputs]
    expected = sum(w * v for w, v in zip(HOURGLASS_WEIGHTS, each, strict=True))
    assert multi_output(outputs, truth).item() == pytest.approx(expected)
    weights = sequence_weights(3, 0.9)
    assert multi_output(outputs, truth, weights=weights, norm="l1").item() == pytest.approx(
        sum(0.9 ** (2 - k) * regression(d, truth, norm="l1").item() for k, d in enumerate(outputs))
    )
    small, errors = disparity[..., ::2, ::3], []
    for b, y, x in np.ndindex(2, 2, 2):
        block = truth[b, 0, 2 * y : 2 * y + 2, 3 * x : 3 * x + 3].numpy()
        errors.append(abs(small[b, 0, y, x].item() - np.nanmean(block)))
    found = multi_output([disparity, small], truth, weights=(1, 0.5), norm="l1").item()
    assert found == pytest.approx(regression(disparity, truth, norm="l1").item() + 0.5 * np.mean(errors))


def test_without_truth_nothing_is_learnt_and_a_broken_net_is_seen(maps):
    disparity, truth = maps
    disparity = disparity.requires_grad_()
    (slope,) = torch.autograd.grad(regression(disparity, truth), disparity)
    assert slope[truth.isnan()].eq(0).all()
    assert slope.isfinite().all()
    nothing = torch.full_like(truth, torch.nan)
    assert multi_output([disparity, disparity], nothing, weights=(1, 1)).item() == 0
    assert regression(torch.full_like(truth, torch.nan), truth).isnan()


def test_wrong_arguments_are_told(maps):
    disparity, truth = maps
    for call, message in (
        (lambda: regression(disparity, truth[..., 1:]), "they must be equal"),
        (lambda: regression(disparity, truth, norm="l3"), "norm is 'l3'; allowed are 'l1', 'l2', 'smooth_l1'"),
        (lambda: regression(disparity, truth, beta=0), "beta is 0"),
        (lambda: regression(disparity[:, 0], truth[:, 0]), r"it must be \(B, 1, H, W\)"),
        (lambda: within(truth, min_disparity=3, max_disparity=3), "max_disparity must be larger"),
        (lambda: multi_output([disparity], truth), "1 estimates and 3 weights"),
        (lambda: multi_output([disparity[..., :5]], truth, weights=(1,)), "it must be a multiple of 4 x 5"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_weights_move_from_the_coarsest_estimate_to_the_finest():
    assert scheduled_weights(3, 0.0) == [1, 0, 0]
    assert scheduled_weights(3, 0.125) == [0.75, 0.25, 0]
    assert scheduled_weights(3, 0.75) == [0, 0.5, 0.5]
    assert scheduled_weights(3, 1.0) == [0, 0, 1]
    assert scheduled_weights(1, 0.3) == [1]
    for count, progress in ((0, 0.5), (2, 1.5)):
        with pytest.raises(ValueError, match=f"count is {count}, progress {progress}"):
            scheduled_weights(count, progress)
