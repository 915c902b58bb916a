"""Eigen's split in Garg's crop, and NYU in Eigen's: figures by hand, crops, clipping, what is missing."""

import math

import numpy as np
import pytest

from geomvision.metrics import PROTOCOLS
from geomvision.results import Depth, RelativeDepth

NAN = math.nan


def values(score):
    return {name: ratio.value for name, ratio in score.items()}


def grid(rows, columns, placed, fill=NAN):
    """A map of one value with others at (row, column)."""
    m = np.full((rows, columns), fill, np.float32)
    for place, value in placed.items():
        m[place] = value
    return m


def test_garg80_by_hand(depth):
    """10x33 pixels: the crop is rows 4 … 8 and columns 1 … 30."""
    truth = {(4, 1): 2, (8, 30): 40, (5, 5): 60, (6, 6): 10, (7, 7): 80, (3, 5): 5, (9, 5): 5, (5, 0): 5, (5, 31): 5}
    given = grid(10, 33, {(4, 1): 2.5, (8, 30): 40, (5, 5): 100, (6, 6): NAN}, fill=1)
    pair = depth(given, grid(10, 33, truth))
    found = values(PROTOCOLS["eigen_garg80"]().score(*pair))
    # 2.5 of 2 m; 40 of 40 m; 100 m clipped to 80 of 60 m; missing, so 0.001 of 10 m. 80 m itself is out of range.
    errors, true = [0.5, 0.0, 20.0, 9.999], [2.0, 40.0, 60.0, 10.0]
    logs = [math.log(1.25), 0.0, math.log(4 / 3), math.log(1e-4)]
    expected = {
        "AbsRel": (0.25 + 0 + 1 / 3 + 0.9999) / 4,
        "SqRel": sum(e**2 / z for e, z in zip(errors, true, strict=True)) / 4,
        "SqErrRel": sum((e / z) ** 2 for e, z in zip(errors, true, strict=True)) / 4,
        "MAE": 30.499 / 4,
        "RMSE": math.sqrt((0.25 + 0 + 400 + 9.999**2) / 4),
        "RMSE-log": math.sqrt(sum(x * x for x in logs) / 4),
        "log10": sum(map(abs, logs)) / math.log(10) / 4,
        "SILog": 100 * math.sqrt(sum(x * x for x in logs) / 4 - (sum(logs) / 4) ** 2),
        "delta1": 25.0,  # 1.25 itself is not below 1.25
        "delta2": 75.0,
        "delta3": 75.0,
        "AbsRel est": (0.25 + 0 + 1 / 3) / 3,
        "RMSE est": math.sqrt(400.25 / 3),
        "delta1 est": 100 / 3,
        "density": 75.0,
    }
    assert found == pytest.approx(expected, rel=1e-6)
    # To 50 m the third has no truth, and 80 m is clipped to 50.
    nearer = values(PROTOCOLS["eigen_garg50"]().score(*pair))
    assert nearer["AbsRel"] == pytest.approx((0.25 + 0 + 0.9999) / 3, rel=1e-6)
    far = PROTOCOLS["eigen_garg50"]().score(*depth(grid(10, 33, {(5, 5): 90}), grid(10, 33, {(5, 5): 40})))
    assert values(far)["MAE"] == pytest.approx(10)


def test_both_forms_of_sq_rel_are_named(depth):
    found = values(PROTOCOLS["eigen_garg80"]().score(*depth(np.full((10, 33), 24), np.full((10, 33), 20))))
    assert found["SqRel"] == pytest.approx(16 / 20)
    assert found["SqErrRel"] == pytest.approx(16 / 400)


@pytest.mark.parametrize(
    ("name", "size", "box"),
    [
        ("eigen_garg80", (375, 1242), (153, 371, 44, 1197)),
        ("eigen_garg50", (370, 1224), (151, 366, 43, 1180)),
        ("eigen_garg80", (96, 320), (39, 95, 11, 308)),
        ("nyu", (480, 640), (45, 471, 41, 601)),
        ("nyu", (960, 1280), (90, 942, 82, 1202)),
        ("nyu", (240, 320), (23, 235, 21, 300)),  # 22.5 … 235.5 and 20.5 … 300.5: the pixels wholly inside
    ],
)
def test_crops(depth, name, size, box):
    top, bottom, left, right = box
    score = PROTOCOLS[name]().score(*depth(np.ones(size), np.ones(size)))
    assert score["AbsRel"].count == (bottom - top) * (right - left)
    inside = grid(*size, {(top, left): 1, (bottom - 1, right - 1): 1, (top - 1, left): 1, (bottom - 1, right): 1})
    assert PROTOCOLS[name]().score(*depth(np.ones(size), inside))["AbsRel"].count == 2


