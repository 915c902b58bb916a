"""Edges: closed forms of where they are, and losses against slow sums over pixels."""

import math

import numpy as np
import pytest
import torch

from geomvision.losses.edges import balanced_cross_entropy, guided_smoothness, jumps


def test_borders_of_things_are_jumps_and_slants_are_not():
    """A steep plane, on it a box, a rod one pixel wide, and a gap: both sides of each border, nothing else."""
    y, x = np.mgrid[:12, :20].astype(float)
    disparity = 40 - 2.5 * x + 1.5 * y
    disparity[3:7, 4:9] = 60
    disparity[:, 14] = 80
    disparity[10, 1:3] = np.nan
    expected = np.zeros((12, 20))
    for rows, columns in (((3, 7), (4, 9)), ((0, 12), (14, 15))):
        inside = np.zeros((14, 22), bool)
        inside[1:-1, 1:-1][rows[0] : rows[1], columns[0] : columns[1]] = True
        if rows == (0, 12):
            inside[0], inside[-1] = inside[1], inside[-2]  # the rod leaves the image: its ends are no borders
        for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
            expected += (inside ^ np.roll(inside, step, axis))[1:-1, 1:-1]
    expected = np.where(np.isnan(disparity), np.nan, expected > 0)
    found = jumps(torch.tensor(disparity)[None, None])
    np.testing.assert_array_equal(found[0, 0], expected)
    np.testing.assert_array_equal(jumps(torch.tensor(disparity.T.copy())[None, None])[0, 0], expected.T)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (3, 2)])
def test_images_of_few_pixels_have_edges_too(size):
    disparity = torch.arange(6.0)[: size[0] * size[1]].reshape(1, 1, *size) * 10
    assert jumps(disparity).shape == disparity.shape
    assert jumps(torch.tensor([[[[0.0, 9.0]]]])).tolist() == [[[[1.0, 1.0]]]]


def test_cross_entropy_is_balanced_image_by_image(random):
    logits, truth = random((2, 3, 4, 5), -2, 2), (random((2, 1, 4, 5)) > 0.8).double()
    truth[0, 0, 1, 1] = math.nan
    total, count = 0.0, 0
    for b in range(2):
        seen = [p for p in np.ndindex(4, 5) if math.isfinite(truth[b, 0][p])]
        beta = sum(truth[b, 0][p].item() == 0 for p in seen) / len(seen)
        for p in seen:
            for k in range(3):
                chance = 1 / (1 + math.exp(-logits[b, k][p].item()))
                cost = -beta * math.log(chance) if truth[b, 0][p] else -(1 - beta) * math.log(1 - chance)
                total += cost / 3
        count += len(seen)
    assert balanced_cross_entropy(logits, truth).item() == pytest.approx(total / count)
    assert balanced_cross_entropy(logits, torch.full_like(truth, math.nan)).item() == 0
    with pytest.raises(ValueError, match=r"logits has shape \(2, 3, 4, 4\); it must be \(2, C, 4, 5\)"):
        balanced_cross_entropy(logits[..., :4], truth)


def test_smoothness_is_its_equation_and_teaches_no_edges(random):
    disparity, edges = random((1, 1, 3, 4), 0, 9).requires_grad_(), random((1, 1, 3, 4)).requires_grad_()
    d, e = disparity[0, 0].detach().numpy(), edges[0, 0].detach().numpy()
    expected = sum(
        (np.abs(np.diff(d, axis=axis)) * np.exp(-3 * np.abs(np.diff(e, axis=axis)))).sum() for axis in (0, 1)
    )
    found = guided_smoothness(disparity, edges, beta=3.0)
    assert found.item() == pytest.approx(expected / 11, rel=1e-2)  # the last pixel has no step; epsilon rounds
    slope, none = torch.autograd.grad(found, [disparity, edges], allow_unused=True)
    assert slope.abs().sum() > 0
    assert none is None
