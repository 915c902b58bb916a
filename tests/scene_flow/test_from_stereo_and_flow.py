"""Any stereo method with any flow method: against rendered truth, and what cannot be right."""

from dataclasses import replace

import numpy as np
import pytest

import geomvision as gv
from geomvision.cameras import Camera, StereoRig, pose
from geomvision.images import ImageError
from geomvision.method import OptionError
from geomvision.results import Disparity
from geomvision.scene_flow.from_stereo_and_flow import checked_disparity

RANGE = "max_disparity=24"


def score(estimate, scene):
    return gv.metrics.score(estimate, scene)


@pytest.mark.parametrize(
    ("stereo", "flow"),
    [("sgm", "inverse_search"), ("block_matching", "opencv_dis"), ("opencv_sgbm", "opencv_farneback")],
)
def test_motion_of_a_rendered_scene_is_found(scene, stereo, flow):
    method = gv.scene_flow.FromStereoAndFlow(stereo=stereo, stereo_options=RANGE, flow=flow)
    found = method.on(scene)
    figures = score(found, scene)
    assert figures["epe3d"]["density"].value > 60
    assert figures["kitti2015_scene_flow"]["SF-all noc"].value < 25
    off = np.linalg.norm(found.motion - scene.motion, axis=-1)
    # Depth at both times is off by half a pixel of disparity, seldom by more.
    bound = 2 * gv.geometry.depth_error(scene.truth.points0[..., 2], scene.rig, disparity_error_px=0.5)
    assert (off < bound)[found.valid].mean() > 0.8
    assert found.run.method == "scene_flow/from_stereo_and_flow"
    assert not found.valid[found.flow.occluded].any()


def test_occluded_pixels_are_mostly_left_out(scene):
    found = gv.scene_flow.FromStereoAndFlow(stereo_options=RANGE).on(scene)
    hidden = scene.occluded
    assert hidden.mean() > 0.05
    assert found.valid[hidden].mean() < 0.5 * found.valid[~hidden].mean()


def test_a_method_that_marks_no_occlusions_is_checked_by_the_mirrored_pair(scene):
    matcher = gv.stereo.OpenCVSGBM(max_disparity=24)
    assert matcher(scene.left0, scene.right0).occluded is None
    found = checked_disparity(matcher, scene.left0, scene.right0)
    wrong = np.abs(found.px - scene.disparity0.px) > 1
    assert found.occluded.any()
    assert wrong[found.occluded].mean() > 3 * wrong[found.valid & ~found.occluded].mean()


def test_options_of_both_methods_are_taken_and_told():
    made = gv.scene_flow.FromStereoAndFlow.of(
        gv.stereo.SGM(max_disparity=40, paths=4), gv.flow.HornSchunck(), round_trip=2
    )
    assert made.matcher() == gv.stereo.SGM(max_disparity=40, paths=4)
    assert made.tracker() == gv.flow.HornSchunck()
    assert made.round_trip == 2.0
    assert gv.scene_flow.FromStereoAndFlow(num_threads=1).matcher().num_threads == 1
    for wrong, told in (
        ({"stereo": "smg"}, "stereo is 'smg'; allowed are"),
        ({"flow": "raff"}, "flow is 'raff'; allowed are"),
        ({"flow": "epipolar_flow"}, r"which needs more than two frames \(camera, T_1_0\)"),
        ({"flow_options": "iterations"}, "flow_options holds 'iterations'; allowed is name=value"),
        ({"stereo_options": "paths=many"}, "stereo_options gives paths as 'many'; it must be int"),
        ({"round_trip": 0.0}, "round_trip is 0.0"),
    ):
        with pytest.raises(OptionError, match=told):
            gv.scene_flow.FromStereoAndFlow(**wrong)


def test_what_is_no_two_pairs_is_refused(scene):
    method = gv.scene_flow.FromStereoAndFlow(stereo_options=RANGE)
    images = [scene.left0, scene.right0, scene.left1, scene.right1]
    for k, name in enumerate(("left0", "right0", "left1", "right1")):
        bad = [image[:, :-1] if i == k else image for i, image in enumerate(images)]
        with pytest.raises(ImageError, match=f"{name}.*differ in size"):
            method(*bad, scene.rig)
    with pytest.raises(ImageError, match="left0 is uint8, left1 is float32"):
        method(*images[:2], *(image.astype(np.float32) for image in images[2:]), scene.rig)
    with pytest.raises(ValueError, match="160x120 but the rig is 320x240"):
        method(*images, scene.rig.resize(320, 240))
    with pytest.raises(TypeError, match="rig is NoneType; it must be"):
        method(*images, None)
    leaning = StereoRig(left=scene.rig.left, right=scene.rig.right, T_right_left=pose(translation=(0, 0.1, 0)))
    with pytest.raises(ValueError, match="not rectified"):
        method(*images, leaning)
    with pytest.raises(ValueError, match="needs two pairs and their rig"):
        method.on(replace(scene, rig=None))


def test_maps_of_another_size_are_refused_and_colour_meets_grey(scene):
    camera = Camera(width=8, height=6, fx=10.0, fy=10.0, cx=3.5, cy=2.5)
    small, rig = Disparity(px=np.ones((6, 8))), StereoRig.rectified(camera, 0.1)
    with pytest.raises(ValueError, match="flow is 160x120 but the rig is 8x6"):
        gv.geometry.scene_flow(small, small, scene.flow, rig)
    method = gv.scene_flow.FromStereoAndFlow(stereo="block_matching", stereo_options=RANGE, flow="opencv_farneback")
    grey = method(scene.left0, scene.right0[..., 0].copy(), scene.left1, scene.right1, scene.rig)
    assert grey.points0.shape == (120, 160, 3)
