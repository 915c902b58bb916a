"""Flow on a GPU: the CUDA twins, compiled for the CPU where there is none, give what the core gives."""

from __future__ import annotations

import numpy as np
import pytest

import geomvision as gv

pytest.importorskip("torch")


def frames(height=26, width=34):
    y, x = np.mgrid[:height, :width].astype(np.float32)

    def texture(x, y):
        return (128 + 50 * np.sin(x / 3) * np.cos(y / 4) + 40 * np.sin(x / 5 + y / 2)).astype(np.float32) / 255

    return texture(x, y), texture(x - 1.5, y + 0.5)


def dense(backend, check_occlusion):
    method = gv.flow.LucasKanade(backend=backend, levels=3, warps=2, check_occlusion=check_occlusion)
    return method(*frames())


def tracks(backend):
    points = np.stack(np.meshgrid(np.arange(3.0, 31, 4.5), np.arange(2.0, 24, 5)), -1).reshape(-1, 2)
    return gv.flow.track_points(*frames(), points, window=7, levels=2, backend=backend)


def assert_equal(found, wanted):
    for name in ("px", "confidence", "occluded", "points1", "min_eigenvalue", "forward_backward_px"):
        mine, theirs = getattr(found, name, None), getattr(wanted, name, None)
        assert (mine is None) == (theirs is None)
        if theirs is not None:
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("check_occlusion", [False, True])
def test_dense_flow_is_that_of_the_core(check_occlusion, cuda_on_host):
    wanted = dense("cpp", check_occlusion)
    with cuda_on_host():
        found = dense("auto", check_occlusion)
    assert_equal(found, wanted)
    assert found.run.backend == "cuda"
    assert 0 <= found.run.copy_seconds <= found.run.seconds


def test_points_are_followed_as_by_the_core(cuda_on_host):
    wanted = tracks("cpp")
    with cuda_on_host():
        found = tracks("cuda")
    assert_equal(found, wanted)
    assert wanted.found.any()


@pytest.mark.cuda
@pytest.mark.parametrize("run", [lambda backend: dense(backend, True), tracks], ids=["dense", "points"])
def test_flow_on_a_gpu_is_that_of_the_core(run):
    if "cuda" not in gv.flow.LucasKanade.available_backends():
        pytest.skip("no GPU, or geomvision is built without CUDA")
    assert_equal(run("cuda"), run("cpp"))
