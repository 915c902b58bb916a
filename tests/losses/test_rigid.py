"""Reprojection by depth, pose and camera: against numpy's cameras point by point, closed forms and rendered clips."""

import math

import numpy as np
import pytest
import torch

import geomvision as gv
from geomvision.cameras import Camera, RayTable, UnifiedCamera
from geomvision.losses import photometric
from geomvision.losses.rigid import (
    depth_consistency,
    inverses,
    motions,
    reproject,
    reprojected_distance,
    rotations,
    seen,
    unit_points,
    velocity,
)

FIELDS = {"width": 9, "height": 6, "fx": 7.0, "fy": 7.5, "cx": 4.2, "cy": 2.4}
UNIFIED = UnifiedCamera(**FIELDS, alpha=0.55)
CAMERAS = {"pinhole": Camera(**FIELDS), "unified": UNIFIED, "table": RayTable.from_camera(UNIFIED)}
every = pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)


def exponential(w):
    """exp([ω]ₓ) as its series."""
    x, y, z = w
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    term, total = np.eye(3), np.eye(3)
    for n in range(1, 40):
        term = term @ cross / n
        total += term
    return total


@pytest.fixture
def moved(random):
    """Two motions, and depths that are unknown or impossible at three pixels."""
    T = motions(random((2, 3), -0.1, 0.1), random((2, 3), -0.3, 0.3))
    depth = random((2, 1, 6, 9), 1.5, 4)
    depth[0, 0, 1, 2], depth[0, 0, 3, 3], depth[1, 0, 0, 0] = torch.nan, -1.0, 0.0
    return depth, T


def there(depth, T, camera):
    """Pixels (H, W, 2) and points of a depth map (1, H, W), by numpy's camera."""
    grid = camera.pixel_grid()
    z = depth[0]
    pixels, points = np.full((*z.shape, 2), np.nan), np.full((*z.shape, 3), np.nan)
    known = np.isfinite(z) & (z > 0)
    points[known] = camera.unproject(grid[known], z[known]) @ T[:3, :3].T + T[:3, 3]
    pixels[known] = camera.project(points[known])
    return pixels, points


def test_rotations_are_the_exponential_at_all_angles():
    for angle in (0.0, 1e-6, 0.005, 0.02, 1.0, 3.0):
        w = angle * np.array([2.0, -1.0, 2.0]) / 3
        found = rotations(torch.tensor(w)[None])[0].numpy()
        np.testing.assert_allclose(found, exponential(w), rtol=1e-12, atol=1e-12)
    for scale in (0.0, 1e-3, 1.0):  # the series, and beyond
        w = (scale * torch.tensor([[0.3, -0.5, 0.2]], dtype=torch.float64)).requires_grad_()
        assert torch.autograd.gradcheck(rotations, w)


def test_a_motion_and_its_inverse_cancel(random):
    T = motions(random((3, 3), -1, 1), random((3, 3), -1, 1))
    torch.testing.assert_close(T @ inverses(T), torch.eye(4, dtype=T.dtype).expand(3, 4, 4))


