"""Depth on the ground from one image: with the camera's height and the horizon, the image row tells the distance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..cameras import Camera
from ..images import Image, ImageError, as_image
from ..method import backend, option
from ..results import Depth
from ._base import DepthMethod
from ._ground import contact_rows

if TYPE_CHECKING:
    from ..samples import DepthSample


@dataclass(frozen=True, kw_only=True)
class GroundPlane(DepthMethod):
    """Depth of a flat, level ground: the oldest monocular cue (Euclid, Optics; Gibson 1950).

    A camera at height h, pitched down by θ, sees at ray (x, y, 1) the ground at depth Z = h / (y·cos θ + sin θ), which
    is f_y·h / (v − v_horizon) / cos θ at image row v. The camera must not be rolled.
    With ``objects="upright"`` what stands on the ground is found by its colour (Ulrich & Nourbakhsh, AAAI 2000) and
    has the depth of its foot: in each column, everything between the first pixel unlike the ground and the horizon.
    `confidence` is 1 − 1 / (1 + n) with n = v − v_horizon: one less the relative error of depth that a horizon wrong by
    one pixel causes.
    """

    objects: str = option(
        "ignore",
        "'ignore': all below the horizon is ground; 'upright': objects stand on it",
        choices=("ignore", "upright"),
    )
    max_depth_m: float = option(100.0, "no estimate beyond: the last rows hold everything", unit="m", minimum=0.1)

    def __call__(
        self,
        image: Any,
        camera: Camera,
        *,
        camera_height_m: float,
        horizon_px: float | None = None,
        pitch_rad: float | None = None,
    ) -> Depth:
        """Depth of the ground, NaN at and above the horizon and beyond `max_depth_m`.

        Args:
            image: (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
            camera: the camera that took it, of the image's size.
            camera_height_m: height of the camera over the ground.
            horizon_px: image row of the horizon at the principal point, or
            pitch_rad: how far the camera looks down. Exactly one of the two.

        Raises:
            ImageError: when the image is none or of another size than the camera.
            ValueError: when the height is not positive, or not exactly one of horizon and pitch is given.
        """
        checked = as_image(image)
        height, width = checked.shape[:2]
        if (camera.height, camera.width) != (height, width):
            raise ImageError(f"the image is {width}x{height} but the camera is {camera.width}x{camera.height} pixels")
        if not (math.isfinite(camera_height_m) and camera_height_m > 0):
            raise ValueError(f"camera_height_m is {camera_height_m}; it must be a positive number of metres")
        result: Depth = self.execute(checked, camera, camera_height_m, _pitch(camera, horizon_px, pitch_rad))
        return result

    def on(self, sample: DepthSample) -> Depth:
        """Depth of the sample's image. ValueError when the sample does not know camera height and horizon."""
        if sample.camera_height_m is None or sample.horizon_px is None:
            raise ValueError(f"ground_plane needs camera height and horizon; sample {sample.name!r} lacks them")
        return self(sample.image, sample.camera, camera_height_m=sample.camera_height_m, horizon_px=sample.horizon_px)

    @backend("numpy")
    def _numpy(self, image: Image, camera: Camera, camera_height_m: float, pitch: float) -> Depth:
        rays = camera.unproject(camera.pixel_grid())
        down = np.array([0.0, math.cos(pitch), math.sin(pitch)])  # the ground's normal, seen from the camera
        falling = rays @ down  # metres towards the ground per metre of depth
        near = falling * self.max_depth_m >= camera_height_m
        depth = np.where(near, camera_height_m / np.where(near, falling, 1.0), np.nan)
        if self.objects == "upright":
            depth = _at_the_foot(depth, image, falling)
        rows_below_horizon = np.where(np.isnan(depth), 0.0, falling * abs(camera.fy) / math.cos(pitch))
        confidence = (1.0 - 1.0 / (1.0 + rows_below_horizon)).astype(np.float32)
        return Depth(m=depth.astype(np.float32), confidence=confidence)


def _pitch(camera: Camera, horizon_px: float | None, pitch_rad: float | None) -> float:
    """Downward pitch in radians from whichever of the two is given."""
    if (horizon_px is None) == (pitch_rad is None):
        raise ValueError(f"give exactly one of horizon_px ({horizon_px}) and pitch_rad ({pitch_rad})")
    if horizon_px is not None:
        if not math.isfinite(horizon_px):
            raise ValueError(f"horizon_px is {horizon_px}; it must be a finite image row")
        return math.atan((camera.cy - horizon_px) / camera.fy)
    assert pitch_rad is not None
    if not abs(pitch_rad) < math.pi / 2:
        raise ValueError(f"pitch_rad is {pitch_rad}; it must lie between −π/2 and π/2")
    return pitch_rad


def _at_the_foot(depth: NDArray[np.float64], image: Image, falling: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each column's pixels from the foot of an object up to the horizon get the depth of the foot."""
    if falling[0, 0] > falling[-1, 0]:  # a negative f_y: the image stands on its head
        return _at_the_foot(depth[::-1], image[::-1], falling[::-1])[::-1]
    below = falling > 0
    feet = contact_rows(image, below)
    rows = np.arange(depth.shape[0])[:, None]
    foot_depth = np.take_along_axis(depth, np.maximum(feet, 0)[None, :], axis=0)
    return np.where(below & (rows <= feet), foot_depth, depth)
