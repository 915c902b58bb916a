"""Depth carried on into what was not measured: planes in closed form, edges of pictures, and what is not believed."""

from __future__ import annotations

import numpy as np

import geomvision as gv
from geomvision.depth import FromMotion
from geomvision.depth._extrapolation import extrapolated

HEIGHT, WIDTH = 60, 80
Y, X = np.mgrid[:HEIGHT, :WIDTH].astype(float)
EVEN = np.full((HEIGHT, WIDTH), 90, np.uint8)


def carried_on(true: np.ndarray, hidden: np.ndarray, grey: np.ndarray = EVEN, step: float = 1e-4):
    """Inverse depth and its deviation from all of the truth but what is hidden."""
    q = np.where(hidden, np.nan, true).astype(np.float32)
    return extrapolated(q, np.ones_like(q), grey, step, num_threads=1)


def test_a_plane_is_carried_on_as_far_as_its_patch_tells() -> None:
    true = 0.2 + 0.002 * X - 0.003 * Y + 0.2
    q, deviation = carried_on(true, (X > 30) | ((abs(X - 15) < 5) & (abs(Y - 30) < 5)))
    near, far = (X < 40), (X > 70)
    np.testing.assert_allclose(q[near], true[near], rtol=0.01)
    assert np.median(deviation[far]) > 3 * np.median(deviation[near])  # farther away than the patch is wide
    assert (deviation >= 1e-4 / np.sqrt(12)).all()


def test_an_edge_of_the_picture_keeps_surfaces_apart() -> None:
    """Two planes that meet in a gap, and the picture says where."""
    left, right = 0.5 + 0.001 * Y, 0.2 - 0.001 * X
    true = np.where(X < 40, left, right)
    grey = np.where(X < 40, 60, 160).astype(np.uint8)
    q, deviation = carried_on(true, abs(X - 40) < 8, grey)
    np.testing.assert_allclose(q, true, rtol=0.01)
    assert (deviation < 0.05 * true).all()
    blind, unsure = carried_on(true, abs(X - 40) < 8)
    assert (unsure[:, 36:44] > 0.1 * blind[:, 36:44]).all()  # without the edge no plane holds


def test_the_deviation_is_that_of_the_errors() -> None:
    """Noise of 2 %, and pixels hidden here and there: the median error of a normal distribution is 0.67 deviations."""
    rng = np.random.default_rng(5)
    true = 0.5 + 0.001 * X
    noisy = true * (1 + 0.02 * rng.standard_normal(true.shape))
    q, deviation = carried_on(noisy, rng.uniform(size=true.shape) < 0.3)
    assert 0.5 < np.median(abs(q - noisy) / deviation) < 0.85


def test_from_nothing_comes_nothing() -> None:
    q, deviation = carried_on(np.full(EVEN.shape, 0.5), np.ones(EVEN.shape, bool))
    assert np.isnan(q).all()
    assert np.isnan(deviation).all()
    hidden = np.ones(EVEN.shape, bool)
    hidden[30, 40] = False
    q, deviation = carried_on(np.full(EVEN.shape, 0.5), hidden)
    assert not (deviation[:, :20] < 0.001 * q[:, :20]).any()


def test_a_rendered_clip_gets_denser_and_says_where() -> None:
    frame = gv.datasets.Synthetic(seed=11, layout="street", width=224, height=168, max_disparity=32).clip(0, 3)[0]
    method = FromMotion(consistency=2, support=0.0)  # surfaces that others confirm would fill a part of it before
    depth, denser = method.on(frame), method.with_options(extrapolate=0.08).on(frame)
    np.testing.assert_array_equal(denser.m[depth.valid], depth.m[depth.valid])
    np.testing.assert_array_equal(denser.confidence, depth.confidence)
    added = denser.valid & ~depth.valid
    np.testing.assert_array_equal(added, denser.valid & (denser.confidence == 0))
    assert added.mean() > 0.25 * (1 - depth.density)
    truth = frame.depth.m
    known = added & np.isfinite(truth)
    off = abs(denser.m - truth)[known] / truth[known]
    assert np.median(off) < 0.08  # what was asked for
    assert np.mean(off) < 0.12
    near = method.with_options(extrapolate=0.5, max_depth=float(np.nanmedian(truth))).on(frame)
    assert not (near.m[near.confidence == 0] > np.nanmedian(truth)).any()
    assert method.with_options(support=0.45, extrapolate=0.08).on(frame).density > denser.density
