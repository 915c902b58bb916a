"""Published figures: spelled as protocols spell them, with their sources, beside their own data set alone."""

import re

import pytest

import geomvision as gv
from geomvision.benchmark.published import published, read
from geomvision.metrics import PROTOCOLS


def test_every_published_figure_is_of_a_protocol_and_has_a_source():
    every = published()
    assert len(every) > 150
    for each in every:
        assert PROTOCOLS[each.protocol].task == each.task
        assert len(each.source) > 15
        assert re.search(r"(19|20)\d\d|v3", each.source + each.split)
        assert each.value > 0
    keys = [(e.method, e.dataset, e.split, e.protocol, e.figure) for e in every]
    assert len(set(keys)) == len(keys)
    ours = {each.ours for each in every if each.ours}
    assert all(name.split("/")[1] in getattr(gv, name.split("/")[0]).METHODS for name in ours)


def test_published_figures_are_those_the_protocol_has():
    """The names of figures are spelled as the protocols spell them."""
    known = {
        "kitti2015": [f"D1-{part} {region}" for part in ("bg", "fg", "all") for region in ("noc", "all")],
        "kitti2012": [f"{f} {r}" for f in ("out-2", "out-3", "avg") for r in ("noc", "all")],
        "middlebury": ["totbad-2.0 noc", "totbad-1.0 noc", "avgerr noc", "rms noc"],
        "eth3d": ["totbad-1.0 noc", "totbad-0.5 noc"],
        "sintel": ["EPE all"],
        "kitti2015_flow": ["Fl-all all"],
        "eigen_garg80": ["AbsRel", "SqRel", "RMSE", "RMSE-log", "delta1", "delta2", "delta3"],
        "nyu": ["AbsRel", "RMSE", "log10", "delta1", "delta2", "delta3"],
    }
    assert {(e.protocol, e.figure) for e in published()} == {(p, f) for p, own in known.items() for f in own}


def test_published_figures_stand_beside_their_own_data_set_alone():
    kitti = {each.split for each in published("kitti", "stereo")}
    assert kitti == {"2012 test", "2015 test"}
    assert {each.split for each in published("kitti2015", "stereo")} == {"2015 test"}
    assert {each.split for each in published("kitti_2012", "stereo")} == {"2012 test"}
    assert published("kittens") == ()
    assert published("nyuv2") == published("nyu") != ()
    assert {each.task for each in published("sintel")} == {"flow"}


def test_a_wrong_published_figure_is_named():
    paper = {"source": "A, 2000", "task": "flow", "dataset": "d", "split": "test", "protocol": "sintel"}
    with pytest.raises(ValueError, match="A, 2000, M: EPE all is 'x'; it must be a number"):
        read({"paper": [{**paper, "method": [{"name": "M", "figures": {"EPE all": "x"}}]}]})
    with pytest.raises(ValueError, match=r"nothing is called \['colour'\]"):
        read({"paper": [{**paper, "method": [{"name": "M", "colour": 1, "figures": {"EPE all": 1.0}}]}]})
