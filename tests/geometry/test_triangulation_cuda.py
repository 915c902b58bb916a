"""The CUDA twins as Python hands them arrays; on the CPU, where the tests compile them for it."""

from __future__ import annotations

import numpy as np
import pytest

from geomvision import _core

P0 = np.array([[812.0, 0, 333, 0], [0, 790, 251, 0], [0, 0, 1, 0]])
P1 = np.array([[700.0, 20, 310, -350], [-15, 705, 239, 12], [0.05, -0.02, 1, 0.1]])
OPTIONS = {"method": 2, "sigma_px": 0.5, "min_angle_rad": 0.01}


def described(array: np.ndarray) -> tuple[int, tuple[int, ...], str]:
    return array.ctypes.data, array.shape, array.dtype.name


def seen(views: int, dtype: type) -> np.ndarray:
    random = np.random.default_rng(4)
    pixels = random.uniform(0, 600, (views, 150, 2)).astype(dtype)
    pixels[0, 3] = np.nan
    return pixels


def filled(count: int, views: int, dtype: type) -> dict[str, np.ndarray]:
    shapes = {"points": (count, 3), "errors": (count, views), "angle": (count,), "covariance": (count, 3, 3)}
    return {name: np.empty(s, dtype) for name, s in shapes.items()} | {"reasons": np.empty(count, np.uint8)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_twins_fill_what_the_core_gives(cuda_on_host, dtype):
    pixels = seen(2, dtype)
    order = ("points", "reasons", "errors", "angle", "covariance")
    wanted = _core.triangulate(P0, P1, *pixels, **OPTIONS, measured=True, covariance=True, num_threads=1)
    many = _core.triangulate_views(np.stack([P0, P1]), pixels, **OPTIONS, measured=True, covariance=True, num_threads=1)
    with cuda_on_host() as module:
        found, views = filled(150, 2, dtype), filled(150, 2, dtype)
        there = [described(x) for x in pixels]
        module.triangulate(P0, P1, *there, **OPTIONS, **{k: described(v) for k, v in found.items()}, stream=0)
        module.triangulate_views(
            np.stack([P0, P1]), described(pixels), **OPTIONS, **{k: described(v) for k, v in views.items()}, stream=0
        )
    for name, a, b in zip(order, wanted, many, strict=True):
        np.testing.assert_array_equal(found[name], a, err_msg=name)
        np.testing.assert_array_equal(views[name], b, err_msg=name)


def test_what_is_none_is_left_out(cuda_on_host):
    pixels, angle = seen(2, np.float64), np.empty(150)
    none = dict.fromkeys(("points", "reasons", "errors", "covariance"))
    with cuda_on_host() as module:
        module.triangulate(P0, P1, *map(described, pixels), **OPTIONS, **none, angle=described(angle), stream=0)
    wanted = _core.triangulate(P0, P1, *pixels, **OPTIONS, measured=True, covariance=False, num_threads=1)
    np.testing.assert_array_equal(angle, wanted[3])


def test_corrected_matches_are_the_cores(cuda_on_host):
    F = np.array([[1e-6, 2e-5, -1e-3], [-1e-5, 2e-6, -0.9], [5e-4, 1.1, 3.0]])
    pixels = seen(2, np.float32)
    wanted = _core.correct_matches(F, *pixels, 1)
    found = np.empty_like(pixels)
    with cuda_on_host() as module:
        module.correct_matches(F, *map(described, pixels), *map(described, found), 0)
        with pytest.raises(ValueError, match="float64; it must be float32"):
            module.correct_matches(
                F, described(pixels[0]), described(pixels[1].astype(float)), *[described(pixels[0])] * 2, 0
            )
    np.testing.assert_array_equal(found, wanted)
