"""Submissions lie as the servers' devkits ask, hold what was estimated, and incomplete ones are refused."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest

from geomvision import io
from geomvision.benchmark.servers import SERVERS
from geomvision.benchmark.submissions import SubmissionError, check_submission, write_submission
from geomvision.cameras import Camera, StereoRig
from geomvision.results import Depth, Disparity, Flow, SceneFlow

NAN = np.nan
DISPARITY = Disparity(px=np.array([[0.001, 10.5, 255.25], [NAN, 3.0, 7.125]], np.float32))
FLOW = Flow(px=np.array([[[0.5, -3.25], [100.0, 0.0]]], np.float32))


def written(tmp_path, server, estimates, **more):
    path = tmp_path / "out.zip"
    told = write_submission(server, estimates, path, **{"partial": True, **more})
    zipfile.ZipFile(path).extractall(tmp_path / "out")
    names = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert told.files == len(names)
    assert check_submission(server, path, partial=True) == []
    return names, tmp_path / "out", told


def test_kitti_2012_lies_in_the_root(tmp_path):
    names, folder, told = written(tmp_path, "kitti2012_stereo", [("000003_10", DISPARITY), ("000001_10", DISPARITY)])
    assert names == ["000001_10.png", "000003_10.png"]
    back = io.read_kitti_disparity(folder / "000003_10.png")
    np.testing.assert_allclose(back, np.array([[1 / 256, 10.5, 255.25], [NAN, 3.0, 7.125]]), atol=1e-6)
    assert told.density == pytest.approx(500 / 6)
    assert told.notes[1] == "2 of 2 estimates have gaps; the server fills them"


def test_kitti_2015_has_folders(tmp_path):
    assert written(tmp_path, "kitti2015_stereo", [("000000_10", DISPARITY)])[0] == ["disp_0/000000_10.png"]
    (tmp_path / "flow").mkdir()
    names, folder, _ = written(tmp_path / "flow", "kitti2015_flow", [("000000_10", FLOW)])
    assert names == ["flow/000000_10.png"]
    np.testing.assert_array_equal(io.read_kitti_flow(folder / names[0]), FLOW.px)


def test_kitti_2015_scene_flow_has_three_maps(tmp_path):
    rig = StereoRig.rectified(Camera(width=2, height=1, fx=10.0, fy=10.0, cx=1.0, cy=0.0), 0.5)
    first, second = Disparity(px=np.array([[5.0, 6.0]])), Disparity(px=np.array([[5.5, 6.5]]))
    estimate = SceneFlow.of_maps(first, second, FLOW, rig)
    names, folder, _ = written(tmp_path, "kitti2015_scene_flow", [("000007_10", estimate)])
    assert names == ["disp_0/000007_10.png", "disp_1/000007_10.png", "flow/000007_10.png"]
    np.testing.assert_array_equal(io.read_kitti_disparity(folder / names[1]), second.px)
    np.testing.assert_array_equal(io.read_kitti_flow(folder / names[2]), FLOW.px)
    with pytest.raises(SubmissionError, match="000007_10 has no disparity1"):
        write_submission(
            "kitti2015_scene_flow", [("000007_10", replace(estimate, disparity1=None))], tmp_path / "x.zip"
        )


def test_kitti_depth(tmp_path):
    depth = Depth(m=np.array([[1.5, NAN, 80.25]], np.float32))
    names, folder, _ = written(tmp_path, "kitti_depth_prediction", [("test/image/0000000012", depth)])
    assert names == ["0000000012.png"]
    np.testing.assert_array_equal(io.read_kitti_depth(folder / names[0]), depth.m)


def test_middlebury_carries_method_times_and_resolution(tmp_path):
    dense = Disparity(px=np.array([[1.25, 2.0]], np.float32))
    given = [("trainingQ/Adirondack", dense), ("testQ/Plants", DISPARITY)]
    seconds = {"trainingQ/Adirondack": 0.5, "testQ/Plants": 1.25}
    names, folder, told = written(tmp_path, "middlebury", given, method="SGM-8", seconds=seconds)
    assert names == [
        "testQ/Plants/disp0SGM-8_s.pfm",
        "testQ/Plants/timeSGM-8.txt",
        "trainingQ/Adirondack/disp0SGM-8.pfm",
        "trainingQ/Adirondack/timeSGM-8.txt",
    ]
    assert (folder / names[1]).read_text() == "1.25\n"
    np.testing.assert_array_equal(io.read_pfm(folder / names[0]), DISPARITY.px)
    assert told.notes[1] == "1 of 2 estimates have gaps; they are ranked as sparse"
    (tmp_path / "alone").mkdir()
    alone = written(tmp_path / "alone", "middlebury", [("Piano", dense)], part="trainingH", seconds={"Piano": 1})
    assert alone[0] == ["trainingH/Piano/disp0METHOD.pfm", "trainingH/Piano/timeMETHOD.txt"]
    with pytest.raises(SubmissionError, match="the part is ''; Middlebury's are trainingF, H, Q"):
        write_submission("middlebury", [("Piano", dense)], tmp_path / "x.zip", seconds={"Piano": 1}, partial=True)
    with pytest.raises(SubmissionError, match="asks for the seconds of each estimate"):
        write_submission("middlebury", [("testH/Plants", dense)], tmp_path / "x.zip", partial=True)


def test_eth3d_says_runtime(tmp_path):
    dense = Disparity(px=np.ones((2, 2), np.float32))
    names, folder, _ = written(tmp_path, "eth3d", [("delivery_area_1l", dense)], seconds={"delivery_area_1l": 0.25})
    assert names == ["low_res_two_view/delivery_area_1l.pfm", "low_res_two_view/delivery_area_1l.txt"]
    assert (folder / names[1]).read_text() == "runtime 0.25\n"


def test_sintel_has_both_passes_and_no_gaps(tmp_path):
    given = [("clean/ambush_1/frame_0001", FLOW), ("final/ambush_1/frame_0001", FLOW)]
    names, folder, told = written(tmp_path, "sintel", given)
    assert names == ["clean/ambush_1/frame_0001.flo", "final/ambush_1/frame_0001.flo"]
    np.testing.assert_array_equal(io.read_flo(folder / names[1]), FLOW.px)
    assert "bundler" in told.notes[0]
    holed = Flow(px=np.array([[[NAN, NAN], [1.0, 2.0]]], np.float32))
    with pytest.raises(SubmissionError, match="has gaps; sintel takes dense maps alone"):
        write_submission("sintel", [("clean/ambush_1/frame_0001", holed)], tmp_path / "x.zip", partial=True)
    with pytest.raises(SubmissionError, match="say which part of Sintel"):
        write_submission("sintel", [("ambush_1/frame_0001", FLOW)], tmp_path / "x.zip", partial=True)


def test_what_is_incomplete_twice_or_wrong_is_refused_and_nothing_is_written(tmp_path):
    path = tmp_path / "x.zip"
    with pytest.raises(SubmissionError, match="1 estimates were given; kitti2015_stereo asks for 200"):
        write_submission("kitti2015_stereo", [("000000_10", DISPARITY)], path)
    with pytest.raises(SubmissionError, match=r"two estimates have the place disp_0/000000_10\.png"):
        write_submission("kitti2015_stereo", [("000000_10", DISPARITY), ("a/000000_10", DISPARITY)], path, partial=True)
    with pytest.raises(SubmissionError, match="000000_10: a Flow was given; kitti2015_stereo takes a Disparity"):
        write_submission("kitti2015_stereo", [("000000_10", FLOW)], path, partial=True)
    with pytest.raises(SubmissionError, match="there is no estimate to submit"):
        write_submission("kitti2015_stereo", [], path, partial=True)
    with pytest.raises(SubmissionError, match="000000_10 has no estimate at any pixel"):
        write_submission("kitti2015_stereo", [("000000_10", Disparity(px=np.full((2, 2), NAN)))], path, partial=True)
    with pytest.raises(ValueError, match="kitti2015_stereo has no sample 'Aloe'"):
        write_submission("kitti2015_stereo", [("Aloe", DISPARITY)], path, partial=True)
    with pytest.raises(ValueError, match="there is no server 'kitti'; there are kitti2012_stereo"):
        write_submission("kitti", [], path)
    with pytest.raises(ValueError, match=r"x\.tar: a submission is written as \.zip"):
        write_submission("sintel", [], tmp_path / "x.tar")
    with pytest.raises(ValueError, match="allowed are letters"):
        write_submission("middlebury", [], path, method="my method/../x")
    assert not path.exists()


def test_equal_estimates_make_equal_files(tmp_path):
    for name in ("a.zip", "b.zip"):
        write_submission("kitti2012_flow", [("000001_10", FLOW)], tmp_path / name, partial=True)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_the_check_finds_what_others_put_in(tmp_path):
    path = tmp_path / "other.zip"
    io.write_pfm(tmp_path / "m.pfm", np.full((2, 2), NAN))
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(tmp_path / "m.pfm", "low_res_two_view/delivery_area_1l.pfm")
        archive.writestr("low_res_two_view/delivery_area_2l.pfm", b"Pf\n2 2\n-1\nshort")
        archive.writestr("low_res_two_view/delivery_area_2l.txt", b"0.5\n")
        archive.writestr("readme.txt", b"hello")
    found = check_submission("eth3d", path)
    for part in (
        "low_res_two_view/delivery_area_1l.pfm holds no estimate",
        "low_res_two_view/delivery_area_2l.pfm cannot be read",
        "low_res_two_view/delivery_area_2l.txt has no place in the layout of eth3d",
        "readme.txt has no place",
        "it holds 1 maps; eth3d asks for 47",
        "low_res_two_view/delivery_area_1l.pfm has no time beside it",
    ):
        assert any(part in line for line in found), part


def test_counts_are_those_of_the_test_sets():
    counts = {name: server.count for name, server in SERVERS.items()}
    assert (counts["kitti2012_stereo"], counts["kitti2015_flow"], counts["sintel"]) == (195, 200, 2 * 552)
    assert (counts["middlebury"], counts["eth3d"]) == (15 + 15, 27 + 20)


@pytest.mark.parametrize("server", SERVERS)
def test_every_server_takes_as_many_as_it_asks_for(server, tmp_path, monkeypatch):
    """All maps, of one pixel and as if only six were asked for, are accepted; one less is not."""
    own = replace(SERVERS[server], count=6)
    monkeypatch.setitem(SERVERS, server, own)
    one = {
        Disparity: Disparity(px=np.ones((1, 1))),
        Flow: Flow(px=np.ones((1, 1, 2))),
        Depth: Depth(m=np.ones((1, 1))),
        SceneFlow: SceneFlow(
            points0=np.ones((1, 1, 3)),
            motion=np.ones((1, 1, 3)),
            disparity0=Disparity(px=np.ones((1, 1))),
            disparity1=Disparity(px=np.ones((1, 1))),
            flow=Flow(px=np.ones((1, 1, 2))),
        ),
    }[own.kind]
    form = {
        "sintel": "{part}/a/frame_{n:04d}",
        "middlebury": "trainingQ/Scene{n}",
        "eth3d": "room_{n}x_1l",
        "kitti_depth_prediction": "{n:010d}",
        "kitti_depth_completion": "{n:010d}",
    }.get(server, "{n:06d}_10")
    names = [form.format(n=n, part="clean" if n % 2 else "final") for n in range(own.count)]
    given = [(name, one) for name in names]
    path = tmp_path / "full.zip"
    told = write_submission(server, given, path, seconds=dict.fromkeys(names, 1.0))
    assert told.estimates == own.count
    assert check_submission(server, path) == []
    with pytest.raises(SubmissionError, match=f"asks for {own.count}"):
        write_submission(server, given[1:], path, seconds=dict.fromkeys(names, 1.0))
