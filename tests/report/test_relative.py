"""Relative depth on the page and in tables: aligned to metres where there are some, and called what it is."""

import json
import re

import numpy as np
import pytest

from geomvision.benchmark.comparison import Comparison, Row
from geomvision.cameras import Camera
from geomvision.depth.from_stereo import FromStereo
from geomvision.depth.ground_plane import GroundPlane
from geomvision.report.page import render
from geomvision.report.relative import depth_maps, stretched
from geomvision.report.tables import summary_table
from geomvision.results import Depth, RelativeDepth
from geomvision.samples import DepthSample

Z = np.linspace(2, 8, 12).reshape(3, 4).astype(np.float32)
CAMERA = Camera(width=4, height=3, fx=4, fy=4, cx=1.5, cy=1)


def rows(*estimates):
    methods = (FromStereo(), GroundPlane())
    named = zip(("mono", "metric"), methods, estimates, strict=False)
    return [Row(label=label, sample="room", method=method, estimate=e) for label, method, e in named]


TRUTH = Depth(m=Z)


def sample(depth=TRUTH):
    return DepthSample(name="room", image=np.zeros((3, 4), np.uint8), camera=CAMERA, depth=depth)


RELATIVE = RelativeDepth(values=5 / Z - 0.5, kind="disparity_affine")


def test_it_is_aligned_to_the_truth_and_told():
    maps, unit = depth_maps(sample(), rows(RELATIVE))
    assert unit == "m"
    np.testing.assert_allclose(maps.pop("mono (disparity_affine, aligned to the truth)"), Z, rtol=1e-4)
    assert not maps


def test_without_truth_to_the_first_estimate_in_metres():
    maps, unit = depth_maps(sample(None), rows(RELATIVE, Depth(m=2 * Z)))
    assert unit == "m"
    np.testing.assert_allclose(maps["mono (disparity_affine, aligned to metric)"], 2 * Z, rtol=1e-4)
    assert list(maps) == ["mono (disparity_affine, aligned to metric)", "metric"]


@pytest.mark.parametrize("kind", ["disparity_affine", "depth_affine", "depth_scale"])
def test_without_metres_it_is_stretched_and_has_no_unit(kind):
    own = RelativeDepth(values=-3 / Z if kind == "disparity_affine" else 3 * Z, kind=kind)
    given = RelativeDepth(values=-own.values if kind == "disparity_affine" else own.values, kind=kind)
    maps, unit = depth_maps(sample(None), rows(given))
    assert unit == "relative"
    shown = maps[f"mono ({kind}, not in metres)"]
    np.testing.assert_array_equal(np.argsort(shown, axis=None, kind="stable"), np.arange(12))
    assert (shown.min(), shown.max()) == pytest.approx((1, 10))
    assert np.isnan(stretched(RelativeDepth(values=np.full((2, 2), np.nan), kind=kind))).all()


def test_what_cannot_be_aligned_is_not_drawn_and_says_why():
    flat = RelativeDepth(values=np.ones((3, 4)), kind="depth_affine")
    maps, _ = depth_maps(sample(), rows(flat))
    ((label, values),) = maps.items()
    assert label.startswith("mono (depth_affine, cannot be aligned: the values are constant")
    assert np.isnan(values).all()


def test_page_and_table_call_it_by_its_kind():
    comparison = Comparison(task="depth", samples=(sample(None),), protocols=(), rows=tuple(rows(RELATIVE)))
    assert summary_table(comparison).labels == ("mono (disparity_affine)",)
    text = render([comparison], "relative")
    (shown,) = json.loads(re.search(r'id="report-data">(.*?)</script>', text, re.DOTALL)[1])["samples"]
    assert shown["unit"] == "relative"
    assert [each["label"] for each in shown["maps"]] == ["mono (disparity_affine, not in metres)"]
    assert "the shape is a guess" in text
