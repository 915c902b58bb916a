"""Tiles against the untiled method, against weights by the pixel, and against the memory that they may take."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from geomvision import datasets, stereo
from geomvision.method import BackendError, OptionError, backend
from geomvision.results import Disparity
from geomvision.stereo._base import RangeSearch, StereoMethod
from geomvision.stereo.tiled import SAME_SURFACE, Tiled
from geomvision.tiling import Maps, shares, spans
from geomvision.timing import timed


@pytest.fixture(scope="module")
def pair():
    return datasets.Synthetic(seed=7, height=120, width=200, max_disparity=24, noise=2.0)[0]


@pytest.fixture
def registered():
    """Adds a method for one test."""
    before = dict(stereo.METHODS._added)
    yield stereo.METHODS.add
    stereo.METHODS._added.clear()
    stereo.METHODS._added.update(before)


@pytest.mark.parametrize(("low", "high"), [(0, 24), (-24, 1), (5, 24)])
@pytest.mark.parametrize("options", ["left_right=-1, window=7", "window=7"])
def test_block_matching_in_tiles_is_block_matching(options, low, high, pair, assert_equal):
    views = (pair.left, pair.right) if high > 1 else (pair.left[:, ::-1], pair.right[:, ::-1])
    made = Tiled(
        base="block_matching",
        base_options=options,
        min_disparity=low,
        max_disparity=high,
        tile_height=40,
        tile_width=48,
        overlap=20,
    )
    assert len(made.tiles(120, 200)[0]) == 3
    assert len(made.tiles(120, 200)[1]) == 5
    assert_equal(made(*views), made.matcher()(*views))


def test_tiles_too_narrow_for_their_windows_are_noticed(pair):
    made = Tiled(base="block_matching", max_disparity=24, tile_height=40, tile_width=48, overlap=2)
    assert (made(pair.left, pair.right).px != made.matcher()(pair.left, pair.right).px).mean() > 0.01


def test_sgm_in_tiles_is_nearly_sgm(pair):
    made = Tiled(max_disparity=24, tile_height=40, tile_width=64, overlap=20)
    tiles, whole = (method(pair.left, pair.right) for method in (made, made.matcher()))
    both = tiles.valid & whole.valid
    assert (tiles.valid == whole.valid).mean() > 0.97
    assert (np.abs(tiles.px - whole.px)[both] < 0.25).mean() > 0.97
    assert (tiles.occluded == whole.occluded).mean() > 0.97
    wrong = [(~(np.abs(found.px - pair.disparity.px) <= 2)).mean() for found in (tiles, whole)]
    assert wrong[0] < wrong[1] + 0.02


def test_one_tile_is_the_base(pair, assert_equal):
    made = Tiled(max_disparity=24)
    assert_equal(made(pair.left, pair.right), made.matcher()(pair.left, pair.right))


@pytest.mark.parametrize(("size", "tile", "overlap", "before", "after"), [(100, 30, 8, 5, 0), (61, 16, 7, 0, 9)])
def test_spans_cover_and_their_weights_sum_to_one(size, tile, overlap, before, after):
    found = spans(size, tile, overlap, before, after)
    assert len(found) == -(-size // tile)
    total = np.zeros(size)
    for number, (span, following) in enumerate(zip(found, [*found[1:], None], strict=True)):
        lengths = span.part.stop - span.part.start
        assert tile // 2 <= lengths <= tile
        weight = np.ones(size)
        for x in range(size):  # each pixel by its distance from the seams
            for seam, sign in ((span.part.start, 1), (span.part.stop, -1)):
                if 0 < seam < size and overlap > 1:
                    weight[x] *= np.clip(0.5 + sign * (x + 0.5 - seam) / (2 * (overlap // 2)), 0, 1)
                else:
                    weight[x] *= seam in (0, size) or sign * (x + 0.5 - seam) > 0
        total += weight
        gives = np.flatnonzero(weight)
        assert (gives[0], gives[-1] + 1) == (span.gives.start, span.gives.stop)
        index, share = shares(found, size)
        np.testing.assert_array_equal(index[span.part], number)
        np.testing.assert_allclose(share[span.part], weight[span.part], rtol=1e-6)
        assert span.sees.start == max(0, span.part.start - overlap - before)
        assert span.sees.stop == min(size, span.part.stop + overlap + after)
        assert following is None or following.part.start == span.part.stop
    np.testing.assert_allclose(total, 1, rtol=1e-12)


@pytest.mark.parametrize("axis", [0, 1])
def test_one_surface_is_blended_and_gaps_and_steps_are_chosen(axis):
    earlier, later = spans(64, 32, 8)
    assert later.gives.start == 28

    def tile(span, px, confidence, occluded):
        shape = (span.gives.stop - span.gives.start, 3) if axis == 0 else (3, span.gives.stop - span.gives.start)
        return Maps(np.full(shape, px, np.float32), np.full(shape, confidence, np.float32), np.full(shape, occluded))

    for first, second in ((10.0, 10.8), (10.0, 14.0), (10.0, np.nan), (np.nan, 10.0)):
        one, other = tile(earlier, first, 0.2, False), tile(later, second, 0.6, True)
        whole = one.room(*((64, 3) if axis == 0 else (3, 64)))
        whole.lay(one, axis, earlier, SAME_SURFACE)
        whole.lay(other, axis, later, SAME_SURFACE)
        px, confidence, occluded = (m.T[0] if axis == 0 else m[0] for m in whole)
        weight = (np.arange(8) + 0.5) / 8
        blend = abs(first - second) <= 1
        expected = first + weight * (second - first) if blend else np.where(weight < 0.5, first, second)
        sure = 0.2 + weight * 0.4 if blend else np.where(weight < 0.5, 0.2, 0.6)
        np.testing.assert_allclose(px[28:36], expected, rtol=1e-6)
        np.testing.assert_allclose(confidence[28:36], sure, rtol=1e-6)
        np.testing.assert_array_equal(px[:28], np.float32(first))
        np.testing.assert_array_equal(px[36:], np.float32(second))
        np.testing.assert_array_equal(occluded, np.arange(64) >= 32)


def test_a_base_without_confidence_or_range_is_taken(registered, pair):
    @registered
    @dataclass(frozen=True, kw_only=True)
    class Brightness(StereoMethod):
        """Half the left image's level, a gap where it is dark."""

        @backend("cpu")
        def _cpu(self, left, right):
            grey = left.astype(np.float32).mean(axis=2) / 2
            return Disparity(px=np.where(grey < 40, np.nan, grey))

    made = Tiled(base="brightness", max_disparity=16, tile_height=32, tile_width=40, overlap=11)
    found = made(pair.left, pair.right)
    np.testing.assert_array_equal(found.px, Brightness()(pair.left, pair.right).px)
    assert found.confidence is None
    assert found.occluded is None


