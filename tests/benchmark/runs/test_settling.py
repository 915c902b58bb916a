"""Records are brought to the plan's order, and none is lost wherever that is stopped."""

import pytest

from geomvision.benchmark.runs import journal
from geomvision.benchmark.runs.journal import Journal, StoreError
from geomvision.benchmark.runs.settling import settle_records


def values(path):
    return {key: journal.value_of(line) for key, line in journal.read(path)}


@pytest.fixture
def store(tmp_path):
    """A journal with the records b, old, a; c and one that is gone were set aside before."""
    aside = Journal(tmp_path / "superseded.jsonl")
    for key in ("c", "gone"):
        aside.append(key, {"label": key, "n": 1})
    aside.close()
    kept = Journal(tmp_path / "records.jsonl")
    for key in ("b", "old", "a"):
        kept.append(key, {"label": key, "n": 2})
    yield kept
    kept.close()


LABELS = {"a": "a", "b": "other", "c": "c", "not done": "d"}
HERE = {"a": {"label": "a", "n": 2}, "b": {"label": "other", "n": 2}, "c": {"label": "c", "n": 1}}
ASIDE = {"gone": {"label": "gone", "n": 1}, "old": {"label": "old", "n": 2}}


def test_records_have_the_plans_order_and_labels_and_others_go_aside_and_come_back(store):
    aside = store.path.with_name("superseded.jsonl")
    settle_records(store, aside, LABELS)
    assert values(store.path) == HERE
    assert list(values(store.path)) == ["a", "b", "c"] == sorted(store.keys)
    assert values(aside) == ASIDE
    store.append("not done", {"label": "d", "n": 3})
    settle_records(store, aside, {"gone": "gone", "old": "old"})
    assert list(values(store.path)) == ["gone", "old"]
    assert set(values(aside)) == {"a", "b", "c", "not done"}


def test_what_is_in_order_is_not_written(store, monkeypatch):
    aside = store.path.with_name("superseded.jsonl")
    settle_records(store, aside, LABELS)
    monkeypatch.setattr(journal, "replace_file", lambda *_: pytest.fail("it was written"))
    settle_records(store, aside, LABELS)
    aside.unlink()
    settle_records(store, aside, LABELS)
    assert values(store.path) == HERE


@pytest.mark.parametrize("stopped_at", range(3))
@pytest.mark.parametrize("written", [False, True])
def test_stopped_at_any_file_nothing_is_lost_and_the_next_gives_the_same(store, monkeypatch, stopped_at, written):
    aside, replace = store.path.with_name("superseded.jsonl"), journal.replace_file
    calls = []

    def stopping(path, write):
        calls.append(path.name)
        if len(calls) <= stopped_at:
            replace(path, write)
        elif len(calls) == stopped_at + 1:
            if written:
                replace(path, write)
            raise StoreError("stopped")

    monkeypatch.setattr(journal, "replace_file", stopping)
    with pytest.raises(StoreError, match="stopped"):
        settle_records(store, aside, LABELS)
    assert set(values(store.path)) | set(values(aside)) == {"a", "b", "c", "old", "gone"}
    monkeypatch.undo()
    again = Journal(store.path)
    settle_records(again, aside, LABELS)
    assert values(again.path) == HERE
    assert list(values(again.path)) == ["a", "b", "c"]
    assert values(aside) == ASIDE
    again.close()


def test_of_two_records_of_a_unit_the_one_in_the_run_stays(store):
    aside = store.path.with_name("superseded.jsonl")
    settle_records(store, aside, {"a": "a", "b": "b", "old": "old"})
    twice = Journal(aside)
    twice.append("a", {"label": "a", "n": 9})
    twice.close()
    settle_records(store, aside, {"a": "a", "b": "b", "old": "old"})
    assert values(store.path)["a"]["n"] == 2
    assert set(values(aside)) == {"c", "gone"}


def test_lines_that_are_damaged_between_are_told(store):
    aside = store.path.with_name("superseded.jsonl")
    store.path.write_bytes(store.path.read_bytes().replace(b'"label":"old"', b'"label":"odd"'))
    with pytest.raises(StoreError, match="line 2 is damaged"):
        settle_records(store, aside, LABELS)
