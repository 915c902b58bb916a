"""Depth from a pair: the matcher's disparity through the rig, nothing lost on the way."""

from __future__ import annotations

import numpy as np
import pytest

import geomvision as gv
from geomvision.cameras import Camera, StereoRig, pose
from geomvision.images import ImageError
from geomvision.method import OptionError
from geomvision.samples import DepthSample, StereoSample
from geomvision.stereo._base import StereoMethod
from geomvision.stereo.block_matching import BlockMatching

CAMERA = Camera(width=90, height=40, fx=80.0, fy=80.0, cx=41.0, cy=22.0)
RIG = StereoRig.rectified(CAMERA, baseline_m=0.12, doffs_px=3.5)


def wall(disparity: int) -> tuple[np.ndarray, np.ndarray]:
    """A textured wall parallel to the images."""
    wide = np.random.default_rng(5).integers(0, 256, (40, 90 + disparity), dtype=np.uint8)
    return wide[:, :90], wide[:, disparity:]


def test_a_wall_has_the_depth_of_its_disparity() -> None:
    left, right = wall(9)
    depth = gv.depth.FromStereo(stereo="block_matching", stereo_options="max_disparity=16, subpixel=none")(
        left, right, RIG
    )
    expected = 80.0 * 0.12 / (9 + 3.5)
    np.testing.assert_allclose(depth.m[:, 9:], expected, rtol=1e-6)
    assert depth.run is not None
    assert depth.run.method == "depth/from_stereo"


def test_confidence_and_occlusion_come_along() -> None:
    left, right = wall(9)
    matcher = BlockMatching(max_disparity=16, cost="zncc", window=7)
    disparity = matcher(left, right)
    depth = gv.depth.FromStereo.of(matcher)(left, right, RIG)
    np.testing.assert_array_equal(depth.valid, disparity.valid)
    np.testing.assert_array_equal(depth.confidence, disparity.confidence)
    np.testing.assert_array_equal(depth.occluded, disparity.occluded)
    assert disparity.confidence is not None
    assert disparity.confidence.max() > 0.5


@pytest.mark.parametrize(
    "matcher",
    [
        BlockMatching(),
        BlockMatching(cost="ssd", window=5, texture=0.25, min_disparity=-3, backend="cpp", num_threads=2),
        gv.stereo.OpenCVSGBM(padded=False, mode="hh"),
    ],
)
def test_options_survive_their_text(matcher: StereoMethod) -> None:
    depth = gv.depth.FromStereo.of(matcher)
    assert depth.matcher() == matcher
    assert gv.depth.FromStereo.from_options(depth.options()).matcher() == matcher


def test_threads_are_passed_on() -> None:
    assert gv.depth.FromStereo(stereo="block_matching", num_threads=3).matcher().num_threads == 3


def test_on_a_sample() -> None:
    left, right = wall(6)
    pair = StereoSample(name="wall", left=left, right=right, rig=RIG)
    sample = DepthSample(name="wall", image=left, camera=CAMERA, stereo=pair)
    method = gv.depth.FromStereo(stereo="opencv_sgbm", stereo_options="max_disparity=16")
    np.testing.assert_allclose(np.nanmedian(method.on(sample).m), 80.0 * 0.12 / 9.5, rtol=1e-2)
    with pytest.raises(ValueError, match="'alone' has none"):
        method.on(DepthSample(name="alone", image=left, camera=CAMERA))
    without_rig = StereoSample(name="wall", left=left, right=right)
    with pytest.raises(ValueError, match="needs a pair and its rig"):
        method.on(DepthSample(name="wall", image=left, camera=CAMERA, stereo=without_rig))


def test_what_cannot_be_right_is_refused() -> None:
    left, right = wall(4)
    method = gv.depth.FromStereo(stereo="block_matching")
    with pytest.raises(ValueError, match="resize the rig"):
        method(left[:-1], right[:-1], RIG)
    with pytest.raises(ImageError, match="differ in size"):
        method(left, right[:-1], RIG)
    turned = StereoRig(left=CAMERA, right=CAMERA, T_right_left=pose(translation=(0.0, -0.1, 0.0)))
    with pytest.raises(ValueError, match="not rectified"):
        method(left, right, turned)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stereo": "sgmm"}, "allowed are"),
        ({"stereo": "block_matching", "stereo_options": "windw=3"}, "'windw=3'; allowed is name=value"),
        ({"stereo": "block_matching", "stereo_options": "window"}, "allowed is name=value"),
        ({"stereo": "block_matching", "stereo_options": "window=three"}, "must be int"),
        ({"stereo": "block_matching", "stereo_options": "window=4"}, "odd"),
        ({"stereo": "opencv_sgbm", "stereo_options": "padded=maybe"}, "must be bool"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        gv.depth.FromStereo(**options)
