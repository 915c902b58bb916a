"""Losses of metric depth against slow sums over pixels, Eigen's over pairs of them."""

import math

import numpy as np
import pytest
import torch

from geomvision.losses.depth_supervised import berhu, scale_invariant, scale_invariant_l1, silog


@pytest.fixture
def maps(random):
    """Depths and their truth, (2, 1, 3, 5), 1 … 9 m, with gaps."""
    truth = random((2, 1, 3, 5), 1, 9)
    truth[0, 0, 1, 2] = truth[1, 0, 2, 0] = torch.nan
    return random(truth.shape, 1, 9), truth


def test_berhu_is_its_equation(maps, random, weighed):
    depth, truth = maps
    error = (depth - truth).numpy()
    c = 0.2 * np.nanmax(np.abs(error))
    expected = np.full(error.shape, np.nan)
    for place in np.ndindex(error.shape):
        e = abs(error[place])
        expected[place] = e if e <= c else (e * e + c * c) / (2 * c) if e > c else np.nan
    assert (np.abs(error) <= c).any()
    np.testing.assert_allclose(berhu(depth, truth, reduction="none").numpy(), expected, rtol=1e-12)
    assert berhu(depth, truth).item() == pytest.approx(np.nanmean(expected))
    np.testing.assert_allclose(berhu(depth, truth, threshold=c, reduction="none").numpy(), expected, rtol=1e-12)
    weight = random(truth.shape)
    assert berhu(depth, truth, weight=weight).item() == pytest.approx(weighed(expected, weight.numpy()))
    assert torch.autograd.gradcheck(lambda d: berhu(d, truth, threshold=1.0), (depth.clone().requires_grad_(),))
    leaf = depth.clone().requires_grad_()
    slopes = [torch.autograd.grad(berhu(leaf, truth, **how), leaf)[0] for how in ({}, {"threshold": c})]
    torch.testing.assert_close(*slopes)  # the largest error is no variable


def test_the_threshold_of_berhu_is_of_pixels_that_count(maps):
    depth, truth = maps
    wild = depth.clone()
    wild[0, 0, 0, 0] = 1000
    weight = torch.ones_like(truth)
    weight[0, 0, 0, 0] = 0
    assert berhu(wild, truth, weight=weight).item() == pytest.approx(berhu(depth, truth, weight=weight).item())
    assert berhu(truth.nan_to_num(1.0), truth).item() == 0


def test_it_is_the_double_sum_over_pairs_of_pixels(maps):
    depth, truth = maps
    images = []
    for b in range(2):
        pairs = [
            (y, t) for y, t in zip(depth[b].flatten().tolist(), truth[b].flatten().tolist(), strict=True) if t == t
        ]
        total = sum(
            ((math.log(y0) - math.log(y1)) - (math.log(t0) - math.log(t1))) ** 2 for y0, t0 in pairs for y1, t1 in pairs
        )
        images.append(total / (2 * len(pairs) ** 2))
    assert scale_invariant(depth, truth).item() == pytest.approx(np.mean(images), rel=1e-12)
    assert scale_invariant(7 * depth, truth).item() == pytest.approx(np.mean(images), rel=1e-12)
    assert silog(depth, truth, forgiven=1, factor=100).item() == pytest.approx(100 * np.mean(np.sqrt(images)))


@pytest.mark.parametrize("forgiven", [0, 0.5, 0.85, 1])
def test_scale_invariant_is_its_equation(forgiven, maps, random):
    depth, truth = maps
    weight = random(truth.shape)
    plain, heavy = [], []
    for b in range(2):
        g = (depth[b].log() - truth[b].log()).numpy()
        w, g = weight[b].numpy()[np.isfinite(g)], g[np.isfinite(g)]
        plain.append((g**2).sum() / g.size - forgiven / g.size**2 * g.sum() ** 2)
        heavy.append((w * g**2).sum() / w.sum() - forgiven / w.sum() ** 2 * (w * g).sum() ** 2)
    assert scale_invariant(depth, truth, forgiven=forgiven).item() == pytest.approx(np.mean(plain))
    assert scale_invariant(depth, truth, forgiven=forgiven, weight=weight).item() == pytest.approx(np.mean(heavy))
    assert silog(depth, truth, forgiven=forgiven).item() == pytest.approx(10 * np.mean(np.sqrt(plain)))
    for loss in (scale_invariant, silog):
        call = lambda d: loss(d, truth, forgiven=forgiven)  # noqa: B023, E731
        assert torch.autograd.gradcheck(call, (depth.clone().requires_grad_(),))


def test_absolute_errors_of_logarithms_about_their_median(maps):
    depth, truth = maps
    images = []
    for b in range(2):
        r = (depth[b].log() - truth[b].log()).numpy()
        r = sorted(r[np.isfinite(r)])
        images.append(min(np.mean(np.abs(r - scale)) for scale in r))  # the best scale is one of the errors
    assert scale_invariant_l1(depth, truth).item() == pytest.approx(np.mean(images), rel=1e-12)
    assert scale_invariant_l1(7 * depth, truth).item() == pytest.approx(np.mean(images), rel=1e-12)
    half = truth.clone()
    half[1] = torch.nan
    assert scale_invariant_l1(depth, half).item() == pytest.approx(images[0])
    assert torch.autograd.gradcheck(lambda d: scale_invariant_l1(d, truth), (depth.clone().requires_grad_(),))
    odd = truth.clone()
    odd[0, 0, 0, 0] = torch.nan  # an odd number of pixels, whose median is one of them
    assert torch.autograd.gradcheck(lambda d: scale_invariant_l1(d, odd), (depth.clone().requires_grad_(),))


def test_an_image_without_truth_is_no_image_and_the_root_has_a_slope_of_0_at_0(maps):
    depth, truth = maps
    half = truth.clone()
    half[1] = torch.nan
    assert silog(depth, half).item() == pytest.approx(silog(depth[:1], truth[:1]).item())
    right = truth.nan_to_num(2.0).requires_grad_()
    value = silog(right, truth)
    assert value.item() == 0
    assert not torch.autograd.grad(value, right)[0].any()


@pytest.mark.parametrize("loss", [berhu, scale_invariant, scale_invariant_l1, silog])
def test_without_truth_nothing_is_learnt_and_a_broken_net_is_seen(loss, maps, without_truth_nothing_moves):
    without_truth_nothing_moves(loss, *maps)
    if loss is not berhu:
        assert not loss(-maps[0], maps[1]).isfinite()


def test_wrong_arguments_are_told(maps):
    depth, truth = maps
    for call, message in (
        (lambda: berhu(depth, truth, share=0), "share is 0"),
        (lambda: berhu(depth, truth, threshold=0.0), "threshold is 0"),
        (lambda: berhu(depth[:1], truth), "they must be equal"),
        (lambda: scale_invariant(depth, truth, forgiven=1.5), "forgiven is 1.5; it must be at most 1"),
        (lambda: silog(depth, truth, factor=-1), "factor is -1"),
        (lambda: silog(depth, truth - 9), "truth holds values that are not above 0; unknown depth is NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