@every
def test_every_pixel_goes_where_its_point_is(camera, moved):
    depth, T = moved
    found = reproject(depth, T, camera)
    for b in range(2):
        pixels, points = there(depth[b].numpy(), T[b].numpy(), camera)
        flow = np.moveaxis(pixels - camera.pixel_grid(), 2, 0)
        np.testing.assert_allclose(found.flow[b].numpy(), flow, rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(found.points[b].permute(1, 2, 0).numpy(), points, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(found.depth[b, 0], found.points[b, 2])


def test_small_maps_are_those_of_a_small_camera(random):
    """Of the camera resized: its pixels are the middles of blocks."""
    for camera in (CAMERAS["pinhole"], UNIFIED):
        depth, T = random((1, 1, 2, 3), 1.5, 4), motions(random((1, 3), -0.1, 0.1), random((1, 3), -0.3, 0.3))
        small = reproject(depth, T, camera.resize(3, 2))
        for name, found in reproject(depth, T, camera)._asdict().items():
            torch.testing.assert_close(found, getattr(small, name), equal_nan=True)


@every
def test_slopes_are_right(camera, random):
    depth = random((1, 1, 6, 9), 2, 4).requires_grad_()
    pose = random((1, 6), -0.05, 0.05).requires_grad_()
    numbers = torch.tensor(camera.parameters, dtype=torch.float64).requires_grad_()

    def flow(d, p, n):
        found = reproject(d, motions(p[:, :3], p[:, 3:]), camera, parameters0=n).flow
        return found[..., 2:4, 2:6]

    assert bool(flow(depth, pose, numbers).isfinite().all())
    assert torch.autograd.gradcheck(flow, (depth, pose, numbers), atol=1e-4, fast_mode=True)


def test_unknown_depth_passes_no_slope_on(moved):
    depth, T = moved
    leaf = depth.clone().requires_grad_()
    found = reproject(leaf, T.requires_grad_(), CAMERAS["pinhole"])
    total = photometric.absolute(found.flow[:, :1], torch.zeros_like(found.flow[:, :1]))
    slopes = torch.autograd.grad(total, [leaf, T])
    assert all(bool(each.isfinite().all()) for each in slopes)
    assert slopes[0][0, 0, 1, 2] == 0


def test_a_learnt_focal_length_is_one_per_image(moved):
    depth, T = moved
    camera = CAMERAS["pinhole"]
    numbers = torch.from_numpy(np.array([camera.parameters, (8.0, 8.0, 4.0, 2.5)]))
    both = reproject(depth, T, camera, parameters0=numbers).flow
    for b, row in enumerate(numbers):
        alone = reproject(depth[b : b + 1], T[b : b + 1], camera, parameters0=row).flow
        torch.testing.assert_close(both[b : b + 1], alone, equal_nan=True)


@pytest.fixture(scope="module")
def clip():
    """Three frames of a rendered scene without noise, T between them, and the camera."""
    options = {"height": 48, "width": 64, "max_disparity": 6, "noise": 0.0, "exposure": 0.0, "specular": 0.0}
    frames = gv.datasets.Synthetic(seed=4, layout="tabletop", textureless=0.0, blur=0.6, **options).clip(1, frames=3)
    images = torch.from_numpy(np.stack([f.image for f in frames])).permute(0, 3, 1, 2).double()
    depth = torch.from_numpy(np.stack([f.depth.m for f in frames]))[:, None].double()
    T = np.linalg.inv(frames[0].clip.T_world_cam)
    return images, depth, torch.from_numpy(np.stack([T[1] @ np.linalg.inv(T[0])])), frames[0].camera


def cost(clip, depth_factor=1.0, turn=0.0):
    images, depth, T, camera = clip
    twist = torch.tensor([[0.0, turn, 0.0]], dtype=torch.float64)
    found = reproject(depth_factor * depth[:1], motions(twist, torch.zeros_like(twist)) @ T, camera)
    warped = seen(images[1:2], found)
    return found, warped, photometric.appearance(images[:1], warped).item()


def test_the_truth_costs_least(clip):
    _, warped, least = cost(clip)
    difference = (warped - clip[0][:1]).abs().mean(dim=1)
    assert difference[difference.isfinite()].median() < 4  # of 255: interpolation alone
    assert least < 0.6 * photometric.appearance(clip[0][:1], clip[0][1:2]).item()
    for other in ({"depth_factor": 0.8}, {"depth_factor": 1.25}, {"turn": 0.02}, {"turn": -0.02}):
        assert cost(clip, **other)[2] > 1.1 * least


def test_depths_of_one_scene_are_consistent(clip):
    found, warped, _ = cost(clip)
    values = depth_consistency(found, clip[1][1:2], reduction="none")
    where = values.isfinite() & warped.isfinite().all(dim=1, keepdim=True)
    assert values[where].median() < 2e-3
    other = depth_consistency(cost(clip, depth_factor=1.2)[0], clip[1][1:2], reduction="none")
    assert other[where & other.isfinite()].median() > 0.05


def test_depth_consistency_is_its_equation(moved, random):
    depth, T = moved
    found, other = reproject(depth, T, CAMERAS["pinhole"]), random((2, 1, 6, 9), 1.5, 4)
    expected = np.full((2, 1, 6, 9), np.nan)
    for b, y, x in np.ndindex(2, 6, 9):
        px, py = x + found.flow[b, 0, y, x].item(), y + found.flow[b, 1, y, x].item()
        if 0 <= px <= 8 and 0 <= py <= 5:
            i, j = min(int(px), 7), min(int(py), 4)
            u, v = px - i, py - j
            m = other[b, 0].numpy()
            up = (1 - u) * m[j, i] + u * m[j, i + 1]
            d = (1 - v) * up + v * ((1 - u) * m[j + 1, i] + u * m[j + 1, i + 1])
            z = found.depth[b, 0, y, x].item()
            expected[b, 0, y, x] = abs(z - d) / (z + d)
    np.testing.assert_allclose(depth_consistency(found, other, reduction="none").numpy(), expected, rtol=1e-9)


def test_reprojected_distance_is_how_far_places_lie_apart(moved, random):
    depth, T = moved
    camera, truth = CAMERAS["unified"], random((2, 1, 6, 9), 1.5, 4)
    truth[1, 0, 2, 2] = torch.nan
    expected = np.full((2, 1, 6, 9), np.nan)
    for b in range(2):
        ends = [there(d[b].numpy(), T[b].numpy(), camera)[0] for d in (depth, truth)]
        expected[b, 0] = np.linalg.norm(ends[0] - ends[1], axis=2)
    found = reprojected_distance(depth, truth, T, camera, reduction="none")
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)
    small = random((1, 1, 6, 9), 2, 4).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda d: reprojected_distance(d, truth[:1], T[:1], camera), small, atol=1e-4, fast_mode=True
    )


