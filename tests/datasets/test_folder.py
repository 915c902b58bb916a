import json
from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision import io
from geomvision.datasets._base import DatasetError

NAN = np.nan
GREY = np.arange(6, dtype=np.uint8).reshape(2, 3)


def scene(folder: Path, meta: dict | None = None, **images: np.ndarray) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        io.write_image(folder / f"{name}.png", image)
    if meta is not None:
        (folder / "meta.json").write_text(json.dumps(meta))
    return folder


def stereo_scene(folder: Path, meta: dict | None = None, **images: np.ndarray) -> Path:
    return scene(folder, meta, left=GREY, right=GREY + 1, **images)


def test_a_root_a_task_folder_and_one_scene(tmp_path: Path):
    stereo_scene(tmp_path / "stereo" / "a")
    scene(tmp_path / "flow" / "a", frame0=GREY, frame1=GREY)
    intrinsics = {"fx": 2, "fy": -2, "cx": 1, "cy": 0.5}
    depth = {"depth_000": GREY.astype(np.uint16), "color_000": GREY, "depth_001": GREY, "color_001": GREY}
    scene(tmp_path / "depth" / "room", {"intrinsics": intrinsics, "depth_scale": 2}, **depth)
    scene(tmp_path / "twoview" / "other", image0=GREY, image1=GREY)
    everything = gv.datasets.Folder(tmp_path)
    assert everything.names == ["a", "flow/a", "room/000", "room/001"]
    assert [type(s).__name__ for s in everything] == ["StereoSample", "FlowSample", "DepthSample", "DepthSample"]
    assert gv.datasets.Folder(tmp_path, task="depth").names == ["room/000", "room/001"]
    assert gv.datasets.Folder(tmp_path / "flow").names == ["a"]
    one = gv.datasets.Folder(tmp_path / "stereo" / "a")
    assert len(one) == 1
    assert (one[0].left == GREY).all()
    assert (one["a"].right == GREY + 1).all()
    frame = everything["room/001"]
    assert (frame.camera.fy, frame.camera.width) == (-2, 3)
    np.testing.assert_array_equal(frame.depth.m, np.array([[NAN, 0.5, 1.0], [1.5, 2.0, 2.5]], np.float32))


def test_sequences_behave_as_sequences(tmp_path: Path):
    for name in "abc":
        stereo_scene(tmp_path / name)
    data = gv.datasets.Folder(tmp_path)
    assert [sample.name for sample in data[1:]] == ["b", "c"]
    assert data[-1].name == "c"
    assert "b" in data
    assert "d" not in data
    assert repr(data) == "Folder(3 samples)"
    with pytest.raises(IndexError, match="sample 3 of 3"):
        data[3]
    with pytest.raises(KeyError, match="no sample 'd'; there are a, b, c"):
        data["d"]


def test_files_are_read_only_when_asked_for(tmp_path: Path):
    stereo_scene(tmp_path / "a")
    (tmp_path / "a" / "left.png").write_bytes(b"broken")
    data = gv.datasets.Folder(tmp_path)
    assert data.names == ["a"]
    with pytest.raises(io.FormatError, match=r"left\.png"):
        data[0]


def test_scale_invalid_and_range_come_from_the_meta_data(tmp_path: Path):
    stored = np.array([[0, 8, 16], [24, 32, 255]], np.uint8)
    stereo_scene(tmp_path / "a", {"disparity_scale": 8, "invalid_value": 255}, disp=stored)
    sample = gv.datasets.Folder(tmp_path)[0]
    np.testing.assert_array_equal(sample.disparity.px, np.array([[0, 1, 2], [3, 4, NAN]], np.float32))
    assert (sample.rig, sample.occluded, sample.max_disparity) == (None, None, None)
    stereo_scene(tmp_path / "a", {}, disp=stored)
    with pytest.raises(io.FormatError, match="no scale was given"):
        gv.datasets.Folder(tmp_path)[0]


def test_occlusion_from_each_kind_of_file(tmp_path: Path):
    meta = {"disparity_scale": 1, "invalid_value": 0}
    ones = np.full((2, 3), 1, np.uint8)
    new = np.array([[255, 128, 0], [255, 255, 255]], np.uint8)
    old, scored = np.array([[255, 0, 0], [255, 255, 255]], np.uint8), np.array([[255, 255, 0], [255] * 3], np.uint8)
    noc = np.array([[1, 0, 1], [1, 1, 1]], np.uint8)
    stereo_scene(tmp_path / "new", meta, disp=ones, mask_nonocc=new)
    stereo_scene(tmp_path / "old", meta, disp=ones, mask_nonocc=old, mask_all=scored, mask_disc=scored)
    stereo_scene(tmp_path / "noc", meta, disp=ones, disp_noc=noc)
    stereo_scene(tmp_path / "both", meta, disp=ones, disp_right=ones)
    data = gv.datasets.Folder(tmp_path)
    second_pixel = [[False, True, False], [False, False, False]]
    for name in ("new", "old", "noc"):
        assert data[name].occluded.tolist() == second_pixel
    assert data["both"].occluded.tolist() == [[True, False, False]] * 2
    assert data["old"].masks["discontinuities"].tolist() == [[True, True, False], [True] * 3]


