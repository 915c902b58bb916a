import numpy as np
import pytest

from geomvision.cameras import (
    Camera,
    KannalaBrandt,
    UnifiedCamera,
    seen_in,
    undistort,
    undistort_maps,
    undistort_pixels,
)

FIELDS = {"width": 160, "height": 100, "fx": 110.0, "fy": 112.0, "cx": 75.5, "cy": 52.25}
PINHOLE = Camera(**FIELDS)
BROWN = Camera(**FIELDS, distortion=(-0.2, 0.05, 1e-3, -2e-3, 0.01))
FISHEYE = KannalaBrandt(**(FIELDS | {"fx": 55.0, "fy": 56.0}), distortion=(-0.02, 0.004, -0.003, 0.0005))
UNIFIED = UnifiedCamera(**(FIELDS | {"fx": 50.0, "fy": 51.0}), alpha=0.6)


def rotation(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def picture(camera):
    """What `camera` sees of a smooth world painted on the directions, 0 to 1."""
    rays = camera.rays(camera.pixel_grid())
    return (0.5 + 0.2 * np.sin(5 * rays[..., 0] + 1) + 0.2 * np.cos(6 * rays[..., 1]) * rays[..., 2]).astype(np.float32)


@pytest.mark.parametrize("camera", [BROWN, FISHEYE, UNIFIED], ids=["brown", "fisheye", "unified"])
@pytest.mark.parametrize("into", [PINHOLE.resize(200, 90), BROWN, FISHEYE], ids=["pinhole", "brown", "fisheye"])
def test_any_camera_sees_with_any_other(camera, into):
    R = rotation(0.1)
    maps = undistort_maps(camera, into, R)
    assert maps.shape == (into.height, into.width, 2)
    assert maps.dtype == np.float32
    valid = seen_in(maps, camera.width, camera.height)
    assert valid.mean() > 0.2
    # The painted world seen through `into`, whose frame is turned by R.
    world = into.rays(into.pixel_grid()) @ R
    expected = 0.5 + 0.2 * np.sin(5 * world[..., 0] + 1) + 0.2 * np.cos(6 * world[..., 1]) * world[..., 2]
    seen, known = undistort(picture(camera), camera, into, R)
    np.testing.assert_array_equal(known, valid)
    np.testing.assert_array_equal(known, np.isfinite(seen))
    assert np.abs(seen - expected)[known].max() < 4e-3
    assert np.isnan(seen[~known]).all()
    again, _ = undistort(picture(camera), camera, maps=maps)
    np.testing.assert_array_equal(again, seen)
    back = undistort_pixels(maps[valid], camera, into, R)
    np.testing.assert_allclose(back, into.pixel_grid()[valid], atol=1e-3)


def test_opencv_makes_the_same_maps():
    cv2 = pytest.importorskip("cv2")
    into, R = Camera(width=200, height=90, fx=90.0, fy=95.0, cx=99.0, cy=41.0), rotation(-0.05)
    x, y = cv2.initUndistortRectifyMap(BROWN.K, np.array(BROWN.distortion), R, into.K, (200, 90), cv2.CV_32FC1)
    np.testing.assert_allclose(undistort_maps(BROWN, into, R), np.stack([x, y], axis=-1), atol=1e-3)
    x, y = cv2.fisheye.initUndistortRectifyMap(
        FISHEYE.K, np.array(FISHEYE.distortion), R, into.K, (200, 90), cv2.CV_32FC1
    )
    np.testing.assert_allclose(undistort_maps(FISHEYE, into, R), np.stack([x, y], axis=-1), atol=1e-3)


def test_types_and_defaults():
    image = np.random.default_rng(0).integers(1, 255, (100, 160, 3)).astype(np.uint8)
    same, valid = undistort(image, PINHOLE)
    np.testing.assert_array_equal(same, image)
    assert valid.all()
    wide, valid = undistort(image, PINHOLE, PINHOLE.crop(-10, -5, 200, 120))
    assert wide.dtype == np.uint8
    assert (wide[~valid] == 0).all()
    np.testing.assert_array_equal(wide[5:105, 10:170], image)
    straight, _ = undistort(image, FISHEYE)
    assert straight.shape == image.shape


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="160x100"):
        undistort(np.zeros((160, 100)), PINHOLE)
    with pytest.raises(ValueError, match="no rotation"):
        undistort_maps(PINHOLE, PINHOLE, np.diag([1.0, 1.0, -1.0]))
    with pytest.raises(ValueError, match="3x3"):
        undistort_maps(PINHOLE, PINHOLE, np.eye(4))
