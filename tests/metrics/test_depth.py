import math

import numpy as np
import pytest

from geomvision.metrics import PROTOCOLS
from geomvision.results import RelativeDepth

NAN = math.nan


def values(score):
    return {name: ratio.value for name, ratio in score.items()}


def test_every_figure_by_hand(depth):
    # errors 0.5, 0, 4 m; ratios 1.25 (not below 1.25), 1, 2; the fourth is missing, the fifth has no truth
    a, b = math.log(1.25), math.log(2.0)
    expected = {
        "AbsRel": (0.25 + 0 + 0.5) / 3,
        "SqRel": (0.25 / 2 + 0 + 16 / 8) / 3,
        "SqErrRel": (0.25**2 + 0 + 0.5**2) / 3,
        "MAE": 4.5 / 3,
        "RMSE": math.sqrt(16.25 / 3),
        "RMSE-log": math.sqrt((a * a + b * b) / 3),
        "log10": (math.log10(1.25) + math.log10(2.0)) / 3,
        "SILog": 100 * math.sqrt((a * a + b * b) / 3 - ((a - b) / 3) ** 2),
        "delta1": 100 * 1 / 3,
        "delta2": 100 * 2 / 3,
        "delta3": 100 * 2 / 3,
        "density": 100 * 3 / 4,
    }
    pair = depth([[2.5, 4.0, 4.0, NAN, 1.0]], [[2.0, 4.0, 8.0, 5.0, NAN]])
    assert values(PROTOCOLS["depth"]().score(*pair)) == pytest.approx(expected)


def test_a_wrong_scale_alone_has_no_silog(depth):
    found = values(PROTOCOLS["depth"]().score(*depth([[3.0, 6.0, 24.0]], [[1.0, 2.0, 8.0]])))
    assert found["SILog"] == pytest.approx(0.0, abs=1e-9)
    assert found["AbsRel"] == pytest.approx(2.0)
    assert found["delta3"] == 0.0


def test_no_shared_pixel(depth):
    found = values(PROTOCOLS["depth"]().score(*depth([[NAN, 1.0]], [[1.0, NAN]])))
    assert found.pop("density") == 0.0
    assert all(math.isnan(value) for value in found.values())


def test_relative_depth_is_refused_until_it_is_aligned(depth):
    estimate, sample = depth([[1.0, 2.0, 4.0]], [[2.0, 4.0, 8.0]])
    relative = RelativeDepth(values=np.array([[1.0, 0.5, 0.25]], np.float32), kind="disparity_affine")
    with pytest.raises(TypeError, match=r"relative depth \(disparity_affine\).*align_to"):
        PROTOCOLS["depth"]().score(relative, sample)
    aligned = relative.align_to(sample.depth)
    assert values(PROTOCOLS["depth"]().score(aligned, sample))["AbsRel"] == pytest.approx(0.0, abs=1e-6)
    assert values(PROTOCOLS["depth"]().score(estimate, sample))["AbsRel"] == pytest.approx(0.5)
