"""Left–right losses against slow look-ups, closed forms, and a scene of two walls."""

import math

import numpy as np
import pytest
import torch

from geomvision.losses import photometric, smoothness
from geomvision.losses.left_right import (
    as_flow,
    left_right,
    multi_scale,
    seen,
    self_supervised,
    visible_by_check,
    visible_by_range,
)


def looked_up(row, x):
    """Linear look-up in a row (C, W); NaN outside."""
    width = row.shape[1]
    if not 0 <= x <= width - 1:
        return np.full(len(row), np.nan)
    i = min(int(x), width - 2)
    return (1 - x + i) * row[:, i] + (x - i) * row[:, i + 1]


def at_match(values, disparity, side):
    """The other view's map where each pixel's match lies, (B, C, H, W)."""
    values, disparity = values.numpy(), disparity.numpy()
    found = np.full((len(values), values.shape[1], *disparity.shape[2:]), np.nan)
    for b, y, x in np.ndindex(len(values), *disparity.shape[2:]):
        d = disparity[b, 0, y, x]
        if math.isfinite(d):
            found[b, :, y, x] = looked_up(values[b, :, y], x - d if side == "left" else x + d)
    return found


@pytest.fixture
def pair(random):
    left, right = random((2, 1, 4, 9), -1, 4), random((2, 1, 4, 9), -1, 4)
    left[0, 0, 1, 5] = torch.nan
    return left, right


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_other_view_is_seen_along_the_row(side, pair, random):
    image = random((2, 3, 4, 9), 0, 255)
    np.testing.assert_allclose(seen(image, pair[0], side).numpy(), at_match(image, pair[0], side), rtol=1e-9)
    inputs = (image[:1, :1].clone().requires_grad_(), pair[0][:1].nan_to_num(0.4).requires_grad_())
    assert torch.autograd.gradcheck(lambda i, d: seen(i, d, side).nan_to_num(), inputs)


@pytest.mark.parametrize("side", ["left", "right"])
def test_consistency_and_check_are_their_equations(side, pair, random):
    gap = np.abs(pair[0].numpy() - at_match(pair[1], pair[0], side))
    found = left_right(*pair, side=side, reduction="none").numpy()
    np.testing.assert_allclose(found, gap, rtol=1e-9, atol=1e-12)
    weight = random(gap.shape)
    share = np.where(np.isnan(gap), 0, weight.numpy())
    mean = (share * np.nan_to_num(gap)).sum() / share.sum()
    assert left_right(*pair, side=side, weight=weight).item() == pytest.approx(mean)
    for tolerance in (0.5, 2.0):
        visible = visible_by_check(*pair, side=side, tolerance=tolerance).numpy()
        np.testing.assert_array_equal(visible, gap < tolerance)  # NaN is not
    small = [d[:1, :, :2].nan_to_num(0.4).clone().requires_grad_() for d in pair]
    assert torch.autograd.gradcheck(lambda d, e: left_right(d, e, side=side), small)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_range_map_counts_who_comes(side, pair):
    other = pair[0].numpy()
    expected = np.zeros(other.shape)
    for b, y, x in np.ndindex(2, 4, 9):
        d = other[b, 0, y, x]
        if math.isfinite(d):
            # Pixels of the right view lie at x + d in the left one.
            expected[b, 0, y] += np.maximum(0, 1 - np.abs(np.arange(9) - (x + d if side == "left" else x - d)))
    np.testing.assert_allclose(visible_by_range(pair[0], side=side).numpy(), np.minimum(expected, 1), atol=1e-12)


@pytest.fixture
def walls(random):
    """A wall at 6 px in columns 12 … 21 before one at 2 px: both views, (1, 1, 5, 40), their disparities, and which
    pixels of each the other one does not show."""
    front, back = random((1, 1, 5, 60), 0, 255), random((1, 1, 5, 60), 0, 255)
    x = torch.arange(40)
    views = []
    for shift in (0, 1):  # the right view's pixel x is left x + d
        near = (x + 6 * shift >= 12) & (x + 6 * shift < 22)
        image = torch.where(near, front[..., x + 6 * shift], back[..., x + 2 * shift])
        views.append((image, torch.where(near, 6.0, 2.0).double().expand(1, 1, 5, 40).clone()))
    hidden = ((x >= 8) & (x < 12)) | (x < 2), ((x >= 16) & (x < 20)) | (x >= 38)
    return views, hidden


def test_what_the_front_wall_hides_is_found(walls):
    ((_, left), (_, right)), (in_left, in_right) = walls
    for side, one, other, hidden in (("left", left, right, in_left), ("right", right, left, in_right)):
        expected = (~hidden).expand(1, 1, 5, 40)
        assert torch.equal(visible_by_check(one, other, side=side), expected)
        assert torch.equal(visible_by_range(other, side=side) > 0.5, expected)


