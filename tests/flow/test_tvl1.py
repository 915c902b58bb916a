"""TV-L1 against closed forms and known motions; see test_variational.py for what both methods share."""

import numpy as np
import pytest

import geomvision as gv

PLAIN = {"levels": 1, "warps": 1, "median": 1, "brightness_cell": 0}


def test_known_motions_are_found(pattern, motion, epe):
    frame0, frame1, truth = pattern().moved(motion)
    assert epe(gv.flow.TVL1()(frame0, frame1), truth) < 0.15


def ramps(step=2):
    """Grey levels 3 x + step and 3 x: gradient (3, 0), difference -step, normal flow step / 3 px."""
    frame1 = np.tile(3 * np.arange(60, dtype=np.uint8), (40, 1))
    return frame1 + np.uint8(step), frame1


@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_far_from_the_data_each_step_is_lambda_theta_times_the_gradient(iterations):
    # The difference cannot be cancelled yet, and equal pixels have no gradient of the flow: u grows by λθ · 3.
    flow = gv.flow.TVL1(data_weight=0.1, theta=0.3, iterations=iterations, **PLAIN)(*ramps())
    np.testing.assert_allclose(flow.px[15:-15, 15:-15, 0], iterations * 0.1 * 0.3 * 3, rtol=1e-5)
    assert not flow.px[15:-15, 15:-15, 1].any()


def test_near_the_data_one_step_cancels_the_difference():
    flow = gv.flow.TVL1(data_weight=100.0, iterations=1, **PLAIN)(*ramps())
    np.testing.assert_allclose(flow.px[10:-10, 10:-10, 0], 2 / 3, rtol=1e-5)


def test_a_motion_edge_stays_sharper_than_with_horn_schunck(pattern):
    y, x = np.mgrid[:64, :96]
    back, front = pattern(1), pattern(2)
    frames = [np.where(y < 32, front(x - dx, y), back(x, y)).astype(np.uint8) for dx in (0, 3)]
    truth = np.where(y < 32, 3.0, 0.0)
    errors = []
    for name in ("tvl1", "horn_schunck"):
        u = gv.flow.METHODS[name]()(*frames).px[..., 0]
        errors.append(np.abs(u - truth)[26:38, 12:-12].mean())
    assert errors[0] < 0.7 * errors[1]


def test_few_wrong_pixels_do_not_move_the_flow(pattern, epe):
    frame0, frame1, truth = pattern().moved(lambda x, y: (1.3, -0.6))
    wrong = np.random.default_rng(0).random(frame0.shape) < 0.05
    assert epe(gv.flow.TVL1()(np.where(wrong, 255, frame0).astype(np.uint8), frame1), truth) < 0.12


def test_bands_of_rows_meet_without_a_seam(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.5, 0.5), height=300, width=400)
    one, eight = (gv.flow.TVL1(num_threads=n)(frame0, frame1).px for n in (1, 8))
    assert one.tobytes() == eight.tobytes()