def test_rigs(tmp_path: Path):
    meta = {"focal_px": 100.0, "baseline_m": 0.2, "doffs_px": 5.0}
    stereo_scene(tmp_path / "meta", meta)
    stereo_scene(tmp_path / "half", {"focal_px": 100.0, "baseline_m": 0.2})
    middlebury = "cam0=[9 0 1; 0 9 1; 0 0 1]\ncam1=[9 0 3; 0 9 1; 0 0 1]\nbaseline=50\nwidth=3\nheight=2\nndisp="
    (stereo_scene(tmp_path / "midd") / "calib.txt").write_text(middlebury + "2\n")
    (stereo_scene(tmp_path / "unbound") / "calib.txt").write_text(middlebury + "3\n")
    kitti = "P0: 9 0 1 0 0 9 1 0 0 0 1 0\nP1: 9 0 1 -4.5 0 9 1 0 0 0 1 0\n"
    (stereo_scene(tmp_path / "kitti") / "calib.txt").write_text(kitti)
    data = gv.datasets.Folder(tmp_path)
    rig = data["meta"].rig
    assert (rig.left.fx, rig.left.cx, rig.left.cy, rig.doffs_px) == (100, 1.0, 0.5, 5.0)
    assert rig.baseline_m == pytest.approx(0.2)
    assert data["half"].rig is None
    assert (data["midd"].rig.baseline_m, data["midd"].rig.doffs_px, data["midd"].max_disparity) == (0.05, 2.0, 2)
    assert data["unbound"].max_disparity is None  # as wide as the image: no bound at all
    assert data["kitti"].rig.baseline_m == pytest.approx(0.5)


def test_flow_scenes(tmp_path: Path):
    folder = scene(tmp_path / "sintel", None, frame0=GREY, frame1=GREY, frame0_final=GREY + 9, frame1_final=GREY)
    io.write_flo(folder / "flow.flo", np.ones((2, 3, 2)))
    io.write_image(folder / "occlusion.png", np.array([[255, 0, 0], [0, 0, 0]], np.uint8))
    io.write_image(folder / "invalid.png", np.array([[0, 0, 0], [0, 0, 255]], np.uint8))
    sample = gv.datasets.Folder(tmp_path)[0]
    assert sample.flow.valid.tolist() == [[True, True, True], [True, True, False]]
    assert sample.occluded.tolist() == [[True, False, False], [False, False, False]]
    assert (sample.frame0 == GREY).all()
    assert (gv.datasets.Folder(tmp_path, final_pass=True)[0].frame0 == GREY + 9).all()


def test_wrong_folders_say_what_was_expected(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"does not exist; expected a folder with stereo/SCENE/left\.png"):
        gv.datasets.Folder(tmp_path / "gone")
    with pytest.raises(DatasetError, match=r"holds nothing; expected stereo/SCENE/left\.png"):
        gv.datasets.Folder(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DatasetError, match=r"holds notes\.txt; expected"):
        gv.datasets.Folder(tmp_path)
    with pytest.raises(DatasetError, match="is a file; expected a folder"):
        gv.datasets.Folder(tmp_path / "notes.txt")
    stereo_scene(tmp_path / "a")
    with pytest.raises(DatasetError, match="only flow scenes were asked for"):
        gv.datasets.Folder(tmp_path, task="flow")
    with pytest.raises(ValueError, match="allowed are stereo, flow, depth, pose or None"):
        gv.datasets.Folder(tmp_path, task="points")
    with pytest.raises(DatasetError, match="only pose scenes were asked for"):
        gv.datasets.Folder(tmp_path, task="pose")


def test_broken_meta_data(tmp_path: Path):
    folder = stereo_scene(tmp_path / "a")
    for text, reason in (("{", "is no JSON"), ("[1]", "holds a list")):
        (folder / "meta.json").write_text(text)
        with pytest.raises(io.FormatError, match=reason):
            gv.datasets.Folder(tmp_path)[0]
    scene(tmp_path / "b", {"depth_scale": 1}, depth=GREY, color=GREY)
    with pytest.raises(DatasetError, match="no intrinsics"):
        gv.datasets.Folder(tmp_path)["b"]
    scene(tmp_path / "c", {"depth_scale": 1}, depth=GREY)
    with pytest.raises(DatasetError, match=r"no image color\.png"):
        gv.datasets.Folder(tmp_path)["c"]


def test_the_data_sets_by_name():
    assert {"folder", "kitti", "middlebury"} <= set(gv.datasets.DATASETS)
    assert gv.datasets.DATASETS["kitti"] is gv.datasets.KITTI
    with pytest.raises(AttributeError, match="there are"):
        gv.datasets.Imagenet  # noqa: B018


