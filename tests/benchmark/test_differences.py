"""What changed between two runs, and whether it is more than noise."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_records import table, time

from geomvision.benchmark.differences import changes

STEADY = [float(x) for x in range(10, 30)]


def moved(by, noise=0.0):
    random = np.random.default_rng(2)
    return [x + by + noise * random.normal() for x in STEADY]


def verdicts(found):
    return {each.label: each.verdict for each in found.figures}


def test_the_same_run_twice_changes_nothing():
    records = table({"a": STEADY, "b": moved(3)})
    found = changes(records, records)
    assert verdicts(found) == {"a": "same", "b": "same"}
    assert (found.told, found.broken, found.mended, found.significant, found.times) == ((), (), (), (), ())
    assert all(each.changed == 0 and each.low == each.high == 0 for each in found.figures)


def test_better_worse_and_noise():
    before = table({"gained": STEADY, "lost": STEADY, "jittered": STEADY, "kept": STEADY})
    after = table({"gained": moved(-2, 0.5), "lost": moved(1, 0.5), "jittered": moved(0, 5), "kept": STEADY})
    found = changes(before, after)
    assert verdicts(found) == {"gained": "better", "lost": "worse", "jittered": "within noise", "kept": "same"}
    gained = found.figures[0]
    assert (gained.before, gained.scenes, gained.changed) == (19.5, 20, 20)
    assert gained.low < gained.after - gained.before < gained.high < 0
    assert gained.p < 1e-4
    assert {each.label for each in found.significant} == {"gained", "lost"}


def test_noise_is_called_a_change_no_more_often_than_promised():
    random = np.random.default_rng(0)
    alarms = 0
    for _ in range(100):
        after = table({"a": [x + random.normal() for x in STEADY], "b": [x + random.normal() for x in STEADY]})
        alarms += bool(changes(table({"a": STEADY, "b": STEADY}), after).significant)
    assert alarms <= 10


def test_five_scenes_cannot_tell():
    found = changes(table({"a": STEADY[:5]}), table({"a": moved(-9)[:5]}))
    assert verdicts(found) == {"a": "too few scenes"}
    assert found.figures[0].after == pytest.approx(3.0)


def test_only_shared_scenes_are_compared_and_the_rest_is_told():
    before = table({"a": [1, 2, 3, None], "gone": [1, 1, 1, 1]}, options={"paths": 4}, code="one")
    after = table({"a": [1, None, 3, 4, 50], "new": [1, 1, 1, 1, 1]}, options={"paths": 8}, code="two")
    found = changes(before, after)
    (only,) = found.figures
    assert (only.label, only.scenes, only.before, only.after, only.verdict) == ("a", 2, 2.0, 2.0, "same")
    assert found.broken == ("a on kitti2015/01: RuntimeError: no light",)
    assert found.mended == ("a on kitti2015/03: RuntimeError: no light",)
    assert found.told == (
        "code: one → two",
        "kitti2015: the first run alone has gone",
        "kitti2015: the second run alone has new",
        "kitti2015: 1 scenes are in the second run alone, and not compared: 04",
        "kitti2015, a: paths 4 → 8",
    )


def test_runs_of_different_data_sets():
    found = changes(table({"a": [1]}), table({"a": [1]}, dataset="eth3d"))
    assert found.figures == ()
    assert found.told == ("the first run alone has stereo on kitti2015", "the second run alone has stereo on eth3d")


def test_times_compare_on_one_machine_alone():
    records = table({"a": STEADY, "b": STEADY, "c": STEADY})
    random = np.random.default_rng(4)
    before = [time(r.key, *(0.1 + 0.01 * random.random(3))) for r in records]
    factor = {"a": 2.0, "b": 1.0, "c": 1.0}
    after = [
        time(
            r.key,
            *(factor[r.label] * (0.1 + 0.01 * random.random(3))),
            machine="new" if r.label == "c" else "a machine",
        )
        for r in records
    ]
    found = changes(records, records, before, after)
    assert [(t.label, t.verdict, t.scenes) for t in found.times] == [("a", "worse", 20), ("b", "within noise", 20)]
    assert found.times[0].ratio == pytest.approx(2.0, abs=0.05)
    assert found.times[0].low < 2.0 < found.times[0].high


def test_all_figures_when_asked():
    records = table({"a": STEADY})
    assert len(changes(records, records, every_figure=True).figures) == 1
