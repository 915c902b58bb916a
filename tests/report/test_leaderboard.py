"""Leaderboards as Markdown, CSV, LaTeX and a page: what stands in them, and what the page does in a browser."""

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmark"))
from made_records import FIGURE, record, table, time

from geomvision.benchmark.leaderboard import Leaderboard
from geomvision.metrics._base import Ratio
from geomvision.report.leaderboard import save_leaderboard
from geomvision.results import Disparity
from geomvision.samples import StereoSample

GOOD, BAD = [1.0, 2, 3, 4, 5, 6, 7], [3.0, 5, 7, 9, 11, 13, 15]


@pytest.fixture(scope="module")
def board():
    """Two data sets; one method failed once, with markup in its message, another wholly; times and parameters."""
    records = table(
        {"good": GOOD, "bad_<b>": BAD, "partial": [*GOOD[:6], None], "broken": [None] * 7}, parameters=2_500_000
    )
    records[20] = record("partial", "06", None, error="no light <script>alert(1)</script> | &")
    other = {"sintel": {"EPE all": Ratio(3, 2)}}
    records += [record("raft", f"s{n}", task="flow", dataset="sintel", scores=other) for n in range(3)]
    times = [time(r.key, 0.01 * (1 + len(r.label))) for r in records]
    return Leaderboard.of(records, times)


def saved(board, tmp_path, ending, **more):
    return save_leaderboard(board, tmp_path / f"board{ending}", **more).read_text()


def test_markdown(board, tmp_path):
    text = saved(board, tmp_path, ".md", per_scene=True)
    lines = [line for line in text.splitlines() if line.startswith("| 1 | good")]
    assert re.fullmatch(
        r"\| 1 \| good \| \*\*4\.00 \\\[\d\.\d\d, \d\.\d\d\]\*\* \| – \| 100\.0 \| 50\.0 \| 1 \| 2\.50 M \|", lines[0]
    )
    assert "| 2 | bad\\_\\<b> | 9.00 \\[" in text
    assert "| – | partial (6 of 7 scenes) | 3.50 \\[" in text
    assert "| – | broken (0 of 7 scenes) | – |" in text
    assert "|  | *PSMNet (published, 2015 test)* | *2.32* |" in text
    assert "KITTI 2015 server" in text
    assert "- kitti2015: partial failed on 06: no light \\<script>alert(1)\\</script> \\| &" in text
    assert "- kitti2015: broken failed on 00, 01, 02 and 4 more scenes: RuntimeError: no light" in text
    assert "| 03 | **4.00** | 9.00 | **4.00** | – |" in text
    assert "Optical flow on sintel, 3 scenes" in text
    assert "published" not in saved(board, tmp_path, ".md", published=False)


def test_csv_holds_full_precision_and_tells_published_apart(board, tmp_path):
    rows = list(csv.DictReader(saved(board, tmp_path, ".csv").splitlines()))
    good = next(row for row in rows if row["label"] == "good")
    assert (good["figure"], float(good["value"]), good["rank"], good["measured"]) == (FIGURE, 4.0, "1", "yes")
    assert float(good["low"]) < 4 < float(good["high"])
    bad = next(row for row in rows if row["label"] == "bad_<b>")
    assert float(bad["p_best"]) == pytest.approx(2 / 2**7)
    told = [row for row in rows if row["measured"] == "no"]
    assert {row["rank"] for row in told} == {""}
    psmnet = next(row for row in told if row["label"] == "PSMNet" and row["figure"] == FIGURE)
    assert (psmnet["value"], psmnet["low"]) == ("2.32", "")
    assert "2015 test" in psmnet["source"]
    scenes = list(csv.DictReader(saved(board, tmp_path, ".csv", per_scene=True).splitlines()))
    assert len(scenes) == 7 + 7 + 6 + 3
    assert [float(row["total"]) for row in scenes if row["label"] == "good"] == GOOD


def test_latex(board, tmp_path):
    text = saved(board, tmp_path, ".tex")
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 2
    assert r"1 & good & \textbf{4.00 [" in text
    assert r"bad\_$<$b$>$" in text
    assert r"kitti2015 D1-all all \%" in text
    assert r"\textit{PSMNet (published, 2015 test)}" in text
    widths = {
        line.count(" & ")
        for line in text.splitlines()
        if line.endswith(r"\\") and "EPE" not in line and "raft" not in line
    }
    assert widths <= {7, 8}


def test_other_endings_and_empty_boards_are_refused(board, tmp_path):
    with pytest.raises(ValueError, match=r"board\.pdf: a leaderboard is written as one of \.html"):
        saved(board, tmp_path, ".pdf")
    with pytest.raises(ValueError, match="there is no record to show"):
        saved(Leaderboard.of([]), tmp_path, ".md")


def data_of(text):
    return json.loads(re.search(r'id="board-data">(.*?)</script>', text, re.DOTALL)[1])


