from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from geomvision.nets.refiner import Refiner
from geomvision.nets.trust import FirstLook, Trust

HEIGHT, WIDTH = 12, 40


def seen(answer: float, shift: int, **changes: Any) -> Tensor:
    """Features of a constant answer to views that are moved by `shift` pixels."""
    one = torch.zeros(1, 1, HEIGHT, WIDTH)
    wide = torch.rand(1, 4, HEIGHT, WIDTH + shift, generator=torch.Generator().manual_seed(3))
    given = {
        "sure": one, "occluded": one, "disparity": one + answer, "before": (one + answer, one + answer),
        "given": torch.cat([one + 1, one], dim=1), "views": (wide[..., :WIDTH], wide[..., shift:]),
    }  # fmt: skip
    return Trust(4).features(FirstLook(**{**given, **changes}))[0]


def test_views_that_agree_through_the_answer_have_no_difference_and_others_have_one():
    inside = slice(6, WIDTH - 6)  # windows of nine that see no border
    right, wrong = seen(0.0, 0), seen(3.0, 0)
    for plane in (7, 8, 11):  # colour and contrast in 3×3, contrast in 9×9
        assert right[plane, :, inside].abs().max() < 1e-6
        assert wrong[plane, :, inside].min() > 0


def test_logits_distances_and_jumps_come_as_they_are():
    ramp = torch.arange(WIDTH).float().expand(1, 1, HEIGHT, WIDTH)
    one = torch.ones(1, 1, HEIGHT, WIDTH)
    found = seen(0.0, 0, sure=100 * one, occluded=-2 * one, disparity=ramp, before=(ramp + 3, ramp - 1))
    assert torch.equal(found[0], 2 * one[0, 0])  # 8 at most, over 4
    assert torch.equal(found[1], -0.5 * one[0, 0])
    torch.testing.assert_close(found[2], torch.full_like(found[2], 4.0).log())
    torch.testing.assert_close(found[3], torch.full_like(found[3], 2.0).log())
    torch.testing.assert_close(found[4, :, 10], torch.full((HEIGHT,), 9.0).log())  # from −4 to +4: 8 px
    torch.testing.assert_close(found[4, :, 0], torch.full((HEIGHT,), 5.0).log())  # the border cuts the window
    assert torch.equal(found[5:7], torch.stack([one[0, 0], 0 * one[0, 0]]))
    torch.testing.assert_close(found[12], torch.sigmoid(8 * one[0, 0]))


@pytest.mark.parametrize("trust", [0, 4])
def test_the_head_changes_the_confidence_and_nothing_else(trust):
    torch.manual_seed(0)
    plain = Refiner(width=4).eval()
    net = Refiner(width=4, trust=trust).eval()
    net.load_state_dict(plain.state_dict(), strict=False)
    left, right = 255 * torch.rand(2, 1, 3, 40, 70)
    disparity, confidence = 9 * torch.rand(1, 1, 40, 70), torch.rand(1, 1, 40, 70)
    with torch.inference_mode():
        before, after = (each(left, right, disparity, confidence) for each in (plain, net))
    assert torch.equal(before.disparity, after.disparity)
    assert torch.equal(before.occluded, after.occluded)
    assert torch.equal(before.confidence, after.confidence) == (trust == 0)


def test_it_learns_and_says_the_same_where_nobody_asks_for_derivatives():
    torch.manual_seed(0)
    net = Refiner(width=4, trust=4)
    left, right = 255 * torch.rand(2, 1, 3, 32, 64)
    given = (left, right, 9 * torch.rand(1, 1, 32, 64), torch.rand(1, 1, 32, 64))
    net(*given).confidence.sum().backward()
    assert all(each.grad is not None and each.grad.abs().max() > 0 for each in (*net.trust.enter.parameters(),))
    expected = net(*given).confidence.detach()
    with torch.inference_mode():
        torch.testing.assert_close(net.eval()(*given).confidence, expected, rtol=1e-4, atol=1e-4)
