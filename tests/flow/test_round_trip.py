"""There and back: closed forms, exact occlusions of rendered scenes, and confidence of use, for every method."""

import numpy as np
import pytest

import geomvision as gv
from geomvision.flow import forward_backward, occluded, round_trip_confidence
from geomvision.method import BackendError
from geomvision.results import Flow

#: What is told more than two frames has checks of its own.
NAMES = [name for name in gv.flow.METHODS if name not in ("epipolar_flow", "raft", "raft_s", "pwc_small")]
#: Precision and recall of occlusions, mean of two scenes: at least these, unless another is named.
LEAST = (0.4, 0.45)
WORSE = {
    "block_matching": (0.25, 0.6),  # smooths nothing: what is seen may fail to return, too
    "opencv_deepflow": (0.4, 0.2),  # smooth across the borders of things
    "opencv_farneback": (0.3, 0.3),
    "opencv_rlof": (0.3, 0.45),
    "skimage_ilk": (0.3, 0.5),
    "skimage_tvl1": (0.5, 0.25),
}
#: Mean error of the surer 70 % of the pixels, as a share of that of all.
MOST_LEFT = 0.85
FAST = {"opencv_tvl1": {"warps": 2, "outer_iterations": 1}}


def constant(dx, dy, height=20, width=30):
    return Flow(px=np.broadcast_to(np.float32([dx, dy]), (height, width, 2)))


@pytest.fixture(scope="module")
def scenes():
    size = {"width": 160, "height": 120, "supersampling": 1}
    return [gv.datasets.Synthetic(seed=seed, task="flow", **size).flow(0) for seed in (0, 2)]


def test_what_returns_is_seen_and_what_leaves_the_image_is_not():
    there, back = constant(3, -2), constant(-3, 2)
    leaves = np.zeros((20, 30), bool)
    leaves[:, 27:] = leaves[:2] = True
    assert np.array_equal(occluded(there, back), leaves)
    assert np.array_equal(round_trip_confidence(there, back), np.where(leaves, 0, 1).astype(np.float32))


@pytest.mark.parametrize("length", [0.0, 8.0])
def test_half_a_confidence_is_the_threshold_of_sundaram_and_others(length):
    # |w + w'|² = 0.01 (|w|² + |w'|²) + 0.5 with w = (length, 0), w' = (e − length, 0)
    e = (-0.02 * length + np.sqrt((0.02 * length) ** 2 + 4 * 0.99 * (0.02 * length**2 + 0.5))) / (2 * 0.99)
    inside = np.s_[:, :20]
    for factor, seen in ((0.999, True), (1.001, False)):
        there, back = constant(length, 0), constant(factor * e - length, 0)
        assert (occluded(there, back)[inside] == (not seen)).all()
        assert ((round_trip_confidence(there, back)[inside] > 0.5) == seen).all()
        assert np.allclose(round_trip_confidence(there, back)[inside], 0.5, atol=2e-3)


def test_without_an_estimate_nothing_is_known():
    there, back = constant(1, 0), constant(-1, 0)
    there.px[4, 5] = np.nan
    back.px[10, 10] = np.nan
    hidden, confidence = occluded(there, back), round_trip_confidence(there, back)
    for y, x in ((4, 5), (10, 9)):
        assert not hidden[y, x]
        assert confidence[y, x] == 0
    assert confidence[0, 0] == 1


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="30x20 but backward is 31x20"):
        occluded(constant(0, 0), constant(0, 0, width=31))
    with pytest.raises(TypeError, match="backward is a ndarray; it must be a Flow"):
        round_trip_confidence(constant(0, 0), constant(0, 0).px)
    with pytest.raises(TypeError, match="forward is a ndarray"):
        forward_backward(lambda a, b: a, *np.zeros((2, 8, 8), np.uint8))


def test_it_marks_what_a_methods_own_check_marks(scenes):
    for sample in scenes:
        own = gv.flow.TVL1(check_occlusion=True)(sample.frame0, sample.frame1)
        both = forward_backward(gv.flow.TVL1(), sample.frame0, sample.frame1)
        assert np.array_equal(own.px, both.px)
        assert np.array_equal(own.occluded, both.occluded)


@pytest.mark.parametrize("name", NAMES)
def test_every_method_knows_what_is_hidden_and_where_it_may_be_wrong(name, scenes):
    method = gv.flow.METHODS[name](**FAST.get(name, {}))
    try:
        method.chosen_backend()
    except BackendError as missing:
        pytest.skip(str(missing))
    figures, left = [], []
    for sample in scenes:
        flow = forward_backward(method, sample.frame0, sample.frame1)
        both = (flow.occluded & sample.occluded).sum()
        figures.append((both / flow.occluded.sum(), both / sample.occluded.sum()))
        assert flow.run.method == f"flow/{name}"
        error = np.linalg.norm(flow.px - sample.flow.px, axis=2)
        known = np.isfinite(error)
        order = np.argsort(-flow.confidence[known], kind="stable")
        left.append(error[known][order[: int(0.7 * known.sum())]].mean() / error[known].mean())
        assert ((flow.confidence >= 0.5) | flow.occluded | ~flow.valid).mean() > 0.98
    assert (np.mean(figures, axis=0) > WORSE.get(name, LEAST)).all(), figures
    assert np.mean(left) < MOST_LEFT, left
