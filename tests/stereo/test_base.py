"""What every stereo method inherits."""

from __future__ import annotations

import numpy as np

import geomvision as gv
from geomvision.samples import StereoSample


def test_on_a_sample_is_the_call_on_its_views() -> None:
    wide = np.random.default_rng(1).integers(0, 256, (20, 44), dtype=np.uint8)
    sample = StereoSample(name="noise", left=wide[:, :40], right=wide[:, 4:])
    method = gv.stereo.METHODS["block_matching"](max_disparity=8)
    assert isinstance(method, gv.stereo.BlockMatching)
    found = method.on(sample)
    np.testing.assert_array_equal(found.px, method(sample.left, sample.right).px)
    np.testing.assert_allclose(np.nanmedian(found.px), 4.0, atol=0.1)
