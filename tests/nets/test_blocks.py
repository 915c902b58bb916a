import itertools
import math

import pytest
import torch

from geomvision.nets.blocks import (
    Convolution,
    Pointwise,
    Residual,
    convex_weights,
    shuffled_onto,
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


def test_what_is_beside_adds_its_share_once():
    layer = Convolution(7, 5, dilation=2)
    x, last = torch.randn(2, 4, 6, 9), torch.randn(2, 3, 6, 9)
    torch.testing.assert_close(layer.beside(last)(x), layer(torch.cat([x, last], dim=1)))
    with torch.inference_mode():
        torch.testing.assert_close(layer.eval().beside(last)(x), layer(torch.cat([x, last], dim=1)))


def test_channels_are_shuffled_onto_the_finer_map():
    fine, coarse = torch.randn(2, 3, 4, 10), torch.randn(2, 12, 2, 5)
    expected = fine.clone()
    for c, y, x in itertools.product(range(3), range(4), range(10)):
        expected[:, c, y, x] += coarse[:, 4 * c + y % 2 * 2 + x % 2, y // 2, x // 2]
    torch.testing.assert_close(shuffled_onto(fine, coarse), expected.relu(), rtol=0, atol=0)
    with torch.inference_mode():
        torch.testing.assert_close(shuffled_onto(fine.clone(), coarse), expected.relu(), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("size", "stride", "height", "width"), [(3, 2, 1, 1), (3, 2, 4, 1), (5, 1, 1, 8), (7, 1, 2, 3), (7, 2, 3, 1)]
)
def test_within_autocast_maps_narrower_than_the_weights_reach_have_finite_derivatives(size, stride, height, width):
    """Of these torch 2.13 leaves parts of a weight's derivative unset in bfloat16; single precision has them."""
    torch.manual_seed(0)
    layer, x = Convolution(128, 128, size=size, stride=stride), torch.randn(4, 128, height, width)
    slope, found = torch.randn_like(layer(x)), []
    for autocast in (True, False):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            y = layer(x)
        found.append(torch.autograd.grad(y, layer.weight, slope.to(y.dtype))[0])
    torch.testing.assert_close(*found)
