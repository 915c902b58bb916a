"""Clouds, edges and kinds of scenes of the monocular depth challenge, by hand."""

import dataclasses
import math

import numpy as np
import pytest

from geomvision.metrics import PROTOCOLS, depth_edges
from geomvision.results import Depth

NAN = math.nan


def values(pair):
    return {name: ratio.value for name, ratio in PROTOCOLS["mdec"]().score(*pair).items()}


def test_clouds_and_errors_by_hand(depth):
    """The camera's focal length is 1, so that pixel x of the row at depth Z is the point (x·Z, 0, Z)."""
    estimate, sample = depth([[1, 2.05, 3.2, 5]], [[1, 2, 3, NAN]])  # off by 0, 0.0707 and 0.447 m
    expected = {
        "F-score": 100 * 2 / 3,
        "IoU": 50,
        "MAE": 0.25 / 3,
        "RMSE": math.sqrt((0.05**2 + 0.2**2) / 3),
        "AbsRel": 100 * (0.025 + 0.2 / 3) / 3,
        "density": 100,
    }
    assert values((estimate, sample)) == pytest.approx(expected, rel=1e-5)
    gap = values((Depth(m=np.array([[1, NAN, 3.2, 5]])), sample))  # P = 1/2, R = 1/3
    assert gap["F-score"] == pytest.approx(40)
    assert gap["IoU"] == pytest.approx(25)
    assert gap["density"] == pytest.approx(200 / 3)
    # Another point may be the partner: precision and recall differ.
    both = values(depth([[2, 2.05]], [[2, 1]]))  # (0, 0, 2), (2.05, 0, 2.05); true (0, 0, 2), (1, 0, 1)
    assert both["F-score"] == pytest.approx(50)
    assert values(depth([[9, 9]], [[1, 2]]))["F-score"] == 0


def test_100_m_end_it_on_both_sides(depth):
    found = values(depth([[150, 50, 80]], [[99, 100, 90]]))
    assert found["MAE"] == pytest.approx((1 + 10) / 2)  # 150 is clipped to 100; 100 m itself is out of range


def step(column, rows=20, columns=44):
    """Depth 4 m left of a column, 8 m right of it, and on it their geometric mean: ln Z is steepest there."""
    m = np.full((rows, columns), 4.0, np.float32)
    m[:, column:] = 8
    m[:, column] = math.sqrt(32)
    return m


def test_a_step_is_an_edge_but_at_the_border():
    edges = depth_edges(Depth(m=step(20)))
    assert np.argwhere(edges).tolist() == [[row, 20] for row in range(1, 19)]
    assert not depth_edges(Depth(m=np.full((9, 9), 3.0))).any()
    # A slope is none, and what is beside a gap is not known to be one.
    assert not depth_edges(Depth(m=np.tile(np.linspace(4, 8, 44), (20, 1)))).any()
    holed = step(20)
    holed[:, 21:] = NAN
    assert not depth_edges(Depth(m=holed))[:, 20:].any()


def test_edges_by_hand(depth):
    estimate, sample = depth(step(20), step(23))
    mask = np.zeros((20, 44), bool)
    mask[:, 23] = True
    found = values((estimate, dataclasses.replace(sample, masks={"edges": mask})))
    # Estimated edges lie 3 px off; so do true ones, but a row more where none is estimated, first and last.
    assert found["EdgeAcc"] == pytest.approx(3)
    assert found["EdgeComp"] == found["EdgeComp-10px"] == pytest.approx((18 * 3 + 2 * math.sqrt(10)) / 20)
    mask[:, 40] = True
    two = values((estimate, dataclasses.replace(sample, masks={"edges": mask})))
    assert two["EdgeAcc"] == pytest.approx(3)
    further = (18 * 20 + 2 * math.sqrt(401)) / 20
    assert two["EdgeComp"] == pytest.approx((found["EdgeComp"] + further) / 2)
    assert two["EdgeComp-10px"] == pytest.approx((found["EdgeComp"] + 10) / 2)
    # Along true edges: √32 m for 8 m at column 23, no error at column 40. Elsewhere √32 for 4 m, and twice 8 for 4 m.
    assert two["MAE edges"] == pytest.approx((8 - math.sqrt(32)) / 2)
    assert two["MAE"] == pytest.approx((math.sqrt(32) - 4 + 2 * 4 + 8 - math.sqrt(32)) / 44)
    flat = values((Depth(m=np.full((20, 44), 5.0)), dataclasses.replace(sample, masks={"edges": mask})))
    assert [flat[name] for name in ("EdgeAcc", "EdgeComp", "EdgeComp-10px")] == [10, 10, 10]
    with pytest.raises(ValueError, match=r"the mask 'edges' has shape \(20, 43\); the truth has \(20, 44\)"):
        values((estimate, dataclasses.replace(sample, masks={"edges": mask[:, 1:]})))


def test_true_edges_are_found_where_the_truth_is_whole(depth):
    perfect = values(depth(step(20), step(20)))
    assert (perfect["EdgeAcc"], perfect["EdgeComp"], perfect["F-score edges"]) == (0, 0, 100)
    sparse = step(20)
    sparse[0, 0] = NAN
    assert "EdgeAcc" not in values(depth(step(20), sparse))


def test_figures_by_kind_of_scene(depth):
    protocol = PROTOCOLS["mdec"]()
    made = []
    for estimate, kind in ((1.5, "Indoor"), (1.1, "Nature"), (1.3, "Nature")):
        pair = depth([[estimate]], [[1]])
        made.append(protocol.score(pair[0], dataclasses.replace(pair[1], category=kind)))
    found = protocol.aggregate(made)
    assert found["MAE"] == pytest.approx(0.3)
    assert found["MAE Indoor"] == pytest.approx(0.5)
    assert found["MAE Nature"] == pytest.approx(0.2)


def test_it_is_for_samples_that_know_their_edges_or_kind(depth):
    sample = depth([[1]], [[1]])[1]
    fits = PROTOCOLS["mdec"]().fits
    edges = {"edges": np.zeros((1, 1), bool)}
    assert [fits(sample), fits(dataclasses.replace(sample, category="Indoor"))] == [False, True]
    assert fits(dataclasses.replace(sample, masks=edges))


def test_edges_are_those_of_the_published_code():
    """The challenge finds edges by scikit-image's Canny of ln Z, σ = 1 px, at its own thresholds."""
    feature = pytest.importorskip("skimage.feature", reason="scikit-image is not installed (extra peers)")
    random = np.random.default_rng(0)
    z = np.exp(random.normal(0, 0.1, (60, 70)) + (np.mgrid[:60, :70][1] > 30))
    z[20:25, 40:50] = NAN
    depth = Depth(m=z)
    known = depth.valid
    expected = feature.canny(np.log(np.where(known, depth.m, 1).astype(float)), sigma=1, mask=known)
    np.testing.assert_array_equal(depth_edges(depth), expected)
    assert 100 < expected.sum() < 2500
