"""OpenCV's flow methods: motions that are known exactly, images of any size, and clear words when OpenCV cannot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomvision as gv
from geomvision.method import BackendError, OptionError

PEERS = ["opencv_farneback", "opencv_dis", "opencv_tvl1", "opencv_deepflow", "opencv_rlof"]
#: Mean error of a motion of 8.5 px in a small image: OpenCV's DeepFlow has no deep matches, and loses it.
WORST_FAR = {"opencv_deepflow": 5.5}
#: RLOF interpolates between the points of a grid, which loses motion that changes from pixel to pixel.
WORST = {"opencv_rlof": 0.5}
FAST = {"opencv_tvl1": {"warps": 1, "inner_iterations": 2}}


@pytest.mark.parametrize("name", PEERS)
def test_known_motions_are_found(name, pattern, motion, epe):
    frame0, frame1, truth = pattern().moved(motion)
    worst = WORST_FAR.get(name, 0.35) if np.abs(truth).max() > 5 else WORST.get(name, 0.35)
    assert epe(gv.flow.METHODS[name]()(frame0, frame1), truth) < worst


@pytest.mark.parametrize("name", PEERS)
@settings(max_examples=15, deadline=None)
@given(size=st.tuples(st.integers(1, 64), st.integers(1, 64)), seed=st.integers(0, 2**32 - 1))
def test_images_of_any_size_have_a_dense_flow(name, size, seed):
    frame0, frame1 = np.random.default_rng(seed).integers(0, 65536, (2, *size), dtype=np.uint16)
    flow = gv.flow.METHODS[name](**FAST.get(name, {}))(frame0, frame1)
    assert flow.size == size
    assert flow.density == 1


@pytest.mark.parametrize("grid_step", [1, 33, 64])
def test_rlof_takes_images_smaller_than_a_step_of_its_grid(grid_step):
    frame0, frame1 = np.random.default_rng(0).integers(0, 256, (2, 20, 30), dtype=np.uint8)
    assert gv.flow.OpenCVRLOF(grid_step=grid_step)(frame0, frame1).density == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (12, 40), (300, 9)])
@pytest.mark.parametrize("preset", ["tuned", "medium", "ultrafast"])
def test_dis_takes_images_that_opencv_would_not(size, preset):
    frame = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    flow = gv.flow.OpenCVDIS(preset=preset)(frame, frame)
    assert np.abs(flow.px).max() < 0.1


def test_dis_keeps_its_patches_overlapping():
    with pytest.raises(OptionError, match="patch_stride is 9; allowed is at most patch_size, 8"):
        gv.flow.OpenCVDIS(patch_stride=9)
    with pytest.raises(OptionError, match="patch_size is 3"):
        gv.flow.OpenCVDIS(patch_size=3)
    assert gv.flow.OpenCVDIS(patch_size=12, patch_stride=12).patch_stride == 12


def test_dis_options_change_what_the_preset_says():
    dis = gv.flow.OpenCVDIS()._made()
    assert (dis.getFinestScale(), dis.getPatchStride(), dis.getGradientDescentIterations()) == (0, 2, 50)
    assert dis.getVariationalRefinementIterations() == 15
    changed = gv.flow.OpenCVDIS(preset="fast", refinement_iterations=0)._made()
    assert (changed.getFinestScale(), changed.getVariationalRefinementIterations()) == (2, 0)


@pytest.mark.parametrize("name", ["opencv_tvl1", "opencv_deepflow", "opencv_rlof"])
def test_a_wheel_without_contrib_is_named(name, monkeypatch):
    cv2 = pytest.importorskip("cv2")
    monkeypatch.delattr(cv2, "optflow")
    frame = np.zeros((20, 20), np.uint8)
    with pytest.raises(BackendError, match="pip install opencv-contrib-python"):
        gv.flow.METHODS[name]()(frame, frame)


def test_opencvs_threads_are_put_back(pattern):
    cv2 = pytest.importorskip("cv2")
    frame, _, _ = pattern().moved(lambda x, y: (0.0, 0.0))
    before = cv2.getNumThreads()
    for threads in (1, 2):
        gv.flow.OpenCVFarneback(num_threads=threads)(frame, frame)
        assert cv2.getNumThreads() == before


def test_farneback_averages_with_a_gaussian_on_request(pattern, epe):
    frame0, frame1, truth = pattern().moved(lambda x, y: (1.3, -0.6))
    flows = [gv.flow.OpenCVFarneback(gaussian=gaussian)(frame0, frame1) for gaussian in (False, True)]
    assert not np.array_equal(flows[0].px, flows[1].px)
    assert epe(flows[1], truth) < 0.2
