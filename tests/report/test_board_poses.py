"""Poses on a leaderboard: figures beside the headline, flags, and pictures whose lines can be worked out."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmark"))
from made_records import record, time

from geomvision.benchmark.leaderboard import Leaderboard
from geomvision.cameras import Camera, pose
from geomvision.metrics import PROTOCOLS
from geomvision.report.board_pictures import pictures
from geomvision.report.board_poses import WIDE, _seen, poses_drawn, read_pose
from geomvision.report.board_sheets import flag_lines, main_sheet, notes
from geomvision.report.leaderboard import save_leaderboard
from geomvision.samples import PoseSample

CAMERA = Camera(width=640, height=480, fx=500.0, fy=500.0, cx=319.5, cy=239.5)
SIDEWAYS = pose(translation=(-1.0, 0.0, 0.0))


def sample(name="00", truth=SIDEWAYS):
    grey = np.full((480, 640), 90, np.uint8)
    return PoseSample(name=name, image0=grey, image1=grey, camera0=CAMERA, camera1=CAMERA, T_1_0=truth)


@pytest.fixture
def records(tmp_path):
    """Two methods on two scenes: the first is right, the second has no pose on scene 01."""
    protocol, found = PROTOCOLS["two_view"](), []
    for label, poses in {"good": (SIDEWAYS, SIDEWAYS), "bad": (pose(translation=(0, 0, 1.0)), None)}.items():
        for k, T in enumerate(poses):
            kept = f"{label}{k}.npz"
            np.savez(tmp_path / kept, **({} if T is None else {"T_1_0": T}))
            error = protocol.error(T, SIDEWAYS)
            score = protocol.figures(error, given=T is not None, flagged=label == "bad")
            flags = ("plane", *(("too_few_points",) if T is None else ())) if label == "bad" else ()
            changes = {"dataset": "views", "scores": {"two_view": score}, "map": kept, "flags": flags}
            found.append(record(label, f"{k:02d}", task="pose", **changes))
    return found


def test_tables_show_all_three_areas_and_what_is_flagged(records, tmp_path):
    board = Leaderboard.of(records, [time(each.key, 0.01) for each in records])
    (section,) = board.sections
    sheet = main_sheet(section)
    assert sheet.title == "Two-view pose on views, 2 scenes"
    areas = tuple(f"two_view AUC@{t}° %" for t in (5, 10, 20))
    assert sheet.columns[:6] == ("rank", "method", *areas, "p")
    assert [row[0:2] for row in sheet.rows] == [("1", "good"), ("2", "bad")]
    assert all(cell.startswith("100.00") for cell in sheet.rows[0][2:5])
    assert flag_lines(section) == ["bad flags plane on 2, too_few_points on 1 of 2 scenes"]
    assert notes(section)[-1].startswith("times of poses are those from matches")
    assert not any("from matches" in line for line in notes(Leaderboard.of(records).sections[0]))
    for ending in (".md", ".tex", ".csv"):
        text = save_leaderboard(board, tmp_path / f"board{ending}").read_text()
        assert "AUC@20°" in text or r"AUC@20$^\circ$" in text
    assert "R deg" in (tmp_path / "board.csv").read_text()


def test_the_page_has_poses_with_their_pictures(records, tmp_path):
    board = Leaderboard.of(records)
    page = save_leaderboard(board, tmp_path / "board.html", run=tmp_path, reader=lambda _, name: sample(name))
    data = json.loads(re.search(r'id="board-data"[^>]*>(.*?)</script>', page.read_text(), re.DOTALL)[1])
    (section,) = data["sections"]
    assert section["protocols"][0]["shown"] == ["AUC@5°", "AUC@10°", "AUC@20°"]
    assert {name: set(own) for name, own in section["pictures"]["of"].items()} == {
        "00": {"good", "bad"},
        "01": {"good", "bad"},
    }
    assert set(section["pictures"]["given"]["00"]) == {"view 0", "truth"}
    assert "view 1 sees what lies behind the dots" in section["pictures"]["note"]


def test_without_the_views_there_is_nothing_to_draw_into(records, tmp_path):
    (section,) = Leaderboard.of(records).sections

    def gone(_, name):
        raise ValueError(f"{name} has gone")

    for reader, told in ((None, ""), (gone, "Images and truth are not shown: 00 has gone.")):
        found = pictures(section, tmp_path, reader=reader)
        assert found["of"] == {"00": {}, "01": {}}
        assert told in found["note"]


def test_rays_are_seen_on_their_epipolar_lines():
    """Moved sideways, what lies behind a pixel is seen on its row, from the left up to where it was: x − 500 / z."""
    seen = _seen(np.array([0.0, 0.2, 1.0]), SIDEWAYS, CAMERA)
    known = np.isfinite(seen).all(axis=1)
    np.testing.assert_allclose(seen[known][:, 1], 339.5)
    assert seen[known][-1] == pytest.approx((319.5, 339.5), abs=0.06)
    assert (np.diff(seen[known][:, 0]) > 0).all()
    behind = _seen(np.array([0.0, 0.0, 1.0]), pose(np.diag([-1.0, 1.0, -1.0])), CAMERA)
    assert np.isnan(behind).all()


def test_pictures_have_the_lines_of_the_pose_and_of_the_truth():
    given, drawn = poses_drawn(sample(), {"same": SIDEWAYS, "ahead": pose(translation=(0, 0, -1.0)), "none": None})
    assert set(given) == {"view 0", "truth"}
    assert all(each.shape == (WIDE * 3 // 4, WIDE, 3) for each in (*given.values(), *drawn.values()))
    rows = np.round((np.arange(3) + 0.5) / 3 * 360 - 0.5).astype(int)  # of the dots, in the picture
    for name, picture in drawn.items():
        white = (picture == 255).all(axis=2)
        assert white[rows, 5].all(), name  # the truth's lines reach the border on the left
        assert white[:, -5:].sum() == 0, name
    colours = {name: (np.ptp(picture.astype(int), axis=2) > 100).sum() for name, picture in drawn.items()}
    assert colours["none"] == 0
    assert min(colours["same"], colours["ahead"]) > 500
    assert not np.array_equal(drawn["same"], drawn["ahead"])
    turned, still = poses_drawn(sample(truth=None), {"rotation": pose()})
    assert set(turned) == {"view 0"}
    dots = np.ptp(still["rotation"].astype(int), axis=2) > 100
    assert 12 * 20 < dots.sum() < 12 * 100  # a dot for each of the twelve pixels


def test_a_kept_pose_is_read_or_is_none(tmp_path):
    np.savez(tmp_path / "nan.npz", T_1_0=np.full((4, 4), np.nan))
    np.savez(tmp_path / "lacks.npz", inliers=np.ones(2, bool))
    np.savez(tmp_path / "there.npz", T_1_0=SIDEWAYS)
    assert read_pose(tmp_path / "nan.npz") is None
    assert read_pose(tmp_path / "lacks.npz") is None
    np.testing.assert_array_equal(read_pose(tmp_path / "there.npz"), SIDEWAYS)


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_page_shows_the_other_areas_beside_the_chosen_one_and_pictures_on_demand(records, tmp_path, browser):
    board = Leaderboard.of(records)
    path = save_leaderboard(board, tmp_path / "board.html", run=tmp_path, reader=lambda _, name: sample(name))
    page, complaints = browser.new_context(offline=True).new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())

    def titles():
        return [" ".join(text.split()) for text in page.locator("#ranking thead th").all_inner_texts()]

    def areas():
        return [name for name in (5, 10, 20) if any(f"AUC@{name}°" in text for text in titles()[4:])]

    assert areas() == [10, 20]
    page.select_option("#figure", "AUC@10°")
    assert areas() == [5, 20]
    page.select_option("#figure", "R deg")
    assert areas() == [5, 10, 20]
    assert not any("param" in text for text in titles())  # poses have none, and these no times
    page.locator("#by-scene tbody tr").first.locator("td").first.click()
    told = page.locator("#picture figcaption").all_inner_texts()
    assert told[:2] == ["00 · view 0", "00 · truth"]
    assert told[2].startswith("00 · good")
    assert complaints == []
