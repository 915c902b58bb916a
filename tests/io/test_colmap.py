import struct

import numpy as np
import pytest

import geomvision.io as gio
from geomvision.cameras import Camera, KannalaBrandt, UnifiedCamera, pose

CAMERAS = """# Camera list with one line of data per camera:
#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]
# Number of cameras: 3
1 SIMPLE_PINHOLE 3072 2304 2559.81 1536 1152
2 PINHOLE 3072 2304 2560.56 2560.57 1536 1152
3 SIMPLE_RADIAL 3072 2304 2559.69 1536 1152 -0.0218531
4 OPENCV 640 480 500 510 320.5 240.5 0.1 -0.02 0.001 0.002
5 OPENCV_FISHEYE 640 480 300 310 320.5 240.5 0.1 -0.02 0.001 0.002
"""
IMAGES = """# Image list with two lines of data per image:
#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME
#   POINTS2D[] as (X, Y, POINT3D_ID)
1 0.851773 0.0165051 0.503764 -0.142941 -0.737434 1.02973 3.74354 1 P1180141.JPG
2362.39 248.498 58396 1784.7 268.254 59027 1784.7 268.254 -1
2 0.851773 0.0165051 0.503764 -0.142941 -0.737434 1.02973 3.74354 1 with blank.JPG

3 1 0 0 0 0 0 0 5 last.png
"""
C, S = np.cos(0.3), np.sin(0.3)
MODEL = gio.ColmapModel(
    cameras={
        1: Camera(width=64, height=48, fx=50.25, fy=51.5, cx=31.5, cy=23.0),
        2: Camera(width=64, height=48, fx=50, fy=51, cx=31, cy=23, distortion=(0.1, -0.01, 1e-3, 2e-3)),
        4: Camera(
            width=64, height=48, fx=50, fy=51, cx=31, cy=23, distortion=(0.1, -0.01, 1e-3, 2e-3, 1e-4, 0.0, 0.0, 1e-5)
        ),
        7: KannalaBrandt(width=64, height=48, fx=30, fy=31, cx=31, cy=23, distortion=(0.1, -0.01, 1e-3, 2e-3)),
    },
    images={
        3: gio.ColmapImage(
            name="ä b.png",
            camera_id=7,
            T_camera_world=pose([[C, -S, 0], [S, C, 0], [0, 0, 1]], (1.0, 2.0, 3.0)),
            pixels=np.array([[0.0, -0.5], [12.25, 40.125]]),
            point_ids=np.array([5, -1]),
        ),
        9: gio.ColmapImage(name="none.png", camera_id=1, T_camera_world=np.eye(4)),
    },
)


def write(folder, cameras=CAMERAS, images=IMAGES):
    (folder / "cameras.txt").write_text(cameras)
    (folder / "images.txt").write_text(images)
    return folder


def test_text_models_are_read_half_a_pixel_smaller(tmp_path):
    model = gio.read_colmap(write(tmp_path))
    simple = model.cameras[1]
    assert (simple.fx, simple.fy, simple.cx, simple.cy) == (2559.81, 2559.81, 1535.5, 1151.5)
    assert model.cameras[3].distortion == (-0.0218531, 0.0, 0.0, 0.0)
    assert model.cameras[4] == Camera(
        width=640, height=480, fx=500, fy=510, cx=320, cy=240, distortion=(0.1, -0.02, 0.001, 0.002)
    )
    assert isinstance(model.cameras[5], KannalaBrandt)
    first, second, third = model.images[1], model.images[2], model.images[3]
    np.testing.assert_allclose(first.pixels, [[2361.89, 247.998], [1784.2, 267.754], [1784.2, 267.754]])
    assert first.point_ids.tolist() == [58396, 59027, -1]
    assert second.name == "with blank.JPG"
    assert second.pixels.shape == (0, 2)
    np.testing.assert_array_equal(third.T_camera_world, np.eye(4))
    # R of the quaternion (w, x, y, z): its trace is 4w² - 1, its axis (x, y, z).
    R = first.T_camera_world[:3, :3]
    q = np.array([0.851773, 0.0165051, 0.503764, -0.142941])
    q /= np.linalg.norm(q)
    assert np.trace(R) == pytest.approx(4 * q[0] ** 2 - 1)
    assert R @ q[1:] == pytest.approx(q[1:])
    assert R[2, 1] - R[1, 2] == pytest.approx(4 * q[0] * q[1])