def test_nyu_by_hand_and_refused_where_it_has_no_crop(depth):
    """At 12x16 pixels the crop is rows 2 … 10 and columns 2 … 14."""
    truth = grid(12, 16, {(2, 2): 4, (10, 14): 5, (5, 5): 10, (6, 6): 0.0005, (1, 5): 3, (11, 5): 3, (5, 15): 3})
    found = values(PROTOCOLS["nyu"]().score(*depth(grid(12, 16, {(2, 2): 5, (10, 14): 30}, fill=2), truth)))
    assert found["AbsRel"] == pytest.approx((0.25 + 1) / 2)  # 30 m is clipped to 10
    assert found["log10"] == pytest.approx((math.log10(1.25) + math.log10(2)) / 2)
    assert found["RMSE"] == pytest.approx(math.sqrt(26 / 2))
    assert found["delta1"] == 0
    assert found["delta2"] == 50
    with pytest.raises(ValueError, match=r"640x480 pixels, or of another size of that shape; this one is 33x10"):
        PROTOCOLS["nyu"]().score(*depth(np.ones((10, 33)), np.ones((10, 33))))


def test_what_counts_is_told(depth):
    """What relative depth is aligned to: true depths in the range, inside the crop."""
    sample = depth(np.ones((10, 33)), grid(10, 33, {(4, 1): 2, (8, 30): 80, (5, 5): 0.001, (3, 5): 5}))[1]
    assert np.argwhere(PROTOCOLS["eigen_garg80"]().counted(sample).valid).tolist() == [[4, 1]]
    assert PROTOCOLS["kitti_improved"]().counted(sample) is sample.depth
    assert PROTOCOLS["mdec"]().counted(sample).valid.sum() == 3


def test_which_images_they_are_for(depth):
    def fitting(size, metres=3.0):
        sample = depth(np.ones(size), np.full(size, metres))[1]
        return {name for name in ("eigen_garg80", "eigen_garg50", "nyu", "depth") if PROTOCOLS[name]().fits(sample)}

    assert fitting((375, 1242)) == fitting((352, 1216)) == {"eigen_garg80", "eigen_garg50", "depth"}
    assert fitting((480, 640)) == {"nyu", "depth"}
    assert fitting((480, 640), metres=30) == fitting((300, 600)) == {"depth"}


@pytest.mark.parametrize("name", ["eigen_garg80", "eigen_garg50", "nyu", "kitti_improved", "mdec", "uncertainty"])
def test_relative_maps_are_refused_with_the_reason(depth, name):
    sample = depth(np.ones((12, 16)), np.ones((12, 16)))[1]
    relative = RelativeDepth(values=np.ones((12, 16)), kind="depth_affine")
    with pytest.raises(TypeError, match=r"relative depth \(depth_affine\): its scale is unknown.*align_to"):
        PROTOCOLS[name]().score(relative, sample)
    assert not PROTOCOLS[name]().takes(relative)


def test_nothing_to_score_gives_no_figure(depth):
    for name in ("eigen_garg80", "nyu", "kitti_improved", "mdec", "affine"):
        found = values(PROTOCOLS[name]().score(*depth(np.ones((12, 16)), np.full((12, 16), NAN))))
        assert all(math.isnan(value) for value in found.values()), name
    empty = Depth(m=np.full((12, 16), NAN))
    sample = depth(np.ones((12, 16)), np.full((12, 16), 5))[1]
    assert values(PROTOCOLS["eigen_garg80"]().score(empty, sample))["AbsRel"] == pytest.approx(0.9998)
    assert values(PROTOCOLS["mdec"]().score(empty, sample))["F-score"] == 0
    assert math.isnan(values(PROTOCOLS["affine"]().score(empty, sample))["AbsRel"])
