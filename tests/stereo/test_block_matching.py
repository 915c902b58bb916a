"""Block matching against closed forms and brute force over windows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import geomvision as gv
from geomvision import _core
from geomvision.method import OptionError
from geomvision.stereo import _block_matching as reference
from geomvision.stereo.block_matching import COSTS, BlockMatching

BACKENDS = ["cpp", "reference"]


def noise(height: int, width: int, seed: int = 0, dtype: type = np.uint8, levels: int = 256) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, levels, (height, width)).astype(dtype)


def shifted_pair(height: int, width: int, shift: int, dtype: type = np.uint8) -> tuple[np.ndarray, np.ndarray]:
    """Two crops of one noise image: left x is right x − shift."""
    wide = noise(height, width + abs(shift), dtype=dtype)
    first, second = wide[:, :width], wide[:, abs(shift) :]
    return (first, second) if shift >= 0 else (second, first)


def window(image: np.ndarray, x: int, y: int, radius: int) -> np.ndarray:
    """The window around (x, y) as Python integers' array, borders repeated."""
    rows = np.clip(np.arange(y - radius, y + radius + 1), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(x - radius, x + radius + 1), 0, image.shape[1] - 1)
    return image[np.ix_(rows, columns)].astype(object)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("shift", [-6, 0, 13])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_shift_is_found_wherever_both_views_show_it(backend: str, cost: str, shift: int, dtype: type) -> None:
    left, right = shifted_pair(24, 60, shift, dtype)
    method = BlockMatching(cost=cost, window=5, min_disparity=-10, max_disparity=20, subpixel="none", backend=backend)
    disparity = method.with_options(prefilter="none")(left, right)
    both = slice(max(shift, 0) + 2, 58 + min(shift, 0))
    np.testing.assert_array_equal(disparity.px[:, both], shift)
    assert not disparity.occluded[:, both].any()
    filtered = method(left, right).px[
        :, max(shift, 0) + 3 : 57 + min(shift, 0)
    ]  # clipped noise repeats itself at times
    assert (filtered == shift).mean() > 0.99


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_band_that_the_right_view_does_not_see_is_occluded(backend: str) -> None:
    left, right = shifted_pair(40, 80, 10)
    disparity = BlockMatching(max_disparity=16, window=7, backend=backend)(left, right)
    assert np.isnan(disparity.px[:, :6]).mean() > 0.95
    assert disparity.occluded[:, :6].mean() > 0.6
    assert not disparity.occluded[:, 14:].any()


