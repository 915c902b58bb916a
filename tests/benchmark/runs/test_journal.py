"""Journals: lines that are whole or not there."""

import errno
import gc
import json
import os
import zlib

import numpy as np
import pytest

from geomvision.benchmark.runs import journal
from geomvision.benchmark.runs.journal import Journal, StoreError


def lines(path):
    return [(key, journal.value_of(line)) for key, line in journal.read(path)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "records.jsonl"


@pytest.fixture
def three(path):
    """A journal of three lines, and its bytes."""
    kept = Journal(path)
    for n in range(3):
        kept.append(f"k{n}", {"n": n, "text": "è"})
    kept.close()
    return path.read_bytes()


def test_a_line_is_json_with_the_checksum_of_the_rest(path, three):
    first = three.split(b"\n")[0]
    assert json.loads(first)["value"] == {"n": 0, "text": "è"}
    rest = b'","key":"k0","value":{"n":0,"text":"\xc3\xa8"}}'
    assert first == b'{"crc32":"%08x' % zlib.crc32(rest) + rest
    assert lines(path) == [(f"k{n}", {"n": n, "text": "è"}) for n in range(3)]


def test_cut_anywhere_it_goes_on_with_what_is_whole(path, three):
    ends = [0, *(n + 1 for n, byte in enumerate(three) if byte == ord("\n"))]
    for length in range(len(three) + 1):
        path.write_bytes(three[:length])
        whole = sum(end <= length for end in ends) - 1
        assert [key for key, _ in lines(path)] == [f"k{n}" for n in range(whole)]
        kept = Journal(path)
        assert kept.keys == {f"k{n}" for n in range(whole)}
        assert kept.damaged == 0
        for n in range(whole, 3):
            kept.append(f"k{n}", {"n": n, "text": "è"})
        kept.close()
        assert path.read_bytes() == three


def test_an_end_of_other_bytes_is_cut_off(path, three):
    for tail in (b"\0" * 5000, b"nonsense\n", b"\n\n", three[:20] + b"\n"):
        path.write_bytes(three + tail)
        assert len(lines(path)) == 3
        Journal(path).close()
        assert path.read_bytes() == three


def test_damage_before_whole_lines_is_told_and_set_aside_by_who_goes_on(path, three):
    wrong = three.replace(b'"n":1', b'"n":7')
    path.write_bytes(wrong)
    with pytest.raises(StoreError, match="line 2 is damaged"):
        lines(path)
    kept = Journal(path)
    assert (kept.damaged, kept.keys) == (1, {"k0", "k2"})
    kept.close()
    assert [key for key, _ in lines(path)] == ["k0", "k2"]
    assert (path.parent / "records.jsonl.damaged").read_bytes() == wrong.split(b"\n")[1] + b"\n"


def test_both_readers_of_json_read_the_same(monkeypatch):
    pytest.importorskip("orjson")
    random = np.random.default_rng(0)
    numbers = [
        *(random.standard_normal(500) * 10.0 ** random.integers(-300, 300, 500)).tolist(),
        5e-324,
        2**53 + 1,
        -0.0,
    ]
    line = journal.line_of("k", {"numbers": numbers, "text": '„\\"\u2028'})[:-1]
    journal._parser.cache_clear()
    first = journal.value_of(line)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    journal._parser.cache_clear()
    assert journal._parser() is json.loads
    assert repr(journal.value_of(line)) == repr(first) == repr({"numbers": numbers, "text": '„\\"\u2028'})
    journal._parser.cache_clear()


def test_no_key_twice(path, three):
    kept = Journal(path)
    with pytest.raises(ValueError, match="holds the key k1"):
        kept.append("k1", {})
    kept.close()
    assert path.read_bytes() == three
    path.write_bytes(three + three)
    with pytest.raises(StoreError, match="key k0 twice"):
        Journal(path)
    with pytest.raises(ValueError, match="no key"):
        journal.line_of('a"b', {})


def test_a_disk_that_is_full_half_way_through_a_line_leaves_none_of_it(path, three, monkeypatch):
    kept, write, room = Journal(path), os.write, [10]

    def filled(file, content):
        if room[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(file, content[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr(os, "write", filled)
    with pytest.raises(StoreError, match=r"No space left on device.* What was done is kept: make room"):
        kept.append("k3", {"n": 3})
    assert path.read_bytes() == three
    with pytest.raises(StoreError, match="No space left"):
        kept.rewrite([three.split(b"\n")[2]])
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    monkeypatch.undo()
    kept.append("k3", {"n": 3})
    kept.rewrite(line for _, line in list(journal.read(path))[1:])
    kept.append("k0", {"n": 0})
    kept.close()
    assert [key for key, _ in lines(path)] == ["k1", "k2", "k3", "k0"]


def test_rewritten_with_many_lines_it_is_what_was_given_and_goes_on(path, monkeypatch):
    monkeypatch.setattr(journal, "LINES", 7)
    every = [journal.line_of(f"k{n}", {"text": "x" * (7 * n)}) for n in range(40)]
    kept = Journal(path)
    kept.rewrite(line[:-1] for line in every)
    assert path.read_bytes() == b"".join(every)
    assert kept.keys == {f"k{n}" for n in range(40)}
    kept.append("k40", {})
    kept.close()
    assert [key for key, _ in lines(path)] == [f"k{n}" for n in range(41)]


def test_it_is_not_rewritten_with_lines_that_are_torn_or_there_twice(path, three):
    kept = Journal(path)
    first, second, _ = three.splitlines()
    with pytest.raises(ValueError, match="a line that is not whole"):
        kept.rewrite([second, first[:-1]])
    with pytest.raises(StoreError, match="key k0 twice"):
        kept.rewrite([first, second, first])
    assert path.read_bytes() == three
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    kept.append("k3", {})
    kept.close()
    assert len(lines(path)) == 4


def test_the_collector_of_cycles_is_as_before_after_it_was_left_out(monkeypatch):
    with journal.uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
    told = []
    monkeypatch.setattr(gc, "isenabled", lambda: False)
    monkeypatch.setattr(gc, "enable", lambda: told.append("enabled"))
    with pytest.raises(KeyError), journal.uncollected():
        raise KeyError
    assert told == []
    monkeypatch.undo()
    gc.enable()


def test_very_many_lines_are_written_each_once(tmp_path):
    lines = [journal.line_of(f"{n:04}", {"n": n}).removesuffix(b"\n") for n in range(2 * journal.LINES + 1)]
    journal.replace_file(tmp_path / "a", lambda file: journal.write_lines(file, lines))
    assert (tmp_path / "a").read_bytes().splitlines() == lines
