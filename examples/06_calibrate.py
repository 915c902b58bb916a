"""Calibration from photographs of a chessboard: here rendered through a known lens, so that the error is known, too."""

import numpy as np

from geomvision.cameras import Camera, pose
from geomvision.geometry import Board, calibrate, find_corners
from geomvision.report import save_calibration

board = Board(columns=9, rows=6, square_m=0.025)
lens = Camera(width=480, height=360, fx=420, fy=422, cx=246, cy=174, distortion=(-0.25, 0.06, 0.001, -0.001, 0.0))


def photograph(T_camera_board: np.ndarray) -> np.ndarray:
    """The board as the lens sees it: each pixel's ray meets the board's plane, where the print is dark or light."""
    rays = lens.rays(lens.pixel_grid())
    R, t = T_camera_board[:3, :3], T_camera_board[:3, 3]
    points = rays * ((R[:, 2] @ t) / (rays @ R[:, 2]))[..., None]
    squares = (points - t) @ R[:, :2] / board.square_m + 1
    on_board = ((squares > 0) & (squares < (board.columns + 1, board.rows + 1))).all(axis=-1)
    soft = np.tanh(np.sin(np.pi * squares).prod(axis=-1) / 0.15)
    return np.where(on_board, 120 - 100 * soft, 220).astype(np.uint8)


def turned(x: float, y: float) -> np.ndarray:
    """Tilted by x radians about the image's x axis, then by y about its y axis."""
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    return about_y @ about_x


random = np.random.default_rng(1)
views = []
for n in range(10):
    R = turned(*random.uniform(-0.6, 0.6, 2))
    centre = np.array([random.uniform(-0.06, 0.06), random.uniform(-0.04, 0.04), random.uniform(0.32, 0.42)])
    T = pose(R, centre - R @ board.points_m().mean(axis=0))
    views.append(find_corners(photograph(T), board, f"photograph {n}"))

result = calibrate(views, board)
for name, found, truth in zip(lens.parameter_names, result.camera.parameters, lens.parameters, strict=True):
    print(f"{name:2} {found:9.4f} ± {result.sigma[name]:.4f}, in truth {truth:9.4f}")
print(f"RMS {result.rms_px:.3f} px", *result.warnings, sep="\n")
print("wrote", save_calibration(result, "calibration.html"))
