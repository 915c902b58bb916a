"""What all protocols share: the registry, scoring side by side, aggregation, error maps, refusals."""

import math
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from geomvision import metrics
from geomvision.metrics import PROTOCOLS, Ratio
from geomvision.results import Disparity, RelativeDepth

NAN = math.nan
TASKS = {
    "stereo": {"booster", "eth3d", "flying_things", "kitti2012", "kitti2015", "middlebury", "spring"},
    "flow": {"kitti2012_flow", "kitti2015_flow", "middlebury_flow", "regions_flow", "sintel", "spring_flow"},
    "depth": {
        "affine",
        "depth",
        "eigen_garg50",
        "eigen_garg80",
        "kitti_improved",
        "mdec",
        "nyu",
        "ordinal",
        "regions_affine",
        "regions_depth",
        "uncertainty",
    },
    "pose": {"map_free", "two_view", "superglue"},
}
#: Those that tiny samples are for, of stereo with classes of surfaces, of the others without; neither of KITTI's nor of
#: NYU's shape, nor with pairs or sky.
FITTING = TASKS | {
    "stereo": TASKS["stereo"] - {"flying_things", "spring"},
    "flow": TASKS["flow"] - {"regions_flow", "spring_flow"},
    "depth": {"affine", "depth"},
}


def test_the_protocols_of_each_task():
    assert {task: set(metrics.for_task(task)) for task in TASKS} == TASKS
    with pytest.raises(ValueError, match="allowed are stereo, flow, depth, pose"):
        metrics.for_task("tracking")


@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_every_protocol_says_what_it_is(name: str):
    protocol = PROTOCOLS[name]()
    assert protocol.name == name
    assert protocol.aggregation in ("pooled", "mean")
    assert len(protocol.missing_estimates) > 20
    assert re.search(r"\b(19|20)\d\d\b", sys.modules[type(protocol).__module__].__doc__), "cites its source"
    assert getattr(metrics, type(protocol).__name__) is type(protocol)


def test_one_estimate_by_several_protocols(stereo, flow, depth):
    pairs: Mapping[str, tuple] = {
        "stereo": stereo([[1.0, 9.0]], [[1.0, 2.0]], [[0, 0]], foreground=[[0, 1]]),
        "flow": flow([[[1.0, 9.0]]], [[[1.0, 2.0]]], [[0]]),
        "depth": depth([[1.0]], [[2.0]]),
    }
    for task, pair in pairs.items():
        scores = metrics.score(*pair)
        assert set(scores) == FITTING[task]
        for name, score in scores.items():
            assert PROTOCOLS[name].primary in score
            assert score["density"].value == 100.0
    chosen = metrics.score(*pairs["stereo"], protocols=["kitti2015", PROTOCOLS["middlebury"]()])
    assert list(chosen) == ["kitti2015", "middlebury"]
    with pytest.raises(KeyError, match="there are affine, booster, depth, eigen_garg50, eigen_garg80, epe3d, eth3d"):
        metrics.score(*pairs["stereo"], protocols=["kiti2015"])


def test_a_perfect_estimate_has_no_error_in_any_protocol(stereo, flow, depth):
    for pair in (
        stereo([[3.0, 7.0]], [[3.0, 7.0]], [[0, 1]]),
        flow([[[3.0, 50.0], [2.0, 1.0]]], [[[3.0, 50.0], [2.0, 1.0]]], [[0, 1]]),
        depth([[3.0, 7.0]], [[3.0, 7.0]]),
    ):
        for score in metrics.score(*pair).values():
            for name, ratio in score.items():
                perfect = 100.0 if name == "density" or name.startswith("delta") else 0.0
                assert ratio.value == perfect or math.isnan(ratio.value)


def test_what_cannot_be_scored_is_refused_with_the_reason(stereo, flow, depth):
    estimate, sample = stereo([[1.0, 2.0]], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="the estimate is 3x1 pixels but the truth is 2x1"):
        metrics.score(Disparity(px=np.zeros((1, 3), np.float32)), sample)
    with pytest.raises(ValueError, match="'tiny' has no disparity"):
        metrics.score(estimate, flow([[[0.0, 0.0]]], [[[0.0, 0.0]]])[1])
    with pytest.raises(TypeError, match="is a Disparity; it must be a Flow"):
        metrics.score(estimate, sample, protocols=["sintel"])
    with pytest.raises(TypeError, match="is a ndarray; it must be a Depth"):
        metrics.error_map(estimate.px, sample)


