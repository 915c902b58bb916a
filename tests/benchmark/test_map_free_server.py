"""Poses for the server of map-free relocalisation: lines whose numbers can be worked out, and what is refused."""

import zipfile

import numpy as np
import pytest

from geomvision.benchmark.map_free_server import PLACES, check_poses
from geomvision.benchmark.servers import SubmissionError
from geomvision.benchmark.submissions import check_submission, write_submission
from geomvision.cameras import pose
from geomvision.results import MetricPose, RelativePose

QUARTER = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def estimate(T, confidence=0.5):
    nothing = np.zeros((6, 6))
    return MetricPose(T_1_0=T, inliers=np.ones(4, bool), covariance=nothing, confidence=confidence, depth_ratio=1.0)


def written(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_line_has_quaternion_translation_and_confidence(tmp_path):
    """A quarter turn about z is (√½, 0, 0, √½)."""
    unknown = estimate(np.full((4, 4), np.nan), 0.0)
    poses = [
        ("test/s00525/seq1/frame_00005.jpg", unknown),
        ("s00525/seq1/frame_00000.jpg", estimate(pose(QUARTER, (0.5, -0.25, 2.0)))),
        ("s00526/seq1/frame_00010.jpg", None),
    ]
    told = write_submission("map_free", poses, tmp_path / "out.zip", partial=True)
    assert (told.estimates, told.files, told.of) == (3, 2, "views")
    assert told.density == pytest.approx(100 / 3)
    assert "2 of 3 views have no pose" in told.notes
    texts = written(tmp_path / "out.zip")
    assert list(texts) == ["pose_s00525.txt", "pose_s00526.txt"]
    (view, *numbers) = texts["pose_s00525.txt"].split()
    assert view == "seq1/frame_00000.jpg"
    half = 0.5**0.5
    assert [float(n) for n in numbers] == pytest.approx([half, 0, 0, half, 0.5, -0.25, 2.0, 0.5], abs=1e-11)
    assert texts["pose_s00526.txt"] == ""
    again = tmp_path / "again.zip"
    write_submission("map_free", poses, again, partial=True)
    assert again.read_bytes() == (tmp_path / "out.zip").read_bytes()


def test_all_places_are_asked_for(tmp_path):
    assert (PLACES[0], PLACES[-1], len(PLACES)) == ("s00525", "s00654", 130)
    every = [(f"{place}/seq1/frame_00000.jpg", estimate(np.eye(4))) for place in PLACES]
    told = write_submission("map_free", every, tmp_path / "out.zip")
    assert (told.files, told.density, len(told.notes)) == (130, 100.0, 1)
    assert check_submission("map_free", tmp_path / "out.zip") == []
    with pytest.raises(SubmissionError, match="poses of 129 of the 130 test places were given"):
        write_submission("map_free", every[1:], tmp_path / "less.zip")
    write_submission("map_free", every[1:], tmp_path / "less.zip", partial=True)
    assert check_submission("map_free", tmp_path / "less.zip") == ["1 of the 130 test places are missing: s00525, …"]


def test_what_the_server_would_not_take_is_refused(tmp_path):
    name, known, out = "s00525/seq1/frame_00000.jpg", estimate(np.eye(4)), tmp_path / "out.zip"
    relative = RelativePose(T_1_0=np.eye(4), matrix=None, relation="essential", inliers=np.ones(2, bool))
    for poses, told in (
        ([(name, relative)], "a RelativePose was given; map_free takes poses in metres"),
        ([(name, known), (name, known)], "two estimates are of s00525/seq1/frame_00000.jpg"),
        ([("temple_01_02", known)], "has no sample 'temple_01_02'; names are like s00525/seq1/frame_00000.jpg"),
        ([(name, estimate(np.full((4, 4), np.nan)))], "there is no pose to submit"),
        ([], "there is no pose to submit"),
    ):
        with pytest.raises(SubmissionError, match=told):
            write_submission("map_free", poses, out, partial=True)
        assert not out.exists()


def test_what_is_wrong_with_an_archive_is_told(tmp_path):
    lines = {
        "pose_s00525.txt": "seq1/frame_00000.jpg 1 0 0 0 1 2 3 0.5\nseq1/frame_00000.jpg 1 0 0 0 1 2 3 0.5\n",
        "pose_s00526.txt": "seq1/frame_00000.jpg 1 0 0 0 1 2 3\nseq0/frame_00000.jpg 1 0 0 0 1 2 3 0.5\n",
        "pose_s00527.txt": "seq1/frame_00000.jpg 2 0 0 0 1 2 3 0.5\nseq1/frame_00005.jpg 1 0 0 0 x 2 3 0.5\n",
        "test/pose_s00528.txt": "",
    }
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        for name, text in lines.items():
            archive.writestr(name, text)
    told = "\n".join(check_poses(tmp_path / "bad.zip", partial=True))
    for part in (
        "pose_s00525.txt, line 2: seq1/frame_00000.jpg stands there twice",
        "pose_s00526.txt, line 1: 7 numbers",
        "pose_s00526.txt, line 2: 'seq0/frame_00000.jpg' is no query view",
        "pose_s00527.txt, line 1: the quaternion has length 2",
        "pose_s00527.txt, line 2: could not convert",
        "test/pose_s00528.txt has no place in the layout of map_free",
    ):
        assert part in told
