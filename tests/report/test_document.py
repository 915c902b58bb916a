"""Printing, JSON and writing in one step."""

import json

import pytest

import geomvision as gv
from geomvision.io import FormatError


def test_the_table_prints_figures_and_failures(stereo_report):
    text = str(stereo_report.table())
    assert "off(by=0.5)" in text
    assert "failing failed on a </script> pair: RuntimeError: no light" in text
    assert "totbad-2.0" in text
    assert str(stereo_report) == text


def test_json_holds_every_row_and_no_maps(stereo_report, tmp_path):
    written = stereo_report.save(tmp_path / "report.json")
    (comparison,) = json.loads(written.read_text())["comparisons"]
    assert [row["label"] for row in comparison["rows"]] == ["off(by=0.5)", "off(by=-2.25)", "failing"]
    assert comparison["rows"][0]["scores"]["middlebury"]["bad-1.0 noc"] == pytest.approx(0.0)
    assert comparison["rows"][1]["scores"]["middlebury"]["bad-2.0 noc"] > 90
    assert comparison["protocols"]["middlebury"]["missing"]


def test_reports_add_up(full_report):
    assert [comparison.task for comparison in full_report.comparisons] == ["stereo", "flow", "depth"]
    assert len(full_report.rows) == 5


def test_nothing_is_left_behind_when_a_report_cannot_be_written(stereo_report, tmp_path):
    with pytest.raises(ValueError, match=r"\.html or \.json"):
        stereo_report.save(tmp_path / "report.pdf")
    with pytest.raises(FormatError, match="does not exist"):
        stereo_report.save(tmp_path / "nowhere" / "report.html")
    assert not list(tmp_path.iterdir())


def test_the_package_offers_compare():
    assert gv.compare is gv.report.compare
