"""Self-rectification: drifts that were put in come out, on points, on rendered scenes and on recorded pairs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from geomvision.cameras import Camera, KannalaBrandt, StereoRig, pose
from geomvision.datasets import Synthetic
from geomvision.geometry import RectificationRefused, mend_rig, rectify, self_rectify
from geomvision.geometry._rotations import rotation_of
from geomvision.images import ImageError
from geomvision.ops import warp
from geomvision.stereo import SGM

CAMERA = Camera(width=640, height=400, fx=520.0, fy=520.0, cx=310.0, cy=205.0)
CLAIMED = StereoRig.rectified(CAMERA, 0.2, doffs_px=12.0)


def value(mended, name):
    return next(c for c in mended.corrections if c.name == name)


def drifted(turn_deg=(0.3, -0.2, 0.5), lean=(0.01, -0.02), ratio=0.01, rig=CLAIMED):
    """The rig as it really is: the right camera turned, moved, and with another focal length."""
    t = np.array([-1.0, *lean]) / np.linalg.norm([-1.0, *lean]) * rig.baseline_m
    T = pose(rotation_of(np.radians(turn_deg))) @ pose(translation=t)
    left, right = (
        replace(camera, fx=camera.fx * np.exp(side * ratio / 2), fy=camera.fy * np.exp(side * ratio / 2))
        for camera, side in ((rig.left, -1), (rig.right, 1))
    )
    return StereoRig(left=left, right=right, T_right_left=T)


def matches(rig, seed=0, number=400, noise=0.0, wrong=0.0):
    """Pixels of scene points in both images, with noise and with a share of mismatches."""
    random = np.random.default_rng(seed)
    x = random.uniform((5, 5), (rig.left.width - 5, rig.left.height - 5), (4 * number, 2))
    X = rig.left.unproject(x, random.uniform(1.5, 12, len(x)))
    T = rig.T_right_left
    y = rig.right.project(X @ T[:3, :3].T + T[:3, 3])
    seen = ((y > 0) & (y < (rig.right.width, rig.right.height))).all(axis=1)
    x, y = x[seen][:number], y[seen][:number]
    x, y = (p + random.normal(0, noise, p.shape) for p in (x, y))
    bad = random.random(len(y)) < wrong
    y[bad] = random.uniform((0, 0), (640, 400), (int(bad.sum()), 2))
    return x, y


@settings(max_examples=8)
@given(st.integers(0, 100_000))
def test_a_drift_comes_out_of_exact_matches(seed):
    random = np.random.default_rng(seed)
    turn, lean, ratio = random.normal(0, 0.7, 3), random.normal(0, 0.01, 2), random.normal(0, 0.01)
    truth = drifted(turn, lean, ratio)
    mended = mend_rig(CLAIMED, *matches(truth, seed))
    assert mended.after.median_abs_px < 2e-3
    assert [value(mended, f"{n}_deg").value for n in ("pitch", "yaw", "roll")] == pytest.approx(turn, abs=0.02)
    assert value(mended, "focal_ratio").value == pytest.approx(ratio, abs=5e-4)
    assert mended.rig.T_right_left[:3, :3] == pytest.approx(truth.T_right_left[:3, :3], abs=5e-4)
    assert mended.rectification.rig.left == CLAIMED.left  # cameras stay, so does doffs
    assert mended.rectification.rig.doffs_px == 12


def test_the_stated_doubt_is_the_scatter_of_noisy_trials():
    truth, errors, sigmas = drifted(), [], []
    names = [f"{n}_deg" for n in ("pitch", "yaw", "roll")]
    for seed in range(9):
        mended = mend_rig(CLAIMED, *matches(truth, seed, noise=0.3, wrong=0.1))
        errors.append(np.array([value(mended, n).value for n in names]) - (0.3, -0.2, 0.5))
        sigmas.append([value(mended, n).sigma for n in names])
    scatter = np.sqrt(np.mean(np.square(errors), axis=0))
    assert (scatter < 2 * np.mean(sigmas, axis=0)).all()
    assert (scatter > 0.4 * np.mean(sigmas, axis=0)).all()
    assert mended.noise_px == pytest.approx(0.3, rel=0.25)  # each point's own noise across its row
    assert mended.disparity_doubt_px == pytest.approx(np.radians(sigmas[-1][1]) * 520, rel=0.02)


@pytest.mark.parametrize("wrong", [0.0, 0.3])
def test_errors_follow_chi_square_with_mismatches_too(wrong):
    """Six parameters at once, by their stated covariance, against drifts that were put in."""
    squares = []
    for seed in range(12):
        random = np.random.default_rng(1000 + seed)
        turn, lean, ratio = random.normal(0, 0.5, 3), random.normal(0, 0.01, 2), random.normal(0, 0.01)
        mended = mend_rig(CLAIMED, *matches(drifted(turn, lean, ratio), seed, number=250, noise=0.3, wrong=wrong))
        truth = np.array([*turn, *np.degrees(np.arctan(lean)), ratio])
        error = np.array([c.value for c in mended.corrections]) - truth
        squares.append(error @ np.linalg.solve(mended.covariance, error))
        assert mended.noise_px == pytest.approx(0.3, rel=0.2)
    assert chi2.ppf(1e-3, 72) < sum(squares) < 1.3 * chi2.ppf(1 - 1e-3, 72)


@pytest.mark.parametrize("wrong", [0.2, 0.4])
def test_mismatches_do_not_pull(wrong):
    mended = mend_rig(CLAIMED, *matches(drifted(), noise=0.2, wrong=wrong))
    assert value(mended, "pitch_deg").value == pytest.approx(0.3, abs=0.03)
    assert value(mended, "roll_deg").value == pytest.approx(0.5, abs=0.03)
    assert mended.agreeing > 0.9 * (1 - wrong) * 400


def test_what_a_flat_far_scene_does_not_show_is_said():
    """All disparities equal: where the right camera stands along y cannot be told from pitch."""
    random = np.random.default_rng(0)
    x = random.uniform((60, 5), (630, 395), (300, 2))
    y = x - (30.0, 0.0) + random.normal(0, 0.2, x.shape)
    mended = mend_rig(CLAIMED, x, y)
    assert not value(mended, "baseline_z_deg").is_observed
    assert value(mended, "roll_deg").is_observed
    assert abs(value(mended, "roll_deg").value) < 0.05
    assert "not observed" in str(value(mended, "baseline_z_deg"))


def test_any_camera_can_drift():
    fisheye = KannalaBrandt(width=640, height=400, fx=300.0, fy=300.0, cx=310.0, cy=205.0, distortion=(0.02, 0, 0, 0))
    claimed = StereoRig(left=fisheye, right=fisheye, T_right_left=pose(rotation_of((0.0, 0.1, 0.0)), (-0.2, 0.0, 0.01)))
    turn = pose(rotation_of(np.radians((0.4, 0.0, -0.3))))
    truth = StereoRig(left=fisheye, right=fisheye, T_right_left=turn @ claimed.T_right_left)
    mended = mend_rig(claimed, *matches(truth))
    assert value(mended, "pitch_deg").value == pytest.approx(0.4, abs=0.01)
    assert value(mended, "roll_deg").value == pytest.approx(-0.3, abs=0.01)
    assert len(mended.corrections) == 5  # no focal lengths: it is no pinhole camera


def test_what_cannot_be_mended_is_refused():
    x, y = matches(drifted())
    with pytest.raises(RectificationRefused, match="only 20 features match; 30 are needed"):
        mend_rig(CLAIMED, x[:20], y[:20])
    random = np.random.default_rng(0)
    with pytest.raises(RectificationRefused, match="vertical field is inconsistent"):
        mend_rig(CLAIMED, x, random.uniform(0, 400, y.shape))
    corner = (x < (90, 60)).all(axis=1)
    small = matches(drifted(), number=6000)
    corner = (small[0] > (100, 40)).all(axis=1) & (small[0] < (150, 70)).all(axis=1)
    assert corner.sum() >= 30
    with pytest.raises(RectificationRefused, match="cover too little"):
        mend_rig(CLAIMED, *(p[corner] + random.normal(0, 0.3, (int(corner.sum()), 2)) for p in small))
    with pytest.raises(ValueError, match="NaN or infinite"):
        mend_rig(CLAIMED, np.full((50, 2), np.nan), np.zeros((50, 2)))
    with pytest.raises(ValueError, match="positive standard deviation"):
        mend_rig(CLAIMED, x, y, drift_deg=0)
    with pytest.raises(RectificationRefused, match="only 0 features"):
        self_rectify(np.zeros((50, 60), np.uint8), np.zeros((50, 60), np.uint8))


@pytest.mark.parametrize(("seed", "layout"), [(3, "tabletop"), (8, "clutter")])
def test_a_rendered_scene_whose_right_camera_rolls_and_looks_down(seed, layout):
    """The renderer rolls by 0.6 degrees and shifts the sensor by 3 px: a pitch of atan(3 / f)."""
    pair = Synthetic(seed=seed, layout=layout, rotation=0.6, vertical_misalignment=3.0, noise=0.5).stereo(0)
    mended = self_rectify(pair.left, pair.right, pair.rig)
    assert value(mended, "roll_deg").value == pytest.approx(0.6, abs=0.05)
    pitch = np.degrees(np.arctan(3 / pair.rig.left.fx))
    assert abs(value(mended, "pitch_deg").value) == pytest.approx(pitch, abs=0.05)
    assert mended.before.median_abs_px > 2.0
    assert mended.rectification.residual.median_abs_px < 0.3
    with pytest.raises(RectificationRefused):
        rectify(pair.rig, images=(pair.left, pair.right))


@pytest.mark.parametrize("turn", [(0.5, 0.4, -0.8), (-1.5, -0.5, 2.0)])
def test_a_rendered_scene_warped_by_a_known_rotation(turn):
    """What the right camera would have seen, had it turned about its centre: within 0.04°, 0.1° about the vertical."""
    pair = Synthetic(seed=103, layout="tabletop").stereo(0)
    camera, R = pair.rig.right, rotation_of(np.radians(turn))
    place = camera.project(camera.rays(camera.pixel_grid()) @ R)
    moved = (place - camera.pixel_grid()).astype(np.float32)
    right = warp(pair.right, moved, mode="bicubic", outside="zero", dtype=np.uint8)
    mended = self_rectify(pair.left, right, pair.rig)
    assert value(mended, "pitch_deg").value == pytest.approx(turn[0], abs=0.04)
    assert value(mended, "yaw_deg").value == pytest.approx(turn[1], abs=0.1)
    assert value(mended, "roll_deg").value == pytest.approx(turn[2], abs=0.03)
    assert mended.rectification.residual.median_abs_px < 0.15
    # Disparities are those of the scene again.
    left, found = mended.rectification.apply(pair.left, right)
    both = mended.rectification.left.valid & mended.rectification.right.valid & ~pair.occluded
    sgm = SGM(max_disparity=pair.max_disparity)(left, found)
    error = np.abs(sgm.px - pair.disparity.px)[both & sgm.valid]
    assert np.median(error) < 1.0


def test_a_recorded_pair_without_any_calibration(kitti_raw):
    mended = self_rectify(kitti_raw.left, kitti_raw.right)
    assert mended.before.median_abs_px > 9
    assert mended.rectification.residual.median_abs_px <= 0.5
    assert mended.rectification.residual.kept > 400
    # What the published calibration says of the same cameras.
    published = np.log(kitti_raw.rig.right.fy / kitti_raw.rig.left.fy)
    assert value(mended, "focal_ratio").value == pytest.approx(published, abs=0.005)
    assert value(mended, "k1").value < -0.1
    assert mended.rectification.rig is None
    with pytest.raises(ValueError, match="no calibration"):
        _ = mended.rectification.Q


def test_an_imperfect_pair_becomes_better(real_data):
    from geomvision import io

    folder = real_data / "stereo" / "Motorcycle"
    rig = io.read_middlebury_calib(folder / "calib.txt").rig
    mended = self_rectify(*(io.read_image(folder / f"{side}.png") for side in ("left", "right")), rig)
    assert mended.before.median_abs_px > 0.2
    assert mended.rectification.residual.median_abs_px < 0.6 * mended.before.median_abs_px
    assert mended.rectification.rig.left == rig.left


def test_images_of_another_size_than_the_rig_are_told_so():
    noise = np.random.default_rng(3).integers(0, 256, (200, 320), np.uint8)
    with pytest.raises(ImageError, match=r"320x200 pixels, those of the rig 640x400; .* rig\.resize\(320, 200\)"):
        self_rectify(noise, noise[:, ::-1].copy(), CLAIMED)


def test_one_image_twice_is_refused():
    noise = np.random.default_rng(3).integers(0, 256, (240, 320), np.uint8)
    with pytest.raises(RectificationRefused, match="one place"):
        self_rectify(noise, noise)
