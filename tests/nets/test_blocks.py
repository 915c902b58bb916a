import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.nets.blocks import (
    Convolution,
    Pointwise,
    Residual,
    convex_upsample,
    convex_weights,
    fill_along,
    neighbours,
    warp_right,
)


def test_a_residual_block_starts_as_a_rectifier():
    x = torch.randn(1, 6, 5, 7)
    assert torch.equal(Residual(6)(x), x.relu())


def test_a_pointwise_convolution_is_a_matrix_per_pixel_in_use_and_in_training():
    layer = Pointwise(3, 5)
    x = torch.randn(1, 3, 4, 6)
    expected = torch.einsum("oi,bihw->bohw", layer.weight[:, :, 0, 0], x) + layer.bias.view(1, -1, 1, 1)
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(layer.eval()(x), expected)


@pytest.mark.parametrize(("height", "width"), [(4, 6), (10, 10), (20, 20), (40, 52)])
@pytest.mark.parametrize("layer", [Convolution(48, 48), Convolution(48, 48, stride=2), Pointwise(48, 144)])
def test_convolutions_give_the_same_bits_with_any_number_of_threads(layer, height, width):
    x, before = torch.randn(1, 48, height, width), torch.get_num_threads()
    answers = []
    try:
        for threads in (1, 2, 3, 4):
            torch.set_num_threads(threads)
            with torch.inference_mode():
                answers.append(layer.eval()(x))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(answer, answers[0]) for answer in answers)


def test_neighbours_are_read_row_by_row_and_the_border_repeats():
    x = torch.arange(12.0).view(1, 1, 3, 4)
    assert neighbours(x)[0, :, 1, 1].tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert neighbours(x)[0, :, 0, 0].tolist() == [0, 0, 1, 0, 0, 1, 4, 4, 5]
    assert neighbours(x, 2)[0, :, 1, 1].tolist() == [0, 1, 3, 4, 5, 7, 8, 9, 11]


def test_convex_weights_are_a_softmax_even_of_large_numbers():
    logits = torch.tensor([1000.0, 999.0, -1000.0]).view(1, 3, 1, 1)
    near = math.exp(-1)
    assert convex_weights(logits).flatten().tolist() == pytest.approx([1 / (1 + near), near / (1 + near), 0.0])


def test_convex_upsampling_keeps_a_constant_and_stays_within_the_neighbours():
    logits = torch.randn(2, 9 * 16, 3, 5)
    flat = convex_upsample(torch.full((2, 1, 3, 5), 7.0), logits, 4)
    torch.testing.assert_close(flat, torch.full((2, 1, 12, 20), 7.0))
    coarse = torch.rand(2, 1, 3, 5)
    fine = convex_upsample(coarse, logits, 4)
    bounds = neighbours(coarse).repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)
    assert (fine >= bounds.amin(dim=1, keepdim=True) - 1e-6).all()
    assert (fine <= bounds.amax(dim=1, keepdim=True) + 1e-6).all()


def test_warping_a_ramp_reads_it_at_x_minus_d():
    ramp = torch.arange(10.0).expand(1, 1, 4, 10)
    disparity = torch.full((1, 1, 4, 10), 2.25)
    seen = warp_right(ramp, disparity)
    torch.testing.assert_close(seen[0, 0, 0], (torch.arange(10.0) - 2.25).clamp(min=0))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 7), st.integers(1, 9), st.integers(0, 999), st.sampled_from([2, 3]), st.booleans())
def test_filling_carries_the_last_valid_value(height, width, seed, dim, backwards):
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(1, 1, height, width, generator=generator)
    valid = torch.rand(1, 1, height, width, generator=generator) < 0.4
    filled, found = fill_along(values, valid, dim, backwards=backwards)
    lines = zip(
        *(m.movedim(dim, -1).reshape(-1, m.shape[dim]).tolist() for m in (values, valid, filled, found)), strict=True
    )
    for line in lines:
        last, seen = None, False
        for value, known, got, has in list(zip(*line, strict=True))[:: -1 if backwards else 1]:
            last, seen = (value, True) if known else (last, seen)
            assert has == seen
            assert not seen or got == last
