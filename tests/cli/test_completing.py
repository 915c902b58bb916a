"""``geomvision complete``: what is written and told, and what is refused."""

import re

import numpy as np
import pytest

import geomvision as gv
from geomvision import io


@pytest.fixture
def sparse(tmp_path):
    """A plane of 4 m, every fifth pixel of it; as a PFM, and as a PNG of millimetres."""
    m = np.full((30, 40), np.nan, np.float32)
    m[::5, ::5] = 4.0
    io.write_depth(tmp_path / "sparse.pfm", gv.Depth(m=m))
    io.write_image(tmp_path / "sparse.png", np.where(np.isnan(m), 0, 4000).astype(np.uint16))
    return tmp_path


@pytest.mark.parametrize(("name", "more"), [("sparse.pfm", ()), ("sparse.png", ("--scale", 1000))])
def test_depth_is_completed_and_judged(geomvision, sparse, name, more):
    ended = geomvision("complete", sparse / name, "--out", sparse / "full.pfm", *more)
    assert ended.code == 0
    assert "48 pixels of 1200 were given (4 %)" in ended.out
    assert "with 20 % of them held back, these are 0.0 % off" in ended.out
    np.testing.assert_allclose(io.read_depth(sparse / "full.pfm").m, np.full((30, 40), 4.0), rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "more", "told"),
    [
        ("sparse.png", (), "was given no scale; expected scale=, --truth-scale or (of complete) --scale"),
        ("none.pfm", (), "none.pfm: does not exist"),
        ("sparse.pfm", ("--method", "mono_small"), "--method is 'mono_small'; it must be one that completes depth"),
        ("sparse.pfm", ("--hold-back", 0.001), "--hold-back 0.001: of 48 pixels none is left to complete, or to judge"),
        ("sparse.pfm", ("--image", "left.png"), "left.png: does not exist"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(geomvision, sparse, name, more, told):
    ended = geomvision("complete", sparse / name, "--out", sparse / "full.pfm", *more)
    assert ended.code == 2
    assert re.search(re.escape(told), ended.err)
    assert not (sparse / "full.pfm").exists()


def test_what_was_given_is_not_written_over(geomvision, sparse):
    before = (sparse / "sparse.pfm").read_bytes()
    ended = geomvision("complete", sparse / "sparse.pfm", "--out", sparse / "sparse.pfm")
    assert ended.code == 2
    assert f"{sparse / 'sparse.pfm'} is read, and would be written over: give another name" in ended.err
    assert (sparse / "sparse.pfm").read_bytes() == before


def test_a_dense_map_has_a_hundred_per_cent(geomvision, tmp_path):
    io.write_depth(tmp_path / "dense.pfm", gv.Depth(m=np.full((6, 8), 2.0)))
    ended = geomvision("complete", tmp_path / "dense.pfm", "--out", tmp_path / "full.pfm")
    assert "48 pixels of 48 were given (100 %)" in ended.out
