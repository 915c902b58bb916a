"""scikit-image's flow methods: motions that are known exactly, small images, and clear words where it is missing."""

import sys

import numpy as np
import pytest

import geomvision as gv
from geomvision.method import BackendError

PEERS = ["skimage_tvl1", "skimage_ilk"]


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("shift", [(1.3, -0.6), (7.25, 4.5)])
def test_known_motions_are_found(name, pattern, shift, epe):
    pytest.importorskip("skimage")
    frame0, frame1, truth = pattern().moved(lambda x, y: shift)
    assert epe(gv.flow.METHODS[name]()(frame0, frame1), truth) < 0.35


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("size", [(1, 1), (3, 40), (17, 16)])
def test_images_of_any_size_have_a_dense_flow(name, size):
    pytest.importorskip("skimage")
    frame0, frame1 = np.random.default_rng(0).integers(0, 65536, (2, *size), dtype=np.uint16)
    flow = gv.flow.METHODS[name](warps=1)(frame0, frame1)
    assert flow.size == size
    assert flow.density == 1


@pytest.mark.parametrize("name", PEERS)
def test_without_scikit_image_the_way_to_get_it_is_said(name, monkeypatch):
    from geomvision import method

    monkeypatch.setitem(sys.modules, "skimage", None)
    monkeypatch.setattr(method, "importable", lambda module: module != "skimage")
    frame = np.zeros((20, 20), np.uint8)
    with pytest.raises(BackendError, match=r"needs skimage: pip install 'geomvision\[peers\]'"):
        gv.flow.METHODS[name]()(frame, frame)


def test_options_reach_scikit_image(pattern):
    pytest.importorskip("skimage")
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.3, -0.6))
    for name, changes in {
        "skimage_tvl1": [{"attachment": 1.0}, {"tightness": 0.1}, {"warps": 1}, {"iterations": 1}, {"prefilter": True}],
        "skimage_ilk": [{"radius": 3}, {"warps": 1}, {"gaussian": True}, {"prefilter": True}],
    }.items():
        plain = gv.flow.METHODS[name]()(frame0, frame1).px
        for change in changes:
            assert not np.array_equal(plain, gv.flow.METHODS[name](**change)(frame0, frame1).px), change