def test_the_page_needs_nothing_from_outside_and_no_markup_of_users(board, tmp_path):
    text = saved(board, tmp_path, ".html")
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "alert(1)</script>" not in text
    section = data_of(text)["sections"][0]
    figure = section["protocols"][0]["figures"][0]
    assert figure["overall"] == [4.0, 9.0, 3.5, None]
    assert figure["rank"] == [1, 2, None, None]
    assert section["protocols"][0]["tests"][0][1] == pytest.approx(min(1, 3 * 2 / 2**7), rel=1e-5)
    assert section["entries"][0]["parameters"] == 2_500_000


def test_a_page_of_many_scenes_keeps_headlines(board, tmp_path, monkeypatch):
    monkeypatch.setattr("geomvision.report.board_page.SCENE_BUDGET", 5)
    monkeypatch.setattr("geomvision.report.board_page.WORK_BUDGET", 5)
    scores = {"eth3d": {"bad-1.0 all": Ratio(1, 4, "percent"), "totbad-1.0 all": Ratio(1, 2, "percent")}}
    many = Leaderboard.of([record("a", str(n), scores=scores) for n in range(4)])
    first, headline = data_of(saved(many, tmp_path, ".html"))["sections"][0]["protocols"][0]["figures"]
    assert (first["values"], first["low"], first["overall"]) == (None, None, [25.0])
    assert headline["values"]
    assert headline["low"] == [50.0]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder with kept estimates of two scenes."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "maps").mkdir()
    ramp = np.tile(np.linspace(1, 20, 64, dtype=np.float32), (48, 1))
    ramp[:4] = np.nan
    records = []
    for label, row in {"good": GOOD, "bad": BAD}.items():
        for scene, wrong in enumerate(row):
            kept = f"maps/{label}-{scene}.npz" if scene < 2 else None
            if kept:
                np.savez(folder / kept, px=ramp + wrong)
            records.append(record(label, f"{scene:02d}", wrong, map=kept))
    times = [time(r.key, 0.01 if r.label == "bad" else 0.05) for r in records]
    return folder, Leaderboard.of(records, times)


def test_pictures_are_of_kept_estimates(run, tmp_path, monkeypatch):
    folder, board = run
    section = data_of(saved(board, tmp_path, ".html", run=folder))["sections"][0]
    assert set(section["pictures"]["of"]) == {"00", "01"}
    assert section["pictures"]["of"]["00"]["good"].startswith("data:image/jpeg;base64,")
    monkeypatch.setattr("geomvision.report.board_page.PICTURE_BUDGET", 100)
    less = data_of(saved(board, tmp_path, ".html", run=folder))["sections"][0]["pictures"]
    assert set(less["of"]) == {"00"}
    assert "Pictures of 1 of 2 scenes are in this page" in less["note"]
    assert data_of(saved(board, tmp_path, ".html"))["sections"][0]["pictures"] is None


def given(dataset, name):
    """Samples whose truth is the ramp; the second cannot be read."""
    if name != "00":
        raise ValueError(f"{dataset}/{name} has gone")
    blank = np.zeros((48, 64), np.uint8)
    truth = np.tile(np.linspace(1, 20, 64, dtype=np.float32), (48, 1))
    return StereoSample(name=name, left=blank, right=blank, disparity=Disparity(px=truth))


def test_image_and_truth_stand_beside_and_what_cannot_be_read_is_told(run, tmp_path):
    folder, board = run
    told = data_of(saved(board, tmp_path, ".html", run=folder, reader=given))["sections"][0]["pictures"]
    assert {name: set(own) for name, own in told["given"].items()} == {"00": {"image", "truth"}, "01": set()}
    assert "Images and truth are not shown: kitti2015/01 has gone." in told["note"]


def test_colours_are_those_of_the_truth_and_relative_depth_has_its_own():
    from geomvision.report.board_pictures import drawn_together

    ramp = np.tile(np.linspace(1, 10, 50, dtype=np.float32), (4, 1))
    drawn = drawn_together({"right": ramp, "far": ramp + 100, "relative": 50 * ramp}, ramp, {"relative"})
    np.testing.assert_array_equal(drawn["right"], drawn["truth"])
    assert (drawn["far"] == drawn["truth"][0, -1]).all()
    np.testing.assert_array_equal(drawn["relative"], drawn["truth"])


@pytest.fixture
def tab(browser, run, tmp_path):
    """The page in a browser that is offline."""
    folder, board = run
    target = save_leaderboard(board, tmp_path / "board.html", run=folder, reader=given)
    page = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True).new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(target.as_uri())
    return page


pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def names(tab, table="#ranking"):
    return [text.split("\n")[0].strip() for text in tab.locator(f"{table} tbody th").all_inner_texts()]


