"""Flow along epipolar lines: rendered scenes with exact pose and truth, lines, closed forms, and what is refused."""

import numpy as np
import pytest

import geomvision as gv
from geomvision.cameras import Camera, inverse, pose
from geomvision.flow import EpipolarFlow
from geomvision.geometry import epipolar_distances, fundamental, rigid_flow
from geomvision.images import ImageError
from geomvision.method import OptionError
from geomvision.results import Depth
from geomvision.samples import FlowSample

CAMERA = Camera(width=80, height=64, fx=70.0, fy=72.0, cx=38.0, cy=33.0)


def rendered(seed, layout):
    """A still scene seen from two places: the sample knows the pose, the exact flow and what is hidden."""
    size = {"width": 144, "height": 108, "max_disparity": 12, "supersampling": 1}
    one, other = gv.datasets.Synthetic(seed=seed, layout=layout, **size).clip(0, 2)
    poses = one.clip.T_world_cam
    T_1_0 = inverse(poses[1]) @ poses[0]
    whole = Depth(m=np.where(np.isfinite(one.depth.m), one.depth.m, 1e7))  # the sky
    flow = rigid_flow(whole, one.camera, T_1_0)
    return FlowSample(
        name=layout, frame0=one.image, frame1=other.image, camera=one.camera, T_1_0=T_1_0, flow=flow,
        occluded=flow.occluded,
    )  # fmt: skip


@pytest.fixture(scope="module")
def scenes():
    return [rendered(4, "clutter")]


def errors(flow, sample):
    error = np.linalg.norm(flow.px - sample.flow.px, axis=2)
    return error, sample.flow.valid & ~sample.occluded


def test_it_beats_what_does_not_know_the_pose_where_both_cameras_see(scenes):
    for sample in scenes:
        sparse = EpipolarFlow().on(sample)
        error, seen = errors(sparse, sample)
        known = seen & sparse.valid
        free = errors(gv.flow.TVL1().on(sample), sample)[0]
        assert known.sum() > 0.7 * seen.sum()
        assert error[known].mean() < 0.8
        assert np.median(error[known]) < 0.4
        assert error[known].mean() < 0.7 * free[known].mean()
        dense = EpipolarFlow(fill="background").on(sample)
        assert dense.density == 1
        assert errors(dense, sample)[0][seen].mean() < 0.8 * free[seen].mean()


def test_flows_lie_on_their_epipolar_lines(scenes):
    for sample in scenes:
        flow = EpipolarFlow(fill="background").on(sample)
        F = fundamental(sample.camera, sample.camera, sample.T_1_0)
        start = sample.camera.pixel_grid().reshape(-1, 2)
        assert epipolar_distances(F, start, start + flow.px.reshape(-1, 2)).max() < 1e-3


def test_hidden_pixels_and_sure_ones_are_known(scenes):
    for sample in scenes:
        flow = EpipolarFlow(check=False).on(sample)
        error, _ = errors(flow, sample)
        known = flow.valid & sample.flow.valid
        order = np.argsort(-flow.confidence[known], kind="stable")
        assert error[known][order[: int(0.7 * known.sum())]].mean() < 0.85 * error[known].mean()
        filled = EpipolarFlow(fill="background").on(sample)
        both = (filled.occluded & sample.occluded).sum()
        assert both > 0.6 * sample.occluded.sum()
        assert both > 0.7 * filled.occluded.sum()


def test_the_length_of_the_pose_may_be_in_any_unit(scenes):
    sample = scenes[0]
    longer = sample.T_1_0.copy()
    longer[:3, 3] *= 1000
    flows = [EpipolarFlow()(sample.frame0, sample.frame1, sample.camera, T) for T in (sample.T_1_0, longer)]
    both = flows[0].valid & flows[1].valid
    assert both.mean() > 0.98 * flows[0].density
    assert np.percentile(np.abs(flows[0].px - flows[1].px)[both], 99) < 0.01


def test_lenses_with_distortion_are_followed(pattern):
    lens = Camera(width=80, height=64, fx=70.0, fy=72.0, cx=38.0, cy=33.0, distortion=(-0.25, 0.05, 0.0, 0.0))
    wall, T_1_0 = Depth(m=np.full((64, 80), 2.0, np.float32)), pose(translation=(0.15, 0.05, 0.1))
    truth = rigid_flow(wall, CAMERA, T_1_0, lens)
    back = rigid_flow(Depth(m=np.full((64, 80), 2.1, np.float32)), lens, inverse(T_1_0), CAMERA)
    frame1 = pattern(1)(*(lens.pixel_grid() + np.nan_to_num(back.px)).transpose(2, 0, 1))
    frame0 = pattern(1)(*CAMERA.pixel_grid().transpose(2, 0, 1))
    flow = EpipolarFlow()(frame0, frame1, CAMERA, T_1_0, lens)
    inside = np.s_[10:-10, 10:-10]
    error = np.linalg.norm(flow.px - truth.px, axis=2)[inside]
    assert np.isfinite(error).mean() > 0.9
    assert np.nanmean(error) < 0.15


def test_a_camera_that_only_turns_needs_no_search():
    c, s = np.cos(0.1), np.sin(0.1)
    turn = pose([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    flow = EpipolarFlow()(*np.zeros((2, 64, 80), np.uint8), CAMERA, turn)
    x = (np.arange(80) - CAMERA.cx) / CAMERA.fx
    np.testing.assert_allclose(flow.px[33, :, 0], CAMERA.fx * (np.tan(np.arctan(x) + 0.1) - x), atol=1e-4)
    assert (flow.confidence == 1).all()


def test_what_cannot_be_right_is_refused():
    frames, T = np.zeros((2, 64, 80), np.uint8), pose(translation=(0.1, 0, 0))
    with pytest.raises(ImageError, match="camera is 40x32 pixels: resize the camera"):
        EpipolarFlow()(*frames, CAMERA.resize(40, 32), T)
    with pytest.raises(ImageError, match="camera1 is 40x32"):
        EpipolarFlow()(*frames, CAMERA, T, CAMERA.resize(40, 32))
    with pytest.raises(TypeError, match="from_matrix"):
        EpipolarFlow()(*frames, CAMERA.K, T)
    with pytest.raises(ValueError, match="T_1_0"):
        EpipolarFlow()(*frames, CAMERA, 2 * np.eye(4))
    with pytest.raises(OptionError, match="must be below max_depth"):
        EpipolarFlow(min_depth=3, max_depth=2)
    with pytest.raises(ValueError, match="'a' has none"):
        EpipolarFlow().on(FlowSample(name="a", frame0=frames[0], frame1=frames[1]))
