import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.nets.blocks import (
    Convolution,
    Pointwise,
    Residual,
    convex_weights,
    fill_along,
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


def test_convex_weights_are_a_softmax_even_of_large_numbers():
    logits = torch.tensor([1000.0, 999.0, -1000.0]).view(1, 3, 1, 1)
    near = math.exp(-1)
    assert convex_weights(logits).flatten().tolist() == pytest.approx([1 / (1 + near), near / (1 + near), 0.0])


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
