"""What stands still and what moves: against slow sums over pixels, and a wall before which a box moves."""

import math

import numpy as np
import pytest
import torch

from geomvision.cameras import Camera
from geomvision.losses import photometric
from geomvision.losses.moving import collaboration, flow_agreement, still
from geomvision.losses.rigid import motions, reproject, seen


@pytest.fixture
def flows(random):
    rigid, flow = random((2, 2, 3, 4), -2, 2), random((2, 2, 3, 4), -2, 2)
    rigid[0, 1, 1, 1], flow[1, 0, 2, 3] = torch.nan, torch.nan
    return rigid, flow


@pytest.fixture
def costs(random):
    rigid_cost, flow_cost = random((2, 1, 3, 4)), random((2, 1, 3, 4))
    rigid_cost[0, 0, 0, 0], flow_cost[1, 0, 0, 0] = torch.nan, torch.nan
    return rigid_cost, flow_cost


def test_agreement_is_its_equation(flows, random):
    gap = np.linalg.norm((flows[0] - flows[1]).numpy(), axis=1, keepdims=True)
    expected = np.sqrt(gap**2 + 1e-6) - 1e-3
    np.testing.assert_allclose(flow_agreement(*flows, reduction="none").numpy(), expected, rtol=1e-7)
    weight = random(gap.shape)
    share = np.where(np.isnan(gap), 0, weight.numpy())
    mean = (share * np.nan_to_num(expected)).sum() / share.sum()
    assert flow_agreement(*flows, weight=weight).item() == pytest.approx(mean)
    leaves = [f[:1, :, :1].clone().requires_grad_() for f in flows]
    assert torch.autograd.gradcheck(lambda a, b: flow_agreement(a, b), leaves)


def test_who_explains_better_or_says_the_same_stands_still(flows, costs):
    found = still(*flows, *costs, tolerance=1.5)
    for b, _, y, x in np.ndindex(2, 1, 3, 4):
        rigid, flow = (each[b, :, y, x].numpy() for each in flows)
        of_rigid, of_flow = (each[b, 0, y, x].item() for each in costs)
        gap = np.linalg.norm(rigid - flow)
        better = math.isnan(of_flow) or of_rigid < of_flow
        expected = not np.isnan(rigid).any() and not math.isnan(of_rigid) and (better or bool(gap < 1.5))
        assert found[b, 0, y, x].item() == expected


def test_collaboration_is_its_equation(costs, random):
    logits, standing = random((2, 1, 3, 4), -3, 3), random((2, 1, 3, 4)) > 0.5
    total = []
    for at in np.ndindex(2, 1, 3, 4):
        of_rigid, of_flow, m = costs[0][at].item(), costs[1][at].item(), 1 / (1 + math.exp(-logits[at].item()))
        if math.isfinite(of_rigid) and math.isfinite(of_flow):
            agreed = -math.log(m if standing[at] else 1 - m)
            total.append(m * of_rigid + (1 - m) * of_flow - 0.1 * math.log(m) + 0.4 * agreed)
    found = collaboration(*costs, logits, standing, prior=0.1, consensus=0.4)
    assert found.item() == pytest.approx(np.mean(total))
    leaves = [each[:, :, 1:].clone().requires_grad_() for each in (*costs, logits)]
    assert torch.autograd.gradcheck(lambda a, b, z: collaboration(a, b, z, standing[:, :, 1:]), leaves)


def test_a_box_that_moves_before_a_wall_is_found(random):
    """The camera moves by 0.1 m before a wall at 2 m, 40 · 0.1 / 2 = 2 px; a box on it moves by 5 px more."""
    camera = Camera(width=48, height=20, fx=40.0, fy=40.0, cx=23.5, cy=9.5)
    x = torch.arange(48)
    wall, box = random((1, 3, 20, 80), 0, 255), random((1, 3, 20, 80), 0, 255)
    inside = (x >= 16) & (x < 30)
    image0 = torch.where(inside, box[..., x], wall[..., x + 10])
    there = (x >= 19) & (x < 33)  # at x + 3 in frame 1
    image1 = torch.where(there, box[..., x - 3], wall[..., x + 12])
    flow = torch.zeros(1, 2, 20, 48, dtype=torch.float64)
    flow[:, 0] = torch.where(inside, 3.0, -2.0).double()
    T = motions(torch.zeros(1, 3).double(), torch.tensor([[-0.1, 0.0, 0.0]]).double())
    found = reproject(torch.full((1, 1, 20, 48), 2.0, dtype=torch.float64), T, camera)
    of_rigid = photometric.absolute(image0, seen(image1, found), reduction="none")
    of_flow = photometric.absolute(image0, seen(image1, found._replace(flow=flow)), reduction="none")
    mask = still(found.flow, flow, of_rigid, of_flow)[0, 0, 1:-1]
    assert mask[:, 3:16].all()
    assert mask[:, 33:].all()
    assert (~mask[:, 16:30]).float().mean() > 0.95
