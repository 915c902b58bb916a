"""One reader for every calibration file: the same rig from all, and what is wrong said with file and formats."""

import json
from dataclasses import replace

import numpy as np
import pytest

from geomvision import io
from geomvision.cameras import Camera, ExtendedUnifiedCamera, KannalaBrandt, RayTable, StereoRig, UnifiedCamera, pose

SIZE = {"width": 96, "height": 64}
IMAGE = np.zeros((64, 96), np.uint8)
LEFT = Camera(**SIZE, fx=80.0, fy=81.0, cx=47.0, cy=31.0, distortion=(-0.1, 0.02, 0.001, -0.002))
RIGHT = replace(LEFT, fx=82.0, cx=46.0)
T = pose(translation=(-0.2, 0.01, 0.0))
RIG = StereoRig(left=LEFT, right=RIGHT, T_right_left=T)
FLAT = StereoRig.rectified(Camera(**SIZE, fx=80.0, fy=80.0, cx=47.0, cy=31.0), 0.2, doffs_px=1.5)


def equal(a: StereoRig, b: StereoRig) -> bool:
    same = [type(x) is type(y) and x.parameters == pytest.approx(y.parameters) for x, y in
            ((a.left, b.left), (a.right, b.right))]  # fmt: skip
    return all(same) and a.T_right_left == pytest.approx(b.T_right_left)


@pytest.fixture
def files(tmp_path):
    """The rig in every format that holds it, one name or two for each."""
    io.write_camera_json(tmp_path / "rig.json", RIG)
    io.write_opencv_rig(tmp_path / "opencv.yml", RIG)
    chain = io.KalibrChain(cameras=(LEFT, RIGHT), T_camera_first=(np.eye(4), T), topics=("", ""))
    io.write_kalibr(tmp_path / "kalibr.yaml", chain)
    lines = (tmp_path / "opencv.yml").read_text().splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.startswith("R:"))
    (tmp_path / "intrinsics.yml").write_text("".join(line for line in lines[:start] if not line.startswith("image_")))
    (tmp_path / "extrinsics.yml").write_text("".join([*lines[:2], *lines[start:]]))
    text = (tmp_path / "opencv.yml").read_text()
    for old, new in (("M", "cameraMatrix"), ("D", "distCoeffs")):
        text = text.replace(f"{old}1:", f"{new}1:").replace(f"{old}2:", f"{new}2:")
    (tmp_path / "names.yml").write_text(text)
    (tmp_path / "a rig without an ending").write_text((tmp_path / "rig.json").read_text())
    return tmp_path


