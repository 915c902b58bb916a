"""Losses without scale and shift against slow computations, and against changes of both, which must cost nothing."""

import numpy as np
import pytest
import torch

from geomvision.losses.affine_invariant import aligned, midas, scale_and_shift_invariant


@pytest.fixture
def maps(random):
    """A prediction and its truth, (2, 1, 4, 7), with gaps: of 27 and of 26 known pixels."""
    truth = random((2, 1, 4, 7), 0.1, 2)
    truth[0, 0, 1, 2] = truth[1, 0, 3, 0] = truth[1, 0, 0, 0] = torch.nan
    return random(truth.shape, 3, 9), truth


def slowly_aligned(values, target, how):
    """One image as the paper says, over its known pixels (N,)."""
    if how == "least_squares":
        slope, shift = np.polyfit(values, target, 1)
        return slope * values + shift, target

    def normalised(d):
        t = np.sort(d)[(len(d) - 1) // 2]
        return (d - t) / np.mean(np.abs(d - t))

    return normalised(values), normalised(target)


@pytest.mark.parametrize("how", ["robust", "least_squares"])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("trim", [0, 0.2])
def test_it_is_its_equation(how, squared, trim, maps):
    prediction, truth = maps
    kept = []
    for b in range(2):
        known = truth[b].isfinite()
        found, target = slowly_aligned(prediction[b][known].numpy(), truth[b][known].numpy(), how)
        error = np.sort(np.abs(found - target))
        kept.append(error[: int((1 - trim) * len(error) + 1e-9)])
    errors = np.concatenate(kept)
    assert len(errors) == (53 if trim == 0 else 21 + 20)
    expected = 0.5 * np.mean(errors**2 if squared else errors)
    options = {"how": how, "squared": squared, "trim": trim}
    assert scale_and_shift_invariant(prediction, truth, **options).item() == pytest.approx(expected)
    values = scale_and_shift_invariant(prediction, truth, **options, reduction="none")
    assert values.isfinite().sum() == len(errors)
    loss = lambda p: scale_and_shift_invariant(p, truth, **options)  # noqa: E731
    assert torch.autograd.gradcheck(loss, (prediction.clone().requires_grad_(),))


@pytest.mark.parametrize("how", ["robust", "least_squares"])
def test_scale_and_shift_are_free_and_a_right_map_costs_nothing(how, maps):
    prediction, truth = maps
    plain = midas(prediction, truth, how=how).item()
    assert midas(0.3 * prediction - 5, truth, how=how).item() == pytest.approx(plain)
    right = (0.01 * truth + 4).nan_to_num(1.0)
    assert midas(right, truth, how=how).item() == pytest.approx(0, abs=1e-12)


def test_the_sum_of_midas_is_its_equation(maps):
    prediction, truth = maps
    found, target = (m.numpy()[:, 0] for m in aligned(prediction, truth))
    residual = found - target
    slopes = 0.0
    for every in (1, 2):
        costs = []
        for image in residual[:, ::every, ::every]:
            for y, x in np.ndindex(image.shape):
                steps = [
                    image[y + j, x + i] - image[y, x]
                    for j, i in ((0, 1), (1, 0))
                    if y + j < image.shape[0] and x + i < image.shape[1]
                ]
                steps = [abs(step) for step in steps if np.isfinite(step)]
                costs += [sum(steps)] if steps else []
        slopes += np.mean(costs)
    expected = scale_and_shift_invariant(prediction, truth).item() + 0.7 * slopes
    assert midas(prediction, truth, gradient=0.7, scales=2).item() == pytest.approx(expected)
    leaf = prediction.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda p: midas(p, truth), (leaf,))


def test_outliers_of_the_truth_do_not_pull(maps, random):
    prediction, _ = maps
    truth = 2 * prediction + random(prediction.shape, -0.01, 0.01)
    truth[:, :, 0, 0] = 1e4
    leaf = prediction.clone().requires_grad_()
    (slope,) = torch.autograd.grad(scale_and_shift_invariant(leaf, truth), leaf)
    assert (scale_and_shift_invariant(leaf, truth, reduction="none")[:, :, 0, 0]).isnan().all()
    assert slope.isfinite().all()


def test_pixels_without_weight_have_no_say(maps, random):
    prediction, truth = maps
    weight = torch.ones_like(truth)
    weight[:, :, 2, 1:4] = 0
    hidden = truth.clone()
    hidden[:, :, 2, 1:4] = torch.nan
    for how in ("robust", "least_squares"):
        assert midas(prediction, truth, how=how, weight=weight).item() == pytest.approx(
            midas(prediction, hidden, how=how).item(), rel=0.2
        )
        wild = torch.where(weight > 0, prediction, random(truth.shape, 100, 900))
        for loss in (scale_and_shift_invariant, lambda p, t, **o: aligned(p, t, **o)[0][weight > 0].sum()):
            one, other = (loss(p, truth, how=how, weight=weight).item() for p in (prediction, wild))
            assert one == pytest.approx(other)


@pytest.mark.parametrize("how", ["robust", "least_squares"])
def test_without_truth_nothing_is_learnt_and_a_broken_net_is_seen(how, maps, without_truth_nothing_moves):
    without_truth_nothing_moves(lambda p, t: scale_and_shift_invariant(p, t, how=how), *maps)
    without_truth_nothing_moves(lambda p, t: midas(p, t, how=how), *maps)
    prediction, truth = maps
    flat = torch.full_like(prediction, 0.3).requires_grad_()
    for target in (truth, torch.where(truth.isnan(), truth, 5.0)):
        value = midas(flat, target, how=how)
        (slope,) = torch.autograd.grad(value, flat)
        assert value.isfinite()
        assert slope.isfinite().all()


def test_wrong_arguments_are_told(maps):
    prediction, truth = maps
    for call, message in (
        (lambda: aligned(prediction, truth, how="median"), "allowed are 'robust', 'least_squares'"),
        (lambda: aligned(prediction, truth[..., 1:]), "they must be equal"),
        (lambda: scale_and_shift_invariant(prediction, truth, trim=1), "trim is 1; it must be below 1"),
        (lambda: scale_and_shift_invariant(prediction, truth, weight=-truth), "weight holds NaN"),
        (lambda: midas(prediction, truth, gradient=-1), "gradient is -1"),
        (lambda: midas(prediction, truth, scales=0), "scales is 0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
