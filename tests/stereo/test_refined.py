"""One net and one weight file for any base: what it is told of the base, and what it makes of it."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch")

import geomvision as gv
from geomvision import stereo
from geomvision.method import BackendError, OptionError, backend, option
from geomvision.results import Disparity
from geomvision.stereo._base import StereoMethod
from geomvision.stereo._refining import TRUSTED, answer
from geomvision.stereo.fast_stereo import FastStereo
from geomvision.stereo.refined import Refined
from geomvision.stereo.refined_sgm import RefinedSGM

#: Options that make a base quick enough for a test.
BASES = {
    "sgm": "",
    "block_matching": "",
    "patchmatch": "iterations=1, window=11",
    "ad_census": "",
    "opencv_bm": "",
    "opencv_sgbm": "",
    "opencv_sgbm unpadded": "padded=false",
    "opencv_quasi_dense": "separation=6",
}


@pytest.fixture(scope="module")
def scenes():
    """Rendered with a seed that training does not use."""
    made = gv.datasets.Synthetic(seed=2_000_029, height=96, width=144, max_disparity=24, supersampling=1)
    return [made.stereo(index) for index in range(2)]


@pytest.fixture
def registered():
    """Adds a method for one test."""
    before = dict(stereo.METHODS._added)
    yield stereo.METHODS.add
    stereo.METHODS._added.clear()
    stereo.METHODS._added.update(before)


def wrong(found, sample):
    """Share of all pixels with truth that are more than 2 px off or missing."""
    known = ~np.isnan(sample.disparity.px)
    return (~(np.abs(found.px - sample.disparity.px) <= 2))[known].mean()


@pytest.mark.parametrize("name", BASES)
def test_every_base_gets_better_and_dense(name, scenes):
    made = Refined(base=name.split()[0], base_options=BASES[name], max_disparity=24, num_threads=1)
    alone, filled, refined = [], [], []
    for sample in scenes:
        alone.append(wrong(made.matcher()(sample.left, sample.right), sample))
        filled.append(wrong(answer(made.matcher(), sample.left, sample.right), sample))
        result = made(sample.left, sample.right)
        refined.append(wrong(result, sample))
        assert result.density == 1
        assert result.confidence is not None
        assert result.occluded is not None
    assert np.mean(refined) < 0.9 * np.mean(filled)
    assert np.mean(refined) < np.mean(alone)


def test_with_the_weights_of_refined_sgm_or_fast_stereo_it_is_that(scenes, assert_equal):
    sample = scenes[0]
    views = sample.left, sample.right
    for plain in (RefinedSGM(max_disparity=24), FastStereo(max_disparity=24)):
        assert_equal(Refined(max_disparity=24, weights=plain.weights)(*views), plain(*views))
    other = RefinedSGM(max_disparity=24, census="5x5", paths=4, p1=20, p2=140)
    assert_equal(Refined.of(other.matcher(), weights=other.weights)(*views), other(*views))
    assert other.matcher() == Refined.of(other.matcher()).matcher()


def test_a_base_without_confidence_is_asked_from_both_sides(registered, two_walls):
    left, right, hidden = two_walls(*np.random.default_rng(5).integers(0, 256, (2, 60, 200), np.uint8))
    columns = np.arange(150)
    truth = np.tile(np.where((columns >= 60) & (columns < 100), 14.0, 4.0), (60, 1)).astype(np.float32)
    truth_right = np.tile(np.where((columns >= 46) & (columns < 86), 14.0, 4.0), (60, 1)).astype(np.float32)
    truth[10, 120] = 4.5  # half a pixel apart
    truth[20, 120] = 9.0  # the right view says otherwise
    truth[30, 120] = np.nan

    @registered
    @dataclass(frozen=True, kw_only=True)
    class Known(StereoMethod):
        """Says the truth, and made-up errors in the left view; no confidence."""

        @backend("cpu")
        def _cpu(self, first, second):
            return Disparity(px=truth if np.array_equal(first, left) else truth_right[:, ::-1])

    found = answer(Known(), left, right)
    sure = ~hidden & (columns >= 4)
    errors = np.zeros_like(hidden)
    errors[[20, 30], 120] = True
    np.testing.assert_array_equal(found.confidence > 0, sure & ~errors)
    assert found.confidence[40, 120] == np.float32(TRUSTED)
    assert found.confidence[10, 120] == pytest.approx(TRUSTED / 1.5)
    np.testing.assert_array_equal(found.px[hidden | (columns < 4)], 4.0)  # from behind
    np.testing.assert_array_equal(found.px[[20, 30], 120], 4.0)
    assert found.occluded[hidden].all()
    assert not found.occluded[[20, 30], 120].any()


def test_gaps_of_a_base_have_no_confidence_and_the_value_behind(registered, scenes):
    @registered
    @dataclass(frozen=True, kw_only=True)
    class Holed(StereoMethod):
        """Columns of 3 and 9 px, a gap between them and at the left border."""

        @backend("cpu")
        def _cpu(self, left, right):
            px = np.full(left.shape[:2], 9, np.float32)
            px[:, 40:] = 3
            px[:, :8] = px[:, 36:44] = np.nan
            gap = np.isnan(px)
            return Disparity(px=px, confidence=np.full(px.shape, 0.8, np.float32), occluded=gap)

    found = answer(Holed(), scenes[0].left, scenes[0].right)
    gap = np.zeros(found.px.shape, bool)
    gap[:, :8] = gap[:, 36:44] = True
    np.testing.assert_array_equal(found.confidence, np.where(gap, np.float32(0), np.float32(0.8)))
    assert (found.px[1:-1, 36:44] == 3).all()
    assert (found.px[:, :8] == 9).all()


def test_a_doubtful_base_is_held_for_as_sure_as_sgm(registered, scenes):
    sure = np.linspace(0, 0.6, 96 * 144, dtype=np.float32).reshape(96, 144)

    @registered
    @dataclass(frozen=True, kw_only=True)
    class Doubtful(StereoMethod):
        """4 px everywhere, and less sure of it than SGM is."""

        factor: float = option(1.0, "of its confidence", minimum=0, maximum=1)

        @backend("cpu")
        def _cpu(self, left, right):
            return Disparity(px=np.full(left.shape[:2], 4.0), confidence=self.factor * sure)

    views = scenes[0].left, scenes[0].right
    for factor in (1.0, 0.5):
        told = answer(Doubtful(factor=factor), *views).confidence
        assert np.median(told[told > 0]) == pytest.approx(TRUSTED, abs=1e-3)
        assert (np.diff(told.ravel()) >= 0).all()
        assert told[0, 0] == 0
    sure = np.maximum(sure, 0.8)
    np.testing.assert_array_equal(answer(Doubtful(), *views).confidence, sure)
    sgm = stereo.SGM(max_disparity=24, fill="background")
    np.testing.assert_array_equal(answer(sgm, *views).confidence, sgm(*views).confidence)


def test_its_own_filling_is_asked_for_unless_told_otherwise():
    assert Refined(base="block_matching").matcher().fill == "background"
    assert Refined(base="block_matching", base_options="fill=none").matcher().fill == "none"
    assert Refined(base="opencv_bm").matcher() == stereo.METHODS["opencv_bm"]()


def test_it_is_made_of_a_method_and_survives_json():
    matcher = stereo.PatchMatch(max_disparity=40, min_disparity=-3, iterations=2)
    made = Refined.of(matcher, num_threads=2)
    assert made.matcher() == matcher.with_options(num_threads=2)
    assert Refined.from_options(json.loads(json.dumps(made.options()))) == made.with_options(num_threads=0)


def test_stages_are_those_of_the_base_and_the_net(scenes):
    made = Refined(base="opencv_bm", max_disparity=24)
    trace = made.trace(scenes[0].left, scenes[0].right)
    assert [stage.name for stage in trace] == ["opencv_bm", "opencv_bm confidence", "coarse", "mixed", "disparity"]
    np.testing.assert_array_equal(trace.result.px, made(scenes[0].left, scenes[0].right).px)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base": "refined"}, "Refined: base is 'refined'; allowed is any other stereo method"),
        ({"base": "sgn"}, "Refined: base is 'sgn'; allowed are "),
        ({"base": "opencv_bm", "base_options": "windows=9"}, "Refined: base_options holds 'windows=9'"),
        ({"base_options": "min_disparity=2"}, "holds min_disparity; the range is an option of Refined itself"),
        ({"base_options": "p1=50, p2=20"}, "p2 must be at least p1"),
    ],
)
def test_what_is_no_base_is_refused(options, message):
    with pytest.raises(OptionError, match=message):
        Refined(**options)


def test_a_base_that_cannot_run_says_so():
    image = np.zeros((20, 30), np.uint8)
    with pytest.raises(BackendError, match=r"RAFTStereo cannot run here: .*give weights="):
        Refined(base="raft_stereo")(image, image)
