"""The page of a calibration: numbers to the digits that mean something, and pictures that show what they should."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import geomvision as gv
from geomvision.cameras import Camera, StereoRig, pose
from geomvision.geometry import Board, BoardView, calibrate, calibrate_stereo
from geomvision.report import calibration_figures as figures
from geomvision.report.calibration import render, rig_lines, with_doubt

BOARD = Board(columns=7, rows=5, square_m=0.03)
CAMERA = Camera(width=640, height=400, fx=500, fy=505, cx=330, cy=190, distortion=(-0.1, 0.02, 0.0, 0.0))
RIG = StereoRig(left=CAMERA, right=CAMERA, T_right_left=pose(translation=(-0.1, 0.0, 0.0)))


def boards(count=6):
    random = np.random.default_rng(2)
    for n in range(count):
        x, y = random.uniform(-0.6, 0.6, 2)
        about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
        about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
        R = about_y @ about_x
        place = np.array([[0.0, 0.1][n % 2], [-0.04, 0.04][n // 2 % 2], random.uniform(0.4, 0.5)])
        yield pose(R, place - R @ BOARD.points_m().mean(axis=0))


def view(T, name, noise=0.1, seed=0):
    pixels = CAMERA.project(BOARD.points_m() @ T[:3, :3].T + T[:3, 3])
    pixels = pixels + np.random.default_rng(seed).normal(0, noise, pixels.shape)
    return BoardView(pixels=pixels, ids=np.arange(35), width=640, height=400, name=name)


@pytest.fixture(scope="module")
def one():
    return calibrate([view(T, f"<b>{n}&.png", seed=n) for n, T in enumerate(boards())], BOARD, model="brown4")


@pytest.fixture(scope="module")
def pair():
    left = [view(T, f"l{n}", seed=n) for n, T in enumerate(boards())]
    right = [view(RIG.T_right_left @ T, f"r{n}", seed=50 + n) for n, T in enumerate(boards())]
    return calibrate_stereo(left, right, BOARD, model="brown4")


def elements(svg, tag):
    return ElementTree.fromstring(str(svg)).findall(f".//{tag}")  # it parses, so it is well-formed


def test_boards_lie_where_they_were_seen(one):
    svg = figures.coverage(one)
    assert len(elements(svg, "polygon")) == len(one.views) == 6
    dots = np.array([[float(c.get("cx")), float(c.get("cy"))] for c in elements(svg, "circle")])
    assert dots == pytest.approx(
        np.concatenate([v.pixels for v in one.views]) + 0.5, abs=0.06
    )  # 640 wide, as the image
    assert len(elements(svg, "rect")) == 40 * 30 + 1
    assert elements(svg, "title")[0].text == "<b>0&.png"


def test_residual_lines_lead_to_the_projection(one):
    svg, longer = figures.residuals(one)
    drawn = [[float(line.get(a)) for a in ("x1", "y1", "x2", "y2")] for line in elements(svg, "line")]
    start, end = np.array(drawn)[:, :2], np.array(drawn)[:, 2:]
    assert (end - start) / longer == pytest.approx(np.concatenate(one.residuals_px), abs=0.1 / longer + 1e-9)
    lengths = np.linalg.norm(end - start, axis=1)
    assert 8 < np.percentile(lengths, 95) < 64


def test_the_page_stands_alone_and_escapes_names(one, tmp_path):
    written = gv.report.save_calibration(one, tmp_path / "one.html")
    page = written.read_text()
    assert page.count("<svg") == 3
    assert "<b>0&.png" not in page
    assert "&lt;b&gt;0&amp;.png" in page
    assert not re.search(r"(src|href)=.https?:", page)
    assert f"{one.camera.fx:.{with_doubt(one.camera.fx, one.sigma['fx'])[0][::-1].index('.')}f}" in page
    for text in one.warnings:
        assert text.partition(":")[0] in page


def test_the_page_of_a_rig(pair):
    page = render(pair, "Mine")
    assert "<title>Mine</title>" in page
    assert page.count("<svg") == 6
    lines = {name: float(value) for name, value, _ in rig_lines(pair)}
    assert lines["baseline mm"] == pytest.approx(1000 * pair.rig.baseline_m, abs=0.5)
    assert lines["shift x mm"] == pytest.approx(-100, abs=3)
    assert abs(lines["turn y °"]) < 2


def test_other_endings_are_refused(one, tmp_path):
    with pytest.raises(ValueError, match=r"one\.pdf: the page of a calibration is written as \.html"):
        gv.report.save_calibration(one, tmp_path / "one.pdf")


@pytest.mark.parametrize(
    ("value", "sigma", "text"),
    [
        (533.6247, 0.302, ("533.62", "0.30")),
        (-0.28611, 0.0052, ("-0.2861", "0.0052")),
        (1234.5, 45.0, ("1234", "45")),
        (1.0, 0.0, ("1", "0")),
        (1.0, float("inf"), ("1", "inf")),
    ],
)
def test_two_digits_of_doubt(value, sigma, text):
    assert with_doubt(value, sigma) == text


def test_steps_of_the_scale():
    assert [figures._round(v) for v in (1.0, 1.99, 2.0, 4.9, 5.0, 99.0, 0.3)] == [1, 1, 2, 2, 5, 50, 0.2]
    assert [words for _, words in figures.legend()][:2] == ["0–0.02 px", "0.02–0.05 px"]
