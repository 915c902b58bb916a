"""Ranks, ties, what is incomplete, what failed, times: from records with known figures."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_records import record, table, time

from geomvision.benchmark.leaderboard import Leaderboard

SIX = {"good": [1, 2, 3, 4, 5, 6], "bad": [3, 5, 7, 9, 11, 13], "same": [1, 2, 3, 4, 5, 6]}


def test_ranks_ties_and_what_is_incomplete():
    records = table({**SIX, "partial": [0, 0, 0, 0, 0, None], "broken": [None] * 6})
    (section,) = Leaderboard.of(records).sections
    found = section.standings("kitti2015")
    assert [(s.label, s.rank, s.scenes) for s in found] == [
        ("good", 1, 6),
        ("same", 1, 6),
        ("bad", 3, 6),
        ("partial", None, 5),
        ("broken", None, 0),
    ]
    assert [s.value for s in found[:4]] == pytest.approx([3.5, 3.5, 8.0, 0.0])
    assert math.isnan(found[4].value)
    assert math.isnan(found[0].p_best)
    assert found[1].p_best == 1.0
    assert found[2].p_best == pytest.approx(2 * 2 / 64)  # of two tests
    assert found[0].low < 3.5 < found[0].high
    first = section.failures[0]
    assert (first.label, first.sample, first.reason) == ("partial", "05", "RuntimeError: no light")
    assert len(section.failures) == 7
    assert [(e.done, e.failed) for e in section.entries] == [(6, 0), (6, 0), (6, 0), (5, 1), (0, 6)]


def test_every_pair_is_tested_once():
    (section,) = Leaderboard.of(table(SIX)).sections
    found = section.tests("kitti2015")
    assert found == pytest.approx({("good", "bad"): 3 * 2 / 64, ("good", "same"): 1.0, ("bad", "same"): 3 * 2 / 64})


def test_figures_that_are_better_high_are_ranked_so():
    from geomvision.metrics._base import Ratio

    records = [
        record(label, "00", task="depth", scores={"depth": {"AbsRel": Ratio(x, 10), "delta1": Ratio(x, 10, "percent")}})
        for label, x in (("a", 1), ("b", 2))
    ]
    (section,) = Leaderboard.of(records).sections
    assert [s.label for s in section.standings("depth")] == ["a", "b"]
    assert [s.label for s in section.standings("depth", "delta1")] == ["b", "a"]


def test_times_are_of_one_machine_and_joined_by_key():
    records = table({"a": [1, 2], "b": [1, 2]})
    times = [time("a-00", 0.1, 0.3, 0.2), time("a-01", 0.4), time("b-00", 9.0, machine="another"), time("gone", 1.0)]
    (section,) = Leaderboard.of(records, times).sections
    a, b = section.entries
    assert a.seconds == pytest.approx((0.2 + 0.4) / 2)
    assert a.peak_memory_bytes == 2**20
    assert b.seconds is None
    assert section.notes == (
        "times: a machine, 4 threads",
        "1 times of 1 other machines or thread counts are left out: they do not compare",
    )


def test_data_sets_and_tasks_are_apart():
    records = [*table({"a": [1]}), *table({"a": [2]}, dataset="eth3d"), *table({"a": [3]}, task="flow")]
    board = Leaderboard.of(records)
    assert [(s.task, s.dataset) for s in board.sections] == [
        ("stereo", "kitti2015"),
        ("stereo", "eth3d"),
        ("flow", "kitti2015"),
    ]
    assert board.section("kitti2015", "flow").task == "flow"
    with pytest.raises(KeyError, match=r"no data set 'x' in this run; there are \['kitti2015', 'eth3d', 'kitti2015'\]"):
        board.section("x")


def test_the_data_sets_own_protocol_is_first():
    from geomvision.metrics._base import Ratio

    figures = {"booster": "bad-2.0 all", "of_mine": "x", "kitti2015": "D1-all all", "eth3d": "totbad-1.0 noc"}
    scores = {name: {figure: Ratio(1, 2, "percent")} for name, figure in figures.items()}
    (section,) = Leaderboard.of([record("a", "00", scores=scores)]).sections
    assert section.protocols == ("kitti2015", "booster", "eth3d", "of_mine")
    scores["middlebury"] = {"totbad-2.0 noc": Ratio(1, 2, "percent")}
    more = [record("a", s, scores={p: scores[p] for p in chosen}) for s, chosen in (
        ("00", ("eth3d", "middlebury", "booster")), ("01", ("eth3d", "middlebury")))]  # fmt: skip
    (section,) = Leaderboard.of([replace(each, dataset="folder") for each in more]).sections
    assert section.protocols == ("middlebury", "eth3d", "booster")  # the one for any data set; then by scenes scored


def test_what_protocols_refused_is_listed_and_replaced_records_are_told():
    refused = record("a", "00", scores={}, unscored={"eth3d": "no truth", "kitti2015": "no truth"})
    (section,) = Leaderboard.of([record("a", "00", 5), refused]).sections
    assert [(f.protocols, f.reason) for f in section.failures] == [(("eth3d", "kitti2015"), "no truth")]
    assert section.notes == ("1 records were replaced by later ones of the same method and sample",)
    assert math.isnan(section.standings("kitti2015")[0].value)


def test_nothing_gives_an_empty_board():
    assert Leaderboard.of([]).sections == ()
