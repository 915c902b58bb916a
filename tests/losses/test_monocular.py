"""The loss of a clip against slow sums over pixels, closed forms, and a rendered clip."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from geomvision.cameras import Camera
from geomvision.losses import photometric
from geomvision.losses.monocular import View, auto_mask, relative_smoothness, self_supervised, visible_mean
from geomvision.losses.rigid import motions, reproject, seen

CAMERA = Camera(width=12, height=8, fx=9.0, fy=9.0, cx=5.4, cy=3.4)


@pytest.fixture
def costs(random):
    found = [random((2, 1, 3, 4)) for _ in range(2)]
    found[0][0, 0, 1, 1] = found[1][0, 0, 1, 1] = found[1][1, 0, 2, 3] = torch.nan
    return found


def test_masks_and_means_are_their_equations(costs, random):
    unmoved = [random((2, 1, 3, 4)) for _ in range(2)]
    weight = random((2, 1, 3, 4))
    mask = auto_mask(costs, unmoved)
    total = share = 0.0
    for at in np.ndindex(2, 1, 3, 4):
        known = [c[at].item() for c in costs if math.isfinite(c[at])]
        assert mask[at].item() == (min(known, default=math.inf) < min(u[at].item() for u in unmoved))
        if known:
            total += weight[at].item() * sum(known) / len(known)
            share += weight[at].item()
    assert visible_mean(costs, weight=weight).item() == pytest.approx(total / share)


def test_a_camera_at_rest_teaches_nothing(random):
    image = random((1, 3, 8, 12), 0, 255)
    inverse = torch.full((1, 1, 8, 12), 0.25, dtype=torch.float64, requires_grad=True)  # exactly where it was
    still = View(image, torch.eye(4, dtype=image.dtype)[None])
    loss = self_supervised(image, [inverse], [still], CAMERA, smooth=0.0)
    assert loss.item() == pytest.approx(0, abs=1e-12)
    assert not torch.autograd.grad(loss, inverse)[0].any()


def test_smoothness_is_its_equation_and_knows_no_scale(random):
    inverse, image = random((2, 1, 3, 4), 0.1, 0.9), random((2, 3, 6, 8), 0, 255)
    small = functional.avg_pool2d(image, 2).numpy()
    total = count = 0.0
    for b in range(2):
        d = inverse[b, 0].numpy() / inverse[b].mean().item()
        for y, x in np.ndindex(3, 4):
            ends = [(y, x + 1)] * (x < 3) + [(y + 1, x)] * (y < 2)
            count += bool(ends)
            for end in ends:
                edge = np.abs(small[b][:, end[0], end[1]] - small[b][:, y, x]).mean()
                total += abs(d[end] - d[y, x]) * math.exp(-edge / 255)
    assert relative_smoothness(inverse, image).item() == pytest.approx(total / count, rel=1e-3)
    assert relative_smoothness(7 * inverse, image).item() == pytest.approx(relative_smoothness(inverse, image).item())
    leaf = inverse[:1].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda q: relative_smoothness(q, image[:1]), leaf)


@pytest.fixture
def scene(random):
    """An image, two views, and inverse depths at half and full size."""
    image, *others = (random((2, 3, 8, 12), 20, 235) for _ in range(3))
    poses = [motions(random((2, 3), -0.02, 0.02), random((2, 3), -0.2, 0.2)) for _ in others]
    inverses = [random((2, 1, 4, 6), 0.3, 0.6), random((2, 1, 8, 12), 0.3, 0.6)]
    return image, [View(each, T) for each, T in zip(others, poses, strict=True)], inverses


@pytest.mark.parametrize("least", [True, False])
def test_the_whole_is_the_sum_of_its_parts(scene, least):
    image, views, inverses = scene
    raised = functional.interpolate(inverses[0], size=(8, 12), mode="bilinear", align_corners=False)
    expected = []
    for factor, inverse, full in ((0.5, inverses[0], raised), (1.0, inverses[1], inverses[1])):
        costs = [seen(v.image, reproject(1 / full, v.T, CAMERA)) for v in views]
        costs = [photometric.appearance(image, each, reduction="none") for each in costs]
        mask = auto_mask(costs, [photometric.appearance(image, v.image, reduction="none") for v in views])
        data = photometric.minimum(costs, weight=mask) if least else visible_mean(costs, weight=mask)
        expected.append(data + factor * 0.1 * relative_smoothness(inverse, image))
    found = self_supervised(image, inverses, views, CAMERA, least=least, smooth=0.1)
    assert found.item() == pytest.approx(sum(expected).item() / 2)


def test_pixels_of_no_weight_are_smoothed_alone(scene, random):
    image, views, inverses = scene
    weight = (random((2, 1, 8, 12)) > 0.4).double()
    costs = [seen(v.image, reproject(1 / inverses[1], v.T, CAMERA)) for v in views]
    costs = [photometric.appearance(image, each, reduction="none") for each in costs]
    expected = photometric.minimum(costs, weight=weight) + 0.1 * relative_smoothness(inverses[1], image)
    options = {"smooth": 0.1, "mask": False}
    found = self_supervised(image, inverses[1:], views, CAMERA, weight=weight > 0, **options)
    assert found.item() == pytest.approx(expected.item())
    masked = self_supervised(image, inverses[1:], views, CAMERA, weight=weight, smooth=0.0)
    mask = auto_mask(costs, [photometric.appearance(image, v.image, reduction="none") for v in views])
    assert masked.item() == pytest.approx(photometric.minimum(costs, weight=mask * weight).item())
    # At half the size a pixel counts by the share of it that does.
    half = self_supervised(image, inverses[:1], views, CAMERA, weight=weight, full_size=False, **options)
    small = [View(functional.avg_pool2d(v.image, 2), v.T) for v in views]
    share = functional.avg_pool2d(weight, 2)
    alike = self_supervised(
        functional.avg_pool2d(image, 2), inverses[:1], small, CAMERA.resize(6, 4), weight=share, **options
    )
    assert half.item() == pytest.approx(alike.item())


def test_at_its_own_size_a_scale_is_an_image_of_that_size(scene):
    image, views, inverses = scene
    small = [View(functional.avg_pool2d(v.image, 2), v.T) for v in views]
    expected = self_supervised(functional.avg_pool2d(image, 2), inverses[:1], small, CAMERA.resize(6, 4), smooth=0.1)
    found = self_supervised(image, inverses[:1], views, CAMERA, full_size=False, smooth=0.1)
    assert found.item() == pytest.approx(expected.item())


def test_slopes_are_right(scene):
    image, views, inverses = scene
    leaf = inverses[1][:1].clone().requires_grad_()
    pose = torch.full((1, 6), 0.03, dtype=torch.float64, requires_grad=True)

    def loss(q, p):
        view = View(views[0].image[:1], motions(p[:, :3], p[:, 3:]))
        return self_supervised(image[:1], [q], [view], CAMERA, mask=False, match=photometric.charbonnier)

    assert torch.autograd.gradcheck(loss, (leaf, pose), fast_mode=True, atol=1e-3)


def test_slopes_lead_to_a_wall_s_distance():
    """A wall with waves at 2 m: too near is drawn away, too far nearer, and the pose likewise."""
    x = torch.arange(48.0, dtype=torch.float64)
    camera = Camera(width=48, height=8, fx=40.0, fy=40.0, cx=23.5, cy=3.5)
    wave = lambda shift: (128 + 90 * torch.sin((x + shift) / 3)).expand(1, 1, 8, 48)  # noqa: E731
    view = View(wave(2.0), motions(torch.zeros(1, 3).double(), torch.tensor([[-0.1, 0.0, 0.0]]).double()))
    for off in (-0.1, 0.1):  # 40 · 0.1 / 2 = 2 px
        inverse = torch.full((1, 1, 8, 48), 0.5 + off, dtype=torch.float64, requires_grad=True)
        loss = self_supervised(wave(0.0), [inverse], [view], camera, smooth=0.0)
        (slope,) = torch.autograd.grad(loss, inverse)
        assert torch.sign(slope.sum()).item() == np.sign(off)
    exact = torch.full((1, 1, 8, 48), 0.5, dtype=torch.float64)
    assert self_supervised(wave(0.0), [exact], [view], camera, smooth=0.0).item() == pytest.approx(0, abs=1e-6)


def test_wrong_arguments_are_told(scene):
    image, views, inverses = scene
    for call, message in (
        (lambda: self_supervised(image, [], views, CAMERA), "given 0 inverse depths and 2 views"),
        (lambda: self_supervised(image, inverses, [], CAMERA), "given 2 inverse depths and 0 views"),
        (lambda: self_supervised(image, [image], views, CAMERA), r"it must be \(B, 1, H, W\)"),
        (lambda: auto_mask([], []), "no costs were given"),
        (lambda: self_supervised(image, inverses, views, CAMERA, smooth=-1.0), "smooth is -1.0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