@pytest.mark.parametrize("cost", COSTS)
def test_a_slanted_plane_is_found_to_a_fraction_of_a_pixel(cost: str) -> None:
    """d(x) = 4 + 0.05 x: the left row is T(x), the right row T where x − d(x) is its pixel; T is a sum of sines."""
    rng = np.random.default_rng(2)
    frequency, phase = rng.uniform(0.3, 1.6, 12), rng.uniform(0, 2 * np.pi, (50, 12)).cumsum(axis=0)

    def texture(x: np.ndarray) -> np.ndarray:
        return np.sin(x[:, None] * frequency + phase[:, None, :]).sum(axis=2).astype(np.float32)

    x = np.arange(160.0)
    left, right = texture(x), texture((x + 4) / 0.95)
    truth = 4 + 0.05 * x
    fit = "equiangular" if cost in ("sad", "census") else "parabola"
    px = BlockMatching(cost=cost, max_disparity=20, window=7, subpixel=fit)(left, right).px[4:-4, 16:-8]
    error = np.abs(px - truth[16:-8])
    whole = BlockMatching(cost=cost, max_disparity=20, window=7, subpixel="none")(left, right).px[4:-4, 16:-8]
    assert np.isfinite(px).mean() > 0.97
    assert np.nanmean(error) < 0.13
    assert np.nanmean(error) < 0.6 * np.nanmean(np.abs(whole - truth[16:-8]))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_costs_are_what_brute_force_over_the_window_gives(dtype: type) -> None:
    left, right = noise(11, 17, 1, dtype, np.iinfo(dtype).max), noise(11, 17, 2, dtype, np.iinfo(dtype).max)
    pair, disparities, radius = reference.quantised(left, right), range(-4, 6), 2
    volumes = {cost: reference.cost_volume(pair, cost, 2 * radius + 1, disparities) for cost in COSTS}
    words = [reference.census(pair.left), reference.census(pair.right)]
    for x, y in [(0, 0), (8, 5), (16, 10), (5, 0), (16, 3)]:
        for k, d in enumerate(disparities):
            if not 0 <= x - d < 17:
                assert all(volume[y, x, k] == reference.NO_COST for volume in volumes.values())
                continue
            a = window(left, x, y, radius).ravel()
            # A window's columns are those of the left window, moved: borders are repeated in either image.
            rows = np.clip(np.arange(y - radius, y + radius + 1), 0, 10)
            columns = np.clip(np.arange(x - radius, x + radius + 1) - d, 0, 16)
            b = right[np.ix_(rows, columns)].astype(object).ravel()
            assert volumes["sad"][y, x, k] == sum(abs(a - b))
            assert volumes["ssd"][y, x, k] == sum((a - b) ** 2) >> (0 if dtype is np.uint8 else 9)
            a, b = a.astype(float), b.astype(float)
            ncc = (a @ b) / np.sqrt((a @ a) * (b @ b))
            assert abs(volumes["ncc"][y, x, k] / 2**27 - (1 - ncc)) < 1e-7
            assert abs(volumes["zncc"][y, x, k] / 2**27 - (1 - np.corrcoef(a, b)[0, 1])) < 1e-7
            words_a = window(words[0], x, y, radius).ravel()
            words_b = words[1][np.ix_(rows, columns)].ravel()
            assert volumes["census"][y, x, k] == sum(
                (int(p) ^ int(q)).bit_count() for p, q in zip(words_a, words_b, strict=True)
            )


def test_a_census_word_says_which_neighbours_are_darker() -> None:
    image = noise(9, 12).astype(np.int64)
    word = int(reference.census(image)[4, 6])
    neighbours = [(x, y) for y in range(1, 8) for x in range(2, 11) if (x, y) != (6, 4)]
    assert [word >> bit & 1 for bit in range(62)] == [int(image[y, x] < image[4, 6]) for x, y in neighbours]
    assert word < 1 << 62


