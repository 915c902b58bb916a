"""Losses of the slopes of depth against slow sums over pixels and closed forms of planes."""

import math

import numpy as np
import pytest
import torch

from geomvision.losses.depth_gradients import gradient_angle, gradient_matching

COSTS = {"l1": abs, "l2": lambda v: v * v, "log": lambda v: math.log(abs(v) + 0.5) - math.log(0.5)}


@pytest.fixture
def maps(random):
    """Depths and their truth, (2, 1, 4, 6), with gaps."""
    truth = random((2, 1, 4, 6), 1, 9)
    truth[0, 0, 1, 2] = truth[1, 0, 3, 5] = truth[1, 0, 0, 0] = torch.nan
    return random(truth.shape, 1, 9), truth


def steps_from(image, y, x):
    """Forward differences along x and y; NaN beyond the border."""
    height, width = image.shape
    return [
        image[y, x + 1] - image[y, x] if x + 1 < width else math.nan,
        image[y + 1, x] - image[y, x] if y + 1 < height else math.nan,
    ]


@pytest.mark.parametrize("norm", COSTS)
@pytest.mark.parametrize(("logarithm", "scales"), [(False, 1), (True, 1), (False, 3)])
def test_differences_are_matched_as_the_equation_says(norm, logarithm, scales, maps, random, weighed):
    depth, truth = maps
    weight = random(truth.shape)
    residual = (depth.log() - truth.log() if logarithm else depth - truth).numpy()[:, 0]
    expected = 0.0
    for every in [2**k for k in range(scales)]:
        images = residual[:, ::every, ::every]
        costs = np.full(images.shape, np.nan)
        for b, y, x in np.ndindex(images.shape):
            steps = [COSTS[norm](v) for v in steps_from(images[b], y, x) if math.isfinite(v)]
            costs[b, y, x] = sum(steps) if steps else math.nan
        expected += weighed(costs, weight.numpy()[:, 0, ::every, ::every]) if np.isfinite(costs).any() else 0
    options = {"norm": norm, "logarithm": logarithm, "scales": scales, "weight": weight}
    assert gradient_matching(depth, truth, **options).item() == pytest.approx(expected)
    leaf = depth.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda d: gradient_matching(d, truth, **options), (leaf,))


@pytest.mark.parametrize("lift", [1.0, 0.2])
def test_angles_are_those_of_the_equation(lift, maps, random, weighed):
    depth, truth = maps
    expected = np.full(truth.shape, np.nan)
    for b, _, y, x in np.ndindex(truth.shape):
        first, second = (np.array([*steps_from(m[b, 0].numpy(), y, x), -lift]) for m in (depth, truth))
        expected[b, 0, y, x] = 1 - first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    found = gradient_angle(depth, truth, lift=lift, reduction="none")
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)
    weight = random(truth.shape)
    value = gradient_angle(depth, truth, lift=lift, weight=weight).item()
    assert value == pytest.approx(weighed(expected, weight.numpy()))
    leaf = depth.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda d: gradient_angle(d, truth, lift=lift), (leaf,))


def test_planes_lean_by_their_angle():
    x = torch.arange(8.0).expand(1, 1, 8, 8)
    flat, steep = 5 + 0 * x, 5 + math.tan(math.radians(60)) * x
    assert gradient_angle(steep, flat).item() == pytest.approx(1 - math.cos(math.radians(60)), rel=1e-5)
    assert gradient_angle(steep, steep + 3).item() == pytest.approx(0, abs=1e-12)
    turned = steep.transpose(2, 3).contiguous()
    assert gradient_angle(steep, turned, lift=1e-3).item() == pytest.approx(1, rel=1e-4)  # a right angle in the image
    assert gradient_matching(3 * x + 1, 2 * x).item() == pytest.approx(56 / 63)  # no difference begins in the corner
    assert gradient_matching(3 * x + 3, x + 1, logarithm=True).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", [gradient_matching, gradient_angle])
def test_without_truth_nothing_is_learnt_and_a_broken_net_is_seen(loss, maps, without_truth_nothing_moves):
    without_truth_nothing_moves(loss, *maps)
    one = torch.ones(1, 1, 1, 1, requires_grad=True)
    assert loss(one, torch.ones(1, 1, 1, 1)).item() == 0


def test_wrong_arguments_are_told(maps):
    depth, truth = maps
    for call, message in (
        (lambda: gradient_matching(depth, truth, norm="l3"), "allowed are 'l1', 'l2', 'log'"),
        (lambda: gradient_matching(depth, truth, scales=0), "scales is 0"),
        (lambda: gradient_matching(depth, truth, alpha=0), "alpha is 0"),
        (lambda: gradient_matching(depth, -truth, logarithm=True), "truth holds values that are not above 0"),
        (lambda: gradient_matching(depth, truth, weight=truth), "weight holds NaN"),
        (lambda: gradient_angle(depth, truth, lift=0), "lift is 0"),
        (lambda: gradient_angle(depth[:, 0], truth[:, 0]), r"it must be \(B, 1, H, W\)"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
