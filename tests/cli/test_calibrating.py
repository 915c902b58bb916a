"""``geomvision calibrate``: rendered boards in files, from the command to the written rig."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

import geomvision as gv
from geomvision import io
from geomvision.cameras import Camera, CameraModel, UnifiedCamera, pose
from geomvision.cli import calibration_files as files
from geomvision.cli.calibrating import length_m

SIZE = {"width": 400, "height": 300}
LEFT = Camera(**SIZE, fx=350, fy=352, cx=205, cy=144, distortion=(-0.2, 0.05, 0.0, 0.0, 0.0))
RIGHT = Camera(**SIZE, fx=356, fy=354, cx=195, cy=152, distortion=(-0.2, 0.05, 0.0, 0.0, 0.0))
T_RIGHT_LEFT = pose(translation=(-0.05, 0.0, 0.0))
SQUARE_M, COLUMNS, ROWS = 0.02, 8, 5
BOARD = ("--board", "8x5", "--square", "2cm")


def photograph(camera: CameraModel, T) -> np.ndarray:
    """The board with soft edges; see the boards in tests/geometry/calibration."""
    rays = camera.rays(camera.pixel_grid())
    with np.errstate(divide="ignore", invalid="ignore"):
        points = rays * ((T[:3, 2] @ T[:3, 3]) / (rays @ T[:3, 2]))[..., None]
    place = ((points - T[:3, 3]) @ T[:3, :2]) / SQUARE_M + 1
    inside = (place > 0).all(axis=-1) & (place < (COLUMNS + 1, ROWS + 1)).all(axis=-1)
    grey = 120 - 100 * np.tanh(np.sin(np.pi * np.where(inside[..., None], place, 0)).prod(axis=-1) / 0.15)
    return np.rint(np.where(inside, grey, 220)).astype(np.uint8)


def poses(count):
    random = np.random.default_rng(3)
    middle = np.array([3.5, 2.0, 0.0]) * SQUARE_M
    for n in range(count):
        x, y, z = random.uniform((-0.5, -0.5, -0.4), (0.5, 0.5, 0.4))
        about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
        about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
        about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
        R = about_y @ about_x @ about_z
        place = np.array([[0.0, 0.06][n % 2], [-0.02, 0.02][n // 2 % 2], random.uniform(0.26, 0.32)])
        yield pose(R, place - R @ middle)


@pytest.fixture(scope="module")
def shots(tmp_path_factory) -> Path:
    """Seven pairs in left/ and right/; left/bare07.png shows no board."""
    folder = tmp_path_factory.mktemp("shots")
    for n, T in enumerate(poses(7)):
        for name, camera, view in (("left", LEFT, T), ("right", RIGHT, T_RIGHT_LEFT @ T)):
            (folder / name).mkdir(exist_ok=True)
            io.write_image(folder / name / f"{name}{n:02d}.png", photograph(camera, view))
    io.write_image(folder / "left" / "left07.png", np.full((300, 400), 190, np.uint8))
    return folder


def test_a_rig_from_two_folders(geomvision, shots, out):
    ended = geomvision("calibrate", *sorted(shots.glob("*/*.png")), *BOARD, "--model", "brown4",
                       "--out", out / "rig.yaml", "--report", out / "rig.html")  # fmt: skip
    assert ended.code == 0, ended.err
    assert "left: 8x5 chessboard in 7 of 8 images" in ended.out
    assert "right: 8x5 chessboard in 7 of 7 images" in ended.out
    assert "left07.png: no 8x5 chessboard found" in ended.err
    assert "baseline mm" in ended.out
    assert "warning: left: only 7 views" in ended.out
    rig = io.read_opencv_rig(out / "rig.yaml")
    assert rig.baseline_m == pytest.approx(0.05, rel=0.01)
    assert rig.left.fx == pytest.approx(LEFT.fx, rel=0.01)
    assert (rig.right.width, len(rig.right.distortion)) == (400, 4)
    page = (out / "rig.html").read_text()
    assert page.count("<svg") == 6
    assert "left03.png" in page
    assert "http" not in page.replace("http-equiv", "")


def wall(camera: CameraModel, T_camera_left, distance_m) -> np.ndarray:
    """A textured wall that leans by 20 degrees, so far from the left camera, as the camera sees it."""
    normal = np.array([np.sin(0.35), 0.0, np.cos(0.35)])
    rays, centre = camera.rays(camera.pixel_grid()), -T_camera_left[:3, :3].T @ T_camera_left[:3, 3]
    rays = rays @ T_camera_left[:3, :3]
    points = centre + rays * ((distance_m - centre @ normal) / (rays @ normal))[..., None]
    random = np.random.default_rng(9)
    light = np.zeros(points.shape[:2])
    for size in (0.004, 0.012, 0.04):
        at = np.stack([points[..., 1], points[..., 0]]) / size + 300
        light += map_coordinates(random.normal(0, 1, (600, 600)), at, order=3, mode="wrap")
    return np.clip(128 + 40 * light, 0, 255).astype(np.uint8)


def test_from_photographs_to_metres(geomvision, shots, out, monkeypatch):
    """calibrate, rectify by rig.json, compare by the rectified rig: the wall is as far away as it was put."""
    monkeypatch.chdir(out)
    for name, camera, T in (("left", LEFT, np.eye(4)), ("right", RIGHT, T_RIGHT_LEFT)):
        io.write_image(Path(f"{name}.png"), wall(camera, T, 0.6))
    images = sorted(shots.glob("*/*.png"))
    done = geomvision("calibrate", *images, *BOARD, "--model", "brown4", "--out", "rig.json")
    assert "all numbers as JSON" in done.out, done.err
    early = geomvision("compare", "stereo", "left.png", "right.png", "--calib", "rig.json", "--methods", "sgm")
    assert early.code == 2
    assert "First: geomvision rectify LEFT RIGHT --rig rig.json --out rectified" in early.err
    done = geomvision("rectify", "left.png", "right.png", "--rig", "rig.json", "--out", "rectified")
    assert done.code == 0, done.err
    pair = ("rectified/left.png", "rectified/right.png", "--calib", "rectified/calib.txt")
    for task, method in (("stereo", "sgm"), ("depth", "from_stereo")):
        done = geomvision("compare", task, *pair, "--methods", method, "--repeats", "1", "--out", "report.html")
        assert done.code == 0, done.err
    left, right = (io.read_image(Path(f"rectified/{side}.png")) for side in ("left", "right"))
    rig = io.read_rig("rectified/calib.txt", image=left)
    points = gv.stereo.SGM(max_disparity=64)(left, right).to_depth(rig).to_points(rig.left).astype(float)
    middle = np.median(points, axis=0)
    near = points[np.linalg.norm(points - middle, axis=1) < 0.15]
    normal = np.linalg.svd(near - near.mean(axis=0), full_matrices=False)[2][2]
    assert abs(near.mean(axis=0) @ normal) == pytest.approx(0.6, rel=0.01)


def test_one_camera_as_json_from_a_pattern(geomvision, shots, out):
    ended = geomvision("calibrate", shots / "left" / "left0[0-6].png", *BOARD, "--out", out / "left.json")
    assert ended.code == 0, ended.err
    assert "all numbers as JSON" in ended.out
    written = json.loads((out / "left.json").read_text())
    assert written["camera"]["model"] == "Camera"
    assert written["camera"]["fx"] == pytest.approx(LEFT.fx, rel=0.02)
    assert len(written["images"]) == 7
    assert written["rms_px"] < 0.1
    assert np.shape(written["covariance"]) == (9, 9)
    assert io.read_camera(out / "left.json").fx == written["camera"]["fx"]


def test_one_camera_as_yaml_from_a_folder(geomvision, shots, out):
    assert geomvision("calibrate", shots / "right", *BOARD, "--model", "fisheye", "--out", out / "r.yaml").code == 0
    assert io.read_opencv_camera(out / "r.yaml").fx == pytest.approx(RIGHT.fx, rel=0.02)


def test_models_without_a_place_in_opencvs_files_are_written_as_kalibrs(tmp_path, geomvision):
    camera = UnifiedCamera(**SIZE, fx=150, fy=151, cx=205, cy=144, alpha=0.6)
    for n, T in enumerate(poses(7)):
        closer = T.copy()
        closer[:3, 3] *= 0.45
        io.write_image(tmp_path / f"{n}.png", photograph(camera, closer))
    ended = geomvision("calibrate", tmp_path, *BOARD, "--model", "ucm", "--out", tmp_path / "c.yaml")
    assert ended.code == 0, ended.err
    assert "Kalibr's camchain" in ended.out
    (found,) = io.read_kalibr(tmp_path / "c.yaml").cameras
    assert found.fx == pytest.approx(150, rel=0.03)


BAD = {
    "counts": (("--board", "9by6", "--square", "2cm"), "--board is '9by6'; it must be inner corners"),
    "no unit": (("--board", "8x5", "--square", "20"), "--square is '20'; it must be a number with its unit"),
    "metres": (("--board", "8x5", "--square", "20m"), "squares of 20 m are on no board; millimetres are mm"),
    "no width": (("--board", "8x5", "--square", "0mm"), "square_m is 0.0; it must be the positive width"),
    "model": ((*BOARD, "--model", "lens"), "model is 'lens'; allowed are pinhole, brown4"),
    "loss": ((*BOARD, "--loss", "l7"), "loss is 'l7'; allowed are 'huber'"),
    "marker": ((*BOARD, "--charuco", "4X4_50"), "--charuco needs --marker"),
    "no charuco": ((*BOARD, "--marker", "1cm"), "belong to --charuco"),
    "ending": ((*BOARD, "--out", "rig.xml"), "--out rig.xml: it must end with .yaml or .yml or .json"),
    "page": ((*BOARD, "--report", "page.pdf"), "--report page.pdf: it must end with .html"),
    "no folder": ((*BOARD, "--out", "nowhere/rig.yaml"), "its folder nowhere does not exist"),
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_flags(geomvision, shots, case):
    flags, message = BAD[case]
    ended = geomvision("calibrate", shots / "right", *flags)
    assert ended.code == 2
    assert message in " ".join(ended.err.split())


def test_wrong_files(geomvision, shots, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty").mkdir()
    one = shots / "left" / "left00.png"
    for given, message in (
        ([tmp_path / "absent.png"], "absent.png: does not exist"),
        ([tmp_path / "absent*.png"], "absent*.png matches no file"),
        ([tmp_path / "text.png"], "text.png"),
        ([tmp_path / "empty"], "holds no images"),
        ([one, one], "left00.png is given twice"),
        ([one], "the board was found in 1 of 1 images; at least 3 are needed"),
    ):
        ended = geomvision("calibrate", *given, *BOARD)
        assert ended.code == 2
        assert message in " ".join(ended.err.split())


def test_the_board_was_found_nowhere(geomvision, shots):
    ended = geomvision("calibrate", shots / "right", "--board", "9x6", "--square", "2cm")
    assert ended.code == 2
    assert "right: the board was found in 0 of 7" in ended.err or "camera: the board was found in 0 of 7" in ended.err
    assert "right00.png: no 9x6 chessboard found. One of 8x5 is there" in ended.err


def named(*names):
    return [Path(name) for name in names]


GROUPS = [
    ("a/1.png a/2.png", {"camera": "a/1.png a/2.png"}),
    ("left1.jpg left2.jpg right2.jpg right1.jpg", {"left": "left1.jpg left2.jpg", "right": "right1.jpg right2.jpg"}),
    ("right1.jpg right2.jpg left1.jpg left2.jpg", {"left": "left1.jpg left2.jpg", "right": "right1.jpg right2.jpg"}),
    ("l/7.png l/8.png r/8.png r/9.png", {"l": "l/7.png l/8.png -", "r": "- r/8.png r/9.png"}),
    ("cam0_03.png cam0_04.png cam1_03.png", {"0": "cam0_03.png cam0_04.png", "1": "cam1_03.png -"}),
    (
        "l/cam0_7.png l/cam0_8.png r/cam1_8.png r/cam1_9.png",
        {"l": "l/cam0_7.png l/cam0_8.png -", "r": "- r/cam1_8.png r/cam1_9.png"},
    ),
    ("l/1_7.png l/1_8.png r/1_7.png r/1_8.png", {"l": "l/1_7.png l/1_8.png", "r": "r/1_7.png r/1_8.png"}),
    ("x/one.png x/two.png y/one.png y/two.png", {"x": "x/one.png x/two.png", "y": "y/one.png y/two.png"}),
    ("IMG_2.png IMG_10.png", {"camera": "IMG_2.png IMG_10.png"}),
]


@pytest.mark.parametrize(("names", "cameras"), GROUPS)
def test_which_image_is_whose(names, cameras):
    found = files.cameras_of(named(*names.split()))
    told = {c.name: " ".join("-" if path is None else path.as_posix() for path in c.paths) for c in found}
    assert list(told.items()) == list(cameras.items())


def test_images_that_do_not_pair():
    with pytest.raises(ValueError, match="images of 3 cameras were given: a, b, c"):
        files.cameras_of(named("a/1.png", "b/1.png", "c/1.png"))
    with pytest.raises(ValueError, match="of 2 images of left and 2 of right, 0 pair by their numbers"):
        files.cameras_of(named("left1.png", "left2.png", "right3.png", "right4.png"))
    assert len(files.cameras_of(named("left1.png", "right3.png"), one_camera=True)) == 1


@pytest.mark.parametrize(("text", "metres"), [("0.025m", 0.025), ("2.5 cm", 0.025), ("25MM", 0.025), ("1e-2m", 0.01)])
def test_lengths(text, metres):
    assert length_m(text, "--square") == pytest.approx(metres)


@pytest.mark.parametrize("text", ["", "m", "25", "25in", "2.5.1cm", "nanometre"])
def test_what_is_no_length(text):
    with pytest.raises(ValueError, match=r"--square is .*; it must be a number with its unit"):
        length_m(text, "--square")
