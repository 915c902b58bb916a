"""Matching along a clip: where the range is cut, that nothing is lost by it, and when it is not believed."""

import numpy as np
import pytest

import geomvision as gv
from geomvision.images import ImageError
from geomvision.stereo import _clips

WHOLE = 64


@pytest.fixture(scope="module")
def clip():
    """Two rendered scenes in motion, of small disparities and of large ones, a cut between them: pairs and truths."""
    made = []
    for seed, largest in ((3, 16), (8, 56)):
        options = {"height": 72, "width": 128, "max_disparity": largest, "supersampling": 1}
        sample = gv.datasets.Synthetic(seed=seed, task="scene_flow", **options)[0]
        made.append(((sample.left0, sample.right0), sample.disparity0.px))
        made.append(((sample.left1, sample.right1), sample.disparity_of_left1.px))
    return made


def searched(found):
    return found.run.options["min_disparity"], found.run.options["max_disparity"]


def wrong(found, truth):
    return (~(np.abs(found.px - truth) <= 2))[~np.isnan(truth)].mean()


@pytest.mark.parametrize("name", ["sgm", "opencv_sgbm"])
def test_a_cut_range_loses_nothing_across_motion_and_a_cut(clip, name):
    made = gv.stereo.METHODS[name](max_disparity=WHOLE, num_threads=1)
    warm = list(made.along([pair for pair, _ in clip]))
    cold = [made(*pair) for pair, _ in clip]
    ranges = [searched(found) for found in warm]
    assert ranges[0] == (0, WHOLE)
    assert name != "sgm" or ranges[1][1] <= 32  # matches of noise may lie anywhere, and OpenCV keeps more of them
    for (_, truth), cut, whole in zip(clip, warm, cold, strict=True):
        assert wrong(cut, truth) < wrong(whole, truth) + 0.005


def planes(*disparities, width=160):
    """Pairs of one texture, each at one disparity."""
    texture = np.random.default_rng(1).integers(0, 256, (16, 24 * 16, 1), np.uint8)
    wide = np.kron(texture[:, :70], np.ones((6, 4, 1))).astype(np.uint8)[..., 0]
    return [(wide[:, :width].copy(), wide[:, d : d + width].copy()) for d in disparities]


def test_a_jump_out_of_the_range_is_noticed():
    made = gv.stereo.BlockMatching(max_disparity=96, num_threads=1)
    found = list(made.along(planes(8, 8, 60, 60)))
    for each, d in zip(found, (8, 8, 60, 60), strict=True):
        assert np.nanmedian(each.px[:, 64:]) == pytest.approx(d, abs=0.05)
        low, high = searched(each)
        assert low <= d < high
    assert searched(found[1]) == (0, 16)


def test_a_range_that_the_result_does_not_bear_out_is_given_up(monkeypatch):
    made = gv.stereo.BlockMatching(max_disparity=96, num_threads=1)
    monkeypatch.setattr(_clips, "expected", lambda *_: range(16))  # as if the look had seen nothing
    first, second = made.along(planes(8, 60))
    assert searched(second) == (0, 96)
    assert np.nanmedian(second.px[:, 64:]) == pytest.approx(60, abs=0.05)
    assert np.nanmedian(first.px[:, 64:]) == pytest.approx(8, abs=0.05)


def test_the_whole_range_comes_back_in_time():
    made = gv.stereo.BlockMatching(max_disparity=96, num_threads=1)
    found = list(made.along(planes(*[8] * (_clips.RENEWED + 2))))
    whole = [k for k, each in enumerate(found) if searched(each) == (0, 96)]
    assert whole == [0, _clips.RENEWED]


def test_small_images_are_searched_whole_and_sizes_must_agree():
    made = gv.stereo.BlockMatching(max_disparity=16, num_threads=1)
    small = [(left[:40, :60].copy(), right[:40, :60].copy()) for left, right in planes(3, 3)]
    assert [searched(found) for found in made.along(small)] == [(0, 16)] * 2
    with pytest.raises(ImageError, match="a pair is 160x96 pixels, the one before 60x40"):
        list(made.along([small[0], planes(3)[0]]))
