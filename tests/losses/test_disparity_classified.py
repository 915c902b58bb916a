"""Labels and cross entropies against their equations, candidate by candidate in Python's numbers."""

import math

import numpy as np
import pytest
import torch

from geomvision import ops
from geomvision.losses.disparity_classified import classification, soft_label

GRID = {"first": -2.0, "step": 1.5}
COUNT = 6  # −2 … 5.5


def label(truth, kind, spread):
    away = [abs(GRID["first"] + k * GRID["step"] - truth) / spread for k in range(COUNT)]
    raw = [math.exp(-a if kind == "laplace" else -a * a / 2) for a in away]
    return [value / sum(raw) for value in raw]


@pytest.fixture
def maps(random):
    """Logits (2, 6, 3, 4), truth with a gap and one beyond either end, a spread for each pixel."""
    truth = random((2, 1, 3, 4), -2, 5.5)
    truth[0, 0, 0, 1], truth[1, 0, 2, 2], truth[1, 0, 0, 0] = torch.nan, 5.6, -2.1
    return random((2, COUNT, 3, 4), -3, 3), truth, random(truth.shape, 0.4, 2)


@pytest.mark.parametrize("kind", ["laplace", "gauss"])
@pytest.mark.parametrize("focus", [0.0, 5.0])
@pytest.mark.parametrize("by_pixel", [False, True])
def test_they_are_their_equations(kind, focus, by_pixel, maps):
    logits, truth, spreads = maps
    spread = spreads if by_pixel else 0.8
    found = soft_label(truth, COUNT, kind=kind, spread=spread, **GRID)
    values = classification(logits, truth, kind=kind, spread=spread, focus=focus, reduction="none", **GRID)
    terms = []
    for b, y, x in np.ndindex(2, 3, 4):
        d = truth[b, 0, y, x].item()
        if not -2 <= d <= 5.5:
            assert found[b, :, y, x].isnan().all()
            assert values[b, 0, y, x].isnan()
            continue
        p = label(d, kind, spreads[b, 0, y, x].item() if by_pixel else 0.8)
        np.testing.assert_allclose(found[b, :, y, x].numpy(), p, rtol=1e-10)
        z = logits[b, :, y, x].tolist()
        log_sum = math.log(sum(map(math.exp, z)))
        terms.append(-sum((1 - p[k]) ** -focus * p[k] * (z[k] - log_sum) for k in range(COUNT)))
        assert values[b, 0, y, x].item() == pytest.approx(terms[-1])
    assert len(terms) == 21
    mean = classification(logits, truth, kind=kind, spread=spread, focus=focus, **GRID).item()
    assert mean == pytest.approx(np.mean(terms))


@pytest.mark.parametrize(("kind", "focus"), [("laplace", 5.0), ("gauss", 0.0)])
def test_slopes_reach_the_net_and_its_spread(kind, focus, maps):
    logits, truth, spreads = (values[:, :, :, :2].clone() for values in maps)
    inputs = (logits.requires_grad_(), spreads.requires_grad_())
    loss = lambda z, s: classification(z, truth, kind=kind, spread=s, focus=focus, **GRID)  # noqa: E731
    assert torch.autograd.gradcheck(loss, inputs)
    (slope,) = torch.autograd.grad(loss(*inputs), inputs[0])
    assert slope[0, :, 0, 1].eq(0).all()  # no truth there


def test_a_broken_answer_without_truth_has_no_slope(maps, without_truth_nothing_moves):
    logits, truth, _ = maps
    without_truth_nothing_moves(lambda z, t: classification(z, t, **GRID), logits, truth)


def test_the_label_itself_costs_least_and_leads_back_to_the_truth(random):
    truth = torch.full((1, 1, 2, 2), 20.3, dtype=torch.float64)
    p = soft_label(truth, 48, spread=1.0)
    np.testing.assert_allclose(ops.soft_argmin(-p.log()).numpy(), 20.3, atol=0.1)
    best = classification(p.log(), truth, spread=1.0).item()
    for _ in range(5):
        assert classification(p.log() + random(p.shape, -0.5, 0.5), truth, spread=1.0).item() > best
    # Two wrong peaks with the right mean: a regression of the mean sees nothing.
    two = torch.zeros_like(p)
    two[:, [10, 30]] = 9.0
    assert classification(two, truth, spread=1.0) > 2 * best


def test_a_sharp_label_stays_finite():
    truth = torch.full((1, 1, 1, 1), 3.0)
    logits = torch.zeros(1, 8, 1, 1, requires_grad=True)
    value = classification(logits, truth, spread=1e-3, focus=5)
    (slope,) = torch.autograd.grad(value, logits)
    assert value.isfinite()
    assert slope.isfinite().all()


def test_wrong_arguments_are_told(maps):
    logits, truth, spreads = maps
    for call, message in (
        (lambda: soft_label(truth, 1), "count is 1"),
        (lambda: soft_label(truth, 8, kind="cauchy"), "kind is 'cauchy'; allowed are 'laplace', 'gauss'"),
        (lambda: soft_label(truth, 8, spread=0), "spread is 0"),
        (lambda: soft_label(truth, 8, spread=spreads - 1), "not above 0"),
        (lambda: soft_label(truth, 8, step=0), "step is 0"),
        (lambda: classification(logits, truth[..., 1:]), r"it must be \(2, C, 3, 3\)"),
        (lambda: classification(logits, truth, focus=-1), "focus is -1"),
        (lambda: classification(logits[:, :1], truth), "count is 1"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
