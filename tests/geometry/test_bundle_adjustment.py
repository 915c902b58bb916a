"""Bundle adjustment, against scenes that are known."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.cameras import Camera, KannalaBrandt, pose
from geomvision.geometry import align_points, bundle_adjustment

BROWN = Camera(width=640, height=470, fx=500.0, fy=520.0, cx=310.0, cy=250.0, distortion=(-0.1, 0.02, 1e-3, -5e-4))
FISHEYE = KannalaBrandt(width=800, height=600, fx=230.0, fy=232.0, cx=410.0, cy=290.0)


class Clip(NamedTuple):
    """Poses, points and what was seen where."""

    T: Any
    X: Any
    frames: Any
    points: Any
    pixels: Any
    camera: Any

    @property
    def seen(self):
        return self.frames, self.points, self.pixels, self.camera


def turn(w):
    """Rotation by |w| about w."""
    angle = np.linalg.norm(w)
    k = np.array([[0, -w[2], w[1]], [w[2], 0, -w[0]], [-w[1], w[0], 0]]) / angle
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def make_clip(frames=5, points=60, *, noise_px=0.0, seed=0, camera=BROWN) -> Clip:
    """A camera that goes sideways past a cloud, turning a little."""
    random = np.random.default_rng(seed)
    X = random.uniform((-2, -1.5, 4), (2, 1.5, 8), (points, 3))
    T = []
    for k in range(frames):
        R = turn(random.normal(0, 0.05, 3))
        T.append(pose(R, -R @ (0.4 * k - 1, 0.1 * np.sin(k), 0.05 * k)))
    T = np.array(T)
    frame, point = np.repeat(np.arange(frames), points), np.tile(np.arange(points), frames)
    p = np.einsum("mij,mj->mi", T[frame, :3, :3], X[point]) + T[frame, :3, 3]
    pixels = camera.project(p)
    inside = ((pixels > 0) & (pixels < (camera.width - 1, camera.height - 1))).all(axis=1)
    frame, point, pixels = frame[inside], point[inside], pixels[inside]
    often = (np.bincount(point, minlength=points) >= 2)[point]
    assert often.all()
    return Clip(T, X, frame, point, pixels + random.normal(0, noise_px, pixels.shape), camera)


def perturbed(clip, held=(0,), seed=1):
    """A degree, some centimetres, a decimetre."""
    random = np.random.default_rng(seed)
    T = clip.T.copy()
    for k in sorted(set(range(len(T))) - set(held)):
        R = turn(random.normal(0, 0.02, 3))
        T[k, :3, :3], T[k, :3, 3] = R @ T[k, :3, :3], R @ T[k, :3, 3] + random.normal(0, 0.05, 3)
    return T, clip.X + random.normal(0, 0.1, clip.X.shape)


@pytest.mark.parametrize("camera", [BROWN, FISHEYE], ids=["brown", "fisheye"])
@pytest.mark.parametrize("loss", ["squared", "huber", "cauchy"])
def test_without_noise_it_ends_at_the_truth(camera, loss):
    clip = make_clip(camera=camera)
    T, X = perturbed(clip, held=(0, 4))
    found = bundle_adjustment(T, X, *clip.seen, fixed_frames=(0, 4), loss=loss)
    assert found.converged
    assert found.is_determined
    assert found.initial_rms_px > 3
    np.testing.assert_allclose(found.T_cam_world, clip.T, atol=1e-8)
    np.testing.assert_allclose(found.points_world, clip.X, atol=1e-8)
    np.testing.assert_array_equal(found.T_cam_world[[0, 4]], clip.T[[0, 4]])
    assert found.rms_px < 1e-8
    assert (found.covariance[[0, 4]] == 0).all()


def test_the_default_gauge_holds_one_pose_and_one_distance():
    clip = make_clip()
    T, X = perturbed(clip)
    found = bundle_adjustment(T, X, *clip.seen)

    def lengths(poses):
        centres = -np.einsum("fji,fj->fi", poses[:, :3, :3], poses[:, :3, 3])
        return np.linalg.norm(centres - centres[0], axis=1)

    far = lengths(T).argmax()
    assert lengths(found.T_cam_world)[far] == pytest.approx(lengths(T)[far], rel=1e-12)
    np.testing.assert_array_equal(found.T_cam_world[0], T[0])
    similarity = align_points(found.points_world, clip.X, with_scale=True)  # equal to the truth up to the gauge
    assert similarity.rms_m < 1e-9
    assert found.is_determined


def test_each_frame_may_have_a_camera_of_its_own():
    clip = make_clip()
    cameras = [replace(BROWN, fx=BROWN.fx + 10 * k) for k in range(5)]
    p = np.einsum("mij,mj->mi", clip.T[clip.frames, :3, :3], clip.X[clip.points]) + clip.T[clip.frames, :3, 3]
    pixels = np.array([cameras[k].project(x) for k, x in zip(clip.frames, p, strict=True)])
    T, X = perturbed(clip, held=(0, 4))
    found = bundle_adjustment(T, X, clip.frames, clip.points, pixels, cameras, fixed_frames=(0, 4))
    np.testing.assert_allclose(found.T_cam_world, clip.T, atol=1e-8)


def test_surveyed_points_hold_the_gauge():
    clip = make_clip()
    T, X = perturbed(clip, held=())
    X[:5] = clip.X[:5]
    found = bundle_adjustment(T, X, *clip.seen, fixed_frames=(), fixed_points=range(5))
    np.testing.assert_allclose(found.T_cam_world, clip.T, atol=1e-8)
    np.testing.assert_array_equal(found.points_world[:5], clip.X[:5])


def test_the_focal_length_comes_back():
    clip = make_clip(frames=6)
    wrong = replace(BROWN, fx=BROWN.fx * 1.05, fy=BROWN.fy * 1.05)
    T, X = perturbed(clip, held=(0, 5))
    seen = clip.frames, clip.points, clip.pixels, wrong
    found = bundle_adjustment(T, X, *seen, fixed_frames=(0, 5), refine_focal=True)
    assert found.cameras[0].fx == pytest.approx(500.0, abs=1e-6)
    assert found.cameras[3].fy == pytest.approx(520.0, abs=1e-6)
    assert found.focal_deviation < 1e-8
    assert np.isnan(bundle_adjustment(T, X, *seen, fixed_frames=(0, 5)).focal_deviation)


def test_errors_are_those_of_the_cramer_rao_bound():
    """Normalised squared errors of all free poses have the mean of chi-squared: 6 for each."""
    squared, noises = [], []
    for seed in range(40):
        clip = make_clip(frames=4, points=40, noise_px=0.5, seed=seed)
        found = bundle_adjustment(clip.T, clip.X, *clip.seen, fixed_frames=(0, 3))
        noises.append(found.noise_px)
        for k in (1, 2):
            dR = found.T_cam_world[k, :3, :3] @ clip.T[k, :3, :3].T
            w = np.array([dR[2, 1] - dR[1, 2], dR[0, 2] - dR[2, 0], dR[1, 0] - dR[0, 1]]) / 2
            error = np.concatenate([w, found.T_cam_world[k, :3, 3] - dR @ clip.T[k, :3, 3]])
            squared.append(error @ np.linalg.solve(found.covariance[k], error))
    assert np.mean(squared) == pytest.approx(6.0, abs=1.3)
    assert np.mean(noises) == pytest.approx(0.5, rel=0.05)


def test_a_robust_loss_shrugs_off_wrong_matches():
    clip = make_clip(points=80, noise_px=0.3)
    wrong = np.random.default_rng(3).random(len(clip.pixels)) < 0.05
    pixels = clip.pixels + wrong[:, None] * (60.0, -40.0)
    seen = clip.frames, clip.points, pixels, clip.camera
    errors = {}
    for loss in ("squared", "huber", "cauchy"):
        found = bundle_adjustment(clip.T, clip.X, *seen, fixed_frames=(0, 4), loss=loss, loss_px=1.0)
        errors[loss] = np.abs(found.T_cam_world - clip.T).max()
    assert errors["huber"] < 0.4 * errors["squared"]
    assert errors["cauchy"] < 0.15 * errors["squared"]
    assert errors["cauchy"] < 0.02


def test_what_is_left_open_is_flagged():
    clip = make_clip()
    for how in ({"fixed_frames": ()}, {"fix_scale": False}):
        found = bundle_adjustment(*perturbed(clip), *clip.seen, **how)
        assert found.flags == ("undetermined",)
        assert not np.isfinite(found.covariance[1:]).all()
        assert found.rms_px < 1e-6
    still = np.tile(clip.T[:1], (5, 1, 1))  # a camera that only turns: no point's distance can be known
    p = np.einsum("mij,mj->mi", still[clip.frames, :3, :3], clip.X[clip.points]) + still[clip.frames, :3, 3]
    pixels = clip.camera.project(p)
    assert bundle_adjustment(still, clip.X, clip.frames, clip.points, pixels, clip.camera).flags == ("undetermined",)


def test_wrong_input_is_refused():
    clip = make_clip()
    good = [clip.T, clip.X, *clip.seen]

    def refuses(said, place=None, value=None, **how):
        given = list(good)
        if place is not None:
            given[place] = value
        with pytest.raises(ValueError, match=said):
            bundle_adjustment(*given, **how)

    refuses(r"\(F, 4, 4\)", 0, clip.T[0])
    refuses("rigid", 0, clip.T * 2)
    refuses("not finite", 1, np.where(clip.X > 1.9, np.nan, clip.X))
    refuses("transpose", 1, clip.X.T)
    refuses("frames runs", 2, clip.frames + 1)
    refuses("points runs", 3, clip.points - 1)
    refuses("one per pixel", 3, clip.points.astype(float))
    refuses("one per pixel", 2, clip.frames[:-1])
    refuses("not finite", 4, clip.pixels * np.inf)
    refuses("2 cameras", 5, [BROWN, BROWN])
    refuses("do not see", 1, -clip.X)
    refuses("loss", loss="tukey")
    refuses("loss_px", loss_px=0.0)
    refuses("fixed_frames", fixed_frames=(7,))
    refuses("refine_focal", 5, FISHEYE, refine_focal=True)
    with pytest.raises(ValueError, match="fewer than two"):
        bundle_adjustment(clip.T, np.r_[clip.X, clip.X[:1]], *clip.seen)
    with pytest.raises(ValueError, match=r"frames \[5\] see fewer than three"):
        bundle_adjustment(np.r_[clip.T, clip.T[:1]], clip.X, *clip.seen)
    empty = np.zeros(0, int)
    with pytest.raises(ValueError, match="no observations"):
        bundle_adjustment(clip.T, np.zeros((0, 3)), empty, empty, np.zeros((0, 2)), BROWN)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 640), st.integers(0, 470)),
        min_size=0,
        max_size=12,
    ),
    st.booleans(),
)
def test_garbage_gives_an_error_a_flag_or_poses(observations, refine_focal):
    clip = make_clip(frames=3, points=4)
    frames, points = (np.array([o[k] for o in observations], int) for k in (0, 1))
    pixels = np.array([o[2:] for o in observations], float).reshape(-1, 2)
    few = (np.bincount(points, minlength=4) < 2).any() or (np.bincount(frames, minlength=3)[1:] < 3).any()
    if few:
        with pytest.raises(ValueError, match=r"fewer than|no observations"):
            bundle_adjustment(clip.T, clip.X, frames, points, pixels, BROWN)
        return
    found = bundle_adjustment(clip.T, clip.X, frames, points, pixels, BROWN, refine_focal=refine_focal)
    assert np.isfinite(found.T_cam_world).all()
    assert found.rms_px <= found.initial_rms_px
    assert not found.is_determined or np.isnan(found.noise_px) or np.isfinite(found.covariance).all()
