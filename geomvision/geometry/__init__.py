"""Geometry of one, two and more views: what lies between cameras and methods."""

from .calibration import (
    Board,
    BoardNotFoundError,
    BoardView,
    Calibration,
    CalibrationError,
    Coverage,
    StereoCalibration,
    calibrate,
    calibrate_stereo,
    find_corners,
)

__all__ = [
    "Board",
    "BoardNotFoundError",
    "BoardView",
    "Calibration",
    "CalibrationError",
    "Coverage",
    "StereoCalibration",
    "calibrate",
    "calibrate_stereo",
    "find_corners",
]