@pytest.mark.parametrize("backend", BACKENDS)
def test_gain_and_offset_of_a_view_do_not_matter_to_census_and_zncc(backend: str) -> None:
    left, right = shifted_pair(30, 70, 8, np.uint16)
    brighter = right * 200 + 37  # affine, and exact in 16 bits
    census = BlockMatching(cost="census", max_disparity=16, backend=backend)
    np.testing.assert_array_equal(census(left, brighter).px, census(left, right).px)
    zncc = BlockMatching(cost="zncc", max_disparity=16, backend=backend)
    np.testing.assert_allclose(zncc(left, brighter).px, zncc(left, right).px, atol=1e-5)
    ncc = BlockMatching(cost="ncc", max_disparity=16, backend=backend)
    np.testing.assert_allclose(ncc(left, right * 200).px, ncc(left, right).px, atol=1e-5)
    sad = BlockMatching(cost="sad", prefilter="none", max_disparity=16, backend=backend)
    assert (np.abs(sad(left, brighter).px - 8) < 0.5)[:, 14:-6].mean() < 0.6


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cost", ["sad", "ssd"])
def test_an_offset_of_a_view_does_not_matter_once_filtered(backend: str, cost: str) -> None:
    left, right = (image // 2 for image in shifted_pair(30, 70, 8))
    method = BlockMatching(cost=cost, max_disparity=16, backend=backend)
    np.testing.assert_array_equal(method(left, right + 100).px, method(left, right).px)
    plain = method.with_options(prefilter="none")
    assert (plain(left, right + 100).px != plain(left, right).px).mean() > 0.3


def test_the_filter_is_the_clipped_horizontal_sobel_gradient() -> None:
    """A ramp of s levels per pixel has the gradient 8 s, half of it at its ends; steps down the rows have none."""
    ramp = np.tile(3 * np.arange(12, dtype=np.uint8), (6, 1))
    filtered = reference.xsobel(ramp, ramp[:, ::-1].copy())
    np.testing.assert_array_equal(filtered.left[:, 1:-1], 31 + 24)
    np.testing.assert_array_equal(filtered.left[:, [0, -1]], 31 + 12)
    np.testing.assert_array_equal(filtered.right[:, 1:-1], 31 - 24)
    steep = (9 * np.arange(12, dtype=np.uint8))[None].repeat(6, 0)
    np.testing.assert_array_equal(reference.xsobel(steep, steep.T.repeat(2, 1)).left[:, 1:-1], 31 + 31)
    np.testing.assert_array_equal(reference.xsobel(ramp, np.full((6, 12), 7, np.uint8)).right, 31)
    dot = np.zeros((5, 5), np.uint8)
    dot[2, 2] = 10
    weights = [[0, 0, 0, 0, 0], [0, 10, 0, -10, 0], [0, 20, 0, -20, 0], [0, 10, 0, -10, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(reference.xsobel(dot, dot).left, 31 + np.array(weights))
    wide = (ramp.astype(np.uint16) * 257, np.full((6, 12), 65535, np.uint16))
    np.testing.assert_array_equal(reference.xsobel(*wide).left, filtered.left)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cost", COSTS)
def test_nothing_to_match_is_no_estimate(backend: str, cost: str) -> None:
    """No variance, or many disparities equally good: no number is better than any other."""
    for level in (0, 90):
        flat = np.full((20, 40), level, np.uint8)
        disparity = BlockMatching(cost=cost, max_disparity=12, backend=backend)(flat, flat)
        assert np.isnan(disparity.px[:, 2:]).all()
        assert (disparity.confidence == 0).all()
    stripes = np.tile(np.array([0, 0, 200, 200], np.uint8), (20, 15))  # repeats every 4 px
    px = BlockMatching(cost=cost, max_disparity=12, window=5, backend=backend)(stripes, stripes).px
    assert np.isnan(px[:, 14:-4]).all()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_texture_is_the_mean_horizontal_gradient(backend: str, dtype: type) -> None:
    """A ramp of 2 levels per pixel with noise-free rows: its texture is exactly 2."""
    scale = {np.uint8: 1, np.uint16: 257, np.float32: 1}[dtype]
    ramp = np.tile((2 * scale * np.arange(100)).astype(dtype), (20, 1))
    ramp[0, :2], ramp[-1, :2] = 0, 255 * scale  # so that floats have the range 0…255
    inner = (slice(8, 12), slice(20, 80))
    for texture, expected in ((1.98, True), (2.02, False)):
        method = BlockMatching(
            cost="ssd", prefilter="none", window=3, max_disparity=5, texture=texture, backend=backend
        )
        assert method(ramp, ramp).valid[inner].all() == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_uniqueness_and_confidence_follow_from_the_two_best_costs(backend: str) -> None:
    left, right = noise(24, 50, 3), noise(24, 50, 4)  # unrelated: the best is hardly better than the rest
    method = BlockMatching(cost="sad", prefilter="none", window=5, max_disparity=16, left_right=-1, backend=backend)
    loose = method(left, right)
    volume = reference.cost_volume(reference.quantised(left, right), "sad", 5, range(16)).astype(float)
    strict = method.with_options(uniqueness=10)(left, right)
    for y, x in np.ndindex(24, 50):
        curve = volume[y, x, : min(16, x + 1)]
        best = int(np.argmin(curve))
        far = np.delete(curve, range(max(best - 1, 0), min(best + 2, len(curve))))
        if len(far) == 0:
            assert loose.confidence[y, x] == 0
            continue
        assert loose.valid[y, x] == (curve[best] < far.min())
        assert strict.valid[y, x] == (curve[best] * 100 < far.min() * 90)
        if loose.valid[y, x]:
            seen_from_right = [volume[y, x - best + d, d] for d in range(16) if x - best + d < 50]
            difference = abs(best - int(np.argmin(seen_from_right)))
            expected = (far.min() - curve[best]) / far.min() / (1 + difference)
            assert abs(loose.confidence[y, x] - expected) < 1e-6
    assert 0.1 < strict.density < loose.density


def test_confidence_tells_right_from_wrong() -> None:
    rng = np.random.default_rng(0)
    left, right = shifted_pair(60, 120, 7)
    noisy = np.clip(right + rng.normal(0, 200, right.shape), 0, 255).astype(np.uint8)
    disparity = BlockMatching(window=5, max_disparity=20, left_right=-1)(left, noisy)
    sound = np.abs(disparity.px - 7) < 1
    sure = disparity.confidence[:, 12:] > np.median(disparity.confidence[:, 12:])
    assert sound[:, 12:][sure].mean() > sound[:, 12:][~sure].mean() + 0.2


def test_the_cpp_options_are_the_dataclass() -> None:
    fields = {f.name: f.default for f in dataclasses.fields(BlockMatching) if f.name != "backend"}
    assert _core.block_matching_options() == fields


def test_a_trace_shows_the_stages_and_leads_to_the_same_result() -> None:
    left, right = shifted_pair(30, 60, 6)
    method = BlockMatching(max_disparity=12, texture=0.5, speckle_size=5, fill="background")
    trace = method.trace(left, right)
    assert [stage.name for stage in trace] == [
        "left",
        "right",
        "cost",
        "winner",
        "winner_right",
        "texture",
        "subpixel",
        "agreement",
        "left_right",
        "speckle",
        "confidence",
        "fill",
    ]
    assert trace["cost"].array.shape == (30, 60, 12)
    np.testing.assert_array_equal(trace["winner"].array[:, 12:-6], 6)
    np.testing.assert_array_equal(trace.result.px, method(left, right).px)
    assert trace["fill"].unit == "px"


def test_images_that_point_backwards_and_colour_are_taken() -> None:
    left, right = shifted_pair(30, 60, 6)
    method = BlockMatching(max_disparity=12)
    expected = method(left, right).px
    np.testing.assert_array_equal(method(left[::-1], right[::-1]).px[::-1], expected)
    grey_as_colour = [np.repeat(image[..., None], 3, axis=2) for image in (left, right)]
    np.testing.assert_array_equal(method(*grey_as_colour).px, expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cost": "mad"}, "cost is 'mad'"),
        ({"prefilter": "sobel"}, "prefilter is 'sobel'"),
        ({"window": 4}, "odd"),
        ({"max_disparity": 3, "min_disparity": 3}, "max_disparity must be larger"),
        ({"fill": "all"}, "'background'"),
        ({"uniqueness": 100}, "between 0 and 99"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        BlockMatching(**options)


def test_a_real_pair_is_matched_better_than_by_opencv(real_data) -> None:
    """Census windows leave fewer pixels wrong or missing on the cones than OpenCV's SAD at its best."""
    import cv2

    folder = real_data / "stereo" / "cones"
    left, right = (cv2.imread(str(folder / name))[..., ::-1] for name in ("left.png", "right.png"))
    truth = cv2.imread(str(folder / "disp.png"), cv2.IMREAD_UNCHANGED) / 4.0
    known = (truth > 0) & (cv2.imread(str(folder / "mask_nonocc.png"), cv2.IMREAD_GRAYSCALE) == 255)

    def wrong_or_missing(method: gv.stereo.METHODS) -> float:
        return float((~(np.abs(method(left, right).px - truth) <= 2))[known].mean())

    ours = wrong_or_missing(BlockMatching(max_disparity=64))
    assert ours < 0.12
    sums = BlockMatching(cost="sad", window=15, max_disparity=64, left_right=-1)
    assert wrong_or_missing(sums) < wrong_or_missing(gv.stereo.OpenCVBM(max_disparity=64, left_right=-1))
    assert ours < wrong_or_missing(gv.stereo.OpenCVBM(max_disparity=64))
