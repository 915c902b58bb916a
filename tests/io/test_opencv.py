import numpy as np
import pytest

import geomvision.io as gio
from geomvision.cameras import Camera, KannalaBrandt, StereoRig, UnifiedCamera, pose

# As OpenCV's camera_calibration sample writes it.
SAMPLE = """%YAML:1.0
---
calibration_time: "Sun 04 May 2014 11:07:50 AM CEST"
nr_of_frames: 25
image_width: 640
image_height: 480
board_width: 9
fix_aspect_ratio: 1.
flags: 7
fisheye_model: 0
camera_matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 6.5746697944293521e+02, 0., 3.1950000000000000e+02, 0.,
       6.5746697944293521e+02, 2.3950000000000000e+02, 0., 0., 1. ]
distortion_coefficients: !!opencv-matrix
   rows: 5
   cols: 1
   dt: d
   data: [ -4.1802327176423804e-01, 5.0715244063187526e-01, 0., 0.,
       -5.7843597214487474e-01 ]
avg_reprojection_error: 3.8441346836379230e-01
"""
CAMERA = Camera(
    width=640, height=480, fx=657.5, fy=651.25, cx=310.5, cy=240.75, distortion=(-0.4, 0.5, 1e-3, -2e-3, 0.1)
)


def write(folder, text, name="camera.yml"):
    (folder / name).write_text(text)
    return folder / name


def test_the_samples_own_layout_is_read(tmp_path):
    camera = gio.read_opencv_camera(write(tmp_path, SAMPLE))
    assert (camera.width, camera.height, camera.fx, camera.cy) == (640, 480, 657.46697944293521, 239.5)
    assert camera.distortion == (-0.41802327176423804, 0.50715244063187526, 0.0, 0.0, -0.57843597214487474)


def test_what_opencv_writes_is_read_and_what_we_write_opencv_reads(tmp_path):
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / "theirs.yml"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("camera_matrix", CAMERA.K)
    storage.write("distortion_coefficients", np.array(CAMERA.distortion))
    storage.release()
    with pytest.raises(gio.FormatError, match="size="):
        gio.read_opencv_camera(path)
    assert gio.read_opencv_camera(path, size=(640, 480)) == CAMERA
    gio.write_opencv_camera(tmp_path / "ours.yml", CAMERA)
    storage = cv2.FileStorage(str(tmp_path / "ours.yml"), cv2.FILE_STORAGE_READ)
    np.testing.assert_array_equal(storage.getNode("camera_matrix").mat(), CAMERA.K)
    np.testing.assert_array_equal(storage.getNode("distortion_coefficients").mat().ravel(), CAMERA.distortion)
    assert storage.getNode("image_width").real() == 640
    storage.release()


@pytest.mark.parametrize(
    "camera",
    [
        CAMERA,
        Camera(width=64, height=48, fx=60.1, fy=61, cx=30, cy=20, distortion=tuple(np.linspace(-0.1, 0.11, 14))),
        KannalaBrandt(width=64, height=48, fx=60.1, fy=61, cx=30, cy=20, distortion=(0.1, -0.01, 0.003, -0.0001)),
    ],
    ids=["brown", "tilted", "fisheye"],
)
def test_round_trips_are_exact(tmp_path, camera):
    gio.write_opencv_camera(tmp_path / "c.yml", camera)
    assert gio.read_opencv_camera(tmp_path / "c.yml") == camera
    rig = StereoRig(left=camera, right=camera.crop(1, 2, camera.width, camera.height), T_right_left=turned())
    gio.write_opencv_rig(tmp_path / "rig.yml", rig)
    model = "fisheye" if isinstance(camera, KannalaBrandt) else "pinhole"
    back = gio.read_opencv_rig(tmp_path / "rig.yml", model=model)
    assert (back.left, back.right) == (rig.left, rig.right)
    np.testing.assert_allclose(back.T_right_left, rig.T_right_left, atol=1e-15)


def turned():
    c, s = np.cos(0.02), np.sin(0.02)
    return pose([[c, 0, s], [0, 1, 0], [-s, 0, c]], (-0.0835, 0.001, 0.002))


