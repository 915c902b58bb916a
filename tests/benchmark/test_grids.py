"""Grids give the figures that protocols give."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_records import record, table

from geomvision.benchmark.grids import GridBuilder, chosen
from geomvision.metrics import PROTOCOLS
from geomvision.metrics._base import Ratio

NAMES = ("Adirondack", "trainingQ/PianoL", "Vintage", "Teddy", "Shelves")


def grids(records):
    builder, labels, samples = GridBuilder(), {}, {}
    for each in records:
        method, sample = labels.setdefault(each.label, len(labels)), samples.setdefault(each.sample, len(samples))
        builder.add(each, method, sample)
    return builder.grids(tuple(labels), tuple(samples))


def scored(protocol, forms, holes=()):
    """Random scores of two methods on five scenes, and the same as a dictionary by method."""
    random = np.random.default_rng(5)
    records, scores = [], {"a": [], "b": []}
    for label, own in scores.items():
        for name in NAMES:
            score = {
                figure: Ratio(*map(float, (random.integers(1, 50), 0 if (label, name) in holes else 60)), form)
                for figure, form in forms.items()
            }
            own.append(score)
            records.append(record(label, name, scores={protocol: score}))
    return grids(records)[protocol], scores


@pytest.mark.parametrize(
    ("protocol", "forms"),
    [
        ("kitti2015", {"D1-all all": "percent", "D1-all noc": "percent"}),
        ("middlebury", {"totbad-2.0 noc": "percent", "rms noc": "root", "avgerr noc": "mean"}),
        ("depth", {"AbsRel": "mean", "RMSE": "root", "delta1": "percent"}),
        ("sintel", {"EPE all": "mean"}),
    ],
)
def test_overall_is_what_the_protocol_says(protocol, forms):
    grid, scores = scored(protocol, forms, holes={("b", "Teddy")})
    for figure in forms:
        expected = [PROTOCOLS[protocol]().aggregate(own, NAMES)[figure] for own in scores.values()]
        np.testing.assert_allclose(grid.overall(figure), expected, rtol=1e-6)
        low, high = grid.interval(figure)
        assert (low <= grid.overall(figure)).all()
        assert (high >= grid.overall(figure)).all()
    assert grid.headline == PROTOCOLS[protocol]().headline(forms)
    assert grid.scenes(next(iter(forms))).tolist() == [5, 4]


def test_middlebury_weighs_its_scenes_and_says_so():
    grid, _ = scored("middlebury", {"totbad-2.0 noc": "percent"})
    assert grid.weights.tolist() == [1, 0.5, 0.5, 1, 0.5]
    assert grid.rule.startswith("mean over scenes, weighted as the benchmark does: trainingQ/PianoL counts 0.5")
    value = grid.values("totbad-2.0 noc")[0]
    assert grid.overall("totbad-2.0 noc")[0] == pytest.approx(value @ [1, 0.5, 0.5, 1, 0.5] / 3.5)


def test_a_protocol_with_a_rule_of_its_own_is_asked():
    forms = dict.fromkeys(("VCRE", "m", "deg", "confidence"), "mean")
    forms |= dict.fromkeys(("VCRE<10%", "pose<0.25m,5°", "density"), "percent")
    grid, scores = scored("map_free", forms)
    medians = [np.median([score["VCRE"].value for score in own]) for own in scores.values()]
    np.testing.assert_allclose(grid.overall("VCRE"), medians)
    assert "MapFree" in grid.rule
    low, high = grid.interval("VCRE")
    assert (low <= medians).all()
    assert (medians <= high).all()


def test_a_protocol_that_is_not_installed_is_averaged_and_told():
    (grid,) = grids(
        record("a", s, scores={"of_mine": {"loss": Ratio(w, 2.0)}}) for s, w in (("x", 2), ("y", 6))
    ).values()
    assert grid.overall("loss")[0] == 2.0
    assert grid.headline == "loss"
    assert "its own rule is not known" in grid.rule


def test_figures_that_some_scenes_lack():
    one = record("a", "x", scores={"eth3d": {"bad-1.0 all": Ratio(1, 2, "percent")}})
    two = record(
        "a", "y", scores={"eth3d": {"bad-1.0 noc": Ratio(1, 4, "percent"), "bad-1.0 all": Ratio(1, 1, "percent")}}
    )
    grid = grids([one, two])["eth3d"]
    assert grid.scenes("bad-1.0 noc").tolist() == [1]
    assert grid.overall("bad-1.0 noc")[0] == 25
    assert grid.overall("bad-1.0 all")[0] == 75
    assert np.isnan(grid.interval("bad-1.0 noc")[0][0])  # one scene tells nothing of others


def test_a_later_record_replaces_an_earlier_one():
    first, other = record("a", "x", 1), record("a", "y", 3)
    assert grids([first, other, record("a", "x", 9)])["kitti2015"].values("D1-all all").tolist() == [[9, 3]]
    failed = grids([first, other, record("a", "x", None)])["kitti2015"]
    np.testing.assert_array_equal(failed.values("D1-all all"), [[np.nan, 3]])


def test_parts():
    grid = grids(table({"a": [1, 2, 3], "b": [4, 5, 6], "c": [7, 8, 9]}))["kitti2015"]
    part = grid.part(("c", "a"), ("02", "00"))
    np.testing.assert_allclose(part.values("D1-all all"), [[9, 7], [3, 1]])
    assert (part.labels, part.samples) == (("c", "a"), ("02", "00"))
    held = part.where("D1-all all", np.array([[True, False], [True, True]]))
    assert held.overall("D1-all all").tolist() == [9, 2]


def test_records_are_chosen_by_patterns():
    records = table({"sgm(paths=4)": [1, 2], "sgm(paths=8)": [1, 2], "raft": [3, 4]})
    assert [r.label for r in chosen(records, label="sgm*", sample="00")] == ["sgm(paths=4)", "sgm(paths=8)"]
    assert len(list(chosen(records, label="raft, sgm(paths=4)", sample=None))) == 4
    assert not list(chosen(records, dataset="sintel"))
