"""`geomvision compare` on good input."""

import json
import shutil

import numpy as np
import pytest

from geomvision.cameras import Camera
from geomvision.cli import sources
from geomvision.datasets import Synthetic
from geomvision.datasets.folder import Folder
from geomvision.io import write_camera_json, write_image, write_kitti_depth

QUICK = ("--repeats", "1")


def rows(path):
    (comparison,) = json.loads(path.read_text())["comparisons"]
    return {row["label"]: row for row in comparison["rows"]}, comparison


def test_stereo_prints_the_table_and_writes_the_report(geomvision, pair, out):
    files = (pair / "left.png", pair / "right.png", "--truth", pair / "disp.pfm")
    ended = geomvision("compare", "stereo", *files, "--methods", "sgm,opencv_bm", "--out", out / "r.html", *QUICK)
    assert ended.code == 0, ended.err
    assert "totbad-2.0" in ended.out
    assert "max_disparity is 16 px, measured from the pair" in ended.out
    assert (out / "r.html").stat().st_size > 50_000
    assert [entry.name for entry in out.iterdir()] == ["r.html"]


def test_options_are_set_by_their_type(geomvision, pair, out):
    files = (pair / "left.png", pair / "right.png", "--truth", pair / "disp.pfm", "--protocol", "kitti2015")
    sets = ("--set", "max_disparity=32", "--set", "sgm.adaptive_p2=false", "--set", "sgm.subpixel=none")
    ended = geomvision("compare", "stereo", *files, "--methods", "sgm", *sets, "--out", out / "r.json", *QUICK)
    assert ended.code == 0, ended.err
    found, comparison = rows(out / "r.json")
    options = found["sgm"]["options"]
    assert (options["max_disparity"], options["adaptive_p2"], options["subpixel"]) == (32, False, "none")
    assert list(comparison["protocols"]) == ["kitti2015"]
    assert found["sgm"]["scores"]["kitti2015"]["D1-all all"] < 20
    assert "max_disparity is" not in ended.out


def test_flow_finds_the_motion(geomvision, pair, out):
    files = (pair / "frame0.png", pair / "frame1.png", "--truth", pair / "flow.flo")
    ended = geomvision("compare", "flow", *files, "--methods", "opencv_dis", "--out", out / "r.json", *QUICK)
    assert ended.code == 0, ended.err
    found, _ = rows(out / "r.json")
    assert found["opencv_dis"]["scores"]["middlebury_flow"]["EPE"] < 2.0


def test_no_truth_means_no_figures_but_time(geomvision, pair, out):
    files = (pair / "left.png", pair / "right.png")
    ended = geomvision("compare", "stereo", *files, "--methods", "opencv_bm", "--out", out / "r.json", *QUICK)
    assert ended.code == 0, ended.err
    found, comparison = rows(out / "r.json")
    assert comparison["protocols"] == {}
    assert found["opencv_bm"]["timing"]["median_s"] > 0


def coco(path, *names, size=(200, 120)):
    """Images of these names, each with glass in its left half."""
    images = [{"id": k, "file_name": name, "width": size[0], "height": size[1]} for k, name in enumerate(names)]
    half = [0, 0, size[0] / 2, 0, size[0] / 2, size[1], 0, size[1]]
    shapes = [{"image_id": k, "category_id": 1, "segmentation": [half]} for k in range(len(names))]
    classes = [{"id": 1, "name": "glass"}]
    path.write_text(json.dumps({"images": images, "annotations": shapes, "categories": classes}))
    return path


def test_objects_are_scored_by_class(geomvision, pair, out):
    files = (pair / "left.png", pair / "right.png", "--truth", pair / "disp.pfm", "--methods", "opencv_bm", *QUICK)
    plain = geomvision("compare", "stereo", *files, "--out", out / "r.json")
    assert plain.code == 0, plain.err
    assert "booster" not in rows(out / "r.json")[1]["protocols"]
    export = coco(pair / "export.json", "images/left.png", "images/right.png")
    ended = geomvision("compare", "stereo", *files, "--objects", export, "--out", out / "r.json")
    assert ended.code == 0, ended.err
    figures = rows(out / "r.json")[0]["opencv_bm"]["scores"]["booster"]
    assert figures["bad-2.0 glass"] > figures["bad-2.0 all"] > figures["bad-2.0 other"]  # nothing at the left border


def test_an_export_of_a_folder_names_its_scenes(geomvision, pair, out):
    scenes = pair.parent / "scenes"
    for name in ("a", "b"):
        shutil.copytree(pair, scenes / name, ignore=shutil.ignore_patterns("frame*", "flow*"))
    command = ("compare", "stereo", scenes, "--methods", "opencv_bm", *QUICK, "--out", out / "r.json", "--objects")
    ended = geomvision(*command, coco(pair / "export.json", "a/left.png", "b/left.png", "b/right.png"))
    assert ended.code == 0, ended.err
    comparison = rows(out / "r.json")[1]
    assert ["bad-2.0 glass" in row["scores"]["booster"] for row in comparison["rows"]] == [True, True]
    ended = geomvision(*command, coco(pair / "export.json", "a/left.png", "left.png"))
    assert ended.code == 2
    assert "0 of its images are called 'b/left'" in ended.err
    ended = geomvision(*command, pair / "left.png")
    assert "left.png is of one image, but there are 2 scenes: give one, or an export that names" in ended.err


