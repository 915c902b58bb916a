"""Brown's eight coefficients against a Monte Carlo run: what the views tell, and what only their sum tells."""

import numpy as np
from scipy.stats import chi2

from geomvision.cameras import Camera
from geomvision.geometry import Board, BoardView, calibrate

BOARD = Board(columns=9, rows=7, square_m=0.04)
SIZE = {"width": 640, "height": 500}
LENS = (0.2, 0.1, 0.001, -0.0005, 0.0, 0.5, 0.1, 0.02)
CAMERA = Camera(**SIZE, fx=400, fy=404, cx=330, cy=240, distortion=LENS)
RUNS = 16


def noisy(views, random):
    return [
        BoardView(pixels=v.pixels + random.normal(0, 0.15, v.pixels.shape), ids=v.ids, width=v.width, height=v.height)
        for v in views
    ]


def test_eight_coefficients_have_true_doubts_of_what_counts_and_a_warning_for_the_rest(simulated):
    """Focal lengths, centre, tangential terms and projections scatter as stated; the six radial ones trade places."""
    perfect, _ = simulated(CAMERA, BOARD, 11, count=16, noise=0, near=0.35, far=0.8, spread=20)
    random, errors, stated, moves, doubts, squares = np.random.default_rng(5), [], [], [], [], []
    middle = np.stack(np.meshgrid(np.linspace(160, 480, 12), np.linspace(125, 375, 12)), axis=-1).reshape(-1, 2)
    pixels = np.array([[320.0, 250.0], [200.0, 150.0], [460.0, 350.0]])
    for _ in range(RUNS):
        found = calibrate(noisy(perfect, random), BOARD, model="brown8", loss="squared")
        assert any("only told together" in text and "k1" in text for text in found.warnings)
        errors.append(found.camera.parameters - CAMERA.parameters)
        squares.append(errors[-1] @ np.linalg.solve(found.covariance, errors[-1]))
        stated.append(np.sqrt(np.diag(found.covariance)))
        a, b = found.camera.rays(middle), CAMERA.rays(middle)
        U, _, Vt = np.linalg.svd(a.T @ b)  # the turn that fits both cameras' rays best in the middle of the image
        turn = U @ np.diag([1, 1, np.linalg.det(U @ Vt)]) @ Vt
        moves.append(found.camera.project(CAMERA.rays(pixels) @ turn.T) - pixels)
        doubts.append(found.sigma_px(pixels))
    names = CAMERA.parameter_names
    seen = np.sqrt(np.square(errors).mean(axis=0)) / np.median(stated, axis=0)
    told = [names.index(name) for name in ("fx", "fy", "cx", "cy", "p1", "p2")]
    assert ((seen[told] > 0.6) & (seen[told] < 1.6)).all(), dict(zip(names, seen, strict=True))
    assert chi2.ppf(0.3, 12) < np.median(squares) < chi2.ppf(0.7, 12)
    assert np.mean(np.array(squares) < chi2.ppf(0.9, 12)) > 0.7
    radial = [names.index(f"k{n}") for n in range(1, 7)]
    assert (seen[radial] < 1.6).all()  # never surer than they are
    observed = np.sqrt(np.square(moves).sum(axis=2).mean(axis=0))
    np.testing.assert_allclose(observed, np.median(doubts, axis=0), rtol=0.5)


def test_what_views_tell_of_each_coefficient_is_not_warned_of(simulated):
    camera = Camera(**SIZE, fx=400, fy=404, cx=330, cy=240, distortion=(-0.2, 0.08, 0.001, -0.0005, 0.01))
    views, _ = simulated(camera, BOARD, 11, count=16, noise=0.15, near=0.35, far=0.8, spread=20)
    assert not any("only told together" in text for text in calibrate(views, BOARD).warnings)
