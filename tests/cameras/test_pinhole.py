import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision.cameras import Camera

ALL = (-0.2, 0.05, 1e-3, -2e-3, 0.01, 0.02, 0.01, -0.003, 1e-3, -2e-3, 5e-4, 1e-3, 0.03, -0.02)
COUNTS = (0, 4, 5, 8, 12, 14)


def camera(distortion=(), **changes):
    fields = {"width": 320, "height": 200, "fx": 250.0, "fy": 260.0, "cx": 150.5, "cy": 97.25} | changes
    return Camera(**fields, distortion=distortion)


def points(count=200, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform((-1, -0.6, 1.2), (1, 0.6, 4), (count, 3))


@pytest.mark.parametrize("count", COUNTS)
def test_opencv_agrees_on_pixels_rays_and_derivatives(count):
    cv2 = pytest.importorskip("cv2")
    own = camera(ALL[:count])
    given_ = np.array(ALL[:count]) if count else None
    pixels, jacobian = cv2.projectPoints(points(), np.zeros(3), np.zeros(3), own.K, given_)
    found, by_points, by_parameters = own.jacobians(points())
    np.testing.assert_allclose(found, pixels[:, 0], atol=1e-9)
    jacobian = jacobian.reshape(len(found), 2, -1)
    np.testing.assert_allclose(by_points, jacobian[..., 3:6], atol=1e-8)
    np.testing.assert_allclose(by_parameters, jacobian[..., 6 : 10 + count], atol=1e-8)
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-14)
    plane = cv2.undistortPoints(found[:, None], own.K, given_, criteria=stop)[:, 0]
    np.testing.assert_allclose(own.unproject(found)[:, :2], plane, atol=1e-7)
    np.testing.assert_array_equal(own.normalised(found), own.unproject(found)[:, :2])


@pytest.mark.parametrize("count", COUNTS)
def test_points_come_back_and_derivatives_are_the_limit_of_differences(checks, count):
    own = camera(ALL[:count])
    known, error = checks.round_trip(own, points())
    assert known == 200
    assert error.max() < 1e-12
    assert checks.jacobians(own, points(20)) == 20
    checks.image_changes(own, points(), turns=range(-2, 5, 2) if count == 14 else range(-2, 5))


@pytest.mark.parametrize("tilt", [(0.05, 0.0), (0.0, -0.08)])
def test_a_sensor_tilted_about_one_axis_turns_by_quarters(checks, tilt):
    checks.image_changes(camera(ALL[:12] + tilt), points())


def test_a_sensor_tilted_about_both_axes_says_that_it_cannot_turn_by_a_quarter():
    with pytest.raises(ValueError, match="turn by two"):
        camera(ALL).rotated(1)


def test_a_mirrored_image_stays_true(checks):
    checks.image_changes(camera(ALL[:5], fy=-260.0), points())
    assert camera(fy=-260.0).rotated(1)[0].fx > 0


def test_barrel_distortion_ends_where_it_folds():
    # f(r) = r - r³/3 grows up to r = 1: a point beyond has no pixel, a pixel beyond f(1) = 2/3 no ray.
    folding = camera((-1 / 3, 0.0, 0.0, 0.0))
    assert np.isfinite(folding.project([0.999, 0.0, 1.0])).all()
    assert np.isnan(folding.project([1.001, 0.0, 1.0])).all()
    edge = 150.5 + 250 * 2 / 3
    assert folding.unproject([edge - 1e-4, 97.25])[0] == pytest.approx(1.0, abs=2e-3)
    assert np.isnan(folding.unproject([edge + 1e-4, 97.25])).all()
    assert np.isnan(folding.rays([edge + 80, 97.25])).all()
    assert np.isnan(folding.jacobians([1.001, 0.0, 1.0])[2]).all()


def test_the_closed_form_of_a_cubic_is_inverted():
    # r + r³ = y has the one real root of Cardano's formula.
    y = np.linspace(0.0, 3.0, 50)
    root = np.sqrt(y * y / 4 + 1 / 27)
    expected = np.cbrt(y / 2 + root) + np.cbrt(y / 2 - root)
    pincushion = camera((1.0, 0.0, 0.0, 0.0))
    pixels = np.stack([150.5 + 250 * y, np.full_like(y, 97.25)], axis=-1)
    np.testing.assert_allclose(pincushion.unproject(pixels)[:, 0], expected, atol=1e-12)


@pytest.mark.parametrize("count", COUNTS[1:])
def test_without_the_core_the_same_rays_are_found(monkeypatch, count):
    own = camera(ALL[:count])
    pixels = np.random.default_rng(0).uniform((-200, -200), (520, 400), (300, 2))
    pixels[:2] = [[np.nan, 0.0], [np.inf, -np.inf]]
    pixels[2] = 1e300
    with_core = own.rays(pixels)
    monkeypatch.setattr("geomvision.packages.has_core", lambda: False)
    alone = own.rays(pixels)
    np.testing.assert_allclose(alone, with_core, atol=1e-12)
    assert np.isfinite(alone).any()


