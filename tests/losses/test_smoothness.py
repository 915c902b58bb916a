import math

import numpy as np
import pytest
import torch

from geomvision.losses.smoothness import first_order, second_order


def slowly(order, flow, image, edge, epsilon=1e-3):
    """Pixel by pixel; NaN where neither direction has a difference."""
    flow, image = flow.numpy(), image.numpy()
    batch, _, height, width = flow.shape
    found = np.full((batch, 1, height, width), np.nan)
    for b, y, x in np.ndindex(batch, height, width):
        for dy, dx in ((0, 1), (1, 0)):
            after, before = (y + dy, x + dx), (y - dy, x - dx)
            ends = [after] if order == 1 else [after, before]
            if not all(0 <= j < height and 0 <= i < width for j, i in ends):
                continue
            places = [(y, x), *ends]
            if not all(np.isfinite(m[b][:, j, i]).all() for m in (flow, image) for j, i in places):
                continue
            f = [flow[b][:, j, i] for j, i in places]
            g = [image[b][:, j, i] for j, i in places]
            change = f[1] - f[0] if order == 1 else f[1] - 2 * f[0] + f[2]
            slope = np.abs(g[1] - g[0] if order == 1 else (g[1] - g[2]) / 2).mean()
            cost = np.mean([math.sqrt(v * v + epsilon**2) - epsilon for v in change])
            found[b, 0, y, x] = np.nan_to_num(found[b, 0, y, x]) + 0.5 * math.exp(-edge * slope) * cost
    return found


@pytest.mark.parametrize(("order", "loss"), [(1, first_order), (2, second_order)])
def test_it_is_its_equation(order, loss, images, weight, random):
    flow = random((2, 2, 7, 8), -3, 3)
    flow[0, 1, 3, 3] = torch.nan
    expected = slowly(order, flow, images[1], 0.02)
    found = loss(flow, images[1], edge=0.02, reduction="none")
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-8, atol=1e-12)
    share = np.where(np.isnan(expected), 0, weight.numpy())
    mean = (share * np.nan_to_num(expected)).sum() / share.sum()
    assert loss(flow, images[1], edge=0.02, weight=weight).item() == pytest.approx(mean)
    small = flow[..., 2:6, 2:6].clone().requires_grad_()
    grey = images[0][:, :1, 2:6, 2:6].clone().requires_grad_()
    assert loss(small, grey).isfinite()
    (slope,) = torch.autograd.grad(loss(small, grey), small)
    assert slope.isfinite().all()
    known = random((1, 2, 4, 4), -3, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda f, i: loss(f, i, edge=0.02), (known, grey[:1].detach().requires_grad_()))


def test_a_constant_flow_and_an_affine_one_cost_nothing(images):
    y, x = torch.meshgrid(torch.arange(7.0), torch.arange(8.0), indexing="ij")
    affine = torch.stack([0.5 * x - y + 3, 0.2 * x + 0.1 * y])[None].expand(2, -1, -1, -1)
    image = images[0].float()
    assert first_order(torch.full_like(affine, 4.0), image).item() == 0
    assert second_order(affine, image).item() == pytest.approx(0, abs=1e-6)
    assert first_order(affine, image, edge=0).item() > 0.1


def test_an_edge_of_the_image_lets_the_flow_break():
    flow = torch.zeros(1, 2, 6, 8)
    flow[..., 4:] = 5
    image = torch.zeros(1, 1, 6, 8)
    image[..., 4:] = 200
    for loss in (first_order, second_order):
        assert loss(flow, image) < 1e-6 * loss(flow, torch.zeros_like(image))


def test_single_rows_and_wrong_shapes(images):
    flow = torch.zeros(2, 2, 1, 1, dtype=torch.float64)
    assert first_order(flow, images[0][..., :1, :1]).item() == 0
    with pytest.raises(ValueError, match=r"image has shape \(2, 3, 7, 8\); it must be \(2, C, 1, 1\)"):
        second_order(flow, images[0])
    with pytest.raises(ValueError, match="edge is -1"):
        first_order(flow, images[0][..., :1, :1], edge=-1)


def test_a_plane_is_affine_in_inverse_depth_and_not_in_depth():
    y, x = torch.meshgrid(torch.arange(12.0).double(), torch.arange(16.0).double(), indexing="ij")
    inverse = ((0.1 + 0.02 * x - 0.004 * y) / 3)[None, None]  # n · (x, y, 1) / offset
    grey = torch.full_like(inverse, 90)
    inside = torch.zeros_like(inverse)
    inside[..., 1:-1, 1:-1] = 1
    assert second_order(inverse, grey, epsilon=1e-9, weight=inside).item() == pytest.approx(0, abs=1e-9)
    assert second_order(1 / inverse, grey, epsilon=1e-9, weight=inside).item() > 1e-3
