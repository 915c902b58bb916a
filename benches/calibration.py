"""Calibration and rectification against their bars: OpenCV's chessboard, wide-angle boards, a recorded pair of KITTI.

    python benches/calibration.py DATA [--seeds 5] [--out FILE]

DATA holds `calibration/opencv_chessboard` and `kitti_raw_unrectified_a` beside it. Wide-angle boards are drawn anew for
each seed: 15 of them up to 75° off the axis, corners with 0.1 px of noise; the worst of the seeds counts.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from geomvision import io
from geomvision.cameras import ExtendedUnifiedCamera, KannalaBrandt, UnifiedCamera, pose
from geomvision.geometry import Board, BoardView, calibrate, calibrate_stereo, find_corners, rectify, self_rectify
from geomvision.geometry._rotations import rotation_of

BOARD = Board(columns=9, rows=6, square_m=0.025)
SIZE = {"width": 1280, "height": 960}
WIDE = {
    "fisheye": KannalaBrandt(**SIZE, fx=360, fy=362, cx=631, cy=490, distortion=(0.03, -0.01, 0.004, -0.001)),
    "ucm": UnifiedCamera(**SIZE, fx=340, fy=343, cx=650, cy=470, alpha=0.62),
    "eucm": ExtendedUnifiedCamera(**SIZE, fx=340, fy=343, cx=650, cy=470, alpha=0.6, beta=1.1),
}
NOISE_PX, COUNT = 0.1, 15


def line(what, figure, bar, passes):
    return f"| {what} | {figure} | {bar} | {'pass' if passes else '**falls short**'} |"


def chessboard(folder):
    """Our stereo calibration beside OpenCV's, of the same corners."""
    sides = [
        [find_corners(cv2.imread(str(file), 0), BOARD, file.name) for file in sorted(folder.glob(f"{side}*.jpg"))]
        for side in ("left", "right")
    ]
    found = calibrate_stereo(*sides, BOARD)
    points = [BOARD.points_m().astype(np.float32)] * len(sides[0])
    left, right = ([v.pixels.astype(np.float32).reshape(-1, 1, 2) for v in views] for views in sides)
    alone = [cv2.calibrateCamera(points, views, (640, 480), None, None)[1:3] for views in (left, right)]
    theirs, K0, _, K1, _, _, t, *_ = cv2.stereoCalibrate(points, left, right, *alone[0], *alone[1], (640, 480), flags=0)
    ours = (found.rig.left.fx, found.rig.left.fy, found.rig.right.fx, found.rig.right.fy)
    focal = max(abs(a / b - 1) for a, b in zip(ours, (K0[0, 0], K0[1, 1], K1[0, 0], K1[1, 1]), strict=True))
    baseline = abs(found.rig.baseline_m / np.linalg.norm(t) - 1)
    yield line("chessboard, stereo RMS", f"{found.rms_px:.4f} px (OpenCV {theirs:.4f})", "0.22", found.rms_px <= 0.22)
    yield line("chessboard, focal lengths off OpenCV's, the worst", f"{100 * focal:.4f} %", "0.5 %", focal <= 0.005)
    yield line("chessboard, baseline off OpenCV's", f"{100 * baseline:.4f} %", "0.5 %", baseline <= 0.005)


def boards(camera, seed):
    """Views of boards that face the camera from all directions, their corners with noise."""
    rng, views = np.random.default_rng(seed), []
    while len(views) < COUNT:
        around, off = rng.uniform(0, 2 * np.pi), np.radians(75) * np.sqrt(rng.random())
        direction = np.array([np.sin(off) * np.cos(around), np.sin(off) * np.sin(around), np.cos(off)])
        towards = rotation_of(np.array([-np.sin(around), np.cos(around), 0.0]) * off)
        R = towards @ rotation_of([*rng.uniform(-0.6, 0.6, 2), rng.uniform(-0.5, 0.5)])
        T = pose(R, direction * rng.uniform(0.15, 0.45) - R @ BOARD.points_m().mean(axis=0))
        pixels = camera.project(BOARD.points_m() @ T[:3, :3].T + T[:3, 3])
        if np.isfinite(pixels).all() and (pixels > 0).all() and (pixels < (camera.width, camera.height)).all():
            noisy = pixels + rng.normal(0, NOISE_PX, pixels.shape)
            views.append(BoardView(pixels=noisy, ids=np.arange(BOARD.count), width=camera.width, height=camera.height))
    return views


def wide_angle(seeds):
    for model, camera in WIDE.items():
        found = [calibrate(boards(camera, seed), BOARD, model=model) for seed in range(seeds)]
        rms = max(each.rms_px for each in found)
        off = max(abs(getattr(f.camera, k) / getattr(camera, k) - 1) for f in found for k in ("fx", "fy"))
        yield line(f"{model}, {seeds} draws, RMS, the worst", f"{rms:.3f} px", "0.15", rms <= 0.15)
        yield line(f"{model}, focal lengths off the truth, the worst", f"{100 * off:.3f} %", "0.3 %", off <= 0.003)


def recorded(folder):
    """The published calibration, and none, of a pair as recorded."""
    rig = io.kitti_raw_rig(io.read_kitti_calib(folder / "calib_cam_to_cam.txt"), 2, 3)
    left, right = (io.read_image(folder / f"{side}.png") for side in ("left", "right"))
    given = rectify(rig, images=(left, right)).residual.median_abs_px
    alone = self_rectify(left, right).rectification.residual.median_abs_px
    yield line("KITTI raw, calibrated, median vertical error", f"{given:.3f} px", "0.4", given <= 0.4)
    yield line("KITTI raw, from the images alone, median vertical error", f"{alone:.3f} px", "0.7", alone <= 0.7)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    lines = ["| what | figure | bar | |", "|---|---|---|---|"]
    lines += chessboard(options.data / "calibration" / "opencv_chessboard")
    lines += wide_angle(options.seeds)
    lines += recorded(options.data / "calibration" / "kitti_raw_unrectified_a")
    text = "# Calibration and rectification\n\n" + "\n".join(lines) + "\n"
    print(text)
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
