"""What every flow method inherits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geomvision.flow._base import FlowMethod
from geomvision.images import Image
from geomvision.method import backend
from geomvision.results import Flow
from geomvision.samples import FlowSample


@dataclass(frozen=True, kw_only=True)
class Difference(FlowMethod):
    """Not motion, but what distinguishes the frames' order."""

    @backend("numpy")
    def _numpy(self, frame0: Image, frame1: Image) -> Flow:
        return Flow(px=np.stack([frame1, frame0], axis=2).astype(np.float32))


def test_on_a_sample_goes_from_frame_0_to_frame_1() -> None:
    frame0, frame1 = np.full((3, 4), 7, np.uint8), np.full((3, 4), 9, np.uint8)
    flow = Difference().on(FlowSample(name="two", frame0=frame0, frame1=frame1))
    assert (flow.px == (9, 7)).all()