def test_a_forced_pair_runs_and_warns(geomvision, pair, out):
    swapped = (pair / "right.png", pair / "left.png", "--force", "--methods", "opencv_bm")
    ended = geomvision("compare", "stereo", *swapped, "--out", out / "r.json", *QUICK)
    assert ended.code == 0, ended.err
    assert "was forced although the views are swapped" in " ".join(ended.out.split())
    assert rows(out / "r.json")[1]["warnings"]


def test_a_scene_folder_brings_its_truth_and_calibration(geomvision, real_data, out):
    scene = real_data / "stereo" / "Motorcycle"
    ended = geomvision("compare", "stereo", scene, "--methods", "opencv_bm", "--out", out / "r.json", *QUICK)
    assert ended.code == 0, ended.err
    assert "max_disparity is 70 px, from the calibration" in ended.out
    found, _ = rows(out / "r.json")
    assert 0 < found["opencv_bm"]["scores"]["middlebury"]["totbad-2.0 noc"] < 40


def test_depth_of_a_stereo_scene_is_metric(geomvision, real_data, out):
    scene = real_data / "stereo" / "Motorcycle"
    ended = geomvision("compare", "depth", scene, "--out", out / "r.json", *QUICK)
    assert ended.code == 0, ended.err
    found, _ = rows(out / "r.json")
    assert list(found) == ["from_stereo", "mono_small"]
    assert found["mono_small"]["kind"] == "depth_scale"
    assert "depth" not in found["mono_small"]["scores"]
    assert found["from_stereo"]["scores"]["depth"]["AbsRel"] < 0.05
    assert "max_disparity=70" in found["from_stereo"]["options"]["stereo_options"]


def test_depth_from_files_with_a_calibration(geomvision, real_data, out):
    scene = real_data / "stereo" / "Motorcycle"
    files = (scene / "left.png", scene / "right.png", "--calib", scene / "calib.txt")
    ground = ("--camera-height", "1.2", "--horizon", "100")
    ended = geomvision("compare", "depth", *files, *ground, "--out", out / "r.json", *QUICK)
    assert ended.code == 0, ended.err
    assert set(rows(out / "r.json")[0]) == {"from_stereo", "ground_plane", "mono_small"}


@pytest.mark.parametrize("name", ["kitti2012_000070", "cones"])
def test_real_pairs_by_their_files(geomvision, real_data, out, name):
    scene = real_data / "stereo" / name
    scale = {"cones": ("--truth-scale", "4"), "kitti2012_000070": ("--calib", scene / "calib.txt")}[name]
    files = (scene / "left.png", scene / "right.png", "--truth", scene / "disp.png", *scale)
    ended = geomvision("compare", "stereo", *files, "--methods", "opencv_bm", "--out", out / "r.json", *QUICK)
    assert ended.code == 0, ended.err
    found, comparison = rows(out / "r.json")
    assert comparison["samples"] == [name]
    assert found["opencv_bm"]["scores"]["kitti2015"]["D1-all all"] < 40


def test_a_range_is_told_only_where_nobody_chose_it(geomvision, pair):
    (pair / "calib.txt").write_text("cam0=[100 0 99.5; 0 100 59.5; 0 0 1]\ncam1=[100 0 99.5; 0 100 59.5; 0 0 1]\n"
                                    "doffs=0\nbaseline=100\nwidth=200\nheight=120\nndisp=20\n")  # fmt: skip
    files = (pair / "left.png", pair / "right.png", "--calib", pair / "calib.txt", "--repeats", "1")
    ended = geomvision("compare", "depth", *files, "--methods", "from_stereo")
    assert 'max_disparity is 20 px, from the calibration; --set stereo_options="max_disparity=…"' in ended.out
    chosen = ("--set", "stereo_options=max_disparity=12")
    assert "from the calibration" not in geomvision("compare", "depth", *files, "--methods", "from_stereo", *chosen).out
    assert "from the calibration" not in geomvision("compare", "depth", *files, "--methods", "mono_small").out


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--camera-height", "-1", "--horizon", "40"), "--camera-height is -1; it must be a positive number of metres"),
        (("--camera-height", "1.5", "--horizon", "nan"), "--horizon is nan; it must be a finite image row"),
        (("--camera-height", "1.5"), "--horizon is not told, and left does not know it: ground_plane needs both"),
        (("--horizon", "40"), "--camera-height is not told, and left does not know it: ground_plane needs both"),
    ],
)
def test_what_is_wrong_about_the_ground_is_told(geomvision, road, flags, told):
    (road / "color.png").rename(road / "left.png")
    ended = geomvision("compare", "depth", road / "left.png", "--calib", road / "camera.json", *flags)
    assert ended.code == 2
    assert told.replace("left does", f"{road.name} does") in ended.err