@pytest.mark.parametrize(
    "names",
    [
        ["rig.json"], ["opencv.yml"], ["kalibr.yaml"], ["intrinsics.yml", "extrinsics.yml"],
        ["extrinsics.yml", "intrinsics.yml"], ["names.yml"], ["a rig without an ending"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_format_gives_the_same_rig(files, names):
    found = io.read_rig(*(files / name for name in names), image=IMAGE)
    assert equal(found, RIG)
    if "intrinsics.yml" not in names:  # which tell no size
        with pytest.raises(ValueError, match="96x64 pixels, but the image is 50x40"):
            io.read_rig(*(files / name for name in names), image=np.zeros((40, 50), np.uint8))


def test_resized_images_are_told_as_such(files):
    with pytest.raises(ValueError, match=r"the images were resized: .* \.resize\(48, 32\)"):
        io.read_rig(files / "rig.json", image=IMAGE[::2, ::2])


@pytest.mark.parametrize("ending", ["json", "yaml"])
@pytest.mark.parametrize(
    "camera",
    [
        LEFT,
        Camera(**SIZE, fx=80.0, fy=81.0, cx=47.0, cy=31.0),
        Camera(**SIZE, fx=80.0, fy=81.0, cx=47.0, cy=31.0, distortion=tuple(0.001 * k for k in range(14))),
        KannalaBrandt(**SIZE, fx=40.0, fy=41.0, cx=47.0, cy=31.0, distortion=(0.01, 0.002, -0.001, 0.0)),
        UnifiedCamera(**SIZE, fx=40.0, fy=40.0, cx=44.0, cy=30.0, alpha=0.5, distortion=(0.1, 0.02, 0.0, 0.001)),
        ExtendedUnifiedCamera(**SIZE, fx=40.0, fy=40.0, cx=44.0, cy=30.0, alpha=0.5, beta=1.2),
    ],
    ids=lambda camera: f"{type(camera).__name__}{len(camera.distortion)}",
)
def test_what_is_written_reads_back_in_every_model(tmp_path, camera, ending):
    rig = StereoRig(left=camera, right=camera.with_parameters(camera.parameters * 1.01), T_right_left=T)
    io.write_rig(tmp_path / f"rig.{ending}", rig)
    found = io.read_rig(tmp_path / f"rig.{ending}", image=IMAGE)
    io.write_camera(tmp_path / f"camera.{ending}", camera)
    alone = io.read_camera(tmp_path / f"camera.{ending}", image=IMAGE)
    pixels = np.array([[10.0, 20.0], [50.0, 30.0], [90.0, 60.0]])
    for one, other in ((found.left, rig.left), (found.right, rig.right), (alone, camera)):
        assert type(one) is type(other)
        np.testing.assert_allclose(one.rays(pixels), other.rays(pixels), rtol=1e-9)
    assert found.T_right_left == pytest.approx(T)


def test_what_no_format_holds_is_refused(tmp_path):
    table = RayTable.from_camera(LEFT, step_px=16)
    with pytest.raises(ValueError, match="RayTable"):
        io.write_rig(tmp_path / "rig.yaml", StereoRig(left=table, right=table, T_right_left=T))
    with pytest.raises(ValueError, match=r"\.json, \.yaml or \.yml"):
        io.write_rig(tmp_path / "rig.txt", RIG)
    mixed = StereoRig(left=LEFT, right=replace(RIGHT, width=90, distortion=(0.1,) * 5), T_right_left=T)
    with pytest.raises(ValueError, match=r"\.json holds it"):
        io.write_rig(tmp_path / "rig.yaml", mixed)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_a_camera_is_no_rig_and_a_rig_no_camera(tmp_path, ending):
    for call, said in (
        (lambda path: io.write_rig(path, LEFT), "rig is Camera; it must be a geomvision.cameras.StereoRig"),
        (lambda path: io.write_camera(path, RIG), "camera is StereoRig; it must be a geomvision.cameras.CameraModel"),
        (lambda path: io.write_camera_json(path, LEFT.K), "camera is ndarray; it must be a CameraModel or a StereoRig"),
    ):
        with pytest.raises(TypeError, match=said):
            call(tmp_path / f"a.{ending}")
    assert not list(tmp_path.iterdir())


def ros_pair(folder):
    P = np.array([[80.0, 0, 47.0, 0], [0, 80.0, 31.0, 0], [0, 0, 1, 0]])
    for name, camera, shift in (("left", LEFT, 0.0), ("right", RIGHT, -16.0)):
        P[0, 3] = shift
        io.write_ros_camera(folder / f"{name}.yaml", io.RosCamera(camera=camera, name=name, R=np.eye(3), P=P.copy()))
    return folder / "left.yaml", folder / "right.yaml"


def test_ros_has_the_recorded_and_the_rectified_rig(tmp_path):
    left, right = ros_pair(tmp_path)
    recorded = io.read_rig(left, right, image=IMAGE)
    assert recorded.left.is_distorted
    assert recorded.T_right_left[0, 3] == pytest.approx(-0.2)
    straight = io.read_rig(left, right, image=IMAGE, rectified=True)
    assert straight.is_rectified
    assert (straight.left.fx, straight.baseline_m) == (80.0, pytest.approx(0.2))
    assert io.read_camera(left).fx == 80.0
    with pytest.raises(io.FormatError, match="one camera: give the right camera's file as well"):
        io.read_rig(left)
    with pytest.raises(ValueError, match="swapped"):
        io.read_rig(right, left)


def test_opencv_has_both_rigs_too_and_a_unit(tmp_path):
    io.write_opencv_rig(tmp_path / "rig.yml", replace(RIG, T_right_left=pose(translation=(-200.0, 10.0, 0.0))))
    with pytest.raises(io.FormatError, match=r"baseline is 200.2 m, if T is in metres; expected .* --unit mm"):
        io.read_rig(tmp_path / "rig.yml", image=IMAGE)
    assert equal(io.read_rig(tmp_path / "rig.yml", unit_m=0.001), RIG)
    assert io.read_rig(tmp_path / "rig.yml", unit_m=1.0).baseline_m == pytest.approx(200.25, abs=0.01)
    with (tmp_path / "rig.yml").open("a") as file:
        file.write("P1: {rows: 3, cols: 4, data: [70, 0, 40, 0, 0, 70, 30, 0, 0, 0, 1, 0]}\n")
        file.write("P2: {rows: 3, cols: 4, data: [70, 0, 40, -14000, 0, 70, 30, 0, 0, 0, 1, 0]}\n")
    straight = io.read_rig(tmp_path / "rig.yml", image=IMAGE, rectified=True, unit_m=0.001)
    assert straight.is_rectified
    assert (straight.left.fx, straight.baseline_m) == (70.0, pytest.approx(0.2))


@pytest.mark.parametrize("written", ["by cv2", "by hand"])
def test_opencv_in_json_is_read_as_in_yaml(tmp_path, written):
    """As cv2.FileStorage writes it, and as people do who write K and D with Python's json."""
    path, lens = tmp_path / "rig.json", np.array([LEFT.distortion])
    entries = {"M1": LEFT.K, "D1": lens, "M2": RIGHT.K, "D2": lens, "R": T[:3, :3], "T": T[:3, 3:]}
    if written == "by cv2":
        cv2 = pytest.importorskip("cv2")
        storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
        for name, values in entries.items():
            storage.write(name, values)
        storage.release()
    else:
        path.write_text(json.dumps({name: values.tolist() for name, values in entries.items()}))
    assert equal(io.read_rig(path, image=IMAGE), RIG)
    path.write_text(json.dumps({"camera_matrix": LEFT.K.tolist(), "dist_coeffs": lens.tolist()}, indent=2))
    assert io.read_camera(path, image=IMAGE) == LEFT


def test_a_recorded_kitti_file_by_the_size_of_its_image(tmp_path):
    K = [80.0, 0, 47.0, 0, 80.0, 31.0, 0, 0, 1]
    entries = {}
    for n, x in ((0, 0.0), (1, -0.5)):
        entries |= {f"S_0{n}": [96, 64], f"K_0{n}": K, f"D_0{n}": [-0.1, 0, 0, 0, 0], f"R_0{n}": np.eye(3).ravel()}
        entries |= {f"T_0{n}": [x, 0, 0], f"S_rect_0{n}": [90, 60]}
        entries |= {f"P_rect_0{n}": [70, 0, 45, 70 * x, 0, 70, 30, 0, 0, 0, 1, 0]}
    io.write_kitti_calib(tmp_path / "calib.txt", entries)
    assert io.read_rig(tmp_path / "calib.txt", image=IMAGE).left.distortion[0] == -0.1
    straight = io.read_rig(tmp_path / "calib.txt", image=np.zeros((60, 90), np.uint8))
    assert (straight.left.fx, straight.baseline_m) == (70.0, pytest.approx(0.5))
    with pytest.raises(io.FormatError, match="96x64 pixels as recorded, 90x60 rectified, but this one is 50x40"):
        io.read_rig(tmp_path / "calib.txt", image=np.zeros((40, 50), np.uint8))


def test_middlebury_by_what_it_holds(tmp_path):
    io.write_middlebury_calib(tmp_path / "rig.yaml", FLAT)
    assert equal(io.read_rig(tmp_path / "rig.yaml", image=IMAGE), FLAT)
    assert io.read_camera(tmp_path / "rig.yaml").fx == 80.0


WRONG = {
    "text": ("hello", "holds no rig that is known"),
    "xml": ('<?xml version="1.0"?><opencv_storage/>', "OpenCV's XML is not read"),
    "half json": ('{"left": ', "is no JSON"),
    "list": ('{"T_right_left": []}', "has no camera under 'left'"),
    "one camera": (json.dumps({"camera": io.camera_json.camera_as_dict(LEFT)}), "holds one camera: calibrate the"),
    "opencv camera": ("%YAML:1.0\n---\ncamera_matrix: 1\nimage_width: 3\n", "no pose of a second one"),
    "kalibr camera": ("cam0:\n  camera_model: pinhole\n", "no pose of a second one"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_rig_is_told_with_the_formats(tmp_path, case):
    text, message = WRONG[case]
    path = tmp_path / "rig"
    path.write_text(text)
    with pytest.raises(io.FormatError) as refused:
        io.read_rig(path, image=IMAGE)
    assert str(refused.value).startswith(str(path))
    assert message in str(refused.value)
    assert "expected" in str(refused.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"T_right_left": [[1, 0], [0, 1]]}, "T_right_left is no rigid transform"),
        ({"T_right_left": np.diag([2.0, 1, 1, 1]).tolist()}, "T_right_left is no rigid transform"),
        ({"right": {"camera": {"model": "Camera", "width": 9, "height": 8, "fx": 3}}}, "right is 'Camera' with fx"),
        ({"right": {"camera": {"model": "Camera", "width": 0, "height": 8}}}, "the size of right is 0x8"),
        ({"right": {"camera": {"fx": 3}}}, "right has no model"),
        ({"right": 3}, "no camera under 'right'"),
        ({"left": {"camera": {**io.camera_json.camera_as_dict(LEFT), "fx": -1}}}, "left: focal lengths"),
        ({"left": {"camera": {**io.camera_json.camera_as_dict(LEFT), "fx": None}}}, "left: "),
        ({"left": {"camera": {**io.camera_json.camera_as_dict(LEFT), "fx": float("nan")}}}, "not finite"),
    ],
)
def test_damaged_json_names_the_entry(tmp_path, change, message):
    io.write_camera_json(tmp_path / "rig.json", RIG)
    entry = json.loads((tmp_path / "rig.json").read_text()) | change
    (tmp_path / "rig.json").write_text(json.dumps(entry))
    with pytest.raises(io.FormatError, match=message):
        io.read_rig(tmp_path / "rig.json")


def test_two_files_that_are_no_rig(files):
    with pytest.raises(io.FormatError, match="make no rig; expected a rig: JSON of geomvision calibrate"):
        io.read_rig(files / "rig.json", files / "rig.json")
    (files / "empty").write_text("")
    with pytest.raises(io.FormatError, match="is empty; expected a rig"):
        io.read_rig(files / "empty")
    (files / "text").write_text("hello")
    with pytest.raises(io.FormatError, match="holds no camera that is known; expected a camera"):
        io.read_camera(files / "text")


def test_a_colmap_model_of_one_camera_is_a_camera(tmp_path):
    for name in ("True", "False", "two"):
        (tmp_path / name).mkdir()
    image = io.ColmapImage(name="a.png", camera_id=1, T_camera_world=np.eye(4))
    for binary in (False, True):
        io.write_colmap(tmp_path / str(binary), io.ColmapModel(cameras={1: LEFT}, images={1: image}), binary=binary)
        for path in (tmp_path / str(binary), tmp_path / str(binary) / f"cameras.{'bin' if binary else 'txt'}"):
            assert io.read_camera(path, image=IMAGE).parameters == pytest.approx(LEFT.parameters)
    with pytest.raises(ValueError, match="96x64 pixels, but the image is 50x40"):
        io.read_camera(tmp_path / "True", image=np.zeros((40, 50), np.uint8))
    io.write_colmap(tmp_path / "two", io.ColmapModel(cameras={1: LEFT, 7: RIGHT}, images={1: image}))
    with pytest.raises(io.FormatError, match=r"two: has 2 cameras: 1, 7; expected a COLMAP model of one camera"):
        io.read_camera(tmp_path / "two")
    with pytest.raises(io.FormatError, match=r"is a folder; expected a camera: .* a COLMAP model's folder"):
        io.read_camera(tmp_path)
