import math

import pytest

from geomvision.metrics import PROTOCOLS

NAN = math.nan
#           errors:  0    0.5   1     2     4.5  none  0.75  no truth
TRUTH = [[10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, NAN]]
ESTIMATE = [[10.0, 10.5, 11.0, 12.0, 14.5, NAN, 9.25, 3.0]]
OCCLUDED = [[0, 0, 0, 1, 0, 0, 1, 0]]


def figures(pair):
    return {name: ratio.value for name, ratio in PROTOCOLS["middlebury"]().score(*pair).items()}


def test_every_figure_by_hand(stereo):
    expected = {
        # noc: errors 0, 0.5, 1, 4.5 and one missing, of 5 pixels
        "bad-0.5 noc": 100 * 2 / 5,
        "bad-1.0 noc": 100 * 1 / 5,
        "bad-2.0 noc": 100 * 1 / 5,
        "bad-4.0 noc": 100 * 1 / 5,
        "invalid noc": 100 * 1 / 5,
        "totbad-0.5 noc": 100 * 3 / 5,
        "totbad-1.0 noc": 100 * 2 / 5,
        "totbad-2.0 noc": 100 * 2 / 5,
        "totbad-4.0 noc": 100 * 2 / 5,
        "avgerr noc": 6.0 / 4,
        "rms noc": math.sqrt(21.5 / 4),
        # all: errors 0, 0.5, 1, 2, 4.5, 0.75 and one missing, of 7 pixels
        "bad-0.5 all": 100 * 4 / 7,
        "bad-1.0 all": 100 * 2 / 7,
        "bad-2.0 all": 100 * 1 / 7,
        "bad-4.0 all": 100 * 1 / 7,
        "invalid all": 100 * 1 / 7,
        "totbad-0.5 all": 100 * 5 / 7,
        "totbad-1.0 all": 100 * 3 / 7,
        "totbad-2.0 all": 100 * 2 / 7,
        "totbad-4.0 all": 100 * 2 / 7,
        "avgerr all": 8.75 / 6,
        "rms all": math.sqrt(26.0625 / 6),
        "density": 100 * 6 / 7,
    }
    assert figures(stereo(ESTIMATE, TRUTH, OCCLUDED)) == pytest.approx(expected)


def test_estimates_are_clipped_to_the_range_the_sample_states(stereo):
    pair = stereo([[14.5, -3.0]], [[10.0, 0.5]], max_disparity=12)
    assert figures(pair)["avgerr all"] == (2.0 + 0.5) / 2
    assert figures(pair)["bad-2.0 all"] == 0.0
    unbounded = stereo([[14.5, -3.0]], [[10.0, 0.5]])
    assert figures(unbounded)["avgerr all"] == (4.5 + 0.5) / 2


def test_unknown_occlusion_gives_no_figures_for_noc(stereo):
    found = figures(stereo(ESTIMATE, TRUTH))
    assert "totbad-2.0 all" in found
    assert not [name for name in found if "noc" in name]


def test_regions_without_pixels_are_nan_not_perfect(stereo):
    found = figures(stereo([[1.0]], [[2.0]], [[1]]))
    assert math.isnan(found["totbad-2.0 noc"])
    assert math.isnan(found["avgerr noc"])
    assert found["bad-0.5 all"] == 100.0
    assert all(math.isnan(value) for value in figures(stereo([[1.0]], [[NAN]])).values())


def test_an_empty_estimate_is_all_invalid_and_has_no_mean_error(stereo):
    found = figures(stereo([[NAN, NAN]], [[2.0, 3.0]]))
    assert (found["bad-2.0 all"], found["invalid all"], found["totbad-2.0 all"]) == (0.0, 100.0, 100.0)
    assert math.isnan(found["avgerr all"])
    assert found["density"] == 0.0


def test_a_half_or_quarter_size_estimate_is_enlarged_as_evaldisp_does(stereo):
    """Each value counts for the pixels it covers, times the factor; the range is of the truth's size."""
    truth = [[10.0, 11.0, 20.0, 24.5], [10.0, 13.0, NAN, 20.0]]
    pair = stereo([[5.0, 11.0]], truth, max_disparity=21)  # 10 at four pixels; 22, so 21, at four
    found = figures(pair)
    assert found["avgerr all"] == pytest.approx((0 + 1 + 0 + 3 + 1 + 3.5 + 1) / 7)
    assert found["bad-1.0 all"] == pytest.approx(100 * 2 / 7)
    assert found["density"] == 100.0
    gap = figures(stereo([[NAN, 11.0]], truth, max_disparity=21))
    assert gap["invalid all"] == pytest.approx(100 * 4 / 7)
    quarter = figures(stereo([[2.5]], [[10.0] * 4] * 4))
    assert (quarter["avgerr all"], quarter["density"]) == (0.0, 100.0)


@pytest.mark.parametrize("shape", [(1, 3), (3, 3), (8, 8)])
def test_other_sizes_are_refused(stereo, shape):
    with pytest.raises(ValueError, match="the truth is 4x4; sizes must be equal"):
        figures(stereo([[1.0] * shape[1]] * shape[0], [[10.0] * 4] * 4))


def test_means_over_images_are_weighted_by_name(stereo):
    """The training set's table: five scenes count half (4 % of 100 each, the other ten 8 %)."""
    protocol = PROTOCOLS["middlebury"]()
    right, wrong = (protocol.score(*stereo([[x]], [[1.0]])) for x in (1.0, 9.0))
    scores = [right, wrong, right]
    name = "totbad-2.0 all"
    assert protocol.aggregate(scores)[name] == pytest.approx(100 / 3)
    assert protocol.aggregate(scores, ["Adirondack", "PianoL", "Teddy"])[name] == pytest.approx(100 * 0.5 / 2.5)
    assert protocol.aggregate(scores, ["trainingQ/Vintage", "trainingQ/Pipes", "x"])[name] == pytest.approx(100 / 2.5)
    every = ("Adirondack", "ArtL", "Jadeplant", "Motorcycle", "MotorcycleE", "Piano", "PianoL", "Pipes", "Playroom",
             "Playtable", "PlaytableP", "Recycle", "Shelves", "Teddy", "Vintage")  # fmt: skip
    shares = [100 * protocol.weight(scene) / sum(map(protocol.weight, every)) for scene in every]
    assert sorted(shares) == pytest.approx([4.0] * 5 + [8.0] * 10)
    assert PROTOCOLS["eth3d"]().weight("PianoL") == 1.0
