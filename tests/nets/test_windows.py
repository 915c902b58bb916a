from __future__ import annotations

import pytest
import torch

from geomvision.nets._memory import again, joined, made, reusable
from geomvision.nets._windows import box, maxima


@pytest.mark.parametrize("size", [1, 3, 5, 9, 17, 25])
@pytest.mark.parametrize("learning", [False, True])
def test_windows_are_what_a_loop_finds(size, learning):
    x = torch.randn(2, 3, 11, 19, dtype=torch.float32)
    means, most = torch.empty_like(x), torch.empty_like(x)
    for row in range(11):
        for column in range(19):
            rows = slice(max(0, row - size // 2), row + size // 2 + 1)
            window = x[:, :, rows, max(0, column - size // 2) : column + size // 2 + 1].flatten(2)
            means[:, :, row, column] = window.double().mean(dim=2).float()
            most[:, :, row, column] = window.amax(dim=2)
    with torch.set_grad_enabled(learning):
        torch.testing.assert_close(box(x, size), means, rtol=1e-5, atol=1e-6)
        assert torch.equal(maxima(x, size), most)


def test_derivatives_go_through():
    x = torch.randn(1, 1, 6, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda given: box(given, 3) + maxima(given, 3), (x,))


def test_results_in_earlier_memory_are_those_in_fresh_memory():
    first, second = torch.randn(2, 1, 3, 300, 400)
    with torch.inference_mode():
        assert reusable(first, second)
        for _ in range(3):  # the later rounds find memory that holds something
            assert torch.equal(again(torch.sub, first, second[:, :1]), first - second[:, :1])
            assert torch.equal(again(torch.clamp, first, min=0.5), first.clamp(min=0.5))
            assert torch.equal(joined([first, second]), torch.cat([first, second], dim=1))
            made(1, 3, 300, 400).fill_(float("nan"))


def test_nothing_is_reused_where_somebody_learns_or_numbers_are_others():
    x = torch.randn(1, 1, 4, 4)
    assert not reusable(x)
    with torch.inference_mode():
        assert reusable(x)
        assert not reusable(x.double())
        assert not reusable(x, x.to("meta"))
