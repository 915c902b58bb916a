"""The page: what it says without a browser, and what it does in one."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision.depth._base import DepthMethod
from geomvision.method import backend
from geomvision.metrics import error_map
from geomvision.report.page import error_cap, render, value_range
from geomvision.results import RelativeDepth
from geomvision.samples import DepthSample

WIDTH, HEIGHT = 90, 60


@pytest.fixture(scope="module")
def page_text(full_report):
    return render(list(full_report.comparisons), full_report.title)


def test_the_page_needs_nothing_from_outside(page_text):
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page_text)
    assert "http" not in page_text.replace("http://www.w3.org/2000/svg", "")


def test_what_users_wrote_cannot_become_markup(page_text):
    assert "alert(1)</script>" not in page_text
    assert "a </script> pair" not in page_text
    assert "&lt;kept&gt;" in page_text


def test_protocols_say_how_missing_estimates_count(page_text, full_report):
    for comparison in full_report.comparisons:
        for protocol in comparison.protocols:
            assert protocol.name in page_text
            assert protocol.missing_estimates.split("'")[0] in page_text


def test_the_machine_and_options_are_printed_and_no_place_is(page_text, full_report):
    assert full_report.comparisons[0].machine["cpu"] in page_text
    assert "-2.25 px" in page_text
    assert str(Path.home()) not in page_text
    assert str(Path.cwd()) not in page_text


@pytest.mark.parametrize(
    ("sign", "told"), [(1.0, "aligned to a depth map by scale_shift: scale 2"), (-1.0, "not at all: the scale is -2")]
)
def test_the_page_says_how_relative_depth_was_aligned_and_hides_what_cannot_be(sign, told):
    z = np.linspace(1, 4, 48, dtype=np.float32).reshape(6, 8)

    @dataclass(frozen=True, kw_only=True)
    class Guessed(DepthMethod):
        """Inverse depth up to scale."""

        def on(self, sample):
            return self.execute(sample)

        @backend("numpy")
        def _numpy(self, sample):
            return RelativeDepth(values=sign * 0.5 / sample.depth.m, kind="disparity_affine")

    camera = gv.Camera(width=8, height=6, fx=8, fy=8, cx=4, cy=3)
    sample = DepthSample(name="ramp", image=np.zeros((6, 8), np.uint8), camera=camera, depth=gv.Depth(m=z))
    report = gv.compare([Guessed()], sample, repeats=1, progress=False)
    assert f"shown {told}" in render(list(report.comparisons), "")


def test_the_colour_scale_is_that_of_the_truth():
    truth = np.linspace(10.0, 20.0, 1000).reshape(20, 50)
    wild = np.full((20, 50), 500.0)
    low, high = value_range(truth, [wild])
    assert (low, high) == pytest.approx((10.05, 19.95), abs=0.01)
    assert value_range(None, [wild]) == (500.0, 501.0)
    assert value_range(None, []) == (0.0, 1.0)


def test_the_error_scale_is_a_round_number():
    truth = np.ones((10, 10))
    assert error_cap(truth, [truth + 3.0], (0.5, 1.0, 2.0, 4.0)) == 4.0
    assert error_cap(None, [truth], (0.5, 1.0, 2.0)) == 2.0


def test_a_report_of_many_pixels_shows_some_of_them(full_report, monkeypatch):
    monkeypatch.setattr("geomvision.report.page.PIXEL_BUDGET", 20_000)
    text = render(list(full_report.comparisons), "small")
    assert "one pixel of 2 × 2 is shown" in text
    samples = json.loads(re.search(r'id="report-data">(.*?)</script>', text, re.DOTALL)[1])["samples"]
    assert [(s["width"], s["height"], s["stride"]) for s in samples] == [(45, 30, 2)] * 3


@pytest.fixture(scope="module")
def page(browser, full_report, tmp_path_factory):
    """The page in a browser that is offline, all viewers started."""
    target = full_report.save(tmp_path_factory.mktemp("page") / "report.html")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    tab = context.new_page()
    tab.complaints = []
    tab.on("console", lambda message: tab.complaints.append(message.text))
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.goto(target.as_uri())
    for index in range(tab.locator(".viewer").count()):
        tab.locator(".viewer").nth(index).scroll_into_view_if_needed()
        tab.wait_for_function(f"document.querySelectorAll('.viewer')[{index}].classList.contains('ready')")
    return tab


pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.mark.browser
def test_it_loads_offline_without_a_complaint(page, tmp_path):
    shot = tmp_path / "page.png"
    page.screenshot(path=shot, full_page=True)
    assert page.complaints == []
    assert shot.stat().st_size > 20_000
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.browser
def test_the_slider_moves(page):
    stage = page.locator(".stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, middle, steps=3)
    page.mouse.up()
    handle = page.locator(".handle").first
    assert float(handle.get_attribute("aria-valuenow")) == pytest.approx(25, abs=1)
    handle.press("ArrowRight")
    assert float(handle.get_attribute("aria-valuenow")) == pytest.approx(27, abs=1)
    assert page.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("zoom", [1, 4])
def test_the_value_under_the_pointer_is_true(page, stereo_report, zoom):
    viewer = page.locator(".viewer").first
    viewer.locator(f"button[data-zoom='{zoom}']").click()
    stage = viewer.locator(".stage")
    box = stage.bounding_box()
    stage.hover(position={"x": box["width"] * 0.71, "y": box["height"] * 0.43})
    x, y = (int(n) for n in re.findall(r"\d+", viewer.locator(".where").inner_text())[:2])
    if zoom == 1:
        assert (x, y) == (int(0.71 * WIDTH), int(0.43 * HEIGHT))
    estimates = [row.estimate.px for row in stereo_report.rows if row.estimate is not None]
    rows = viewer.locator(".values tbody tr")
    for index, px in enumerate(estimates):
        cells = rows.nth(index + 1).locator("td").all_inner_texts()
        assert float(cells[0]) == pytest.approx(px[y, x], abs=0.02)
        assert float(cells[1]) == pytest.approx((0.5, 2.25)[index], abs=0.02)


@pytest.mark.browser
def test_every_pixel_and_every_error_arrives(page, full_report):
    for index, comparison in enumerate(full_report.comparisons):
        sample = comparison.samples[0]
        row = next(row for row in comparison.rows if row.estimate is not None)
        code = f"document.querySelectorAll('.viewer')[{index}].scene.estimates[0]"
        planes = np.array(page.evaluate(f"{code}.planes.map(p => Array.from(p, v => isNaN(v) ? 1e9 : v))"), float)
        planes[planes == 1e9] = np.nan
        values = row.estimate.m if comparison.task == "depth" else row.estimate.px
        expected = np.moveaxis(values.reshape(HEIGHT * WIDTH, -1), -1, 0)
        np.testing.assert_allclose(planes, expected, atol=0.01)
        errors = np.array(page.evaluate(f"Array.from({code}.error, v => isNaN(v) ? 1e9 : v)"), float)
        errors[errors == 1e9] = np.nan
        wanted = error_map(row.estimate, sample).ravel() * (100 if comparison.task == "depth" else 1)
        np.testing.assert_allclose(errors, wanted, atol=0.05)


@pytest.mark.browser
def test_any_two_maps_can_be_shown_and_the_error_scale_changed(page):
    viewer = page.locator(".viewer").first
    viewer.locator("select.a").select_option(label="truth")
    viewer.locator(".sheet button", has_text="error of off(by=-2.25)").click()
    assert viewer.locator(".tag.a").inner_text() == "truth"
    assert viewer.locator(".tag.b").inner_text() == "error of off(by=-2.25)"
    pixel = "document.querySelector('.viewer').comparer.b.canvas().getContext('2d').getImageData(60, 30, 1, 1).data"
    viewer.locator("select.cap").select_option("16.0")
    dark = page.evaluate(f"Array.from({pixel}).slice(0, 3).reduce((a, b) => a + b)")
    viewer.locator("select.cap").select_option("2.0")
    assert page.evaluate(f"Array.from({pixel}).slice(0, 3).reduce((a, b) => a + b)") > dark + 100
    assert page.complaints == []


@pytest.mark.browser
def test_the_cloud_shows_points_and_turns(page, stereo_report):
    viewer = page.locator(".viewer").first
    points = page.evaluate("Array.from(document.querySelector('.viewer').cloud.points)")
    cloud = np.array(points).reshape(-1, 4)
    px = stereo_report.rows[0].estimate.px.ravel()[cloud[:, 3].astype(int)]
    np.testing.assert_allclose(cloud[:, 2], 80.0 * 0.2 / px, rtol=2e-3)
    canvas = viewer.locator(".space canvas")
    canvas.scroll_into_view_if_needed()
    before = page.evaluate("document.querySelector('.space canvas').toDataURL()")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 120)
    page.mouse.up()
    page.wait_for_timeout(150)
    assert page.evaluate("document.querySelector('.space canvas').toDataURL()") != before
    assert page.complaints == []
