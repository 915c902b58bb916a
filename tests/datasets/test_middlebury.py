from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision import io
from geomvision.datasets._base import DatasetError

NAN = np.nan


def grey(height: int, width: int = 3, value: int = 0) -> np.ndarray:
    return np.full((height, width), value, np.uint8)


def test_the_layout_of_2014_2021_and_v3(tmp_path: Path):
    scene = tmp_path / "trainingQ" / "Piano"
    scene.mkdir(parents=True)
    io.write_image(scene / "im0.png", grey(1))
    io.write_image(scene / "im1.png", grey(1, value=9))
    io.write_pfm(scene / "disp0GT.pfm", np.array([[1.5, NAN, 2.0]]))
    io.write_image(scene / "mask0nocc.png", np.array([[255, 0, 128]], np.uint8))
    (scene / "calib.txt").write_text(
        "cam0=[9 0 1; 0 9 1; 0 0 1]\ncam1=[9 0 3; 0 9 1; 0 0 1]\ndoffs=2\nbaseline=178\nwidth=3\nheight=1\nndisp=65\n"
    )
    data = gv.datasets.Middlebury(tmp_path)
    assert data.names == ["trainingQ/Piano"]
    sample = data[0]
    np.testing.assert_array_equal(sample.disparity.px, np.array([[1.5, NAN, 2.0]], np.float32))
    assert sample.occluded.tolist() == [[False, False, True]]
    assert sample.max_disparity == 65
    assert (sample.rig.baseline_m, sample.rig.doffs_px) == (0.178, 2.0)
    assert gv.datasets.Middlebury(scene).names == ["Piano"]
    (scene / "mask0nocc.png").unlink()
    (scene / "disp0GT.pfm").rename(scene / "disp0.pfm")
    assert data[0].occluded is None
    io.write_pfm(scene / "disp1.pfm", np.array([[2.0, 9.0, 9.0]]))
    assert data[0].occluded.tolist() == [[True, False, False]]


@pytest.mark.parametrize(
    ("left", "right", "truth", "height", "scale"),
    [
        ("view1.png", "view5.png", "disp1.png", 1110, 1),
        ("view1.png", "view5.png", "disp1.png", 555, 2),
        ("view1.png", "view5.png", "disp1.png", 370, 3),
        ("im2.png", "im6.png", "disp2.png", 375, 4),
        ("im2.png", "im6.png", "disp2.png", 750, 2),
        ("im2.ppm", "im6.ppm", "disp2.pgm", 381, 8),
    ],
)
def test_the_scale_follows_from_the_size(tmp_path: Path, left: str, right: str, truth: str, height: int, scale: int):
    for name, value in ((left, 1), (right, 2), (truth, 24)):
        io.write_image(tmp_path / name, grey(height, value=value) if name == truth else np.dstack([grey(height)] * 3))
    sample = gv.datasets.Middlebury(tmp_path)[0]
    assert (sample.disparity.px == 24 / scale).all()
    assert sample.occluded is None
    assert sample.rig is None


def test_zero_is_unknown_except_in_2001(tmp_path: Path):
    for folder, height, names in (
        ("a2003", 375, ("im2.png", "im6.png", "disp2.png")),
        ("b2001", 381, ("im2.ppm", "im6.ppm", "disp2.pgm")),
    ):
        (tmp_path / folder).mkdir()
        for name in names:
            image = grey(height) if "disp" in name else np.dstack([grey(height)] * 3)
            io.write_image(tmp_path / folder / name, image)
    data = gv.datasets.Middlebury(tmp_path)
    assert [sample.disparity.density for sample in data] == [0.0, 1.0]


def test_2005_has_metres_where_dmin_is_given(tmp_path: Path):
    for name in ("view1.png", "view5.png", "disp1.png", "disp5.png"):
        io.write_image(tmp_path / name, grey(370, 463, 30))
    (tmp_path / "dmin.txt").write_text("200\n")
    sample = gv.datasets.Middlebury(tmp_path)[0]
    assert sample.rig.left.fx == pytest.approx(3740 / 3)
    assert sample.rig.doffs_px == pytest.approx(200 / 3)
    # Z = 0.16 m · 1246.67 px / (10 + 66.67) px
    np.testing.assert_allclose(sample.disparity.to_depth(sample.rig).m, 0.16 * 3740 / 3 / (10 + 200 / 3), rtol=1e-6)
    assert sample.occluded.sum() == 370 * 10  # the first ten columns leave the right image
    (tmp_path / "dmin.txt").write_text("many\n")
    with pytest.raises(io.FormatError, match=r"dmin\.txt: holds no number"):
        gv.datasets.Middlebury(tmp_path)[0]


def test_an_unusual_size_asks_for_the_scale(tmp_path: Path):
    for name in ("view1.png", "view5.png", "disp1.png"):
        io.write_image(tmp_path / name, grey(100, value=40))
    with pytest.raises(DatasetError, match=r"100 rows high.*370 \(3\).*scale="):
        gv.datasets.Middlebury(tmp_path)[0]
    assert (gv.datasets.Middlebury(tmp_path, scale=4)[0].disparity.px == 10).all()


def test_wrong_folders_say_what_was_expected(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"does not exist; expected a folder with scenes with im0\.png"):
        gv.datasets.Middlebury(tmp_path / "gone")
    (tmp_path / "left.png").touch()
    with pytest.raises(DatasetError, match=r"holds left\.png; expected scenes with im0\.png"):
        gv.datasets.Middlebury(tmp_path)