@pytest.mark.browser
def test_the_page_sorts_filters_and_keeps_published_figures_last(tab):
    first = names(tab)
    assert first[0].startswith("good")
    assert first[1].startswith("bad")
    assert len(first) > 5  # published ones below
    tab.locator("#ranking thead th", has_text="time ms").click()
    assert names(tab)[0].startswith("bad")
    assert names(tab)[2:] == first[2:]
    tab.locator("#published").uncheck()
    assert len(names(tab)) == 2
    tab.fill("#methods", "goo")
    assert [name[:4] for name in names(tab)] == ["good"]
    tab.fill("#methods", "")
    tab.fill("#scenes", "03")
    assert names(tab, "#by-scene") == ["03"]
    assert tab.locator("#by-scene tbody td").all_inner_texts() == ["4.00", "9.00"]
    assert tab.evaluate("document.body.view.front") == ["bad", "good"]
    assert tab.locator("#tests td.up").count() == 1
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1280
    assert tab.complaints == []


@pytest.mark.browser
def test_the_front_is_over_time_memory_or_parameters(browser, tmp_path):
    """By time a and b, by memory b alone, by parameters c, then b: what none beats in both; d is beaten by each."""
    costs = {"a": (3.0, 0.01, 9, 900), "b": (1.0, 0.02, 1, 800), "c": (2.0, 0.03, 5, 100), "d": (4.0, 0.04, 9, 900)}
    records, times = [], []
    for label, (wrong, seconds, mebibytes, parameters) in costs.items():
        own = [record(label, f"{scene:02d}", wrong, parameters=parameters) for scene in range(2)]
        times += [time(each.key, seconds, peak_memory_bytes=mebibytes * 2**20) for each in own]
        records += own
    page = browser.new_context(offline=True).new_page()
    page.goto(save_leaderboard(Leaderboard.of(records, times), tmp_path / "board.html").as_uri())
    fronts = {}
    for name in page.locator("#cost option").evaluate_all("options => options.map((option) => option.value)"):
        page.select_option("#cost", name)
        fronts[name] = page.evaluate("document.body.view.front")
    assert fronts == {"seconds": ["a", "b"], "memory": ["b"], "parameters": ["c", "b"]}


@pytest.mark.browser
def test_a_click_shows_the_picture_and_another_takes_it_away(tab):
    cell = tab.locator("#by-scene tbody tr").first.locator("td").first
    cell.click()
    told = tab.locator("#picture figcaption")
    assert told.all_inner_texts() == ["00 · image", "00 · truth", "00 · good · 1.00 %"]
    image = tab.locator("#picture .estimate img")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
    other = tab.locator("#by-scene tbody tr").nth(1).locator("td").nth(1)
    other.click()
    tab.locator("#by-scene tbody tr").first.locator("td").nth(1).click()
    assert told.all_inner_texts()[2:] == ["00 · good · 1.00 %", "00 · bad · 3.00 %", "01 · bad · 5.00 %"]
    tab.locator("#by-scene tbody tr").first.locator("td").nth(1).click()
    other.click()
    assert tab.locator("#picture img").count() == 3
    cell.click()
    assert tab.locator("#picture img").count() == 0
    assert tab.complaints == []


def test_kept_maps_of_every_task_are_read(tmp_path):
    from geomvision import io
    from geomvision.report.board_pictures import drawn_together, read_map

    flow = np.zeros((4, 6, 2), np.float32)
    flow[..., 0] = 2
    io.write_kitti_flow(tmp_path / "flow.png", flow)
    np.testing.assert_array_equal(read_map(tmp_path / "flow.png", "flow"), flow)
    assert (
        drawn_together({"a": flow}, None, set())["a"].tolist() == [[[255, 0, 0]] * 6] * 4
    )  # to the right, at its full length: red
    io.write_kitti_depth(tmp_path / "depth.png", np.full((2, 2), 4.5, np.float32))
    assert read_map(tmp_path / "depth.png", "depth").tolist() == [[4.5] * 2] * 2
    np.savez(tmp_path / "relative.npz", values=np.ones((2, 2)), confidence=np.zeros((2, 2)))
    assert read_map(tmp_path / "relative.npz", "depth").tolist() == [[1.0] * 2] * 2
    np.savez(tmp_path / "odd.npz", colour=np.ones(3))
    with pytest.raises(io.FormatError, match=r"odd\.npz: holds colour; expected px, m, values or motion"):
        read_map(tmp_path / "odd.npz", "stereo")
    with pytest.raises(io.FormatError, match=r"expected an \.npz"):
        read_map(tmp_path / "flow.png", "scene_flow")


def test_estimates_of_other_sizes_are_shown_by_single_pixels(tmp_path):
    from geomvision.report.board_pictures import WIDE, reduced

    assert reduced(np.zeros((900, 2 * WIDE + 1))).shape == (300, 267)
    assert reduced(np.zeros((30, WIDE))).shape == (30, WIDE)
