"""Horn–Schunck against closed forms and known motions; see test_variational.py for what both methods share."""

import numpy as np
import pytest

import geomvision as gv

PLAIN = {"levels": 1, "warps": 1, "median": 1}


def test_known_motions_are_found(pattern, motion, epe):
    frame0, frame1, truth = pattern().moved(motion)
    assert epe(gv.flow.HornSchunck()(frame0, frame1), truth) < 0.08


def ramps():
    """Grey levels 3 x + 2 and 3 x: gradient (3, 0), difference −2, normal flow 2/3 px."""
    frame1 = np.tile(3 * np.arange(60, dtype=np.uint8), (40, 1))
    return frame1 + np.uint8(2), frame1


@pytest.mark.parametrize("alpha", [2.0, 10.0])
@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_iterations_on_a_ramp_are_the_closed_form(alpha, iterations):
    # Equal pixels have equal averages, so each iteration leaves α²/(α² + 9) of the distance to 2/3.
    flow = gv.flow.HornSchunck(alpha=alpha, iterations=iterations, **PLAIN)(*ramps())
    left = (alpha**2 / (alpha**2 + 9)) ** iterations
    np.testing.assert_allclose(flow.px[10:-10, 10:-10, 0], 2 / 3 * (1 - left), rtol=1e-5)
    assert not flow.px[10:-10, 10:-10, 1].any()


def test_one_pixel_spreads_by_the_papers_averages():
    # One iteration moves only pixels of a dot that moves; in the next, flat pixels take their neighbours' average.
    frame0, frame1 = np.full((2, 21, 21), 100, np.uint8)
    frame0[10, 10] = frame1[10, 11] = 160
    one, two = (gv.flow.HornSchunck(iterations=n, alpha=50.0, **PLAIN)(frame0, frame1).px for n in (1, 2))
    weights = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 12
    around = sum(
        weights[dy + 1, dx + 1] * np.roll(one.astype(float), (-dy, -dx), (0, 1))
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    )
    flat = np.ones((21, 21), bool)
    flat[8:13, 10:12] = flat[10, 8:14] = False  # where the dot has derivatives
    np.testing.assert_allclose(two[flat], around[flat], atol=1e-6)
    assert np.abs(one[~flat]).max() > 0
