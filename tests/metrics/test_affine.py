"""Scale and shift fitted in the space of the estimate: by hand, and that nothing else changes the figures."""

import math

import numpy as np
import pytest

from geomvision.metrics import PROTOCOLS, Affine
from geomvision.results import Depth, Disparity, RelativeDepth

NAN = math.nan


def values(estimate, sample, protocol=None):
    return {name: r.value for name, r in (protocol or PROTOCOLS["affine"]()).score(estimate, sample).items()}


def relative(rows, kind):
    return RelativeDepth(values=np.array(rows, np.float32), kind=kind)


def test_depth_by_hand(depth):
    """Values 0, 1, 2, 3 to 2, 3, 5, 6 m: scale 1.4, shift 1.9, so 1.9, 3.3, 4.7, 6.1, the last clipped to 6 m."""
    sample = depth([[1, 1, 1, 1, 1]], [[2, 3, 5, 6, NAN]])[1]
    found = values(relative([[0, 1, 2, 3, 9]], "depth_affine"), sample)
    expected = {
        "AbsRel": (0.1 / 2 + 0.3 / 3 + 0.3 / 5 + 0) / 4,
        "SqRel": (0.01 / 2 + 0.09 / 3 + 0.09 / 5) / 4,
        "MAE": 0.7 / 4,
        "RMSE": math.sqrt(0.19 / 4),
        "delta1": 100,
        "density": 100,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-6)
    # A scale alone is open for this kind, but it is fitted as all are; and metres are no better off.
    assert values(relative([[1, 2, 3, 4, 9]], "depth_scale"), sample) == pytest.approx(found, rel=1e-5)
    assert values(Depth(m=np.array([[5, 7, 9, 11, 9]], np.float32)), sample) == pytest.approx(found, rel=1e-5)


def test_disparity_by_hand(depth):
    """1 / Z = 0.5, 0.25, 0.1, of values 4, 3, 0: scale 0.0884…, shift 0.0769…, in inverse metres."""
    sample = depth([[1, 1, 1]], [[2, 4, 10]])[1]
    x, y = np.array([4, 3, 0.0]), np.array([0.5, 0.25, 0.1])
    scale = ((x - 7 / 3) * (y - 0.85 / 3)).sum() / ((x - 7 / 3) ** 2).sum()
    aligned = scale * (x - 7 / 3) + 0.85 / 3
    z = [1 / aligned[0], 1 / aligned[1], min(1 / aligned[2], 10)]
    assert scale == pytest.approx(0.0884615, rel=1e-5)
    assert z[2] == 10  # 0.0769 is beyond 10 m
    found = values(relative([[4, 3, 0]], "disparity_affine"), sample)
    assert found["AbsRel"] == pytest.approx(np.mean([abs(z[0] - 2) / 2, abs(z[1] - 4) / 4, 0]), rel=1e-6)
    # As depth they lie on a line: the space is that of the kind.
    assert values(relative([[4, 3, 0]], "depth_affine"), sample)["AbsRel"] == pytest.approx(0, abs=1e-9)
    # The cap of the data set: what is beyond has no say.
    at_five = values(relative([[4, 3, 0]], "disparity_affine"), sample, Affine(cap_m=5))
    assert at_five["AbsRel"] == pytest.approx(0, abs=1e-6)  # two points, two unknowns
    assert PROTOCOLS["affine"]().score(relative([[4, 3, 0]], "disparity_affine"), sample)["AbsRel"].count == 3


@pytest.mark.parametrize("kind", ["disparity_affine", "depth_affine", "depth_scale"])
def test_scale_and_shift_change_nothing(depth, kind):
    rng = np.random.default_rng(3)
    z = rng.uniform(1, 9, (8, 9))
    sample = depth(z, z)[1]
    own = (1 / z if kind == "disparity_affine" else z) + rng.normal(0, 0.01, z.shape)
    first = values(relative(own, kind), sample)
    assert values(relative(70 * own + 300, kind), sample) == pytest.approx(first, rel=1e-3)
    assert first["AbsRel"] < 0.1


def test_a_map_that_says_nothing_is_the_mean_and_gaps_are_left_out(depth):
    sample = depth([[1, 1, 1, 1]], [[1, 2, 6, 3]])[1]
    found = values(relative([[7, 7, 7, NAN]], "depth_affine"), sample)
    assert found["MAE"] == pytest.approx((2 + 1 + 3) / 3)
    assert found["density"] == 75


def test_what_is_no_depth_is_refused(depth):
    sample = depth([[1, 1]], [[1, 2]])[1]
    with pytest.raises(TypeError, match="is a Disparity; it must be a RelativeDepth or Depth"):
        PROTOCOLS["affine"]().score(Disparity(px=np.ones((1, 2))), sample)
    with pytest.raises(ValueError, match="the estimate is 3x1 pixels but the truth is 2x1"):
        PROTOCOLS["affine"]().score(Depth(m=np.ones((1, 3))), sample)
    for cap in (0, -1, math.inf, NAN):
        with pytest.raises(ValueError, match="cap_m is"):
            Affine(cap_m=cap)
