"""DORN's loss against sums over bins, its bins against their closed form."""

import math

import numpy as np
import pytest
import torch

from geomvision.losses.depth_ordinal import ordinal
from geomvision.nets.depth_bins import bin_edges, bin_of, ordinal_depth


@pytest.fixture
def maps(random):
    """Logits (2, 4, 2, 3), their truth with gaps, 1 … 12 m, and edges of 4 bins from 2 to 10 m."""
    truth = random((2, 1, 2, 3), 1, 12)
    truth[0, 0, 1, 2] = torch.nan
    return random((2, 4, 2, 3), -3, 3), truth, bin_edges(4, 2, 10).double()


def test_the_loss_is_its_equation(maps, random, weighed):
    logits, truth, edges = maps
    expected = np.full(truth.shape, np.nan)
    for b, _, y, x in np.ndindex(truth.shape):
        depth = truth[b, 0, y, x].item()
        if edges[0] <= depth <= edges[-1]:
            label = max(k for k in range(4) if edges[k] <= depth)
            beyond = [1 / (1 + math.exp(-z)) for z in logits[b, :, y, x].tolist()]
            terms = [math.log(beyond[k] if k < label else 1 - beyond[k]) for k in range(4)]
            expected[b, 0, y, x] = -sum(terms)
    assert np.isnan(expected).sum() == 2
    np.testing.assert_allclose(ordinal(logits, truth, edges, reduction="none").numpy(), expected, rtol=1e-9)
    weight = random(truth.shape)
    assert ordinal(logits, truth, edges, weight=weight).item() == pytest.approx(weighed(expected, weight.numpy()))
    assert torch.autograd.gradcheck(lambda z: ordinal(z, truth, edges), (logits.clone().requires_grad_(),))


def test_a_nearer_bin_costs_less():
    edges, truth = bin_edges(6, 1, 7, spacing="linear"), torch.full((1, 1, 1, 1), 1.5)
    sure = [torch.where(torch.arange(6) < bin_, 4.0, -4.0).view(1, 6, 1, 1) for bin_ in range(6)]
    costs = [ordinal(logits, truth, edges).item() for logits in sure]
    assert costs == sorted(costs)
    assert [ordinal_depth(logits, edges).item() for logits in sure] == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]


def test_edges_are_those_of_the_paper():
    edges = bin_edges(5, 0.5, 80).double()
    moved = 1 - 0.5
    for i in range(6):
        start, end = 0.5 + moved, 80 + moved
        assert edges[i].item() == pytest.approx(math.exp(math.log(start) + math.log(end / start) * i / 5) - moved)
    ratios = bin_edges(5, 0.5, 80, start=None)
    np.testing.assert_allclose((ratios[1:] / ratios[:-1]).numpy(), 160 ** (1 / 5), rtol=1e-5)
    np.testing.assert_allclose(bin_edges(4, 0, 8, spacing="linear").numpy(), [0, 2, 4, 6, 8])


def test_a_depth_is_in_its_bin_and_what_a_net_says_of_it_is_the_depth():
    edges = bin_edges(40, 1, 10)
    depth = torch.linspace(1, 9.99, 60).view(1, 1, 6, 10)
    bins = bin_of(depth, edges)
    assert ((edges[bins] <= depth) & (depth < edges[bins + 1])).all()
    assert bin_of(torch.tensor([0.1, 99.0]), edges).tolist() == [0, 39]
    logits = torch.where(torch.arange(40).view(1, -1, 1, 1) < bins, 30.0, -30.0)
    found = ordinal_depth(logits, edges)
    assert ((found - depth).abs() <= (edges[1:] - edges[:-1])[bins] / 2 + 1e-6).all()
    torch.testing.assert_close(ordinal_depth(logits, edges, mean=True), found)
    assert ordinal_depth(torch.full((1, 40, 1, 1), 1.0), edges).item() == pytest.approx(edges[-2:].mean().item())
    assert ordinal_depth(logits * torch.nan, edges).isnan().all()


def test_the_mean_depth_is_that_of_the_distribution_and_has_slopes(random):
    edges = bin_edges(4, 1, 9).double()
    beyond = random((1, 4, 1, 2)).sort(dim=1, descending=True).values
    within = np.diff(beyond[:, :3].numpy(), axis=1, prepend=1, append=0) * -1
    middles = ((edges[1:] + edges[:-1]) / 2).numpy()
    logits = (beyond / (1 - beyond)).log().requires_grad_()
    found = ordinal_depth(logits, edges, mean=True)
    np.testing.assert_allclose(found.detach()[0, 0, 0].numpy(), np.einsum("bkyx,k->x", within, middles))
    assert torch.autograd.gradcheck(lambda z: ordinal_depth(z, edges, mean=True), (logits,))


def test_without_truth_nothing_is_learnt_and_a_broken_net_is_seen(maps, without_truth_nothing_moves):
    logits, truth, edges = maps
    without_truth_nothing_moves(lambda z, t: ordinal(z, t, edges), logits, truth)


def test_wrong_arguments_are_told(maps):
    logits, truth, edges = maps
    for call, message in (
        (lambda: ordinal(logits[:, :3], truth, edges), r"logits have shape .*; they must be \(B, 4, H, W\)"),
        (lambda: ordinal(logits, truth[..., 1:], edges), "logits has shape"),
        (lambda: bin_of(truth, edges.flip(0)), "increasing"),
        (lambda: bin_edges(1, 1, 2), "count is 1"),
        (lambda: bin_edges(4, 3, 2), "near is 3 and far 2"),
        (lambda: bin_edges(4, 0, 2, start=None), "the logarithm starts at 0 m"),
        (lambda: bin_edges(4, 1, 2, spacing="cubic"), "allowed are 'log', 'linear'"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
