"""What a student is taught, against slow sums, and two scenes in one image."""

import numpy as np
import pytest
import torch

from geomvision.losses.affine_invariant import scale_and_shift_invariant
from geomvision.losses.teacher import cut_mask, taught, taught_mixed


@pytest.fixture
def maps(random):
    """A student's map and its teacher's, (2, 1, 4, 6), with gaps: of 23 and of 24 pixels."""
    teacher = random((2, 1, 4, 6), 1, 5)
    teacher[0, 0, 1, 2] = torch.nan
    return random(teacher.shape, 1, 5), teacher


@pytest.mark.parametrize("drop", [0, 0.3])
def test_all_but_the_largest_differences_are_taught(drop, maps, random):
    student, teacher = maps
    differences = [np.sort(np.abs((s - t)[t.isfinite()].numpy())) for s, t in zip(student, teacher, strict=True)]
    kept = np.concatenate([d[: int((1 - drop) * len(d) + 1e-9)] for d in differences])
    assert taught(student, teacher, how=None, drop=drop).item() == pytest.approx(kept.mean())
    weight = torch.ones_like(teacher)
    weight[:, :, :2] = 0
    half = taught(student[:, :, 2:], teacher[:, :, 2:], how=None, drop=drop)
    assert taught(student, teacher, how=None, drop=drop, weight=weight).item() == pytest.approx(half.item())
    for how in (None, "robust"):
        leaf = student.clone().requires_grad_()
        assert torch.autograd.gradcheck(lambda s: taught(s, teacher, how=how, drop=drop), (leaf,))  # noqa: B023
    same = 2 * scale_and_shift_invariant(student, teacher, trim=drop).item()
    assert taught(student, teacher, drop=drop).item() == pytest.approx(same)


def test_no_slope_reaches_the_teacher_and_gaps_teach_nothing(maps, without_truth_nothing_moves):
    student, teacher = maps
    variable = teacher.clone().requires_grad_()
    assert not taught(student, variable).requires_grad
    for how in (None, "robust", "least_squares"):
        without_truth_nothing_moves(lambda s, t: taught(s, t, how=how), student, teacher)  # noqa: B023


def test_two_scenes_in_one_image_have_two_scales(maps, random):
    _, first = maps
    second = random(first.shape, 1, 5)
    mask = torch.zeros(4, 6, dtype=torch.bool)
    mask[1:4, 2:6] = True
    student = torch.where(mask, 3 * first + 1, 0.5 * second - 2).nan_to_num(1.0)
    assert taught_mixed(student, first, second, mask).item() == pytest.approx(0, abs=1e-12)
    assert taught(student, torch.where(mask, first, second)).item() > 0.1
    wrong = random(first.shape, 1, 5)
    inner = torch.where(mask, first, torch.nan)
    outer = torch.where(mask, torch.nan, second)
    expected = 0.5 * taught(wrong, inner).item() + 0.5 * taught(wrong, outer).item()
    assert taught_mixed(wrong, first, second, mask).item() == pytest.approx(expected)


def test_a_box_is_cut_with_the_aspect_of_the_image():
    areas = []
    for seed in range(40):
        mask = cut_mask(30, 60, torch.Generator().manual_seed(seed))
        rows, columns = mask.any(dim=1), mask.any(dim=0)
        assert mask.sum() == rows.sum() * columns.sum()  # a box
        areas.append(mask.double().mean().item())
        if not (rows[0] or rows[-1] or columns[0] or columns[-1]):
            assert abs(columns.sum() - 2 * rows.sum()) <= 3
    assert min(areas) < 0.1
    assert max(areas) > 0.5
    assert cut_mask(30, 60, torch.Generator().manual_seed(1)).equal(cut_mask(30, 60, torch.Generator().manual_seed(1)))


def test_wrong_arguments_are_told(maps):
    student, teacher = maps
    for call, message in (
        (lambda: taught(student, teacher[..., 1:]), "they must be equal"),
        (lambda: taught(student, teacher, drop=1.0), "drop is 1.0; it must be below 1"),
        (lambda: taught(student, teacher, how="median"), "allowed are 'robust', 'least_squares'"),
        (lambda: taught_mixed(student, teacher, teacher, torch.ones(4, 6)), r"it must be bool, \(4, 6\)"),
        (lambda: cut_mask(0, 4), "size is 0 x 4"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
