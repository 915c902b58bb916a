"""Calibrated rectification: random rigs whose scene points are known, and closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geomvision import io
from geomvision.cameras import Camera, KannalaBrandt, StereoRig, UnifiedCamera, inverse, pose
from geomvision.geometry import RectificationRefused, rectify
from geomvision.geometry._rotations import rotation_of
from geomvision.images import ImageError

LEFT = Camera(width=96, height=64, fx=80.0, fy=82.0, cx=50.5, cy=29.25, distortion=(-0.2, 0.04, 1e-3, -2e-3, 0.0))
RIGHT = Camera(width=90, height=70, fx=76.0, fy=75.0, cx=41.0, cy=36.75, distortion=(-0.1, 0.02, 0.0, 1e-3, 0.0))
PLAIN = Camera(width=96, height=64, fx=80.0, fy=80.0, cx=50.5, cy=29.25)


def rig_of(turn=(0.02, -0.05, 0.03), t=(-0.3, 0.02, 0.01), left=LEFT, right=RIGHT):
    return StereoRig(left=left, right=right, T_right_left=pose(rotation_of(turn), t))


def seen_points(rig, random, number=200):
    """Points in front of both cameras, and where both see them."""
    X = random.uniform((-2, -1.5, 3), (2, 1.5, 12), (number, 3))
    T = rig.T_right_left
    pixels = rig.left.project(X), rig.right.project(X @ T[:3, :3].T + T[:3, 3])
    inside = np.ones(number, bool)
    for camera, p in zip((rig.left, rig.right), pixels, strict=True):
        inside &= ((p > 0) & (p < (camera.width - 1, camera.height - 1))).all(axis=1)
    return X[inside], pixels[0][inside], pixels[1][inside]


@settings(max_examples=25)
@given(st.integers(0, 1_000_000), st.sampled_from([None, 0.0, 0.5, 1.0]))
def test_rows_agree_for_points_of_random_rigs(seed, alpha):
    random = np.random.default_rng(seed)
    rig = rig_of(random.normal(0, 0.1, 3), (-0.3, *random.normal(0, 0.06, 2)))
    found = rectify(rig, alpha=alpha)
    assert found.rig.is_rectified
    assert found.rig.baseline_m == pytest.approx(rig.baseline_m)
    X, p, q = seen_points(rig, random)
    assume(len(X) > 0)
    left, right = found.points(p, q)
    assert np.abs(left - right)[:, 1].max() < 1e-6
    # Q gives back the point, seen by the turned left camera.
    disparity = left[:, 0] - right[:, 0]
    W = np.stack([*left.T, disparity, np.ones(len(X))], axis=1) @ found.Q.T
    assert W[:, :3] / W[:, 3:] == pytest.approx(X @ found.left.transform.rotation.T, abs=1e-5)
    assert found.vertical_residual(p, q).median_abs_px < 1e-6


@settings(max_examples=30)
@given(st.integers(0, 1_000_000))
def test_maps_lead_back_to_the_source_pixel(seed):
    random = np.random.default_rng(seed)
    found = rectify(rig_of(random.normal(0, 0.08, 3)))
    for view in (found.left, found.right):
        y, x = np.nonzero(view.valid)
        pick = random.integers(0, len(x), 50)
        pixels = np.stack([x[pick], y[pick]], 1).astype(float)
        assert view.points(view.map[y[pick], x[pick]]) == pytest.approx(pixels, abs=1e-4)  # displacements are float32
        assert np.isnan(view.map[~view.valid]).all()


def test_an_image_that_is_linear_in_its_pixels_shows_the_map():
    found = rectify(rig_of())
    y, x = np.indices((64, 96), dtype=np.float32)
    warped = found.left.apply(2 * x + 3 * y)
    expected = found.left.map @ (2.0, 3.0)
    assert warped == pytest.approx(expected, abs=2e-3, nan_ok=True)
    assert (np.isnan(warped) == ~found.left.valid).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_a_rectified_rig_returns_its_images_bit_for_bit(dtype, mode):
    random = np.random.default_rng(3)
    rig = StereoRig.rectified(PLAIN, 0.2, doffs_px=7.5)
    left, right = ((random.random((64, 96, 3)) * 250).astype(dtype) for _ in range(2))
    found = rectify(rig)
    assert found.rig is rig
    assert found.region == (0, 0, 96, 64)
    a, b = found.apply(left, right, mode=mode)
    assert a.dtype == b.dtype == dtype
    assert np.array_equal(a, left)
    assert np.array_equal(b, right)


def test_the_same_size_given_changes_nothing_either():
    random = np.random.default_rng(4)
    left = (random.random((64, 96)) * 255).astype(np.uint8)
    rig = StereoRig.rectified(replace(PLAIN, cx=47.5, cy=31.5), 0.2)
    found = rectify(rig, size=(96, 64))
    assert found.left.valid.all()
    assert np.array_equal(found.apply(left, left)[0], left)


def test_alpha_0_has_valid_pixels_only_and_alpha_1_has_them_all():
    rig = rig_of()
    inner, outer = rectify(rig, alpha=0.0), rectify(rig, alpha=1.0)
    assert inner.left.valid.all()
    assert inner.right.valid.all()
    assert inner.region == (0, 0, 96, 64)
    for view, camera in ((outer.left, rig.left), (outer.right, rig.right)):
        corners = view.points([[x, y] for x in (0, camera.width - 1) for y in (0, camera.height - 1)])
        assert (corners > -1e-6).all()
        assert (corners < np.array(view.size) - 1 + 1e-6).all()
    # A wider image than asked for by alpha 0 would have to show what a camera does not see.
    assert not rectify(rig, alpha=0.05).left.valid.all() or not rectify(rig, alpha=0.05).right.valid.all()
    assert inner.rig.left.fx > rectify(rig, alpha=0.5).rig.left.fx > outer.rig.left.fx


def test_cropping_keeps_disparities_and_rows():
    rig = rig_of()
    whole, cropped = rectify(rig), rectify(rig, crop=True)
    x, y, width, height = whole.region
    assert cropped.left.size == (width, height) == (cropped.rig.left.width, cropped.rig.left.height)
    assert cropped.left.valid.all()
    assert cropped.right.valid.all()
    assert cropped.region == (0, 0, width, height)
    _, p, q = seen_points(rig, np.random.default_rng(1))
    for a, b in zip(whole.points(p, q), cropped.points(p, q), strict=True):
        assert a - b == pytest.approx(np.broadcast_to((x, y), a.shape), abs=1e-9)
    image = (np.random.default_rng(2).random((64, 96)) * 255).astype(np.uint8)
    assert np.array_equal(cropped.left.apply(image), whole.left.apply(image)[y : y + height, x : x + width])


def test_a_lens_that_folds_back_shows_its_image_once():
    """r(1 − 0.3 r²) falls again beyond r = 1.05: the image must not appear a second time, mirrored, outside."""
    folding = replace(LEFT, distortion=(-0.3, 0.0, 0.0, 0.0, 0.0))
    rig = StereoRig(left=folding, right=folding, T_right_left=pose(translation=(-0.2, 0.0, 0.0)))
    view = rectify(rig, size=(400, 300), alpha=0.9).left
    grid = np.stack(np.meshgrid(np.arange(400), np.arange(300)), axis=-1)
    rays = view.transform.target.unproject(grid)
    radius = np.linalg.norm(rays[..., :2], axis=-1)
    assert view.valid.any()
    assert radius[view.valid].max() < np.sqrt(1 / 0.9)


def test_a_vertical_rig_is_refused_or_turned():
    for t in ((0.01, -0.3, 0.02), (0.01, 0.3, 0.02)):
        rig = rig_of(t=t, left=PLAIN, right=PLAIN)
        with pytest.raises(RectificationRefused, match="vertical=True"):
            rectify(rig)
        found = rectify(rig, vertical=True)
        assert found.left.size == (64, 96)
        assert found.rig.left.fx == pytest.approx(80, rel=1e-6)
        _, p, q = seen_points(rig, np.random.default_rng(0))
        left, right = found.points(p, q)
        assert np.abs(left - right)[:, 1].max() < 1e-6
        assert (left[:, 0] > right[:, 0]).all()


@pytest.mark.parametrize(
    ("turn", "t", "message"),
    [
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), "baseline is zero"),
        ((0.0, 0.0, 0.0), (-1e-162, 1.8e-162, 0.0), "baseline is zero"),
        ((0.01, 0.02, 0.0), (0.3, 0.0, 0.0), "swapped"),
        ((0.0, 0.0, 0.0), (-0.02, 0.01, 0.3), "epipole lies inside the left image"),
        ((0.0, 0.0, 0.0), (-0.02, 0.01, -0.3), "epipole lies inside the left image"),
        ((0.0, 2.5, 0.0), (-0.3, 0.0, 0.0), "degrees apart"),
        ((0.0, 1.3, 0.0), (-0.239, 0.0, 0.182), "no common field"),
    ],
)
def test_what_cannot_be_rectified_is_refused(turn, t, message):
    with pytest.raises(RectificationRefused, match=message):
        rectify(rig_of(turn, t))


@settings(max_examples=50)
@given(
    st.tuples(*[st.floats(-3.2, 3.2)] * 3),
    st.tuples(*[st.one_of(st.floats(-1, 1), st.sampled_from([0.0, 1e-300, 1e-12, 1e9]))] * 3),
    st.sampled_from([None, 0.0, 0.3, 1.0]),
    st.sampled_from([(96, 64), (1, 1), (2, 300)]),
    st.booleans(),
)
def test_any_rig_gives_equal_rows_or_a_reason(turn, t, alpha, image, vertical):
    left = replace(LEFT, width=image[0], height=image[1])
    rig = StereoRig(left=left, right=RIGHT, T_right_left=pose(rotation_of(turn), t))
    try:
        found = rectify(rig, alpha=alpha, vertical=vertical)
    except RectificationRefused as refused:
        assert len(str(refused)) > 30  # noqa: PT017
        return
    assert found.rig.is_rectified
    assert found.rig.baseline_m == pytest.approx(np.linalg.norm(t))
    x, y, width, height = found.region
    assert found.left.valid[y : y + height, x : x + width].all()
    assert found.right.valid[y : y + height, x : x + width].all()
    points = np.array([[x, y], [x + width - 1, y + height - 1]], dtype=float)
    # The epipolar plane of a row: the same source ray, at two distances, comes to the same row on the right.
    rays = left.rays(found.left.transform.backward(points))
    for distance in (5.0, 50.0):
        X = rays * distance * max(rig.baseline_m, 1e-3)
        seen = found.right.transform.target.project(
            (X @ rig.T_right_left[:3, :3].T + t) @ found.right.transform.rotation.T
        )
        ahead = np.isfinite(seen[:, 1])
        assert seen[ahead, 1] == pytest.approx(points[ahead, 1], abs=1e-6 * max(1.0, found.rig.left.fx))


def test_unequal_sizes_of_a_rectified_rig_become_one():
    rig = StereoRig.rectified(PLAIN, 0.2)
    rig = replace(rig, right=replace(rig.right, width=90, height=70))
    found = rectify(rig)
    assert found.left.size == found.right.size == (96, 64)
    with pytest.raises(ValueError, match="one image size"):
        rectify(rig_of(), like=rig)


def test_wrong_arguments_are_told():
    rig = rig_of()
    with pytest.raises(ValueError, match="alpha is 2"):
        rectify(rig, alpha=2)
    with pytest.raises(ValueError, match="alpha is NaN"):
        rectify(rig, alpha=float("nan"))
    for size in ((1, 50), (100_000, 100_000)):
        with pytest.raises(ValueError, match="at least 2 pixels"):
            rectify(rig, size=size)
    for size in ((50.5, 40), (float("nan"), 40)):
        with pytest.raises(TypeError, match=r"size\[0\] is .* must be a whole number"):
            rectify(rig, size=size)
    with pytest.raises(ImageError, match="resize the rig"):
        rectify(rig).apply(np.zeros((10, 10), np.uint8), np.zeros((70, 90), np.uint8))
    with pytest.raises(ValueError, match="transpose"):
        rectify(rig).points(np.zeros((2, 7)), np.zeros((2, 7)))


def test_it_agrees_with_opencv_on_the_rotations_up_to_one_about_the_baseline():
    """Both put the x axis on the baseline; rows of both pairs show the same planes through it."""
    cv2 = pytest.importorskip("cv2")
    rig = rig_of()
    T = rig.T_right_left
    lenses = [(c.K, np.array(c.distortion)) for c in (rig.left, rig.right)]
    R0, R1, *_ = cv2.stereoRectify(*lenses[0], *lenses[1], (96, 64), T[:3, :3], T[:3, 3:])
    ours = [view.transform.rotation for view in (rectify(rig).left, rectify(rig).right)]
    apart = [mine @ other.T for mine, other in zip(ours, (R0, R1), strict=True)]
    assert apart[0] == pytest.approx(apart[1], abs=1e-9)
    assert apart[0][0] == pytest.approx([1, 0, 0], abs=1e-9)


def test_the_published_calibration_of_a_recorded_pair(kitti_raw):
    found = rectify(kitti_raw.rig, images=(kitti_raw.left, kitti_raw.right))
    assert found.residual.kept > 400
    assert found.residual.median_abs_px <= 0.4
    assert found.residual.p90_abs_px <= 1.0
    assert found.rig.baseline_m == pytest.approx(0.5327, abs=2e-4)
    assert found.residual.behind_share < 0.02
    with pytest.raises(RectificationRefused, match="swapped"):
        rectify(
            StereoRig(
                left=kitti_raw.rig.right, right=kitti_raw.rig.left, T_right_left=inverse(kitti_raw.rig.T_right_left)
            )
        )
    claimed = StereoRig.rectified(replace(kitti_raw.rig.left, distortion=(0.0,) * 5), 0.5)
    with pytest.raises(RectificationRefused, match="is this the calibration of these images"):
        rectify(claimed, images=(kitti_raw.left, kitti_raw.right))


def test_exchanged_images_of_a_rectified_pair_are_seen(real_data):
    left, right = (io.read_image(real_data / "stereo" / "Aloe" / f"{side}.png") for side in ("left", "right"))
    rig = StereoRig.rectified(Camera(width=427, height=370, fx=900.0, fy=900.0, cx=213.0, cy=184.5), 0.16)
    assert rectify(rig, images=(left, right)).residual.median_abs_px < 0.15
    with pytest.raises(RectificationRefused, match="views are swapped"):
        rectify(rig, images=(right, left))


@pytest.mark.parametrize("right", ["unified", "fisheye"])
def test_any_camera_model_is_a_source(right):
    """A fisheye of 170 degrees beside one of another model: rows agree, and the flat image shows what it can."""
    fisheye = KannalaBrandt(
        width=200, height=160, fx=62.0, fy=63.0, cx=104.0, cy=77.5, distortion=(0.02, -0.01, 0.0, 0.0)
    )
    other = UnifiedCamera(width=200, height=160, fx=130.0, fy=131.0, cx=95.0, cy=82.0, alpha=0.47)
    rig = rig_of((0.05, 0.1, -0.04), (-0.2, 0.02, 0.03), fisheye, other if right == "unified" else fisheye)
    found = rectify(rig)
    random = np.random.default_rng(5)
    X, p, q = seen_points(rig, random)
    left, right_points = found.points(p, q)
    assert len(X) > 100
    assert np.abs(left - right_points)[:, 1].max() < 1e-6
    assert found.left.valid.mean() > 0.9
    inner = rectify(rig, alpha=0.0)
    assert inner.left.valid.all()
    assert inner.right.valid.all()
    with pytest.raises(RectificationRefused, match="no flat image holds all of it"):
        rectify(rig, alpha=1.0)
