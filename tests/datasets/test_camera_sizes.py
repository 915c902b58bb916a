"""Images that a user made smaller: the camera becomes smaller with them, or is refused, and is never the whole one."""

import json
from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision import io
from geomvision.datasets._files import of_size


def ddad(root: Path, fx, fy, cx, cy):
    words = {"names": ["CAMERA_01"], "intrinsics": [{"fx": fx, "fy": fy, "cx": cx, "cy": cy}]}
    (root / "ddad_train_val/000150/calibration/k.json").write_text(json.dumps(words))


def ibims1(root: Path, *numbers):
    (root / "ibims1_core_raw/calib/corridor_01.txt").write_text(", ".join(map(str, numbers)))


def sintel(root: Path, fx, fy, cx, cy):
    numbers = np.concatenate([[fx, 0, cx, 0, fy, cy, 0, 0, 1], np.eye(4)[:3].ravel()])
    path = root / "training/camdata_left/alley_1/frame_0001.cam"
    path.write_bytes(b"PIEH" + numbers.astype("<f8").tobytes())


def spring(root: Path, *numbers):
    (root / "train/0001/cam_data/intrinsics.txt").write_text(f"{' '.join(map(str, numbers))}\n" * 2)


def scannet(root: Path, fx, fy, cx, cy):
    text = f"{fx} 0 {cx} 0\n0 {fy} {cy} 0\n0 0 1 0\n0 0 0 1\n"
    (root / "scans/scene0000_00/intrinsic/intrinsic_color.txt").write_text(text)


#: By the layout, the size of published images and what writes a calibration of theirs.
PUBLISHED = {
    "ddad": ((1936, 1216), ddad),
    "ibims1_raw": ((640, 480), ibims1),
    "sintel_stereo": ((1024, 436), sintel),
    "sintel_depth": ((1024, 436), sintel),
    "spring_stereo": ((1920, 1080), spring),
    "scannet": ((1296, 968), scannet),
}


def seen(sample):
    return sample.rig.left if hasattr(sample, "rig") else sample.camera


@pytest.mark.parametrize("name", PUBLISHED)
def test_images_made_smaller_have_a_camera_of_their_size(layouts, tmp_path, name):
    """Layouts hold images of 4x3 pixels: with the published calibration they see what the published ones do."""
    (width, height), write = PUBLISHED[name]
    data = layouts[name].write(tmp_path).open()
    write(tmp_path, 0.9 * width, 0.8 * width, 0.48 * width, 0.53 * height)
    camera = seen(data[0])
    assert (camera.width, camera.height) == (4, 3)
    found = [camera.fx / 4, camera.fy / 3, (camera.cx + 0.5) / 4, (camera.cy + 0.5) / 3]
    whole = [0.9, 0.8 * width / height, (0.48 * width + 0.5) / width, (0.53 * height + 0.5) / height]
    np.testing.assert_allclose(found, whole, rtol=1e-9)


@pytest.mark.parametrize("scale", [0.5, 0.75, 1, 2])
def test_a_calibration_is_of_the_size_in_whose_middle_its_principal_point_lies(scale):
    """That of the published size is made smaller, or larger; one that a user made smaller with the images stays."""
    whole = gv.Camera(width=640, height=480, fx=500.0, fy=510.0, cx=310.0, cy=248.0)
    own = whole.resize(int(640 * scale), int(480 * scale))
    as_read = gv.Camera(width=own.width, height=own.height, fx=500.0, fy=510.0, cx=310.0, cy=248.0)
    assert of_size(Path("K.txt"), as_read, (640, 480)) == own
    assert of_size(Path("K.txt"), own, (640, 480)) == own


def test_images_that_were_cut_are_refused():
    """Nobody knows where: the middle of what is left may be another."""
    cut = gv.Camera(width=1000, height=436, fx=1120.0, fy=1120.0, cx=511.5, cy=217.5)
    with pytest.raises(io.FormatError, match=r"a\.cam: is of 1024x436 pixels; expected that of 1000x436"):
        of_size(Path("a.cam"), cut, (1024, 436))


PROJECTIONS = "P0: 700 0 600 0 0 700 170 0 0 0 1 0\nP1: 700 0 600 -380 0 700 170 0 0 0 1 0\n"


@pytest.mark.parametrize("size", [(370, 1226), (185, 613)])
def test_where_nobody_knows_the_published_size_a_principal_point_at_the_border_is_refused(tmp_path, size):
    """KITTI 2012 and SUN RGB-D: sizes differ from image to image, and no file tells them."""
    image = np.zeros((*size, 3), np.uint8)
    for file in ("training/colored_0/000000_10.png", "training/colored_1/000000_10.png", "NYU0001/image/a.png"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        io.write_image(tmp_path / file, image)
    (tmp_path / "training/calib").mkdir()
    (tmp_path / "training/calib/000000.txt").write_text(
        PROJECTIONS + PROJECTIONS.replace("P0", "P2").replace("P1", "P3")
    )
    (tmp_path / "NYU0001/intrinsics.txt").write_text("700 0 600 0 700 170 0 0 1")
    for data in (gv.datasets.KITTI(tmp_path), gv.datasets.SUNRGBD(tmp_path)):
        if size[1] == 1226:
            assert seen(data[0]).cx == 600
            continue
        told = r"txt: has its principal point at \(600, 170\); expected one near the middle of 613x185 pixels"
        with pytest.raises(io.FormatError, match=told):
            data[0]
