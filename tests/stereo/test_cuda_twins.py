"""Methods on a GPU: the CUDA twins, compiled for the CPU where there is none, give what the core gives."""

from __future__ import annotations

import os

import numpy as np
import pytest

import geomvision as gv
from geomvision.method import BackendError

pytest.importorskip("torch")


def pair(height=29, width=43, seed=0):
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 256, (height, width + 8), np.uint8)
    left, right = base[:, 8:].copy(), base[:, 4:-4].copy()  # 4 pixels apart
    right[:, :6] = rng.integers(0, 256, (height, 6), np.uint8)
    return left, right


def assert_equal(found, wanted):
    np.testing.assert_array_equal(found.px, wanted.px)
    np.testing.assert_array_equal(found.confidence, wanted.confidence)
    assert (found.occluded is None) == (wanted.occluded is None)
    if wanted.occluded is not None:
        np.testing.assert_array_equal(found.occluded, wanted.occluded)


CASES = [
    gv.stereo.BlockMatching(max_disparity=16, window=5, speckle_size=12),
    gv.stereo.BlockMatching(max_disparity=12, cost="census", left_right=-1, uniqueness=5, fill="background"),
    gv.stereo.SGM(max_disparity=16, fill="row"),
    gv.stereo.SGM(max_disparity=12, min_disparity=-3, paths=5, left_right=-1, subpixel="parabola", fill="background"),
]


@pytest.mark.parametrize("method", CASES, ids=lambda method: method.label())
def test_a_pair_is_matched_as_by_the_core_and_the_copies_are_timed(method, cuda_on_host):
    images = pair()
    wanted = method.with_options(backend="cpp")(*images)
    with cuda_on_host():
        found = method(*images)  # 'auto' takes the GPU first
    assert_equal(found, wanted)
    assert found.run.backend == "cuda"
    assert 0 <= found.run.copy_seconds <= found.run.seconds
    assert wanted.run.copy_seconds is None


@pytest.mark.cuda
@pytest.mark.parametrize("method", CASES, ids=lambda method: method.label())
def test_a_pair_is_matched_on_a_gpu_as_by_the_core(method):
    if "cuda" not in method.available_backends():
        pytest.skip(next(b.missing() for b in method.backends() if b.name == "cuda"))
    images = pair(240, 320)
    assert_equal(method.with_options(backend="cuda")(*images), method.with_options(backend="cpp")(*images))


def test_without_cuda_the_reason_says_what_to_do():
    method = gv.stereo.SGM(backend="cuda")
    if "cuda" in method.available_backends():
        pytest.skip("there is a GPU here")
    with pytest.raises(
        BackendError, match=r"SGM cannot run here: cuda (needs geomvision built with CUDA|finds no GPU)"
    ):
        method(*pair())


def test_costs_that_the_gpu_does_not_know_run_on_the_core_or_are_refused(cuda_on_host):
    images = pair()
    with cuda_on_host():
        assert gv.stereo.SGM(max_disparity=16, cost="zncc")(*images).run.backend == "cpp"
        with pytest.raises(BackendError, match="cuda takes cost='census' alone"):
            gv.stereo.SGM(max_disparity=16, cost="zncc", backend="cuda")(*images)
        assert gv.stereo.SGM(max_disparity=2100)(*images).run.backend == "cpp"
        with pytest.raises(BackendError, match="cuda takes at most 2048 disparities, and 2100 are asked for"):
            gv.stereo.SGM(max_disparity=2100, backend="cuda")(*images)
        costs = np.zeros((29, 43, 16), np.uint8)
        assert gv.stereo.SGM(max_disparity=16).from_costs(costs, images[0]).px.shape == (29, 43)
        with pytest.raises(BackendError, match="given costs are matched by 'cpp' or 'reference'"):
            gv.stereo.SGM(max_disparity=16, backend="cuda").from_costs(costs, images[0])


def test_a_forked_process_takes_the_core_since_cuda_does_not_survive_a_fork(cuda_on_host, monkeypatch):
    images = pair()
    with cuda_on_host():
        assert "cuda" in gv.stereo.SGM.available_backends()
        monkeypatch.setattr(os, "getpid", lambda: -1)
        assert gv.stereo.SGM(max_disparity=16)(*images).run.backend == "cpp"
        with pytest.raises(BackendError, match="forked from"):
            gv.stereo.SGM(max_disparity=16, backend="cuda")(*images)
