import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision.cameras import Camera, ExtendedUnifiedCamera, UnifiedCamera

FIELDS = {"width": 320, "height": 240, "fx": 80.0, "fy": 82.0, "cx": 150.5, "cy": 117.25}
UCM = UnifiedCamera(**FIELDS, alpha=0.62)
BENT = UnifiedCamera(**FIELDS, alpha=0.6, distortion=(-0.05, 0.01, 1e-3, -2e-3))
EUCM = ExtendedUnifiedCamera(**FIELDS, alpha=0.58, beta=1.15)


def directions(count=300, widest=2.0, seed=0):
    rng = np.random.default_rng(seed)
    theta, phi = rng.uniform(0, widest, count), rng.uniform(0, 2 * np.pi, count)
    unit = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    return unit * rng.uniform(0.5, 9, (count, 1))


def test_special_cases_are_known_cameras():
    points = directions(widest=1.2)
    pinhole = UnifiedCamera(**FIELDS, alpha=0.0)
    np.testing.assert_allclose(pinhole.project(points), Camera(**FIELDS).project(points), atol=1e-9)
    # α = 1/2 is the stereographic projection: u = 2 tan(θ/2).
    stereographic = UnifiedCamera(**FIELDS, alpha=0.5)
    theta = np.linspace(0, 3.0, 20)
    x = stereographic.project(np.stack([np.sin(theta), 0 * theta, np.cos(theta)], axis=-1))[:, 0]
    np.testing.assert_allclose(x, 150.5 + 80 * 2 * np.tan(theta / 2), rtol=1e-12)
    # α = 1 is orthographic: u = sin θ, up to 90°.
    orthographic = UnifiedCamera(**FIELDS, alpha=1.0)
    assert orthographic.project([np.sin(1.5), 0, np.cos(1.5)])[0] == pytest.approx(150.5 + 80 * np.sin(1.5))
    assert np.isnan(orthographic.project([1.0, 0.0, -0.001])).all()
    np.testing.assert_allclose(ExtendedUnifiedCamera(**FIELDS, alpha=0.62).project(points), UCM.project(points))


@pytest.mark.parametrize("distortion", [(), (-0.1, 0.03, 1e-3, -2e-3)], ids=["straight", "bent"])
def test_opencvs_omnidirectional_camera_agrees(distortion):
    cv2 = pytest.importorskip("cv2")
    numbers = (1.3, 210.0, 214.0, 150.5, 117.25)
    own = UnifiedCamera.from_mei(*numbers, width=320, height=240, distortion=distortion)
    assert own.xi == pytest.approx(1.3)
    assert own.mei_distortion == pytest.approx(distortion)
    K = np.array([[210.0, 0, 150.5], [0, 214.0, 117.25], [0, 0, 1]])
    points, bent = directions(widest=2.2), np.array([distortion or (0.0,) * 4])
    pixels, _ = cv2.omnidir.projectPoints(points[:, None], np.zeros(3), np.zeros(3), K, 1.3, bent)
    seen = np.isfinite(own.project(points)).all(axis=-1)
    assert seen.sum() > 200
    np.testing.assert_allclose(own.project(points)[seen], pixels.reshape(-1, 2)[seen], atol=1e-9)


@pytest.mark.parametrize(
    "camera", [UCM, EUCM, UnifiedCamera(**FIELDS, alpha=0.3), BENT], ids=["ucm", "eucm", "narrow", "bent"]
)
def test_points_come_back_and_image_changes_are_followed(checks, camera):
    some = directions(widest=1.7)
    known, error = checks.round_trip(camera, some)
    assert known == 300
    assert error.max() < 1e-10
    assert checks.jacobians(camera, some[:40]) == 40
    checks.image_changes(camera, some)


def test_it_ends_where_lines_miss_the_sphere():
    # For α > 1/2 the widest angle has cos θ = -(1 - α)/α, and the image ends at r² = 1/(2α - 1).
    widest = np.arccos(-0.38 / 0.62)
    radius = 1 / np.sqrt(0.24)
    for off, seen in ((-1e-6, True), (1e-6, False)):
        assert np.isfinite(UCM.project([np.sin(widest + off), 0.0, np.cos(widest + off)])).all() == seen
        assert np.isfinite(UCM.rays([150.5 + 80 * (radius + off), 117.25])).all() == seen
    ray = UCM.rays([150.5 + 80 * (radius - 1e-12), 117.25])
    assert np.arctan2(ray[0], ray[2]) == pytest.approx(widest, abs=1e-5)
    assert UCM.field_of_view_deg()[0] > 180


place = st.floats(-5, 5) | st.floats(allow_nan=True, allow_infinity=True)


@given(st.floats(0, 1), st.floats(0.1, 5), st.lists(st.tuples(place, place, place), min_size=1, max_size=8))
def test_no_unified_camera_gives_a_wrong_ray(alpha, beta, some):
    own, some = ExtendedUnifiedCamera(**FIELDS, alpha=alpha, beta=beta), np.array(some)
    pixels = own.project(some)
    np.testing.assert_array_equal(own.jacobians(some)[0], pixels)
    rays = own.rays(pixels)
    assert np.isnan(rays[np.isnan(pixels[:, 0])]).all()
    known = np.isfinite(rays).all(axis=-1)
    np.testing.assert_allclose(np.linalg.norm(rays[known], axis=-1), 1.0)
    back = own.project(rays[known])
    ok = np.isfinite(back).all(axis=-1)
    np.testing.assert_allclose(back[ok], pixels[known][ok], rtol=1e-5, atol=1e-4)
    near = np.abs(pixels[known]).max(axis=-1, initial=0.0) < 1e3
    stretch = np.nan_to_num(np.linalg.norm(own.jacobians(rays[known])[1], ord=-2, axis=(1, 2)) if known.any() else [])
    unit = some[known] / np.abs(some[known]).max(axis=-1, keepdims=True)
    unit /= np.linalg.norm(unit, axis=-1, keepdims=True)
    sound = near & (stretch > 1.0)
    assert (np.abs(rays[known] - unit)[sound] < 1e-6).all()


def test_wrong_parameters_are_refused():
    with pytest.raises(ValueError, match=r"alpha is 1\.1"):
        UnifiedCamera(**FIELDS, alpha=1.1)
    with pytest.raises(ValueError, match=r"8 distortion coefficients.*0, 4, 5: k1 k2 p1 p2 k3$"):
        UnifiedCamera(**FIELDS, alpha=0.5, distortion=(0.0,) * 8)
    with pytest.raises(ValueError, match="no such camera"):
        _ = UnifiedCamera(**FIELDS, alpha=1.0).mei_distortion
    with pytest.raises(ValueError, match="beta is 0"):
        ExtendedUnifiedCamera(**FIELDS, alpha=0.5, beta=0.0)
    with pytest.raises(ValueError, match="xi is -1"):
        UnifiedCamera.from_mei(-1, 1, 1, 0, 0, width=1, height=1)
