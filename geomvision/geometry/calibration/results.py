"""What calibration returns: the camera, how sure every number is, and what the images can and cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...cameras import Array, CameraModel, StereoRig
from .board import Board, BoardView


class CalibrationError(ValueError):
    """Views from which the camera cannot be calibrated; the message says why and what to photograph."""


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What the boards showed the camera.

    `image` is the share of the image inside the outline of some board, `reach` the distance of the outermost corner
    from the image centre as a share of the half diagonal. `tilt_deg` is the largest angle between two boards,
    `distances_m` those of the nearest and the farthest board. `border_px` is the standard deviation of a projected
    point where the image ends, at the worst of eight places, `centre_px` that at its centre (see
    `Calibration.sigma_px`).
    """

    image: float
    reach: float
    tilt_deg: float
    distances_m: tuple[float, float]
    centre_px: float
    border_px: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """One calibrated camera.

    `sigma` and `covariance` belong to `camera.parameters`, in the order of `camera.parameter_names`: from JᵀJ with the
    boards' poses accounted for, and the variance of the residuals. `rms_px` is the root mean square distance between
    measured and projected corners. `poses` (V, 4, 4) are ``T_camera_board``, `residuals_px` projected − measured
    (N, 2) of each view, `weights` (N,) what the robust loss left of each corner.
    """

    camera: CameraModel
    board: Board
    sigma: Mapping[str, float]
    covariance: Array
    rms_px: float
    per_image_rms: tuple[float, ...]
    poses: Array
    views: tuple[BoardView, ...]
    residuals_px: tuple[Array, ...]
    weights: tuple[Array, ...]
    coverage: Coverage
    warnings: tuple[str, ...]
    iterations: int

    def sigma_px(self, pixels: ArrayLike) -> Array:
        """Standard deviation (...) of the projection near `pixels` (..., 2), from the covariance of the parameters.

        A small turn of the camera moves all far points alike and harms nobody, so the turn that explains the most in
        the middle of the image is taken out first. NaN outside the model.
        """
        return projection_sigma(self.camera, self.covariance, pixels)


@dataclass(frozen=True, kw_only=True, eq=False)
class StereoCalibration:
    """Two calibrated cameras and the pose between them, all refined together.

    `covariance` is that of all shared parameters, named in `parameter_names`: ``left.fx`` …, ``right.fx`` …, then the
    turn (``rig.rx`` …, radians) and shift (``rig.tx`` …, metres) of the right camera's frame. `sigma` has these and
    ``baseline_m``. `left` and `right` hold what belongs to one camera; `poses` (V, 4, 4) are ``T_left_board`` of all
    pairs.
    """

    rig: StereoRig
    left: Calibration
    right: Calibration
    parameter_names: tuple[str, ...]
    sigma: Mapping[str, float]
    covariance: Array
    rms_px: float
    poses: Array
    warnings: tuple[str, ...]
    iterations: int


def projection_sigma(camera: CameraModel, covariance: Array, pixels: ArrayLike) -> Array:
    """See `Calibration.sigma_px`."""
    asked = np.asarray(pixels, dtype=float)
    flat = asked.reshape(-1, 2)
    across, down = (np.linspace(0.25, 0.75, 12) * (n - 1) for n in (camera.width, camera.height))
    grid = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    by_turn, by_camera = _derivatives(camera, grid)
    seen = np.isfinite(by_camera).all(axis=(1, 2)) & np.isfinite(by_turn).all(axis=(1, 2))
    if not seen.any():
        return np.full(asked.shape[:-1], np.nan)
    a, b = by_turn[seen].reshape(-1, 3), by_camera[seen].reshape(-1, by_camera.shape[2])
    turn = np.linalg.lstsq(a, -b, rcond=None)[0]  # the turn (3, P) that best hides each parameter's change
    by_turn, by_camera = _derivatives(camera, flat)
    left = by_camera + by_turn @ turn
    variance = np.einsum("nip,pq,niq->n", left, covariance, left)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)).reshape(asked.shape[:-1]))


def _derivatives(camera: CameraModel, pixels: Array) -> tuple[Array, Array]:
    from .solver import crosses

    rays = camera.rays(pixels)
    _, by_point, by_camera = camera.jacobians(rays)
    return -by_point @ crosses(rays), by_camera
