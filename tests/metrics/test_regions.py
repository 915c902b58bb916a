"""Scores by class on cases made by hand: two columns are of one class, one of another, one of none."""

from dataclasses import replace

import numpy as np
import pytest

import geomvision as gv
from geomvision import metrics
from geomvision.samples import DepthSample, FlowSample, PointsSample

NAN = np.nan
ROWS = 2
MASKS = {"car": np.array([[1, 1, 0, 0]] * ROWS, bool), "glass": np.array([[0, 0, 1, 0]] * ROWS, bool)}
IMAGE = np.zeros((ROWS, 4, 3), np.uint8)
CAMERA = gv.cameras.Camera(width=4, height=ROWS, fx=4, fy=4, cx=1.5, cy=0.5)


def of_columns(*values: float) -> np.ndarray:
    return np.array([values] * ROWS, np.float32)


def values(score: metrics.Score) -> dict[str, float]:
    return {name: ratio.value for name, ratio in score.items()}


def test_flow():
    true = np.zeros((ROWS, 4, 2), np.float32)
    found = np.stack([of_columns(1, 5, NAN, 0), of_columns(0, 0, 0, 2)], axis=-1)
    sample = FlowSample(name="x", frame0=IMAGE, frame1=IMAGE, flow=gv.Flow(px=true), masks=MASKS)
    figures = values(metrics.score(gv.Flow(px=found), sample)["regions_flow"])
    assert (figures["EPE car"], figures["bad-3.0 car"]) == (3.0, 50.0)
    assert (figures["bad-3.0 glass"], np.isnan(figures["EPE glass"])) == (100.0, True)
    assert (figures["EPE other"], figures["bad-3.0 other"]) == (2.0, 0.0)
    assert (figures["EPE all"], figures["bad-3.0 all"], figures["density"]) == (pytest.approx(8 / 3), 50.0, 75.0)


def depth_sample() -> DepthSample:
    truth = gv.Depth(m=of_columns(1, 2, 4, 8))
    return DepthSample(name="x", image=IMAGE, camera=CAMERA, depth=truth, masks=MASKS)


def test_depth():
    figures = values(metrics.score(gv.Depth(m=of_columns(1.5, 2, 5, NAN)), depth_sample())["regions_depth"])
    assert (figures["AbsRel car"], figures["AbsRel glass"]) == (0.25, 0.25)
    assert figures["RMSE car"] == pytest.approx(0.125**0.5)
    assert (figures["delta1 car"], figures["delta1 glass"], figures["density other"]) == (50.0, 0.0, 0.0)
    assert figures["AbsRel all"] == 0.25
    assert figures["AbsRel classes"] == 0.25  # nothing of "other" was estimated
    score = metrics.score(gv.Depth(m=of_columns(1, 2, 8, 16)), depth_sample())["regions_depth"]
    figures = values(score)
    assert (figures["AbsRel car"], figures["AbsRel glass"], figures["AbsRel other"]) == (0.0, 1.0, 1.0)
    assert figures["AbsRel classes"] == pytest.approx(2 / 3)  # not the half of the pixels that "all" says
    assert (figures["AbsRel all"], metrics.PROTOCOLS["regions_depth"]().headline(score)) == (0.5, "AbsRel classes")


@pytest.mark.parametrize("kind", ["depth_affine", "disparity_affine"])
def test_relative_depth_is_fitted_over_the_whole_image(kind):
    """An exact map but for the glass, which is told apart; each class alone would be fitted without any error."""
    told = of_columns(1, 2, 4, 8) if kind == "depth_affine" else 1 / of_columns(1, 2, 4, 8)
    exact = gv.RelativeDepth(values=3 * told + 2, kind=kind)
    figures = values(metrics.score(exact, depth_sample(), ["regions_affine"])["regions_affine"])
    assert max(figures[f"AbsRel {label}"] for label in ("car", "glass", "other", "all")) < 1e-6
    wrong = exact.values.copy()
    wrong[:, 2] = wrong[:, 0]
    figures = values(metrics.score(replace(exact, values=wrong), depth_sample(), ["regions_affine"])["regions_affine"])
    assert figures["AbsRel glass"] > 0.4
    weighed = (2 * figures["AbsRel car"] + figures["AbsRel glass"] + figures["AbsRel other"]) / 4
    whole = metrics.score(replace(exact, values=wrong), depth_sample(), ["affine"])["affine"]["AbsRel"].value
    assert figures["AbsRel all"] == pytest.approx(weighed) == pytest.approx(whole)


def test_scene_flow_of_points():
    points = np.array([[0, 0, 2], [1, 0, 2], [2, 0, 2]], np.float32)
    motion = np.zeros((3, 3), np.float32)
    masks = {"car": np.array([True, False, False])}
    sample = PointsSample(name="x", points0=points, points1=points, motion=motion, masks=masks)
    found = gv.SceneFlow(points0=points, motion=np.array([[0, 0, 1], [0, 0, 0.05], [0, 0, 0]], np.float32))
    figures = values(metrics.score(found, sample, ["regions_scene_flow"])["regions_scene_flow"])
    assert (figures["EPE3D car"], figures["Acc3D car"], figures["Acc3D other"]) == (1.0, 0.0, 100.0)
    assert figures["EPE3D other"] == pytest.approx(0.025)


def test_single_things_of_a_rendered_scene_are_no_classes():
    """A ball or a wall is a thing; what it is made of, and whether it moves, is a class, and what has none is other."""
    scene = gv.datasets.Synthetic(seed=1, height=96, width=128)
    sample = scene.scene_flow(0)
    assert set(sample.things) == set(sample.masks) - {"repetitive", "specular", "thin", "moving"}
    assert sample.stereo.things == sample.as_points().things == sample.things
    moved = gv.SceneFlow.of_maps(sample.disparity0, sample.disparity1, sample.flow, sample.rig)
    for each, found in ((sample, moved), (sample.stereo, sample.disparity0)):
        protocol = "regions_scene_flow" if each is sample else "booster"
        told = {name.partition(" ")[2] for name in metrics.score(found, each, [protocol])[protocol]} - {""}
        assert told == {"all", "repetitive", "specular", "thin", "moving", "other"}


def test_only_where_a_class_is_known():
    sample = depth_sample()
    for masks, things in (({}, ()), ({"edges": MASKS["car"]}, ()), ({"car": MASKS["car"]}, ("car",))):
        chosen = replace(sample, masks=masks, things=things)
        assert "regions_depth" not in metrics.score(gv.Depth(m=of_columns(1, 1, 1, 1)), chosen)
    wrong = replace(sample, masks={"car": np.ones((1, 1), bool)})
    with pytest.raises(ValueError, match=r"the mask 'car' has shape \(1, 1\); the truth has \(2, 4\)"):
        metrics.score(gv.Depth(m=of_columns(1, 1, 1, 1)), wrong, ["regions_depth"])
