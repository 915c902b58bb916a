"""Every instruction set gives the same answer: methods bit for bit, floating-point ops to a stated tolerance."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision import _core, ops
from geomvision.cameras import pose

#: Relative to the largest value: sums of products may be rounded once or twice, and in vectors of any length.
TOLERANCE = 1e-5
#: What `epipolar_flow` takes besides: the camera, and its motion.
POSED = (gv.Camera(width=110, height=70, fx=100, fy=100, cx=54.5, cy=34.5), pose(translation=(0.2, 0.1, 0.0)))


@cache
def pair(task: str) -> tuple[np.ndarray, np.ndarray]:
    sample = gv.datasets.Synthetic(seed=2, height=70, width=110, task=task)[0]
    return (sample.left, sample.right) if task == "stereo" else (sample.frame0, sample.frame1)


def methods() -> dict[str, np.ndarray]:
    """The answer of every method that has the C++ backend."""
    found = {}
    for task in ("stereo", "flow"):
        for name, method in getattr(gv, task).METHODS.items():
            if "cpp" in method.available_backends():
                options = {"max_disparity": 24} if "max_disparity" in method.option_limits() else {}
                given = POSED if name == "epipolar_flow" else ()
                found[f"{task}/{name}"] = method(backend="cpp", **options)(*pair(task), *given).px
    return found


def operators(threads: int = 0) -> dict[str, np.ndarray]:
    """The answer of every op with a kernel, to arrays of odd sizes."""
    rng = np.random.default_rng(0)
    costs = rng.normal(size=(2, 13, 7, 37)).astype(np.float32)
    one, two = rng.normal(size=(2, 2, 24, 11, 37)).astype(np.float32)
    left, right = rng.integers(0, 256, (2, 23, 41), np.uint8)
    seen = rng.uniform(-3, 40, (2, 2, 11, 37)).astype(np.float32)
    flow = rng.normal(0, 3, (23, 41, 2)).astype(np.float32)
    grey, rough = left.astype(np.float32), rng.uniform(0, 9, (23, 41)).astype(np.float32)
    n, search = {"num_threads": threads}, {"max_disparity": 11, "min_disparity": -3, "num_threads": threads}
    volume, weight = ops.absolute_differences(left, right, **search), two[:, :, :3, :3]
    rays = rng.uniform(-1, 1, (3, 23, 41)).astype(np.float32)
    source = [(right, [20.0, 0.0, 20.0, 0.0, 20.0, 11.0, 0.0, 0.0, 1.0], [9.0, 3.0, 2.0], None)]
    return {
        "soft_argmin": ops.soft_argmin(costs, **n),
        "upsampled_soft_argmin": ops.upsampled_soft_argmin(costs, scale=4, **n),
        "group_wise_volume": ops.group_wise_volume(one, two, max_disparity=9, groups=4, **n),
        "difference_volume": ops.difference_volume(one, two, max_disparity=9, **n),
        "concatenated_volume": ops.concatenated_volume(one, two, max_disparity=9, **n),
        "all_pairs_correlation": (pairs := ops.all_pairs_correlation(one, two, **n)),
        "all_pairs_correlation_1d": ops.all_pairs_correlation_1d(one, two, **n),
        "correlation_pyramid": ops.correlation_pyramid(pairs, 3, **n)[2],
        "convex_upsample": ops.convex_upsample(one, np.tile(seen, (1, 18, 1, 1)), factor=2, **n),
        "nearest_known": np.nan_to_num(ops.nearest_known(np.where(rough < 6, rough, np.float32(np.nan)), **n)),
        "convolution": ops.convolution(one, weight, stride=2, dilation=2, **n),
        "convolution of bfloat16": ops.convolution(one, weight, one[0, 0, 0, :2], precision="bfloat16", **n),
        "local_correlation": ops.local_correlation(one, two, radius=3, **n),
        "correlation_lookup": ops.correlation_lookup(one, two, seen, radius=2, levels=3, **n),
        "correlation_lookup_1d": ops.correlation_lookup_1d(one, two, seen[:, 0], radius=3, levels=3, **n),
        "warp": ops.warp(left, flow, **n),
        "warp bicubic": ops.warp(grey, flow, mode="bicubic", **n),
        "splat": ops.splat(grey, flow, mode="average", **n),
        "absolute_differences": volume,
        "squared_differences": ops.squared_differences(grey, grey[:, ::-1], **search),
        "birchfield_tomasi": ops.birchfield_tomasi(left, right, **search),
        "zncc": ops.zncc(left, right, window=5, **search),
        "census": ops.census(left, right, **search),
        "cost_volume_2d": ops.cost_volume_2d(left, right, radius=2, **n),
        "box_aggregation": ops.box_aggregation(volume, window=5, **n),
        "guided_filter": ops.guided_filter(rough, left, radius=3, epsilon=9.0, **n),
        "fast_global_smoothing": ops.fast_global_smoothing(rough, left, lambda_=100.0, sigma=5.0, **n),
        "cross_aggregation": ops.cross_aggregation(volume, ops.cross_arms(left, **n), **n),
        "sgm_paths": ops.sgm_paths((ops.census(left, left, max_disparity=9, **n) % 64), left, **n),
        "plane_sweep": _core.plane_sweep_costs(left, rays, source, first=0.1, step=0.05, count=9, num_threads=threads),
        "winner_takes_all": ops.winner_takes_all(volume, **n).disparity,
        "right_winners": ops.right_winners(volume, **n),
        "median": ops.median(rough, **n),
        "speckle": ops.speckle(np.rint(rough), size=9, **n),
    }


def test_ops_are_equal_for_every_number_of_threads():
    expected = operators(1)
    for threads in range(2, 9):
        found = operators(threads)
        assert not [name for name in expected if not np.array_equal(found[name], expected[name], equal_nan=True)]


def answers(folder: Path, isa: str) -> dict[str, np.ndarray]:
    """What this machine answers with an instruction set, in a process of its own."""
    command = [sys.executable, __file__, str(folder / f"{isa}.npz")]
    subprocess.run(command, check=True, env={**os.environ, "GEOMVISION_ISA": isa})
    with np.load(folder / f"{isa}.npz") as stored:
        assert stored["isa"] == isa
        return {name: stored[name] for name in stored.files if name != "isa"}


@pytest.mark.skipif(len(_core.available_isas()) == 1, reason="this machine has the baseline alone")
def test_every_instruction_set_gives_the_same(tmp_path):
    baseline, *others = _core.available_isas()
    expected = answers(tmp_path, baseline)
    assert len([name for name in expected if "/" in name]) >= 4
    for isa in others:
        found = answers(tmp_path, isa)
        for name, values in expected.items():
            if "/" in name:
                np.testing.assert_array_equal(found[name], values, err_msg=f"{name}, {isa}")
                continue
            finite = np.abs(values[np.isfinite(values)].astype(np.float64))
            bound = TOLERANCE * finite.max(initial=1e-30)
            np.testing.assert_allclose(found[name], values, rtol=0, atol=bound, err_msg=f"{name}, {isa}")


if __name__ == "__main__":
    np.savez(sys.argv[1], isa=_core.active_isa(), **methods(), **operators())
