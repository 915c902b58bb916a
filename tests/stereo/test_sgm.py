"""SGM against closed forms and on real pairs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from geomvision.method import OptionError
from geomvision.results import Disparity
from geomvision.stereo.sgm import SGM

Equal = Callable[[Disparity, Disparity], None]
Walls = tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]


def smooth_texture(height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    """Noise with detail of a few pixels: it can be sampled between pixels."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 1.2)
    return np.asarray(cv2.normalize(blurred, None, 5, 250, cv2.NORM_MINMAX), np.float32)


def wall(shift: float, height: int = 50, width: int = 120) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both views of a fronto-parallel wall of whole-pixel disparity: left x lies at right x − shift."""
    scene = np.random.default_rng(3).uniform(0, 255, (height, width + 100)).astype(np.float32)
    return scene[:, 50 : 50 + width], scene[:, 50 + int(shift) : 50 + int(shift) + width]


@pytest.mark.parametrize("backend", ["cpp", "reference"])
@pytest.mark.parametrize("shift", [0, 9, -6])
def test_a_wall_has_its_shift_wherever_the_right_view_sees_it(backend: str, shift: int) -> None:
    left, right = wall(shift)
    sgm = SGM(max_disparity=16, min_disparity=-10, subpixel="none", backend=backend)
    found = sgm(left, right)
    seen = slice(max(0, shift), 120 + min(0, shift))
    np.testing.assert_array_equal(found.px[:, seen], shift)
    assert found.occluded is not None
    assert not found.occluded[:, seen].any()
    # the band that the right view does not show is known to be occluded, and has the wall's disparity when filled
    assert abs(found.occluded.sum() - abs(shift) * 50) <= 2
    np.testing.assert_array_equal(sgm.with_options(fill="background")(left, right).px, shift)


def test_more_pixels_than_the_core_can_count_are_refused():
    from geomvision import _core

    endless = np.zeros((2**32 + 5, 0), np.uint8)  # without columns it takes no memory
    with pytest.raises(ValueError, match="left is 0x4294967301 pixels; at most 2147483647"):
        _core.sgm(endless, endless, _core.sgm_options())


def test_the_band_without_partners_continues_its_surroundings() -> None:
    left, right = wall(12)
    found = SGM(max_disparity=32, left_right=-1, subpixel="none", speckle_size=0)(left, right)
    assert (found.px[:, :12] == 12).mean() > 0.95
    assert found.occluded is None


@pytest.mark.parametrize("subpixel", ["parabola", "equiangular"])
def test_a_slanted_plane_is_followed_between_pixels(subpixel: str) -> None:
    height, width = 60, 200
    scene = smooth_texture(height, width + 100)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    slope, offset = 0.05, 6.0
    # right x shows left x + d with d = offset + slope · left x
    left_x = (x + offset) / (1 - slope)
    left = cv2.remap(scene, x + 20, y, cv2.INTER_CUBIC)
    right = cv2.remap(scene, left_x + 20, y, cv2.INTER_CUBIC)
    found = SGM(max_disparity=32, subpixel=subpixel)(left, right)
    inside = (slice(8, -8), slice(20, -8))
    error = found.px[inside] - (offset + slope * x[inside])
    assert found.valid[inside].mean() > 0.99
    assert np.nanmean(np.abs(error)) < 0.12
    assert abs(np.nanmean(error)) < 0.03
    whole = SGM(max_disparity=32, subpixel="none")(left, right).px[inside] - (offset + slope * x[inside])
    assert np.nanmean(np.abs(error)) < 0.6 * np.nanmean(np.abs(whole))


def test_what_only_the_left_view_sees_is_occluded_and_filled_from_behind(noisy_walls: Walls) -> None:
    left, right, behind = noisy_walls
    hidden = behind | (np.arange(150) < 4)
    found = SGM(max_disparity=24, subpixel="none")(left, right)
    assert found.occluded is not None
    inside = (slice(5, -5), slice(None))
    truth = np.where((np.arange(150) >= 60) & (np.arange(150) < 100), 14, 4) * np.ones((60, 1))
    assert found.occluded[inside][hidden[inside]].mean() > 0.85
    assert found.occluded[inside][~hidden[inside]].mean() < 0.02
    assert (found.px[inside][~hidden[inside]] == truth[inside][~hidden[inside]]).mean() > 0.98
    for fill in ("background", "row"):
        filled = SGM(max_disparity=24, subpixel="none", fill=fill)(left, right)
        assert filled.valid.all()
        assert (filled.px[inside][hidden[inside]] == 4).mean() > 0.85
        assert filled.confidence is not None
        assert (filled.confidence[~found.valid] == 0).all()


def test_confidence_ranks_right_estimates_above_wrong_ones(noisy_walls: Walls) -> None:
    left, right, _ = noisy_walls
    right = right.copy()
    right[20:40] = np.random.default_rng(6).integers(0, 256, (20, 150), np.uint8)
    found = SGM(max_disparity=24)(left, right)
    assert found.confidence is not None
    assert found.confidence.min() >= 0
    assert found.confidence.max() <= 1
    good, noise = found.confidence[3:15, 20:140], found.confidence[25:35, 20:140]
    assert np.median(good) > 0.4
    assert np.median(noise) < 0.15


@pytest.mark.parametrize("min_disparity", [-8, 0, 5])
def test_without_texture_there_is_no_estimate(min_disparity: int) -> None:
    grey = np.full((20, 60), 77, np.uint8)
    found = SGM(max_disparity=16, min_disparity=min_disparity)(grey, grey)
    assert not found.valid.any()
    assert found.confidence is not None
    assert (found.confidence == 0).all()
    for fill in ("background", "row"):
        assert not SGM(max_disparity=16, fill=fill)(grey, grey).valid.any()


def test_gain_offset_and_type_do_not_matter(assert_equal: Equal) -> None:
    left, right = (np.clip(view, 0, 250).astype(np.uint8) for view in wall(5))
    expected = SGM(max_disparity=16)(left, right)
    assert_equal(SGM(max_disparity=16)(left.astype(np.uint16), right.astype(np.uint16)), expected)
    assert_equal(SGM(max_disparity=16)(left.astype(np.float32), right.astype(np.float32)), expected)
    assert_equal(SGM(max_disparity=16)(left.astype(np.uint16) * 64 + 9, right.astype(np.uint16) * 4), expected)
    assert_equal(SGM(max_disparity=16)(left.astype(np.float32) / 1024, right.astype(np.float32) * 1e30), expected)


def test_penalties_follow_the_paper_at_an_edge() -> None:
    from geomvision.stereo._sgm_reference import jump_penalties

    constant, adaptive = jump_penalties(10, 96, False), jump_penalties(10, 96, True)
    assert set(constant) == {96}
    # up to the mean change (8) P2 is whole; at three times that a third; never below P1
    assert [int(adaptive[i]) for i in (0, 8, 16, 24, 255)] == [96, 96, 48, 32, 10]


def test_a_range_beyond_the_width_is_not_searched(assert_searches_only_what_can_match: Callable[..., None]) -> None:
    assert_searches_only_what_can_match(SGM, *wall(5, height=12, width=30))


@pytest.mark.parametrize("backend", ["cpp", "reference"])
def test_images_of_one_pixel_have_an_answer_without_confidence(backend: str) -> None:
    pixel = np.array([[9]], np.uint8)
    assert not SGM(backend=backend)(pixel, pixel).valid.any()  # smaller than a speckle
    found = SGM(backend=backend, speckle_size=0)(pixel, pixel)
    np.testing.assert_array_equal(found.px, [[0]])
    np.testing.assert_array_equal(found.confidence, [[0]])


def test_colour_strides_and_big_endian_arrays_are_read_right() -> None:
    colour = np.random.default_rng(8).integers(0, 256, (30, 80, 3), np.uint8)
    left, right = colour[:, :60], colour[:, 6:66]
    expected = SGM(max_disparity=16)(left, right)
    assert np.nanmedian(expected.px) == pytest.approx(6, abs=0.1)
    flipped = SGM(max_disparity=16)(left[::-1], right[::-1])
    assert np.nanmedian(flipped.px) == pytest.approx(6, abs=0.1)
    wide = left.astype(">u2"), right.astype(">u2")
    assert np.nanmedian(SGM(max_disparity=16)(*wide).px) == pytest.approx(6, abs=0.1)


def test_trace_names_every_stage_and_ends_in_the_result(noisy_walls: Walls, assert_equal: Equal) -> None:
    left, right, _ = noisy_walls
    sgm = SGM(max_disparity=24, fill="background")
    trace = sgm.trace(left, right)
    directions = [f"path({dx:+d},{dy:+d})" for dx in (-1, 0, 1) for dy in (-1, 0, 1) if (dx, dy) != (0, 0)]
    expected = ["census_left", "census_right", "cost", *directions, "sums", "winner", "winner_right", "subpixel"]
    expected += ["median", "agreement", "left_right", "speckle", "confidence", "fill"]
    assert sorted(stage.name for stage in trace) == sorted(expected)
    assert_equal(trace.result, sgm(left, right))
    total = sum(trace[name].array.astype(np.uint16) for name in directions)
    np.testing.assert_array_equal(trace["sums"].array, total)
    assert trace["cost"].array.shape == (60, 150, 24)
    assert all(stage.doc for stage in trace)
    np.testing.assert_array_equal(trace["fill"].array, trace.result.px)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_disparity": 0}, "max_disparity must be larger"),
        ({"p1": 50, "p2": 40}, "p2 must be at least p1"),
        ({"p2": 193}, "between 0 and 192"),
        ({"census": "3x3"}, "'5x5', '7x7', '9x7'"),
        ({"paths": 6}, "one of 4, 5, 8, 16"),
        ({"median": 4}, "odd and between 1 and 15"),
        ({"left_right": -2}, "between -1 and 8192"),
        ({"speckle_range": float("nan")}, "between 0 and 8192"),
    ],
)
def test_options_that_are_not_allowed_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        SGM(**options)


def read_grey(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(os.fspath(path), cv2.IMREAD_GRAYSCALE), np.uint8)


@pytest.mark.parametrize(("fill", "limit"), [("none", 8.0), ("background", 6.0), ("row", 6.0)])
def test_cones_within_two_pixels(real_data: Path, fill: str, limit: float) -> None:
    scene = real_data / "stereo" / "cones"
    truth = read_grey(scene / "disp.png") / 4.0
    visible = (read_grey(scene / "mask_nonocc.png") == 255) & (truth > 0)
    px = SGM(max_disparity=64, fill=fill)(read_grey(scene / "left.png"), read_grey(scene / "right.png")).px
    wrong_or_missing = ~(np.abs(px - truth) <= 2.0)
    assert 100 * wrong_or_missing[visible].mean() < limit


def test_motorcycle_is_matched_in_spite_of_a_change_of_exposure(real_data: Path) -> None:
    for name in ("Motorcycle", "MotorcycleE"):
        scene = real_data / "stereo" / name
        raw = (scene / "disp.pfm").read_bytes()
        header = raw.split(b"\n", 3)
        width, height = map(int, header[1].split())
        kind = "<f4" if float(header[2]) < 0 else ">f4"
        truth = np.frombuffer(header[3], kind, width * height).reshape(height, width)[::-1]
        visible = (read_grey(scene / "mask_nonocc.png") == 255) & np.isfinite(truth)
        views = [read_grey(scene / f"{side}.png") for side in ("left", "right")]
        wrong_or_missing = ~(np.abs(SGM(max_disparity=64)(*views).px - truth) <= 2.0)
        assert 100 * wrong_or_missing[visible].mean() < 8.0