@pytest.mark.parametrize("binary", [False, True])
def test_round_trips_are_exact(tmp_path, binary):
    gio.write_colmap(tmp_path, MODEL, binary=binary)
    assert (tmp_path / "cameras.bin").exists() == binary
    back = gio.read_colmap(tmp_path)
    assert list(back.cameras) == list(MODEL.cameras)
    for number, camera in MODEL.cameras.items():
        assert back.cameras[number].parameters == pytest.approx(camera.parameters, rel=1e-15)
        assert type(back.cameras[number]) is type(camera)
    for number, image in MODEL.images.items():
        found = back.images[number]
        assert (found.name, found.camera_id) == (image.name, image.camera_id)
        np.testing.assert_allclose(found.T_camera_world, image.T_camera_world, atol=1e-15)
        np.testing.assert_array_equal(found.pixels, image.pixels)
        np.testing.assert_array_equal(found.point_ids, image.point_ids)


def test_binary_bytes_are_colmaps(tmp_path):
    pinhole = struct.pack("<QiiQQ4d", 1, 1, 1, 640, 480, 500, 510, 320.5, 240.5)
    (tmp_path / "cameras.bin").write_bytes(pinhole)
    image = struct.pack("<Qi7di", 1, 4, 1, 0, 0, 0, 0.1, 0.2, 0.3, 1) + b"a.png\0"
    (tmp_path / "images.bin").write_bytes(image + struct.pack("<QddQ", 1, 10.5, 20.5, 2**64 - 1))
    model = gio.read_colmap(tmp_path)
    assert model.cameras[1] == Camera(width=640, height=480, fx=500, fy=510, cx=320, cy=240)
    assert model.images[4].T_camera_world[:3, 3].tolist() == [0.1, 0.2, 0.3]
    assert model.images[4].pixels.tolist() == [[10.0, 20.0]]
    assert model.images[4].point_ids.tolist() == [-1]
    whole = (tmp_path / "images.bin").read_bytes()
    for size in range(1, len(whole)):
        (tmp_path / "images.bin").write_bytes(whole[:size])
        with pytest.raises(gio.FormatError, match=r"images\.bin: byte \d+: "):
            gio.read_colmap(tmp_path)
    (tmp_path / "images.bin").write_bytes(whole + b"\0")
    with pytest.raises(gio.FormatError, match="1 bytes too many"):
        gio.read_colmap(tmp_path)
    (tmp_path / "cameras.bin").write_bytes(struct.pack("<QiiQQ5d", 1, 1, 7, 640, 480, 1, 1, 1, 1, 1))
    with pytest.raises(gio.FormatError, match="camera model 7"):
        gio.read_colmap(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2 PINHOLE", "2 FOV", "cameras.txt: line 5: the camera model FOV"),
        ("2560.56 2560.57", "2560.56", "cameras.txt: line 5: PINHOLE has 3 parameters"),
        ("3072 2304 2559.81", "3072 x 2559.81", "cameras.txt: line 4: "),
        ("1 SIMPLE_PINHOLE 3072 2304 2559.81 1536 1152", "1 SIMPLE_PINHOLE", "cameras.txt: line 4: too few words"),
        ("3 1 0 0 0", "3 1 1 0 0", "images.txt: line 8: the quaternion has length 1.41"),
        ("1784.7 268.254 -1", "1784.7 268.254", "images.txt: line 5: "),
        ("3 1 0 0 0 0 0 0 5 last.png", "3 1 0 0 0 0 0 0 5", "images.txt: line 8: too few words"),
        ("0 0 5 last", "0 0 6 last", "images.txt: image 3 has camera 6"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, old, new, said):
    assert old in CAMERAS + IMAGES
    with pytest.raises(gio.FormatError) as caught:
        gio.read_colmap(write(tmp_path, CAMERAS.replace(old, new), IMAGES.replace(old, new)))
    assert said in str(caught.value)


def test_other_models_are_refused(tmp_path):
    other = UnifiedCamera(width=9, height=9, fx=1, fy=1, cx=0, cy=0, alpha=0.5)
    with pytest.raises(ValueError, match="no model for UnifiedCamera"):
        gio.write_colmap(tmp_path, gio.ColmapModel(cameras={1: other}, images={}))
    prism = Camera(width=9, height=9, fx=1, fy=1, cx=0, cy=0, distortion=(0.0,) * 8 + (0.1, 0, 0, 0))
    with pytest.raises(ValueError, match="thin prisms"):
        gio.write_colmap(tmp_path, gio.ColmapModel(cameras={1: prism}, images={}))
    with pytest.raises(gio.FormatError, match=r"cameras\.txt: does not exist"):
        gio.read_colmap(tmp_path)


@pytest.mark.parametrize("word", ["nan", "inf", "1e400", "99999999999999999999"])
def test_observed_points_that_are_no_numbers_are_told(tmp_path, word):
    (tmp_path / "cameras.txt").write_text("1 PINHOLE 4 3 9 9 2 1.5\n")
    (tmp_path / "images.txt").write_text(f"1 1 0 0 0 0 0 0 1 a.png\n1.5 1.5 {word}\n")
    with pytest.raises(gio.FormatError, match=r"images\.txt: line 2: observed points are not finite numbers"):
        gio.read_colmap(tmp_path)