def test_memory_is_that_of_a_tile(registered):
    @registered
    @dataclass(frozen=True, kw_only=True)
    class Volume(RangeSearch):
        """A whole cost volume in float32, as nets hold it."""

        @backend("cpu")
        def _cpu(self, left, right):
            costs = np.full((*left.shape, self.max_disparity), 1e3, np.float32)
            for d in self.searched(left.shape[1]):
                costs[:, d:, d] = np.abs(left[:, d:].astype(np.float32) - right[:, : left.shape[1] - d])
            return Disparity(px=costs.argmin(axis=2), confidence=np.ones(left.shape))

    image = np.random.default_rng(0).integers(0, 256, (768, 1152), np.uint8)
    made = Tiled(base="volume", max_disparity=32, tile_height=96, tile_width=160, overlap=16)
    volume = image.size * 32 * 4
    tile = (96 + 2 * 16) * (160 + 2 * 16 + 2 * 31) * 32 * 4
    maps = image.size * (4 + 4) * 2  # the result, and its check; strips are less
    assert tile + maps < volume / 4
    result, _, peak = timed(lambda: made(image, image))
    _, _, untiled = timed(lambda: made.matcher()(image, image))
    assert (result.px == 0).mean() > 0.9
    if peak is not None:
        assert untiled > 0.9 * volume
        assert peak < volume / 2  # what is freed and not given back counts, too
        assert tile / 2 < result.run.peak_memory_bytes <= peak * 1.01  # the base's own timing does not hide it


def test_stages_and_tiles_are_shown(pair):
    made = Tiled(max_disparity=24, tile_height=60, tile_width=100, overlap=16)
    trace = made.trace(pair.left, pair.right)
    assert [stage.name for stage in trace] == ["tiles", "share", "disparity"]
    assert np.unique(trace["tiles"].array).tolist() == [0, 1, 2, 3]
    share = trace["share"].array
    assert share.max() == 1
    assert share.min() == pytest.approx((0.5 + 0.5 / 16) ** 2)  # where four tiles meet


def test_it_is_made_of_a_method_and_survives_json():
    matcher = stereo.SGM(max_disparity=96, min_disparity=-4, paths=4, fill="background")
    made = Tiled.of(matcher, overlap=32)
    assert made.matcher() == matcher
    assert (made.max_disparity, made.min_disparity, made.overlap) == (96, -4, 32)
    assert Tiled.from_options(json.loads(json.dumps(made.options()))) == made


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base": "tiled"}, "base is 'tiled'; allowed is any other stereo method"),
        ({"base": "sgn"}, "Tiled: base is 'sgn'; allowed are "),
        ({"base_options": "path=4"}, "base_options holds 'path=4'"),
        ({"base_options": "paths=4, max_disparity=64"}, "holds max_disparity; the range is an option of Tiled itself"),
        (
            {"overlap": 40, "tile_height": 64},
            "overlap is 40 and the smaller side of a tile 64 px; allowed is at most half",
        ),
        ({"base_options": "p1=100, p2=50"}, "p2 must be at least p1"),
    ],
)
def test_what_cannot_be_is_told(options, message):
    with pytest.raises(OptionError, match=message):
        Tiled(**options)


def test_a_base_that_cannot_run_says_so(registered, pair):
    @registered
    @dataclass(frozen=True, kw_only=True)
    class Absent(StereoMethod):
        """Needs what no one has."""

        @backend("cpu", requires="a_module_that_no_one_has", extra="none")
        def _cpu(self, left, right): ...

    with pytest.raises(BackendError, match="Absent cannot run here: cpu needs a_module_that_no_one_has"):
        Tiled(base="absent")(pair.left, pair.right)


@pytest.mark.parametrize("sign", [1, -1])
def test_tiles_narrower_than_the_range_is_far_from_zero(sign):
    left = np.random.default_rng(0).integers(0, 256, (40, 400), np.uint8)
    right = np.roll(left, -204 * sign, axis=1)
    low, high = sorted((200 * sign, 212 * sign))
    made = Tiled(
        base="block_matching", min_disparity=low, max_disparity=high, tile_width=64, tile_height=40, overlap=16
    )
    found, untiled = made(left, right).px, made.matcher()(left, right).px
    seen = slice(220, 380) if sign > 0 else slice(20, 180)
    assert np.nanmedian(found[:, seen]) == pytest.approx(204 * sign, abs=0.01)
    np.testing.assert_array_equal(found, untiled)
