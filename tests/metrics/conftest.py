"""Samples made of literal numbers; the images in them are blank, no protocol looks at them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from geomvision.cameras import Camera
from geomvision.results import Depth, Disparity, Flow
from geomvision.samples import DepthSample, FlowSample, StereoSample

Rows = Sequence[Sequence[Any]]


def _mask(rows: Rows | None) -> np.ndarray | None:
    return None if rows is None else np.array(rows, bool)


@pytest.fixture(scope="session")
def stereo() -> Callable[..., tuple[Disparity, StereoSample]]:
    """stereo(estimate, truth, occluded=…, foreground=…, max_disparity=…): the estimate and its sample."""

    def build(estimate: Rows, truth: Rows, occluded: Rows | None = None, foreground: Rows | None = None, **more: Any):
        px = np.array(truth, np.float32)
        blank = np.zeros(px.shape, np.uint8)
        masks = {} if foreground is None else {"foreground": _mask(foreground)}
        sample = StereoSample(
            name="tiny",
            left=blank,
            right=blank,
            disparity=Disparity(px=px),
            occluded=_mask(occluded),
            masks=masks,
            **more,
        )
        return Disparity(px=np.array(estimate, np.float32)), sample

    return build


@pytest.fixture(scope="session")
def flow() -> Callable[..., tuple[Flow, FlowSample]]:
    """flow(estimate, truth, occluded=…, foreground=…): rows of (u, v)."""

    def build(estimate: Rows, truth: Rows, occluded: Rows | None = None, foreground: Rows | None = None):
        px = np.array(truth, np.float32)
        blank = np.zeros(px.shape[:2], np.uint8)
        masks = {} if foreground is None else {"foreground": _mask(foreground)}
        sample = FlowSample(
            name="tiny", frame0=blank, frame1=blank, flow=Flow(px=px), occluded=_mask(occluded), masks=masks
        )
        return Flow(px=np.array(estimate, np.float32)), sample

    return build


@pytest.fixture(scope="session")
def depth() -> Callable[..., tuple[Depth, DepthSample]]:
    """depth(estimate, truth): rows of metres."""

    def build(estimate: Rows, truth: Rows):
        m = np.array(truth, np.float32)
        camera = Camera(width=m.shape[1], height=m.shape[0], fx=1, fy=1, cx=0, cy=0)
        sample = DepthSample(name="tiny", image=np.zeros(m.shape, np.uint8), camera=camera, depth=Depth(m=m))
        return Depth(m=np.array(estimate, np.float32)), sample

    return build
