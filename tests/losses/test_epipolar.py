"""Epipolar losses of flows that a camera's motion makes, projected point by point."""

import numpy as np
import pytest
import torch

from geomvision import geometry
from geomvision.cameras import Camera, pose
from geomvision.losses.epipolar import fundamental_of, low_rank, sampson, subspace

CAMERA = Camera(width=16, height=12, fx=15.0, fy=15.0, cx=7.6, cy=5.4)


def still_scene(T, seed=0):
    """Flow (2, 12, 16) of a scene of random depth that camera motion T makes."""
    depth = np.random.default_rng(seed).uniform(2, 6, (12, 16, 1))
    points = CAMERA.unproject(CAMERA.pixel_grid()) * depth @ T[:3, :3].T + T[:3, 3]
    there = points[..., :2] / points[..., 2:] * 15.0 + (7.6, 5.4)
    return torch.from_numpy(np.moveaxis(there - CAMERA.pixel_grid(), 2, 0))


@pytest.fixture(scope="module")
def scenes():
    """Two flows and their F."""
    angle = 0.05
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    poses = [pose(turn, np.array([0.3, -0.1, 0.2])), pose(np.eye(3), np.array([-0.1, 0.2, 0.6]))]
    flow = torch.stack([still_scene(T, k) for k, T in enumerate(poses)])
    return flow, torch.from_numpy(np.stack([geometry.fundamental(CAMERA, CAMERA, T) for T in poses]))


def test_sampson_is_its_equation(scenes, random):
    flow, F = scenes
    noisy = flow + random(flow.shape, -1, 1)
    noisy[0, 1, 3, 4] = torch.nan
    expected = np.full((2, 1, 12, 16), np.nan)
    for b, y, x in np.ndindex(2, 12, 16):
        dx, dy = noisy[b, :, y, x].tolist()
        x0, x1 = np.array([x, y, 1.0]), np.array([x + dx, y + dy, 1.0])
        f = F[b].numpy()
        lines = [*(f @ x0)[:2], *(f.T @ x1)[:2]]
        expected[b, 0, y, x] = abs(x1 @ f @ x0) / np.sqrt(np.square(lines).sum())
    np.testing.assert_allclose(sampson(noisy, F, reduction="none").numpy(), expected, rtol=1e-8)
    weight = random((2, 1, 12, 16))
    share = np.where(np.isnan(expected), 0, weight.numpy())
    mean = (share * np.nan_to_num(expected)).sum() / share.sum()
    assert sampson(noisy, F, weight=weight).item() == pytest.approx(mean)
    small = noisy[1:, :, :3, :3].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda f, m: sampson(f, m), (small, F[1].clone().requires_grad_()))


def test_a_still_scene_costs_nothing_with_f_given_or_found(scenes):
    flow, F = scenes
    assert sampson(flow, F).item() == pytest.approx(0, abs=1e-9)
    assert sampson(flow).item() == pytest.approx(0, abs=1e-6)
    found = fundamental_of(flow)
    sign = torch.sign((found * F).sum(dim=(1, 2)))[:, None, None]
    torch.testing.assert_close(found * sign, F, rtol=1e-4, atol=1e-5)
    assert torch.linalg.svdvals(found)[:, 2].max() < 1e-12


def test_what_moves_by_itself_loses_its_say(scenes):
    flow, F = (each[:1] for each in scenes)
    moved = flow.clone()
    moved[..., 2:7, 3:8] += torch.tensor([1.0, 4.0], dtype=torch.float64)[:, None, None]
    still = torch.ones(1, 1, 12, 16, dtype=torch.bool)
    still[..., 2:7, 3:8] = False
    distance = sampson(moved, reduction="none")
    assert distance[still].mean() < 0.05
    assert distance[~still].mean() > 1
    assert sampson(moved, weight=still).item() == pytest.approx(0, abs=1e-6)
    assert sampson(moved, F, weight=still).item() == pytest.approx(0, abs=1e-9)


def columns(flow):
    """H of one flow, 9 x N, over √N."""
    found = []
    for y, x in np.ndindex(flow.shape[1:]):
        there = flow[:, y, x] + (x, y)
        if np.isfinite(there).all():
            x0, x1 = ([(v - m) / 8 for v, m in zip(p, (7.5, 5.5), strict=True)] for p in ((x, y), there))
            found.append(np.outer([*x1, 1], [*x0, 1]).ravel())
    return np.array(found).T / np.sqrt(len(found))


def test_low_rank_is_the_nuclear_norm_and_subspace_its_minimum(scenes, random):
    flow = scenes[0] + random(scenes[0].shape, -0.5, 0.5)
    flow[0, 0, 0, 0] = torch.nan
    nuclear, least = [], []
    for each in flow.numpy():
        H = columns(each)
        nuclear.append(np.linalg.svd(H, compute_uv=False).sum())
        gram, one = H.T @ H, np.eye(H.shape[1])
        C = np.linalg.solve(one + 30.0 * gram, 30.0 * gram)
        least.append(0.5 * np.square(C).sum() + 15.0 * np.square(H @ C - H).sum())
    assert low_rank(flow).item() == pytest.approx(np.mean(nuclear))
    assert subspace(flow, strength=30.0).item() == pytest.approx(np.mean(least))
    small = flow[1:, :, 2:6, 2:6].clone().requires_grad_()
    assert torch.autograd.gradcheck(low_rank, (small,))
    assert torch.autograd.gradcheck(lambda f: subspace(f, strength=30.0), (small,))


def test_still_scenes_have_rank_eight_and_cost_less_than_disorder(scenes, random):
    flow, _ = scenes
    assert np.linalg.svd(columns(flow[0].numpy()), compute_uv=False)[8] < 1e-12
    stirred = flow + random(flow.shape, -2, 2)
    assert subspace(flow, strength=1e4) < subspace(stirred, strength=1e4)
    seen = torch.zeros(2, 1, 12, 16, dtype=torch.bool)
    seen[..., :8] = True
    hidden = torch.where(seen, flow, torch.nan)
    for loss in (low_rank, subspace):
        assert loss(stirred.where(~seen, flow), weight=seen).item() == pytest.approx(loss(hidden).item())


def test_wrong_arguments_are_told(scenes):
    flow, F = scenes
    for call, message in (
        (lambda: sampson(flow, F[:, :2]), r"F is of shape \(2, 2, 3\); it must be a finite tensor"),
        (lambda: sampson(flow, F.numpy()), "F is a ndarray"),
        (lambda: sampson(flow[:, :1], F), r"flow has shape \(2, 1, 12, 16\); it must be \(B, 2, H, W\)"),
        (lambda: fundamental_of(flow[..., :2, :3]), "has 6 known pixels of weight; it takes 8 or more"),
        (lambda: subspace(flow, strength=0), "strength is 0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
