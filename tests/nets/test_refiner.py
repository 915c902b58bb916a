import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.nets.refiner import Refiner, evidence, normalised


@pytest.fixture(scope="module")
def net():
    """A net whose weights are not at their plain start, so that every path carries something."""
    with torch.random.fork_rng():
        torch.manual_seed(4)
        net = Refiner(width=4)
        for parameter in net.parameters():
            parameter.data += 0.05 * torch.randn_like(parameter)
    return net.eval()


def inputs(height, width, seed=0, batch=1):
    generator = torch.Generator().manual_seed(seed)
    left, right = torch.rand(2, batch, 3, height, width, generator=generator).unbind()
    confidence = torch.rand(batch, 1, height, width, generator=generator) - 0.2
    disparity = 5 + 20 * torch.rand(batch, 1, height, width, generator=generator)
    return left, right, disparity, confidence.clamp(min=0)


def refined(net, *arguments):
    with torch.inference_mode():
        return net(*arguments)


def test_the_shipped_size_stays_small():
    assert sum(parameter.numel() for parameter in Refiner().parameters()) <= 600_000


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70))
def test_any_size(net, height, width):
    result = refined(net, *inputs(height, width))
    assert result.disparity.shape == result.confidence.shape == result.occluded.shape == (1, 1, height, width)
    assert result.disparity.isfinite().all()


def test_the_answer_stays_within_a_pixel_of_the_candidates(net):
    result = refined(net, *inputs(60, 75))
    lowest, highest = result.candidates.min(), result.candidates.max()
    assert result.disparity.min() >= lowest - 1
    assert result.disparity.max() <= highest + 1
    torch.testing.assert_close(result.weights.sum(dim=1), torch.ones(1, 60, 75))


def test_an_untrained_net_hands_on_what_it_was_given():
    torch.manual_seed(0)
    left, right, _, confidence = inputs(64, 64)
    plane = torch.linspace(10, 12, 64).expand(1, 1, 64, 64)
    result = refined(Refiner(width=4).eval(), left, right, plane, confidence)
    assert (result.disparity - plane).abs().mean() < 0.3


def test_an_offset_of_all_disparities_is_an_offset_of_the_answer(net):
    _, _, disparity, confidence = inputs(40, 50)
    flat = torch.full((1, 3, 40, 50), 0.5)  # on flat images warping says nothing, whatever the disparity
    before = refined(net, flat, flat, disparity + 60, confidence).disparity
    after = refined(net, flat, flat, disparity + 70, confidence).disparity
    torch.testing.assert_close(after - before, torch.full_like(before, 10.0), atol=2e-3, rtol=0)


def test_neither_unit_nor_exposure_of_the_images_matters(net):
    left, right, disparity, confidence = inputs(48, 64)
    expected = refined(net, left, right, disparity, confidence).disparity
    other = refined(net, left * 4000 + 90, right * 17 - 3, disparity, confidence).disparity
    torch.testing.assert_close(other, expected, atol=2e-3, rtol=0)


def test_a_sample_does_not_depend_on_its_batch(net):
    batch = inputs(33, 41, batch=3)
    together = refined(net, *batch).disparity
    alone = refined(net, *(part[1:2] for part in batch)).disparity
    torch.testing.assert_close(together[1:2], alone, atol=1e-4, rtol=0)


def test_gaps_are_filled_from_what_there_is():
    left, right, _, confidence = inputs(6, 8)
    disparity = torch.full((1, 1, 6, 8), math.nan)
    disparity[0, 0, 2, 3], confidence[0, 0, 2, 3] = 7.0, 0.5
    disparity[0, 0, 2, 6], confidence[0, 0, 2, 6] = 9.0, 0.5
    seen = evidence(normalised(left), normalised(right), disparity, confidence)
    from_left, from_right, from_above, from_below, given_ = seen.fills[0]
    assert from_left[2].tolist() == [7, 7, 7, 7, 7, 7, 9, 9]
    assert from_right[2].tolist() == [7, 7, 7, 7, 9, 9, 9, 9]
    assert from_above[:, 3].tolist() == [7] * 6
    assert from_below[:, 6].tolist() == [9] * 6
    assert given_[2].tolist() == [7, 7, 7, 7, 7, 7, 9, 9]
    assert given_[0, 0] == seen.level == 8  # nothing in its row nor its column: the mean


def test_normalising_frees_of_mean_and_contrast_and_keeps_flat_images_flat():
    image = torch.rand(2, 3, 20, 30)
    done = normalised(image)
    torch.testing.assert_close(done.mean(dim=(2, 3)), torch.zeros(2, 3), atol=1e-6, rtol=0)
    torch.testing.assert_close(done.square().mean(dim=(1, 2, 3)), torch.ones(2))
    assert normalised(torch.full((1, 3, 9, 9), 0.1)).abs().max() < 1e-2
    assert torch.equal(normalised(torch.zeros(1, 3, 2, 2)), torch.zeros(1, 3, 2, 2))


def test_gradients_reach_every_parameter(net):
    result = net(*inputs(64, 64))
    (result.disparity.mean() + result.confidence.mean() + result.occluded.mean()).backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []
    net.zero_grad()
