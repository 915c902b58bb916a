"""Two stereo pairs of a rendered scene in motion, one after the other, with exact truth."""

import pytest

from geomvision.datasets import Synthetic
from geomvision.samples import SceneFlowSample


@pytest.fixture(scope="package")
def scene() -> SceneFlowSample:
    """The camera moves, and a tenth of the pixels moves by itself."""
    options = {"seed": 1, "layout": "tabletop", "width": 160, "height": 120, "max_disparity": 24, "motion": 6.0}
    return Synthetic(**options, noise=0.5).scene_flow(0)
