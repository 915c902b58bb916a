"""Images and flows that losses are tried on."""

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
