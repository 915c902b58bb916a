"""The stated doubt is the true one: over many noisy sets, normalised errors follow chi square."""

import numpy as np
import pytest
from scipy.stats import chi2

from geomvision.cameras import Camera, ExtendedUnifiedCamera, KannalaBrandt, StereoRig, UnifiedCamera, pose
from geomvision.geometry import Board, BoardView, calibrate, calibrate_stereo

BOARD = Board(columns=7, rows=5, square_m=0.04)
SIZE = {"width": 640, "height": 500}
CAMERAS = {
    "brown4": Camera(**SIZE, fx=500, fy=505, cx=330, cy=240, distortion=(-0.2, 0.08, 0.001, -0.0005)),
    "brown5": Camera(**SIZE, fx=500, fy=505, cx=330, cy=240, distortion=(-0.2, 0.08, 0.001, -0.0005, 0.01)),
    "fisheye": KannalaBrandt(**SIZE, fx=190, fy=191, cx=315, cy=260, distortion=(0.03, -0.01, 0.004, -0.001)),
    "ucm": UnifiedCamera(**SIZE, fx=180, fy=183, cx=330, cy=240, alpha=0.6),
    "eucm": ExtendedUnifiedCamera(**SIZE, fx=180, fy=183, cx=330, cy=240, alpha=0.6, beta=1.1),
}
RUNS = 20


def noisy(views, sigma, random):
    return [
        BoardView(pixels=v.pixels + random.normal(0, sigma, v.pixels.shape), ids=v.ids, width=v.width, height=v.height)
        for v in views
    ]


@pytest.mark.parametrize("model", CAMERAS)
def test_errors_of_a_camera_follow_chi_square(simulated, model):
    camera = CAMERAS[model]
    where = {"near": 0.4, "far": 0.8} if CAMERAS[model].fx == 500 else {"spread": 65, "near": 0.2, "far": 0.5}
    perfect, _ = simulated(camera, BOARD, 11, count=10, noise=0, **where)
    random = np.random.default_rng(5)
    squares = []
    for _ in range(RUNS):
        found = calibrate(noisy(perfect, 0.15, random), BOARD, model=model, loss="squared")
        error = found.camera.parameters - camera.parameters
        squares.append(error @ np.linalg.solve(found.covariance, error))
    total, freedom = sum(squares), RUNS * len(camera.parameters)
    assert chi2.ppf(1e-4, freedom) < total < chi2.ppf(1 - 1e-4, freedom) * 1.05  # variance is estimated, too
    assert np.mean(np.array(squares) < chi2.ppf(0.9, len(camera.parameters))) == pytest.approx(0.9, abs=0.2)


def test_the_doubt_of_a_projection_is_the_true_one(simulated):
    camera = CAMERAS["brown4"]
    perfect, _ = simulated(camera, BOARD, 11, count=10, noise=0, near=0.4, far=0.8)
    random = np.random.default_rng(6)
    pixels = np.array([[320.0, 250.0], [120.0, 90.0], [560.0, 420.0]])
    middle = np.stack(np.meshgrid(np.linspace(160, 480, 12), np.linspace(125, 375, 12)), axis=-1).reshape(-1, 2)
    moves, stated = [], []
    for _ in range(RUNS):
        found = calibrate(noisy(perfect, 0.15, random), BOARD, model="brown4", loss="squared")
        a, b = found.camera.rays(middle), camera.rays(middle)
        U, _, Vt = np.linalg.svd(a.T @ b)  # the turn that fits both cameras' rays best in the middle of the image
        turn = U @ np.diag([1, 1, np.linalg.det(U @ Vt)]) @ Vt
        moves.append(found.camera.project(camera.rays(pixels) @ turn.T) - pixels)
        stated.append(found.sigma_px(pixels))
    observed = np.sqrt(np.square(moves).sum(axis=2).mean(axis=0))
    assert observed == pytest.approx(np.mean(stated, axis=0), rel=0.4)
    assert stated[0][0] < stated[0][1]


def test_errors_of_a_rig_follow_chi_square(simulated):
    camera = CAMERAS["brown4"]
    rig = StereoRig(left=camera, right=camera, T_right_left=pose(translation=(-0.1, 0.01, 0.0)))
    perfect, poses = simulated(camera, BOARD, 12, count=10, noise=0, near=0.5, far=0.9, spread=15)
    both = rig.T_right_left @ poses
    pixels = camera.project(np.einsum("nij,kj->nki", both[:, :3, :3], BOARD.points_m()) + both[:, None, :3, 3])
    other = [BoardView(pixels=p, ids=np.arange(BOARD.count), **SIZE) for p in pixels]
    random, squares, every = np.random.default_rng(7), [], []
    for _ in range(8):
        found = calibrate_stereo(noisy(perfect, 0.15, random), noisy(other, 0.15, random), BOARD, model="brown4")
        step = found.rig.T_right_left @ np.linalg.inv(rig.T_right_left)
        turned = np.array([step[2, 1] - step[1, 2], step[0, 2] - step[2, 0], step[1, 0] - step[0, 1]]) / 2
        error = np.concatenate([turned, step[:3, 3]])
        squares.append(error @ np.linalg.solve(found.covariance[-6:, -6:], error))
        lenses = [found.rig.left.parameters - camera.parameters, found.rig.right.parameters - camera.parameters]
        error = np.concatenate([*lenses, error])
        every.append(error @ np.linalg.solve(found.covariance, error))
        assert abs(found.rig.baseline_m - rig.baseline_m) < 5 * found.sigma["baseline_m"]
    assert chi2.ppf(1e-4, 48) < sum(squares) < chi2.ppf(1 - 1e-4, 48) * 1.05
    assert found.covariance.shape == (22, 22)  # both lenses and the pose, with what they have in common
    assert chi2.ppf(1e-4, 176) < sum(every) < chi2.ppf(1 - 1e-4, 176) * 1.05
