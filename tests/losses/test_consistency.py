import math

import numpy as np
import pytest
import torch

from geomvision import datasets
from geomvision.losses.consistency import forward_backward, visible_by_check, visible_by_range


def sampled(field, b, x, y):
    """Bilinear look-up of (B, 2, H, W) at one place."""
    _, _, height, width = field.shape
    if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
        return np.full(2, np.nan)
    i, j = min(int(x), width - 2), min(int(y), height - 2)
    s, t = x - i, y - j
    return (1 - t) * ((1 - s) * field[b, :, j, i] + s * field[b, :, j, i + 1]) + t * (
        (1 - s) * field[b, :, j + 1, i] + s * field[b, :, j + 1, i + 1]
    )


def gaps(flow, backward):
    """F + B' and B' at each pixel."""
    flow, backward = flow.numpy(), backward.numpy()
    carried = np.full(flow.shape, np.nan)
    for b, y, x in np.ndindex(flow.shape[0], *flow.shape[2:]):
        dx, dy = flow[b, :, y, x]
        if math.isfinite(dx + dy):
            carried[b, :, y, x] = sampled(backward, b, x + dx, y + dy)
    return flow + carried, carried


@pytest.fixture
def flows(random):
    flow, backward = random((2, 2, 5, 6), -1.7, 1.7), random((2, 2, 5, 6), -1.7, 1.7)
    flow[0, 0, 2, 2] = torch.nan
    backward[1, 1, 3, 3] = torch.nan
    return flow, backward


def test_forward_backward_is_its_equation(flows, random):
    gap, _ = gaps(*flows)
    expected = (np.square(gap).sum(axis=1, keepdims=True) + 1e-6) ** 0.45 - 1e-6**0.45
    np.testing.assert_allclose(forward_backward(*flows, reduction="none").numpy(), expected, rtol=1e-9)
    weight = random((2, 1, 5, 6))
    share = np.where(np.isnan(expected), 0, weight.numpy())
    mean = (share * np.nan_to_num(expected)).sum() / share.sum()
    assert forward_backward(*flows, weight=weight).item() == pytest.approx(mean)
    small = [f[:1, :, :3, 3:].nan_to_num().clone().requires_grad_() for f in flows]
    assert torch.autograd.gradcheck(forward_backward, small)


def test_the_check_is_its_inequality(flows):
    gap, carried = gaps(*flows)
    square = [np.square(v).sum(axis=1, keepdims=True) for v in (gap, flows[0].numpy(), carried)]
    for relative, absolute in ((0.01, 0.5), (0.2, 2.0)):
        expected = square[0] < relative * (square[1] + square[2]) + absolute
        found = visible_by_check(*flows, relative=relative, absolute=absolute)
        assert found.dtype == torch.bool
        np.testing.assert_array_equal(found.numpy(), expected)


def test_the_range_map_is_its_sum(flows):
    backward = flows[1].numpy()
    expected = np.zeros((2, 1, 5, 6))
    for b, y, x in np.ndindex(2, 5, 6):
        for j, i in np.ndindex(5, 6):
            px, py = i + backward[b, 0, j, i], j + backward[b, 1, j, i]
            if math.isfinite(px + py):
                expected[b, 0, y, x] += max(0, 1 - abs(x - px)) * max(0, 1 - abs(y - py))
    np.testing.assert_allclose(visible_by_range(flows[1]).numpy(), np.minimum(expected, 1), rtol=1e-9, atol=1e-12)


def test_opposite_shifts_cancel_and_show_what_stays_inside():
    flow = torch.zeros(1, 2, 6, 9)
    flow[:, 0] = 3
    assert forward_backward(flow, -flow).item() == pytest.approx(0, abs=1e-6)
    inside = torch.zeros(1, 1, 6, 9)
    inside[..., :6] = 1
    assert torch.equal(visible_by_check(flow, -flow).float(), inside)
    assert torch.equal(visible_by_range(-flow), inside)


def test_both_find_what_a_moving_piece_hides():
    sample = datasets.Layered(seed=3, height=80, width=100, motion=(2.0, 6.0), pieces=(1, 2), faults=False)[0]
    flow = torch.from_numpy(sample.flow.px).permute(2, 0, 1)[None]
    hidden = torch.from_numpy(sample.occluded)
    # Frame 1's flow back: that of each visible pixel, turned, where it lands.
    backward = torch.full_like(flow, torch.nan)
    for y, x in np.argwhere(~sample.occluded):
        i, j = (torch.tensor([x, y]) + flow[0, :, y, x]).round().int().tolist()
        if 0 <= i < 100 and 0 <= j < 80:
            backward[0, :, j, i] = -flow[0, :, y, x]
    backward = torch.where(backward.isnan(), -flow, backward)
    for seen in (visible_by_check(flow, backward)[0, 0], visible_by_range(backward)[0, 0] > 0.4):
        assert (~seen)[hidden].float().mean() > 0.7
        assert seen[~hidden].float().mean() > 0.9


def test_wrong_arguments_are_told(flows):
    for call, message in (
        (lambda: forward_backward(flows[0], flows[1][..., 1:]), "they must be equal"),
        (lambda: visible_by_check(flows[0][:, :1], flows[1][:, :1]), r"it must be \(B, 2, H, W\)"),
        (lambda: visible_by_check(*flows, absolute=0), "absolute is 0"),
        (lambda: forward_backward(*flows, exponent=0), "exponent is 0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