def test_to_the_side_the_reprojected_distance_is_that_of_disparities(random):
    """f b |1/D − 1/D*|, pixels."""
    camera, depth, truth = CAMERAS["pinhole"], random((1, 1, 6, 9), 1, 4), random((1, 1, 6, 9), 1, 4)
    T = motions(torch.zeros(1, 3).double(), torch.tensor([[0.2, 0.0, 0.0]]).double())
    found = reprojected_distance(depth, truth, T, camera, reduction="none")
    torch.testing.assert_close(found, 7.0 * 0.2 * (1 / depth - 1 / truth).abs())


def test_velocity_is_its_equation():
    t = torch.tensor([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], dtype=torch.float64, requires_grad=True)
    distance = torch.tensor([6.0, 0.5, math.nan], dtype=torch.float64)
    loss = velocity(t, distance)
    assert loss.item() == pytest.approx((1.0 + 0.5) / 2)
    (slope,) = torch.autograd.grad(loss, t)
    torch.testing.assert_close(slope[0], -torch.tensor([0.3, 0.4, 0.0]).double())
    assert bool(slope.isfinite().all())
    assert not slope[2].any()
    assert torch.autograd.gradcheck(lambda v: velocity(v, distance[:1]), t[:1].detach().clone().requires_grad_())
    assert velocity(t, torch.full((3,), math.nan)).item() == 0


def test_wrong_arguments_are_told(random):
    camera, depth, T = CAMERAS["pinhole"], random((1, 1, 6, 9), 1, 2), torch.eye(4).double()[None]
    for call, message in (
        (lambda: rotations(depth), r"axis_angle is of shape \(1, 1, 6, 9\); it must be \(B, 3\)"),
        (lambda: motions(T[0, :3, :3], T[0, :1, :3]), r"both must be \(B, 3\)"),
        (lambda: inverses(T[0]), r"they must be \(4, 4, 4\)"),
        (lambda: reproject(depth[..., 1:], T, camera), "depth is 8x6, camera 0 9x6 pixels: resize the camera"),
        (lambda: reproject(depth, T[:, :3], camera), r"motions are of shape \(1, 3, 4\); they must be \(1, 4, 4\)"),
        (lambda: velocity(depth, T), r"translation is of shape \(1, 1, 6, 9\)"),
        (lambda: velocity(depth[0, 0, :3, :3], T[0, 0]), r"distance_m is of shape \(4,\); it must be \(3,\)"),
        (lambda: velocity(depth[0, 0, :2, :3], T[0, 0, :2] - 1), "negative distances"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert unit_points(camera, depth).shape == (1, 3, 6, 9)
