import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision.cameras import KannalaBrandt


def camera(distortion=(-0.02, 0.004, -0.003, 0.0005), **changes):
    fields = {"width": 320, "height": 240, "fx": 90.0, "fy": 92.0, "cx": 150.5, "cy": 117.25} | changes
    return KannalaBrandt(**fields, distortion=distortion)


def directions(count=300, widest=2.0, seed=0):
    rng = np.random.default_rng(seed)
    theta, phi = rng.uniform(0, widest, count), rng.uniform(0, 2 * np.pi, count)
    unit = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    return unit * rng.uniform(0.5, 9, (count, 1))


def test_without_distortion_the_radius_is_the_angle():
    plain = camera((0.0,) * 4)
    assert plain.limit_rad == np.pi
    assert plain.project([1.0, 0.0, 0.0]) == pytest.approx([150.5 + 90 * np.pi / 2, 117.25])
    assert plain.project([0.0, -1.0, -1.0]) == pytest.approx([150.5, 117.25 - 92 * 3 * np.pi / 4])
    assert plain.rays([150.5 + 90 * 2.5, 117.25]) == pytest.approx([np.sin(2.5), 0.0, np.cos(2.5)])
    assert plain.project([0.0, 0.0, 2.0]) == pytest.approx([150.5, 117.25])
    assert np.isnan(plain.project([0.0, 0.0, -2.0])).all()
    assert plain.field_of_view_deg()[0] == pytest.approx(np.degrees(320 / 90))


def test_opencv_agrees_where_it_sees():
    cv2 = pytest.importorskip("cv2")
    own, some = camera(), directions(widest=1.4)
    pixels, jacobian = cv2.fisheye.projectPoints(some[:, None], np.zeros(3), np.zeros(3), own.K, own.distortion)
    found, by_points, by_parameters = own.jacobians(some)
    np.testing.assert_allclose(found, pixels[:, 0], atol=1e-9)
    jacobian = jacobian.reshape(len(found), 2, -1)
    np.testing.assert_allclose(by_parameters[..., :8], jacobian[..., :8], atol=1e-8)
    np.testing.assert_allclose(by_points, jacobian[..., 11:14], atol=1e-8)
    plane = cv2.fisheye.undistortPoints(found[:, None], own.K, np.array(own.distortion))[:, 0]
    narrow = np.hypot(*plane.T) < 4
    np.testing.assert_allclose(own.unproject(found)[narrow, :2], plane[narrow], atol=1e-5)


def test_points_come_back_and_image_changes_are_followed(checks):
    known, error = checks.round_trip(camera(), directions())
    assert known == 300
    assert error.max() < 1e-10
    assert checks.jacobians(camera(), directions(30)) == 30
    assert checks.jacobians(camera(), np.array([[0.0, 0.0, 2.0], [1e-9, 0.0, 1.0]])) == 2
    checks.image_changes(camera(), directions())
    checks.image_changes(camera(fy=-92.0), directions())


def test_it_ends_where_the_radius_stops_growing():
    # θ - θ³/3 grows up to θ = 1, where it is 2/3.
    folding = camera((-1 / 3, 0.0, 0.0, 0.0))
    assert folding.limit_rad == pytest.approx(1.0)
    assert np.isnan(folding.project([np.tan(1.001), 0.0, 1.0])).all()
    assert np.isnan(folding.rays([150.5 + 90 * (2 / 3 + 1e-4), 117.25])).all()
    ray = folding.rays([150.5 + 90 * (2 / 3 - 1e-6), 117.25])
    assert np.arctan2(ray[0], ray[2]) == pytest.approx(1.0, abs=2e-3)
    assert not folding.valid_mask().all()
    assert folding.field_of_view_deg()[0] == pytest.approx(2 * np.degrees(1.0), abs=5)


def test_points_near_and_far_on_a_ray_have_one_pixel():
    for model in (camera(), camera((0.0,) * 4)):
        near = model.project([3.0, 4.0, -1.0])
        for size in (1e-300, 1e300, 4e307):
            np.testing.assert_allclose(model.project(np.array([3.0, 4.0, -1.0]) * size), near, rtol=1e-12)
    edge = camera((0.0,) * 4).project([3e-303, 4e-303, -1e15])  # as far from the axis as can be, seen in its direction
    assert edge == pytest.approx([150.5 + 90 * np.pi * 0.6, 117.25 + 92 * np.pi * 0.8])


def test_a_ray_at_ninety_degrees_and_more_has_no_depth():
    own = camera()
    pixel = own.project([1.0, 0.0, -0.1])
    assert np.isfinite(own.rays(pixel)).all()
    assert np.isnan(own.unproject(pixel, 2.0)).all()


coefficient = st.floats(-0.5, 0.5) | st.floats(-50, 50) | st.just(0.0)
place = st.floats(-5, 5) | st.floats(allow_nan=True, allow_infinity=True)


@given(st.tuples(*[coefficient] * 4), st.lists(st.tuples(place, place, place), min_size=1, max_size=8))
def test_no_fisheye_gives_a_wrong_ray(distortion, some):
    own, some = camera(distortion), np.array(some)
    pixels = own.jacobians(some)[0]
    np.testing.assert_array_equal(pixels, own.project(some))
    rays = own.rays(pixels)
    assert np.isnan(rays[np.isnan(pixels[:, 0])]).all()
    known = np.isfinite(rays).all(axis=-1)
    near = some[known] / np.abs(some[known]).max(axis=1, keepdims=True)
    angles = np.arctan2(np.hypot(*near[:, :2].T), near[:, 2])
    found = np.arctan2(np.hypot(*rays[known, :2].T), rays[known, 2])
    assert (found <= own.limit_rad + 1e-12).all()
    slope = own._profile(angles)[1]
    assert (np.abs(found - angles)[slope > 1e-4] < 1e-6).all()


def test_wrong_coefficients_are_refused():
    with pytest.raises(ValueError, match="four finite numbers"):
        camera((0.0,) * 5)
    with pytest.raises(ValueError, match="four finite numbers"):
        camera((0.0, 0.0, 0.0, float("inf")))