def test_classes_of_surfaces_are_masks_of_a_stereo_scene(tmp_path: Path):
    folder = stereo_scene(tmp_path / "a", objects=np.where(GREY < 2, 7, 0).astype(np.uint8))
    masks = gv.datasets.Folder(folder)[0].masks
    assert list(masks) == ["7"]
    np.testing.assert_array_equal(masks["7"], GREY < 2)
    io.write_image(folder / "objects.png", GREY[:, :2])
    with pytest.raises(io.FormatError, match="holds masks of 2x2 pixels; expected masks of 3x2 pixels"):
        gv.datasets.Folder(folder)[0]


def test_classes_of_surfaces_of_flow_and_depth_scenes(tmp_path: Path):
    meta = {"intrinsics": {"fx": 2, "fy": 2, "cx": 1, "cy": 0.5}, "depth_scale": 2}
    images = {f"{name}_{k}": GREY for name in ("color", "depth") for k in ("000", "001")}
    first, second = gv.datasets.Folder(scene(tmp_path / "room", meta, objects_001=GREY, **images))
    assert (list(first.masks), list(second.masks)) == ([], [str(n) for n in np.unique(GREY) if n])
    folder = scene(tmp_path / "walk", {}, frame0=GREY, frame1=GREY)
    box = '<box label="car" xtl="0" ytl="0" xbr="1" ybr="2" />'
    images = "".join(f'<image name="{n}.png" width="3" height="2">{box}</image>' for n in ("frame0", "frame1"))
    (folder / "objects.xml").write_text(f"<annotations>{images}</annotations>")
    np.testing.assert_array_equal(gv.datasets.Folder(folder)[0].masks["car"], [[True, False, False]] * 2)


def test_edges_and_kind_of_a_depth_scene(tmp_path: Path):
    meta = {"intrinsics": {"fx": 2, "fy": 2, "cx": 1, "cy": 0.5}, "depth_scale": 2, "category": "Indoor"}
    images = {f"{name}_{k}": GREY for name in ("color", "depth") for k in ("000", "001")}
    edges = np.where(GREY == 3, 255, 0).astype(np.uint8)
    first, second = gv.datasets.Folder(scene(tmp_path / "room", meta, edges_000=edges, **images))
    assert (first.category, second.category) == ("Indoor", "Indoor")
    np.testing.assert_array_equal(first.masks["edges"], GREY == 3)
    assert dict(second.masks) == {}


def test_two_views_are_taken_where_they_are_asked_for(tmp_path: Path):
    stereo_scene(tmp_path / "stereo" / "a")
    K = np.diag([4.0, 4.0, 1.0]).tolist()
    pair = scene(tmp_path / "twoview" / "t", {"K0": K, "K1": K}, image0=GREY, image1=GREY + 1)
    scene(tmp_path / "pose" / "p", {"K0": K, "K1": K}, image0=GREY, image1=GREY + 1)
    assert gv.datasets.Folder(tmp_path).names == ["a"]
    assert gv.datasets.Folder(tmp_path, task="pose").names == ["p", "t"]
    assert gv.datasets.Folder(tmp_path / "twoview", task="pose").names == ["t"]
    (sample,) = gv.datasets.Folder(pair, task="pose")
    assert (sample.T_1_0, sample.depth0, sample.depth1) == (None, None, None)
    assert (sample.image1 == GREY + 1).all()


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({}, r"meta\.json has no K0; expected K0 and K1, 3x3 in pixels"),
        ({"K0": [1, 2]}, r"meta\.json: .*K0, 3x3"),
        ({"K0": [[4, 0.5, 1], [0, 4, 1], [0, 0, 1]]}, "without skew"),
        ({"T_0to1": (2 * np.eye(4)).tolist()}, "T_0to1"),
        ({"T_0to1": "sideways"}, "T_0to1, a 4x4 pose"),
        ({"depth_scale": 0}, "depth_scale is 0"),
    ],
)
def test_two_views_without_cameras_or_with_odd_ones_name_the_file(tmp_path: Path, meta, message):
    whole = {"K0": np.diag([4.0, 4.0, 1.0]).tolist(), "K1": np.diag([4.0, 4.0, 1.0]).tolist(), **meta}
    depth = {"depth0": GREY} if "depth_scale" in meta else {}
    pair = scene(tmp_path / "t", whole if meta else {}, image0=GREY, image1=GREY, **depth)
    with pytest.raises((io.FormatError, DatasetError), match=message):
        gv.datasets.Folder(pair, task="pose")[0]


def test_images_without_zeros_before_their_numbers_follow_one_another(tmp_path: Path):
    """Flow leads from frame 9 to frame 10, not from 1 to 10."""
    for number in (9, 10, 100, 8, 1):
        io.write_image(tmp_path / f"{number}.png", np.full((4, 5), number, np.uint8))
    data = gv.datasets.ImageFolder(tmp_path, task="flow")
    assert data.names == ["1.png", "8.png", "9.png", "10.png"]
    assert (data["9.png"].frame1 == 10).all()
