import math

import pytest
import torch

from geomvision.losses.robust import expected_log_error, known_cross_entropy, log_error


def maps(*values):
    return torch.tensor(values).view(1, 1, 1, -1)


def test_log_error_is_the_formula_over_known_pixels():
    truth = maps(1.0, 2.0, math.nan)
    estimate = maps(1.0, 4.0, 100.0)
    assert log_error(estimate, truth, scale=0.5).item() == pytest.approx(math.log(1 + 2 / 0.5) / 2)
    assert log_error(estimate, truth, scale=2.0).item() == pytest.approx(math.log(2) / 2)


def test_log_error_without_truth_is_zero_and_has_a_gradient():
    estimate = maps(1.0, 2.0).requires_grad_()
    loss = log_error(estimate, maps(math.nan, math.nan))
    loss.backward()
    assert loss.item() == 0
    assert estimate.grad is not None
    assert estimate.grad.abs().sum() == 0


def test_a_large_error_pulls_less_than_a_small_one_but_pulls():
    estimate = maps(1.0, 11.0).requires_grad_()
    log_error(estimate, maps(0.0, 0.0), scale=0.5).backward()
    assert estimate.grad is not None
    near, far = estimate.grad.flatten().tolist()
    assert near == pytest.approx(0.5 / 1.5)
    assert far == pytest.approx(0.5 / 11.5)


def test_several_channels_are_averaged():
    estimate = torch.cat([maps(0.0, 0.0), maps(3.0, 3.0)], dim=1)
    assert log_error(estimate, maps(0.0, 0.0), scale=1.0).item() == pytest.approx(math.log(4) / 2)


def test_an_average_of_two_surfaces_costs_more_than_either():
    candidates = torch.cat([maps(0.0), maps(10.0)], dim=1)
    truth = maps(0.0)
    chosen = torch.cat([maps(1.0), maps(0.0)], dim=1)
    torn = torch.full_like(chosen, 0.5)
    assert expected_log_error(candidates, chosen, truth).item() == 0
    assert expected_log_error(candidates, torn, truth, scale=1.0).item() == pytest.approx(0.5 * math.log(11))


def test_cross_entropy_counts_what_is_known():
    logits, target = maps(0.0, 2.0, -50.0), maps(1.0, 0.0, 1.0)
    known = maps(1.0, 1.0, 0.0).bool()
    expected = (math.log(2) + math.log(1 + math.exp(2))) / 2
    assert known_cross_entropy(logits, target, known).item() == pytest.approx(expected)
    assert known_cross_entropy(logits, target, torch.zeros_like(known)).item() == 0


def test_gradients_are_right():
    torch.manual_seed(0)
    truth = torch.rand(2, 1, 3, 4, dtype=torch.float64)
    truth[0, 0, 0, 0] = math.nan
    candidates = (torch.rand(2, 3, 3, 4, dtype=torch.float64) + 1.5).requires_grad_()
    weights = torch.rand(2, 3, 3, 4, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda c: log_error(c, truth), candidates)
    assert torch.autograd.gradcheck(lambda c, w: expected_log_error(c, w, truth), (candidates, weights))