coefficient = st.floats(-1, 1) | st.floats(-100, 100) | st.just(0.0)
place = st.floats(-5, 5) | st.floats(allow_nan=True, allow_infinity=True)


@given(
    st.sampled_from(COUNTS).flatmap(lambda n: st.tuples(*[coefficient] * n)),
    st.lists(st.tuples(place, place, place), min_size=1, max_size=8),
)
def test_no_distortion_gives_a_wrong_ray(distortion, some):
    distortion = distortion[:12] + tuple(v / 100 for v in distortion[12:])
    own = camera(distortion)
    some = np.array(some)
    pixels = own.project(some)
    seen = np.isfinite(pixels).all(axis=-1)
    assert (np.isnan(pixels).all(axis=-1) == ~seen).all()
    rays = own.rays(pixels)
    assert np.isnan(rays[~seen]).all()
    known = np.isfinite(rays).all(axis=-1)
    back = own.project(rays[known])
    with np.errstate(all="ignore"):
        plane, expected = rays[known] / rays[known][:, 2:], some[known] / some[known][:, 2:]
    ok = np.isfinite(back).all(axis=-1)
    np.testing.assert_allclose(back[ok], pixels[known][ok], rtol=1e-8, atol=1e-6)
    # Where the map is far from folding, the ray itself is the point's.
    by_points = np.nan_to_num(own.jacobians(expected)[1], posinf=0.0, neginf=0.0)
    stretch = np.linalg.svd(by_points[..., :2], compute_uv=False)[:, -1] / 250 if len(expected) else np.ones(0)
    size = 1 + np.maximum(np.abs(expected[:, :2]), np.abs(pixels[known])).max(axis=1, initial=0.0)
    sound = (stretch > 1e-3) & (size < 1e6)
    np.testing.assert_array_less(np.abs(plane - expected).max(axis=1)[sound], 1e-5 * size[sound])


def test_whole_numbers_are_as_good():
    lens = (-0.25, 0.125, 0.0, 0.0, 0.0)
    whole, real = (
        Camera(width=320, height=240, fx=number(250), fy=number(260), cx=number(150), cy=number(110), distortion=lens)
        for number in (int, float)
    )
    assert np.array_equal(whole.unproject([[3, 200]]), real.unproject([[3.0, 200.0]]))


def test_shapes_and_wrong_arguments():
    own = camera(ALL[:5])
    assert own.project(np.ones((2, 3, 3))).shape == (2, 3, 2)
    assert own.rays(np.ones((0, 2))).shape == (0, 3)
    assert own.unproject(np.ones((4, 1, 2)), np.ones(3)).shape == (4, 3, 3)
    assert own.unproject([[150.5, 97.25], [160.0, 97.25]], np.inf)[1, 0] == np.inf
    assert np.isnan(own.unproject([[np.nan, 1.0], [np.inf, 1.0]])).all()
    assert np.isnan(camera().unproject([[np.nan, 1.0], [np.inf, 1.0]])).all()
    assert [a.shape for a in own.jacobians(np.ones((0, 3)))] == [(0, 2), (0, 2, 3), (0, 2, 9)]
    assert [a.shape for a in own.jacobians([0.0, 0.0, 1.0])] == [(2,), (2, 3), (2, 9)]
    assert own.parameter_names == ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3")
    assert own.with_parameters(own.parameters) == own
    with pytest.raises(ValueError, match=r"points have shape \(3, 7\).*transpose it"):
        own.project(np.ones((3, 7)))
    with pytest.raises(ValueError, match=r"pixels have shape \(2, 7\).*transpose it"):
        own.rays(np.ones((2, 7)))
    with pytest.raises(ValueError, match=r"must be \(9,\): fx, fy"):
        own.with_parameters(np.ones(4))
    with pytest.raises(ValueError, match=r"3 distortion coefficients.*0, 4, 5, 8, 12, 14"):
        camera((1.0, 2.0, 3.0))
    with pytest.raises(ValueError, match="finite"):
        camera((float("nan"),) * 4)
    with pytest.raises(ValueError, match="tilt"):
        camera((*ALL[:12], 1.6, 0.0))


def test_the_field_of_view_is_what_the_edges_see():
    own = camera(cx=100.0, cy=50.0)
    across = np.degrees(np.arctan(100.5 / 250) + np.arctan(219.5 / 250))
    down = np.degrees(np.arctan(50.5 / 260) + np.arctan(149.5 / 260))
    assert own.field_of_view_deg() == pytest.approx((across, down))
    assert own.valid_mask().all()


@pytest.mark.parametrize("size", [(640.5, 480), (640, 480.0), (0, 480)])
def test_a_size_is_whole_pixels(size):
    with pytest.raises(ValueError, match="camera size is"):
        Camera(width=size[0], height=size[1], fx=500, fy=500, cx=320, cy=240)