def test_a_stereo_scene_as_a_depth_scene_keeps_its_classes():
    pair = Synthetic(seed=1, height=48, width=64, max_disparity=12)[0]
    sample = sources.depth_of(pair)
    assert sample.masks is pair.masks
    assert sample.things == pair.things != ()
    assert sample.depth.valid.sum() == (pair.disparity.px > 0).sum()


def test_the_mask_gives_the_occlusions_the_folder_reads(real_data):
    from geomvision.cli import sources

    for name in ("Motorcycle", "cones"):
        scene = real_data / "stereo" / name
        truth = next(scene.glob("disp.p*"))
        scale = 4.0 if name == "cones" else None
        (sample,) = sources.stereo(
            scene / "left.png",
            scene / "right.png",
            truth=truth,
            truth_scale=scale,
            mask=scene / "mask_nonocc.png",
        )
        expected = Folder(scene)[0].occluded
        assert (sample.occluded == expected).mean() > 0.98


@pytest.fixture
def road(tmp_path):
    """A flat ground of KITTI's shape seen from 1.65 m, as an image, a calibration and a scan of every fourth row."""
    folder = tmp_path / "road"
    folder.mkdir()
    camera = Camera(width=330, height=100, fx=200, fy=200, cx=164.5, cy=40)
    depth = np.full((100, 330), np.nan, np.float32)
    depth[52::4, ::3] = (200 * 1.65 / (np.arange(52, 100, 4) - 40))[:, None]
    depth[54::12, ::30] = 70  # between two lines of the ground
    texture = np.random.default_rng(2).integers(0, 255, (100, 330), dtype=np.uint8)
    write_image(folder / "color.png", texture)
    write_kitti_depth(folder / "depth.png", depth)
    write_camera_json(folder / "camera.json", camera)
    (folder / "pairs.csv").write_text("./DIW_test/color.thumb\n95,10,60,10,<,330,100\n")
    return folder


def test_protocols_of_depth_by_name_and_occluded_returns(geomvision, road, out):
    files = (road / "color.png", "--truth", road / "depth.png", "--truth-scale", "256", "--calib", road / "camera.json")
    ground = ("--camera-height", "1.65", "--horizon", "40", "--methods", "ground_plane", *QUICK)
    ended = geomvision("compare", "depth", *files, *ground, "--out", out / "r.json", "--remove-occluded")
    assert ended.code == 0, ended.err
    found, comparison = rows(out / "r.json")
    assert list(comparison["protocols"]) == ["affine", "depth", "eigen_garg50", "eigen_garg80"]
    assert found["ground_plane"]["scores"]["eigen_garg80"]["AbsRel"] < 0.01
    assert "are removed" in ended.out
    assert "with them" in comparison["notes"][1]
    assert "without" in comparison["notes"][1]
    chosen = (
        "--protocol",
        "kitti_improved",
        "--protocol",
        "mdec",
        "--protocol",
        "uncertainty",
        "--protocol",
        "ordinal",
    )
    ended = geomvision(
        "compare", "depth", *files, *ground, "--out", out / "s.json", *chosen, "--pairs", road / "pairs.csv"
    )
    assert ended.code == 0, ended.err
    scores = rows(out / "s.json")[0]["ground_plane"]["scores"]
    assert scores["kitti_improved"]["density"] == 100
    assert scores["ordinal"]["WHDR"] == 0
    assert {"F-score", "IoU"} <= set(scores["mdec"])
    assert "AUSE AbsRel" in scores["uncertainty"]
    ended = geomvision("compare", "depth", *files, *ground, "--protocol", "eigen")
    assert ended.code == 2
    assert "there is no depth protocol 'eigen'; there are affine, depth, eigen_garg50" in " ".join(ended.err.split())


def test_how_relative_depth_is_aligned_is_one_of_three(geomvision, road):
    files = (road / "color.png", "--calib", road / "camera.json", "--camera-height", "1.65", "--horizon", "40")
    ended = geomvision("compare", "depth", *files, "--methods", "ground_plane", *QUICK, "--align", "median")
    assert ended.code == 0, ended.err
    ended = geomvision("compare", "depth", *files, "--align", "guess")
    assert ended.code == 2
    assert "scale_shift" in ended.err


def test_pairs_of_points_are_truth_enough(geomvision, road, out):
    files = (road / "color.png", "--calib", road / "camera.json", "--camera-height", "1.65", "--horizon", "40")
    ended = geomvision("compare", "depth", *files, "--pairs", road / "pairs.csv", "--out", out / "r.json", *QUICK)
    assert ended.code == 0, ended.err
    assert list(rows(out / "r.json")[1]["protocols"]) == ["ordinal"]
    ended = geomvision("compare", "depth", *files, "--remove-occluded")
    assert ended.code == 2
    assert "no sample has any" in ended.err
    (road / "pairs.csv").write_text("a.png\n1,1,2,2,>\nb.png\n1,1,2,2,>\n")
    ended = geomvision("compare", "depth", *files, "--pairs", road / "pairs.csv")
    assert "0 of its 2 images are called 'color'" in " ".join(ended.err.split())