def test_stereo_calibs_two_files_in_millimetres(tmp_path):
    cv2 = pytest.importorskip("cv2")
    inside, outside = tmp_path / "intrinsics.yml", tmp_path / "extrinsics.yml"
    storage = cv2.FileStorage(str(inside), cv2.FILE_STORAGE_WRITE)
    for number in (1, 2):
        storage.write(f"M{number}", CAMERA.K)
        storage.write(f"D{number}", np.array([CAMERA.distortion]))
    storage.release()
    storage = cv2.FileStorage(str(outside), cv2.FILE_STORAGE_WRITE)
    storage.write("R", turned()[:3, :3])
    storage.write("T", turned()[:3, 3:] * 1000)
    storage.release()
    rig = gio.read_opencv_rig(inside, outside, size=(640, 480), unit_m=0.001)
    assert rig.left == rig.right == CAMERA
    np.testing.assert_allclose(rig.T_right_left, turned(), atol=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("   rows: 5", "   rows: [5", 19, "is no YAML"),
        ("6.5746697944293521e+02, 0., 3.19", "abc, 0., 3.19", 15, "'abc'"),
        ("image_width: 640", "image_width: 0", 5, "at least 1"),
        ("data: [ 6.5746697944293521e+02, 0., 3", "data: [ 0., 0., 3", 11, "fx > 0"),
        ("   rows: 3", "   rows: 4", 11, "4x3"),
        ("0., 0.,\n       -5.78", "0., .Nan,\n       -5.78", 21, "'.Nan'"),
        ("0., 0.,\n       -5.7843597214487474e-01", "0.", 21, "has 3 numbers"),
        ("camera_matrix:", "matrix:", 3, "none of camera_matrix"),
        ("nr_of_frames: 25", "image_width: 25", 5, "'image_width' again"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, old, new, line, said):
    assert old in SAMPLE
    path = write(tmp_path, SAMPLE.replace(old, new))
    with pytest.raises(gio.FormatError) as caught:
        gio.read_opencv_camera(path)
    assert said in str(caught.value)
    assert f"camera.yml: line {line}: " in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x\n  b: *x\n",
        "image_width: 5\nimage_height: 5\ncamera_matrix: &x [1, *x]\n",
        "a0: &a0 {x: 1, y: 2}\n" + "".join(f"a{k + 1}: &a{k + 1} {{x: *a{k}, y: *a{k}}}\n" for k in range(60)),
        "image_width: 5\nimage_height: 5\na0: &a0 [1, 2]\n"
        + "".join(f"a{k + 1}: &a{k + 1} [*a{k}, *a{k}]\n" for k in range(60))
        + "camera_matrix: *a60\n",
    ],
    ids=["a mapping in itself", "a list in itself", "mappings that unfold", "lists that unfold"],
)
def test_yaml_that_unfolds_without_end_is_refused_at_once(tmp_path, text):
    path = tmp_path / "camera.yaml"
    path.write_text(text)
    with pytest.raises(gio.FormatError, match=r"^\S*camera\.yaml: its aliases unfold"):
        gio.read_opencv_camera(path)


def test_yaml_may_name_what_it_said_before(tmp_path):
    path = tmp_path / "rig.yaml"
    path.write_text(
        "image_width: 64\nimage_height: 48\nM1: &K [50, 0, 31, 0, 50, 23, 0, 0, 1]\nM2: *K\n"
        "D1: &D [0, 0, 0, 0]\nD2: *D\nR: [1, 0, 0, 0, 1, 0, 0, 0, 1]\nT: [-0.1, 0, 0]\n"
    )
    rig = gio.read_opencv_rig(path)
    assert (rig.left, rig.baseline_m) == (rig.right, 0.1)


def test_other_models_are_refused(tmp_path):
    other = UnifiedCamera(width=9, height=9, fx=1, fy=1, cx=0, cy=0, alpha=0.5)
    with pytest.raises(ValueError, match="not UnifiedCamera"):
        gio.write_opencv_camera(tmp_path / "c.yml", other)
    with pytest.raises(ValueError, match="differ"):
        gio.write_opencv_rig(tmp_path / "c.yml", StereoRig(left=CAMERA, right=CAMERA.resize(320, 240)))