def test_error_maps(stereo, flow, depth):
    np.testing.assert_array_equal(
        metrics.error_map(*stereo([[1.0, NAN, 4.5, 2.0]], [[3.0, 1.0, 4.0, NAN]])),
        np.array([[2.0, NAN, 0.5, NAN]], np.float32),
    )
    np.testing.assert_array_equal(metrics.error_map(*flow([[[3.0, 4.0]]], [[[0.0, 0.0]]])), [[5.0]])
    found = metrics.error_map(*depth([[1.0, NAN]], [[4.0, 2.0]]))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array([[0.75, NAN]], np.float32))
    relative = RelativeDepth(values=np.ones((1, 1), np.float32), kind="depth_scale")
    with pytest.raises(TypeError, match="align"):
        metrics.error_map(relative, depth([[1.0]], [[1.0]])[1])


def test_pooling_adds_pixels_and_averaging_takes_images_alike(stereo):
    one = stereo([[9.0]], [[1.0]], [[0]])  # one pixel, wrong
    three = stereo([[1.0, 1.0, 1.0]], [[1.0, 1.0, 1.0]])  # three right; its occlusion is unknown
    pooled, averaged = PROTOCOLS["kitti2015"](), PROTOCOLS["middlebury"]()
    assert pooled.aggregate([pooled.score(*one), pooled.score(*three)])["D1-all all"] == 25.0
    figures = averaged.aggregate([averaged.score(*one), averaged.score(*three)])
    assert figures["totbad-2.0 all"] == 50.0
    assert figures["totbad-2.0 noc"] == 100.0  # of the one image that knows
    assert math.isnan(averaged.aggregate([averaged.score(*stereo([[1.0]], [[NAN]]))])["avgerr all"])


def test_the_headline_falls_back_to_all_where_noc_is_unknown(stereo):
    protocol = PROTOCOLS["middlebury"]()
    assert protocol.headline(protocol.score(*stereo([[1.0]], [[1.0]], [[0]]))) == "totbad-2.0 noc"
    assert protocol.headline(protocol.score(*stereo([[1.0]], [[1.0]]))) == "totbad-2.0 all"
    with pytest.raises(KeyError, match="ranks by"):
        protocol.headline(["density"])


def test_ratios():
    assert (Ratio(1, 4) + Ratio(2, 4)).value == 3 / 8
    assert Ratio(1, 4, "percent").value == 25.0
    assert Ratio(9, 4, "root").value == 1.5
    assert math.isnan(Ratio(0, 0, "percent").value)


def test_listing_protocols_imports_none_of_them():
    code = (
        "import sys, geomvision.metrics as m; names = list(m.PROTOCOLS);"
        "sys.exit(any(f'geomvision.metrics.{name}' in sys.modules for name in names))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
@pytest.mark.parametrize("protocol", ["booster", "eth3d", "kitti2012", "kitti2015", "middlebury", "spring"])
def test_masks_of_whole_numbers_choose_pixels_not_rows(stereo, protocol: str, dtype: type):
    """A mask as image files hold it, 0 and 255: numpy would take its numbers for those of rows."""
    estimate, sample = stereo([[1, 2], [13, 4]], [[1, 2], [3, 4]], [[0, 0], [1, 0]], [[1, 0], [0, 0]])
    wanted = metrics.score(estimate, sample, [protocol])[protocol]
    given = {
        "occluded": sample.occluded.astype(dtype) * 255,
        "masks": {label: mask.astype(dtype) * 255 for label, mask in sample.masks.items()},
    }
    assert metrics.score(estimate, replace(sample, **given), [protocol])[protocol] == wanted


def test_the_mean_error_leaves_out_what_a_mask_of_whole_numbers_hides(stereo):
    estimate, sample = stereo([[1, 2], [13, 5]], [[1, 2], [3, 4]])
    hidden = replace(sample, occluded=np.array([[0, 0], [255, 0]], np.uint8))
    assert metrics.score(estimate, hidden, ["middlebury"])["middlebury"]["avgerr noc"].value == pytest.approx(1 / 3)


@pytest.mark.parametrize("shape", [(1, 2), (2,), (3, 2)])
def test_a_mask_of_another_size_is_refused(stereo, shape: tuple[int, ...]):
    estimate, sample = stereo([[1, 2], [13, 4]], [[1, 2], [3, 4]])
    off = np.zeros(shape, bool)
    for protocol, changed in (
        ("eth3d", {"occluded": off}),
        ("kitti2012", {"masks": {"reflective": off}}),
        ("kitti2015", {"masks": {"foreground": off}}),
        ("spring", {"masks": {"sky": off}}),
    ):
        with pytest.raises(ValueError, match=r"has shape .*; the truth has \(2, 2\)"):
            metrics.score(estimate, replace(sample, **changed), [protocol])
