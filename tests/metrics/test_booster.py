"""Scores by class, counted by hand."""

import dataclasses

import numpy as np
import pytest

from geomvision.metrics import PROTOCOLS

NAN = np.nan


def score(pair):
    return {name: ratio.value for name, ratio in PROTOCOLS["booster"]().score(*pair).items()}


def test_booster_by_hand(stereo):
    estimate, sample = stereo([[10.0, 13.0, 15.0, NAN, 17.0, 10.0]], [[10.0, 10.0, 10.0, 10.0, 10.0, NAN]])
    plain = score((estimate, sample))
    assert [plain[f"bad-{t} all"] for t in (2.0, 4.0, 6.0, 8.0)] == [80, 60, 40, 20]
    assert plain["avgerr all"] == pytest.approx((0 + 3 + 5 + 7) / 4)
    assert plain["rms all"] == pytest.approx(np.sqrt((9 + 25 + 49) / 4))
    assert not [name for name in plain if name.endswith("other")]
    glass, mirror = (np.isin(np.arange(6), chosen)[None] for chosen in ([1, 3], [2, 5]))
    masks = {"glass": glass, "mirror": mirror, "object 3": ~glass}
    found = score((estimate, dataclasses.replace(sample, masks=masks)))
    assert (found["bad-2.0 glass"], found["avgerr glass"]) == (100, 3)
    assert (found["bad-2.0 mirror"], found["avgerr mirror"]) == (100, 5)
    assert (found["bad-2.0 other"], found["avgerr other"]) == (50, 3.5)
    assert not [name for name in found if "object" in name]
    fits = [PROTOCOLS["booster"]().fits(dataclasses.replace(sample, masks=m)) for m in (masks, {"object 3": glass}, {})]
    assert fits == [True, False, False]
    with pytest.raises(ValueError, match=r"the mask 'glass' has shape \(1, 2\); the truth has \(1, 6\)"):
        score((estimate, dataclasses.replace(sample, masks={"glass": glass[:, :2]})))
