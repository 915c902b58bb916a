"""Calibration of one camera and of a rig from photographs of a chessboard or ChArUco board."""

from .board import Board, BoardNotFoundError, BoardView, find_corners
from .results import Calibration, CalibrationError, Coverage, StereoCalibration
from .single import calibrate
from .stereo import calibrate_stereo

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
