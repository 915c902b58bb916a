"""Images and flows that losses are tried on."""

import numpy as np
import pytest
import torch


@pytest.fixture
def random():
    """`random(shape, low, high)`: float64, the same in every run."""
    generator = torch.Generator().manual_seed(5)

    def draw(shape, low=0.0, high=1.0):
        return low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64)

    return draw


@pytest.fixture
def images(random):
    """Two RGB images (2, 3, 7, 8), 0 … 255, alike; in the second one pixel is unknown."""
    image0 = random((2, 3, 7, 8), 20, 235)
    image1 = image0 + random(image0.shape, -15, 15)
    image1[1, 1, 0, 5] = torch.nan
    return image0, image1


@pytest.fixture
def weight(random):
    return random((2, 1, 7, 8))


@pytest.fixture
def without_truth_nothing_moves():
    def judge(loss, estimate, truth):
        """Unknown truth has no slope, none at all makes 0, and a broken estimate is seen."""
        leaf = estimate.clone()
        leaf[truth.isnan().expand_as(leaf)] = torch.nan
        leaf.requires_grad_()
        (slope,) = torch.autograd.grad(loss(leaf, truth), leaf)
        assert slope[truth.isnan().expand_as(leaf)].eq(0).all()
        assert slope.isfinite().all()
        assert slope.any()
        value = loss(leaf, torch.full_like(truth, torch.nan))
        assert value.item() == 0
        assert not torch.autograd.grad(value, leaf)[0].any()
        assert not loss(torch.full_like(estimate, torch.nan), truth).isfinite()

    return judge


@pytest.fixture
def weighed():
    def mean(values, weight):
        """Σ w v / Σ w over what is known of an array."""
        known = np.isfinite(values)
        return (weight[known] * values[known]).sum() / weight[known].sum()

    return mean
