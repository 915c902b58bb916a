"""Two stereo pairs in motion: rendered with exact truth, and KITTI 2015 as downloaded."""

import numpy as np
import pytest

import geomvision as gv
from geomvision import io
from geomvision.ops import warp

NAN = np.nan
SCENES = gv.datasets.Synthetic(
    seed=2, task="scene_flow", layout="tabletop", width=96, height=72, max_disparity=20, noise=0
)


@pytest.fixture(scope="module")
def sample():
    return SCENES[0]


def test_it_is_the_flow_sample_of_the_same_index(sample):
    flow = SCENES.flow(0)
    np.testing.assert_array_equal(sample.flow.px, flow.flow.px)
    np.testing.assert_array_equal(sample.left0, flow.frame0)
    np.testing.assert_allclose(sample.T_1_0, SCENES.poses(0)["world"])


def test_each_image_shows_what_the_truth_says(sample):
    """All three others, brought back to left0 by the truth, look like left0 where they see the same."""
    zero = np.zeros_like(sample.disparity0.px)
    to_right0 = np.stack([-sample.disparity0.px, zero], axis=-1)
    to_right1 = sample.flow.px - np.stack([sample.disparity1.px, zero], axis=-1)
    for image, way, hidden in (
        (sample.right0, to_right0, sample.disparity0.occluded),
        (sample.left1, sample.flow.px, sample.flow.occluded),
        (sample.right1, to_right1, sample.disparity1.occluded),
    ):
        off = np.abs(warp(image, way) - sample.left0.astype(np.float32)).mean(axis=2)
        still = np.abs(image.astype(np.float32) - sample.left0).mean(axis=2)
        seen = ~hidden & ~np.isnan(off)
        assert np.median(off[seen]) < 0.5 * np.median(still[seen])


def test_frame_1_knows_its_own_disparity(sample):
    there = warp(sample.disparity_of_left1.px, sample.flow.px)
    off = np.abs(there - sample.disparity1.px)[~sample.flow.occluded]
    assert np.nanmedian(off) < 0.02


def test_the_pair_of_frame_0_is_a_stereo_sample(sample):
    assert sample.stereo.disparity is sample.disparity0
    assert gv.metrics.score(sample.disparity0, sample.stereo)["kitti2015"]["D1-all all"].value == 0
    assert float(np.nanmax(sample.disparity_of_left1.px)) <= 20


def test_points_are_drawn_from_either_frame(sample):
    drawn = sample.as_points(500, seed=3)
    assert drawn.points0.shape == drawn.points1.shape == drawn.motion.shape == (500, 3)
    np.testing.assert_array_equal(drawn.points0, sample.as_points(500, seed=3).points0)
    truth = sample.truth
    at = [np.flatnonzero((truth.points0.reshape(-1, 3) == p).all(axis=1))[0] for p in drawn.points0[:5]]
    np.testing.assert_array_equal(drawn.motion[:5], truth.motion.reshape(-1, 3)[at])
    middle = float(np.median(truth.points0[truth.valid][:, 2]))
    near = sample.as_points(9999, max_depth_m=middle)
    assert (near.points0[:, 2] <= middle).all()
    assert (near.points1[:, 2] <= middle).all()
    assert len(near.points0) != len(near.points1)
    with pytest.raises(ValueError, match="no pixel of frame 0"):
        sample.as_points(max_depth_m=0.01)
    with pytest.raises(ValueError, match="count is 0"):
        sample.as_points(0)


def test_options_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="for stereo pairs only"):
        gv.datasets.Synthetic(task="scene_flow", swapped=True)


@pytest.fixture
def kitti(tmp_path):
    for n, folder in enumerate(("image_2", "image_3")):
        (tmp_path / "training" / folder).mkdir(parents=True)
        for number, frames in (("000000", (10, 11)), ("000003", (10,)), ("000004", (10, 11))):
            for frame in frames if n == 0 or number != "000004" else (10,):
                image = np.full((1, 3, 3), 20 * n + frame, np.uint8)
                io.write_image(tmp_path / "training" / folder / f"{number}_{frame}.png", image)
    occ = {"disp_{}_0": [[4.0, 5.0, 6.0]], "disp_{}_1": [[7.0, 8.0, NAN]], "flow_{}": [[[1.0, 2], [3, 4], [NAN, NAN]]]}
    for kind in ("occ", "noc"):
        for name, values in occ.items():
            px = np.array(values, np.float32)
            if kind == "noc":
                px[0, 1] = NAN
            path = tmp_path / "training" / name.format(kind) / "000000_10.png"
            path.parent.mkdir()
            (io.write_kitti_flow if px.ndim == 3 else io.write_kitti_disparity)(path, px)
    (tmp_path / "training" / "obj_map").mkdir()
    io.write_image(tmp_path / "training" / "obj_map" / "000000_10.png", np.array([[0, 2, 0]], np.uint8))
    calib = "P2: 9 0 1 0.9 0 9 1 0 0 0 1 0\nP3: 9 0 1 -4.5 0 9 1 0 0 0 1 0\n"
    (tmp_path / "training" / "calib_cam_to_cam").mkdir()
    (tmp_path / "training" / "calib_cam_to_cam" / "000000.txt").write_text(calib)
    return tmp_path


def test_kitti_2015_has_both_disparities_and_flow(kitti):
    data = gv.datasets.KITTI(kitti, task="scene_flow")
    assert data.names == ["000000"]  # the others lack an image
    sample = data[0]
    assert [int(image[0, 0, 0]) for image in (sample.left0, sample.right0, sample.left1, sample.right1)] == [
        10,
        30,
        11,
        31,
    ]
    np.testing.assert_array_equal(sample.disparity0.px, np.float32([[4, 5, 6]]))
    np.testing.assert_array_equal(sample.disparity1.px, np.float32([[7, 8, NAN]]))
    assert sample.disparity0.occluded.tolist() == sample.flow.occluded.tolist() == [[False, True, False]]
    assert sample.occluded.tolist() == [[False, True, False]]
    assert sample.masks["foreground"].tolist() == [[False, True, False]]
    # f·B = 5.4: from (−1, −1)·0.6 / 4 … at pixel (0, 0) to pixel (1, 2) with disparity 7.
    start, end = np.array([-1 / 9, -1 / 9, 1]) * 5.4 / 4, np.array([0, 1 / 9, 1]) * 5.4 / 7
    np.testing.assert_allclose(sample.motion[0, 0], end - start, atol=1e-6)
    with pytest.raises(ValueError, match="'stereo', 'flow', 'scene_flow'"):
        gv.datasets.KITTI(kitti, task="depth")
    with pytest.raises(ValueError, match="lacks truth"):
        sample.as_points()