def test_the_truth_costs_nothing_where_it_is_seen(walls):
    ((left, d_left), (right, d_right)), _ = walls
    assert photometric.absolute(left, seen(right, d_left), weight=visible_by_range(d_right)).item() == pytest.approx(
        0, abs=1e-9
    )
    options = {"match": photometric.absolute, "smooth": 0.0}
    for hidden in ("range", "check"):
        assert self_supervised(left, right, d_left, d_right, hidden=hidden, **options).item() == pytest.approx(0)
    assert self_supervised(left, right, d_left, d_right, hidden="none", **options).item() > 1


@pytest.mark.parametrize("match", [photometric.appearance, photometric.census])
def test_the_whole_is_the_sum_of_its_parts(match, walls, random):
    ((left, d_left), (right, d_right)), _ = walls
    d_left, d_right = d_left + random(d_left.shape, -1, 1), d_right + random(d_left.shape, -1, 1)
    parts = []
    for side, image, other, d, e in (("left", left, right, d_left, d_right), ("right", right, left, d_right, d_left)):
        weight = visible_by_range(e, side=side)
        smooth = 2 * smoothness.first_order(d, image, edge=1 / 255)
        agree = left_right(d, e, side=side, weight=weight)
        parts.append(match(image, seen(other, d, side), weight=weight) + 0.3 * smooth / 40 + 0.7 * agree / 40)
    whole = self_supervised(left, right, d_left, d_right, match=match, smooth=0.3, consistent=0.7)
    assert whole.item() == pytest.approx((parts[0] + parts[1]).item() / 2)
    small = [d[..., :1, :9].clone().requires_grad_() for d in (d_left, d_right)]
    views = [image[..., :1, :9] for image in (left, right)]
    if match is photometric.appearance:  # the range map has no slope: it is held out
        loss = lambda d, e: self_supervised(*views, d, e, hidden="none", match=photometric.absolute)  # noqa: E731
        assert torch.autograd.gradcheck(loss, small)


def test_all_sizes_count_each_with_its_own_images_and_smoothness(random):
    """At half the size, images are means of 2×2 pixels, shares of the width the same, and α_ds half as large."""
    left, right = random((2, 1, 2, 4, 10), 0, 255)
    shares = [random((1, 2, 2, 5), 0, 0.2), random((1, 2, 4, 10), 0, 0.2)]
    halved = [image.reshape(1, 2, 2, 2, 5, 2).mean(dim=(3, 5)) for image in (left, right)]
    options = {"match": photometric.absolute, "consistent": 0.7, "hidden": "none"}
    expected = 0
    for views, share, smooth in ((halved, shares[0], 0.15), ((left, right), shares[1], 0.3)):
        expected += self_supervised(*views, *(share * share.shape[3]).split(1, dim=1), smooth=smooth, **options)
    assert multi_scale(left, right, shares, smooth=0.3, **options).item() == pytest.approx(expected.item())


def test_slopes_lead_to_the_truth(random):
    column = torch.arange(48.0, dtype=torch.float64)
    view = lambda shift: (128 + 90 * torch.sin((column + shift) / 3)).expand(1, 1, 8, 48)  # noqa: E731
    for off in (-0.8, 0.8):
        d = torch.full((1, 1, 8, 48), 3.0 + off, dtype=torch.float64).requires_grad_()
        loss = self_supervised(view(0), view(3), d, d.detach().clone(), hidden="none")
        (slope,) = torch.autograd.grad(loss, d)
        assert torch.sign(slope.sum()).item() == np.sign(off)


def test_wrong_arguments_are_told(pair, random):
    image = random((2, 3, 4, 9))
    for call, message in (
        (lambda: as_flow(pair[0], "up"), "side is 'up'; allowed are 'left', 'right'"),
        (lambda: as_flow(image), r"it must be \(B, 1, H, W\)"),
        (lambda: seen(image[..., 1:], pair[0]), r"disparity has shape \(2, 1, 4, 9\); it must be \(2, C, 4, 8\)"),
        (lambda: left_right(pair[0], pair[1][..., 1:]), "they must be equal"),
        (lambda: visible_by_check(*pair, tolerance=0), "tolerance is 0"),
        (lambda: self_supervised(image, image, *pair, hidden="all"), "hidden is 'all'"),
        (lambda: self_supervised(image, image, *pair, smooth=-1), "smooth is -1"),
        (lambda: multi_scale(image, image, [pair[0]]), r"shares has shape \(2, 1, 4, 9\); it must be \(B, 2, H, W\)"),
        (lambda: multi_scale(image, image, [random((2, 2, 5, 9))]), "shares are 5 x 9, larger than images"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
