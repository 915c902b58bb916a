"""Numbers of no camera and of no scene: an error that says so, NaN, or what holds for them."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geomvision.cameras import (
    Camera,
    ExtendedUnifiedCamera,
    KannalaBrandt,
    RayTable,
    StereoRig,
    UnifiedCamera,
    pose,
    seen_in,
    undistort,
    undistort_maps,
    undistort_pixels,
)

FIELDS = {"width": 40, "height": 30, "fx": 25.0, "fy": 26.0, "cx": 18.5, "cy": 15.25}
FISHEYE = KannalaBrandt(**(FIELDS | {"fx": 12.0, "fy": 12.5}), distortion=(-0.02, 0.004, -0.003, 0.0005))
MODELS = {
    "pinhole": Camera(**FIELDS),
    "brown": Camera(**FIELDS, distortion=(-0.2, 0.05, 1e-3, -2e-3, 0.01)),
    "folding": Camera(**FIELDS, distortion=(-0.4, 0.0, 0.0, 0.0)),
    "fisheye": FISHEYE,
    "unified": UnifiedCamera(**FIELDS, alpha=0.62),
    "mei": UnifiedCamera(**FIELDS, alpha=0.6, distortion=(-0.05, 0.01, 1e-3, -2e-3)),
    "extended": ExtendedUnifiedCamera(**FIELDS, alpha=0.58, beta=1.15),
    "table": RayTable.from_camera(FISHEYE, 3),
}
number = st.floats(-50, 50) | st.sampled_from([0.0, 1.0, 1e-300, 1e12, 1e300, np.nan, np.inf, -np.inf])
models = st.sampled_from(sorted(MODELS))


def rows(width, most=6):
    return st.lists(st.tuples(*[number] * width), max_size=most).map(lambda v: np.array(v, float).reshape(-1, width))


@settings(derandomize=True)
@given(models, rows(2))
def test_any_pixels_have_unit_rays_that_lead_back_or_none(name, pixels):
    camera = MODELS[name]
    rays = camera.rays(pixels)
    known = np.isfinite(rays).all(axis=1)
    assert np.isnan(rays[~known]).all()
    assert not known[~np.isfinite(pixels).all(axis=1)].any()
    np.testing.assert_allclose(np.linalg.norm(rays[known], axis=1), 1.0, atol=1e-12)
    near = known & (np.abs(pixels) < 1e6).all(axis=1)
    back = camera.project(rays[near])
    seen = np.isfinite(back).all(axis=1)
    np.testing.assert_allclose(back[seen], pixels[near][seen], atol=1e-4)
    points = camera.unproject(pixels, 2.0)
    assert (points[np.isfinite(points).all(axis=1)][:, 2] == 2.0).all()


@settings(derandomize=True)
@given(models, rows(3))
def test_any_points_have_pixels_with_derivatives_or_neither(name, points):
    camera = MODELS[name]
    with np.errstate(all="ignore"):
        pixels, by_points, by_parameters = camera.jacobians(points)
        np.testing.assert_array_equal(np.isnan(pixels), np.isnan(camera.project(points)))
    seen = np.isfinite(pixels).all(axis=1)
    assert np.isnan(pixels[~seen]).all()
    assert not seen[~np.isfinite(points).all(axis=1)].any()
    assert np.isnan(by_points[~seen]).all()
    assert np.isnan(by_parameters[~seen]).all()
    size = np.abs(points).max(axis=1, initial=0.0)
    sized = seen & (size > 1e-100) & (size < 1e100) & (np.abs(pixels) < 1e6).all(axis=1)
    sized &= (points[:, 2] > 0) | (np.hypot(*points[:, :2].T) > 1e-200)  # just behind, pixels turn without bound
    assert np.isfinite(by_points[sized]).all()
    # The pixel does not change along the ray.
    along = np.einsum("nij,nj->ni", by_points[sized], points[sized])
    assert (np.abs(along) <= 1e-6 * np.maximum(1.0, np.abs(pixels[sized]))).all()


@settings(max_examples=40, derandomize=True)
@given(models, models, st.tuples(*[st.floats(-3, 3)] * 3))
@example("brown", "brown", (-1.5890817998341746, -1.5890817998341746, 1.219556168137868))
def test_any_camera_sees_through_any_other_or_says_where_not(source, into, turn):
    """Maps of any pair under any rotation: where there is one it is the pixel of the same ray."""
    angle = np.linalg.norm(turn)
    x, y, z = np.array(turn) / max(angle, 1e-12)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    R = np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
    a, b = MODELS[source], MODELS[into]
    maps = undistort_maps(a, b, R)
    known = np.isfinite(maps).all(axis=2)
    assert np.isnan(maps[~known]).all()
    inside = seen_in(maps, a.width, a.height)
    assert not (inside & ~known).any()
    rays = a.rays(maps[inside].astype(float))
    wanted = b.rays(b.pixel_grid())[inside] @ R
    both = np.isfinite(rays).all(axis=1)
    assert np.abs(rays - wanted)[both].max(initial=0.0) < 1e-3
    image, valid = undistort(np.full((30, 40), 7, np.uint8), a, b, R)
    np.testing.assert_array_equal(valid, inside)
    assert set(np.unique(image[valid])) <= {7}
    assert not image[~valid].any()
    there = undistort_pixels(maps[inside].astype(float), a, b, R)
    back = np.isfinite(there).all(axis=1)
    assert np.abs(there - b.pixel_grid()[inside])[back].max(initial=0.0) < 0.05


@settings(derandomize=True)
@given(st.lists(number, min_size=9, max_size=9), st.integers(-2, 5), st.integers(-2, 5))
def test_only_an_invertible_k_makes_a_camera(values, width, height):
    K = np.array(values).reshape(3, 3)
    K[2] = (0, 0, 1)
    K[0, 1] = K[1, 0] = 0.0
    try:
        camera = Camera.from_matrix(K, width, height)
    except ValueError as told:
        fits = np.isfinite(K).all() and K[0, 0] > 0 and K[1, 1] != 0 and width > 0 and height > 0
        assert not fits or np.abs(K).max() >= 1e12, told  # noqa: PT017
        return
    np.testing.assert_array_equal(camera.K, K)
    assert np.linalg.matrix_rank(camera.K / np.abs(camera.K).max(axis=0)) == 3


@settings(derandomize=True)
@given(models, st.integers(-3, 50), st.integers(-3, 50), st.integers(-5, 5), st.integers(-5, 5))
def test_any_size_makes_a_camera_of_it_or_is_refused(name, width, height, x, y):
    camera = MODELS[name]
    for change in (lambda: camera.resize(width, height), lambda: camera.crop(x, y, width, height)):
        if width < 1 or height < 1:
            with pytest.raises(ValueError, match="whole numbers of pixels"):
                change()
        else:
            assert (change().width, change().height) == (width, height)


@settings(derandomize=True)
@given(st.lists(number, min_size=16, max_size=16), st.floats(-1, 1))
def test_a_rig_needs_a_rigid_pose_and_a_rectified_one_a_baseline(values, baseline):
    plain = MODELS["pinhole"]
    with pytest.raises(ValueError, match="T_right_left is"):
        StereoRig(left=plain, right=plain, T_right_left=np.array(values).reshape(4, 4))
    still = StereoRig(left=plain, right=plain, T_right_left=pose())
    assert not still.is_rectified
    if baseline > 0:
        assert StereoRig.rectified(plain, baseline).is_rectified
    else:
        with pytest.raises(ValueError, match="baseline_m is"):
            StereoRig.rectified(plain, baseline)
