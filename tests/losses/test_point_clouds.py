"""Clouds of points: closed forms of their alignment, and a rendered clip."""

import numpy as np
import pytest
import torch

from geomvision.cameras import Camera
from geomvision.losses.point_clouds import best_motion, icp, point_cloud_loss, principled_mask
from geomvision.losses.rigid import inverses, motions, reproject

CAMERA = Camera(width=24, height=16, fx=20.0, fy=20.0, cx=11.5, cy=7.5)
IDENTITY = torch.eye(4, dtype=torch.float64)


def motion(*numbers):
    values = torch.tensor([numbers], dtype=torch.float64)
    return motions(values[:, :3], values[:, 3:])


def test_the_best_motion_is_the_one_that_was_made(random):
    points = random((20, 3), -1, 1)
    T = motion(0.4, -0.9, 0.3, 1.0, -2.0, 0.5)[0]
    torch.testing.assert_close(best_motion(points, points @ T[:3, :3].mT + T[:3, 3]), T)
    mirrored = points * torch.tensor([1.0, 1.0, -1.0]).double()
    assert torch.linalg.det(best_motion(points, mirrored)[:3, :3]).item() == pytest.approx(1)


def test_its_derivative_is_exact_where_singular_values_are_equal(random):
    corners = torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]).double()
    noise = random((6, 3), -0.2, 0.2)
    for target in (corners, corners + noise):
        leaf = corners.clone().requires_grad_()
        assert torch.autograd.gradcheck(best_motion, (leaf, target))


def test_closest_points_undo_a_small_motion(random):
    cloud = random((200, 3), -1, 1)
    T = motion(0.01, -0.02, 0.01, 0.01, 0.02, -0.01)[0]
    found = icp([cloud @ T[:3, :3].mT + T[:3, 3]], [cloud])
    torch.testing.assert_close(found.T[0] @ T, IDENTITY, atol=1e-9, rtol=0)
    assert found.residuals[0].abs().max() < 1e-9


def test_only_what_the_other_frame_shows_counts(random):
    depth = random((1, 1, 16, 24), 2, 3)
    found = reproject(depth, motion(0, 0, 0, 1.0, 0, 0), CAMERA)
    mask = principled_mask(found, CAMERA)
    for y, x in np.ndindex(16, 24):  # moves by 20 · 1 / depth columns
        if y in (0, 15):  # lies on the border, to rounding
            continue
        assert mask[0, 0, y, x].item() == (x + 20.0 / depth[0, 0, y, x].item() <= 23)


@pytest.fixture
def wavy():
    """Depths of a wavy wall from two places, (1, 1, 16, 24), and T between them."""
    grid = torch.from_numpy(CAMERA.unproject(CAMERA.pixel_grid())).permute(2, 0, 1)[None]
    T = motion(0, 0, 0, 0, 0, 0.1)  # straight back: both see nearly the same
    surface = lambda x, y: 3 + 0.4 * torch.sin(2 * x) * torch.cos(2 * y)  # noqa: E731
    depths = []
    for shift in (0.0, 0.1):  # z − shift = surface(x, y) of the points on the pixel's ray, by fixed-point steps
        z = torch.full((1, 1, 16, 24), 3.0, dtype=torch.float64)
        for _ in range(200):
            z = 0.5 * z + 0.5 * (surface(grid[:, :1] * z, grid[:, 1:2] * z) + shift)
        depths.append(z)
    return depths, T


def test_the_truth_costs_least(wavy):
    (depth0, depth1), T = wavy
    loss = lambda d, M: point_cloud_loss(reproject(d, M, CAMERA), depth1, CAMERA, count=512).item()  # noqa: E731
    least = loss(depth0, T)
    assert least < 0.15  # points lie between those of the other frame
    assert loss(depth0, motion(0, 0, 0, 0, 0, 0.3)) > least + 0.15
    assert loss(depth0, motion(0.05, 0, 0, 0, 0, 0.1)) > least + 0.1
    bumped = depth0 * (1 + 0.2 * torch.sin(torch.arange(24.0).double()))
    assert loss(bumped, T) > least + 0.1


def test_slopes_are_exact_and_mend_the_motion(wavy, random):
    (depth0, depth1), _ = wavy
    forward = torch.tensor([[0.0, 0.0, 0.3]], dtype=torch.float64, requires_grad=True)
    still = torch.zeros(1, 3, dtype=torch.float64)
    loss = point_cloud_loss(reproject(depth0, motions(still, forward), CAMERA), depth1, CAMERA, count=512)
    assert torch.autograd.grad(loss, forward)[0][0, 2] > 0  # 0.1 is right
    leaf = depth0.clone().requires_grad_()
    loss = point_cloud_loss(reproject(leaf, motions(still, forward), CAMERA), depth1, CAMERA, count=512)
    assert bool(torch.autograd.grad(loss, leaf)[0].isfinite().all())
    first, second = random((12, 3), -1, 1).requires_grad_(), random((12, 3), -1, 1)

    def each(cloud):
        found = icp([cloud], [second], rounds=1)
        return found.T, found.residuals[0].detach()

    assert torch.autograd.gradcheck(lambda c: each(c)[0], first)


def test_few_points_cost_nothing_and_other_sizes_are_told(wavy):
    (depth0, depth1), T = wavy
    away = reproject(depth0, motion(0, 0, 0, 90.0, 0, 0), CAMERA)
    assert point_cloud_loss(away, depth1, CAMERA).item() == 0
    with pytest.raises(ValueError, match="each takes 3 or more that both frames show"):
        icp([depth0.view(-1, 3)[:2]], [depth1.view(-1, 3)])
    with pytest.raises(ValueError, match="depth1 is 23x16, its camera 24x16 pixels"):
        point_cloud_loss(reproject(depth0, inverses(T), CAMERA), depth1[..., 1:], CAMERA)
