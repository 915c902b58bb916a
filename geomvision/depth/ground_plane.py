"""Depth from one image: with the camera's height and the horizon, the row where something stands tells its distance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..cameras import Array, Camera
from ..images import Image, ImageError, Mask, as_image
from ..method import backend, option
from ..results import Depth
from ._base import DepthMethod
from ._boundary import free_ground
from ._ground import Level, feet, level_frame, unlike_ground
from ._standing import completed

if TYPE_CHECKING:
    from ..samples import DepthSample


#: Masks of a sample that are ground, by how their names begin.
_GROUND = ("ground", "road", "floor", "table", "marking", "rug", "verge")


@dataclass(frozen=True, kw_only=True)
class GroundPlane(DepthMethod):
    """Depth of a flat, level ground and of what stands on it: the oldest monocular cue (Euclid, Optics; Gibson 1950).

    A camera at height h, pitched down by θ, sees at ray (x, y, 1) the ground at depth Z = h / (y·cos θ + sin θ), which
    is f_y·h / (v − v_horizon) / cos θ at image row v. A camera that is rolled too is told where `down` is.
    What stands on the ground is found by its colour (Ulrich & Nourbakhsh, AAAI 2000) or told by masks, and is as far
    away as its foot. With ``objects="upright"`` that is so straight over each foot and up to the horizon; with
    ``"complete"`` feet are joined to vertical planes (Hoiem et al., SIGGRAPH 2005), and everything over and between
    them is filled along the image's edges (Min et al., TIP 2014), up to the image's upper edge.
    `confidence` is 1 − 1 / (1 + n) with n = v − v_horizon of the pixel, or of its foot: one less the relative error of
    depth that a horizon wrong by one pixel causes. With ``"complete"`` it is halved where depth is filled.

    It cannot see whether what it stands on is ground: in a picture of a table it takes the table for it.
    """

    objects: str = option(
        "ignore",
        "'ignore': all below the horizon is ground; 'upright': objects stand on it; 'complete': and are filled in",
        choices=("ignore", "upright", "complete"),
    )
    max_depth_m: float = option(100.0, "no estimate beyond: the last rows hold everything", unit="m", minimum=0.1)
    segmented: bool = option(False, "the masks of samples tell ground, sky and things")

    def __call__(
        self,
        image: Any,
        camera: Camera,
        *,
        camera_height_m: float,
        horizon_px: float | None = None,
        pitch_rad: float | None = None,
        down: ArrayLike | None = None,
        ground: Mask | None = None,
        sky: Mask | None = None,
        things: Sequence[Mask] = (),
    ) -> Depth:
        """Depth, NaN beyond `max_depth_m`, in the sky, and, but with ``objects="complete"``, above the horizon.

        Args:
            image: (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
            camera: the camera that took it, of the image's size.
            camera_height_m: height of the camera over the ground.
            horizon_px: image row of the horizon at the principal point of a camera that is not rolled, or
            pitch_rad: how far such a camera looks down, or
            down: (3,), where gravity points in the camera's axes (of any length). Exactly one of the three.
            ground: (H, W), which pixels are ground; found by colour without it.
            sky: (H, W), which pixels are sky.
            things: (H, W) each, pixels of one thing that is a vertical plane or nearly so; for "complete".

        Raises:
            ImageError: when the image is none, or camera or masks are of another size.
            ValueError: when the height is not positive; not exactly one of horizon, pitch and down is given; or
                everything is to be completed from a ground that is not in view.
        """
        checked = as_image(image)
        height, width = checked.shape[:2]
        if (camera.height, camera.width) != (height, width):
            raise ImageError(f"the image is {width}x{height} but the camera is {camera.width}x{camera.height} pixels")
        if not (math.isfinite(camera_height_m) and camera_height_m > 0):
            raise ValueError(f"camera_height_m is {camera_height_m}; it must be a positive number of metres")
        gravity = _down(camera, horizon_px, pitch_rad, down)
        known, free = (None if mask is None else _as_mask(mask, checked) for mask in (ground, sky))
        masks = _Masks(known, free, tuple(_as_mask(thing, checked) for thing in things))
        result: Depth = self.execute(checked, camera, camera_height_m, gravity, masks)
        return result

    def on(self, sample: DepthSample) -> Depth:
        """Depth of the sample's image. ValueError when the sample knows neither camera height nor horizon or down."""
        if sample.camera_height_m is None or (sample.horizon_px is None and sample.down is None):
            raise ValueError(f"ground_plane needs camera height and horizon; sample {sample.name!r} lacks them")
        if sample.camera is None:
            raise ValueError(f"ground_plane needs a camera; sample {sample.name!r} has none")
        horizon = sample.horizon_px if sample.down is None else None
        known: dict[str, Any] = {}
        if self.segmented:
            grounds = [mask for name, mask in sample.masks.items() if name.startswith(_GROUND)]
            if not grounds:
                raise ValueError(f"ground_plane(segmented=True) needs a mask of the ground; {sample.name!r} has none")
            things = [mask for name, mask in sample.masks.items() if name in sample.things]
            known = {"ground": np.logical_or.reduce(grounds), "sky": sample.masks.get("sky"), "things": things}
        return self(
            sample.image,
            sample.camera,
            camera_height_m=sample.camera_height_m,
            horizon_px=horizon,
            down=sample.down,
            **known,
        )

    @backend("numpy")
    def _numpy(self, image: Image, camera: Camera, height: float, down: Array, masks: _Masks) -> Depth:
        level = level_frame(camera, down, abs(camera.fy))
        near = level.fall * self.max_depth_m >= height
        depth = np.where(near, height / np.where(near, level.fall, 1.0), np.nan)
        slope, sure = level.fall / max(float(np.hypot(down[0], down[1])), 1e-12), np.ones_like(depth)
        if self.objects == "upright":
            foot = feet(level, _standing(image, level, masks))[level.azimuth]
            over = level.below & (level.slope <= foot)
            depth = np.where(over, self._plumb(level, foot, height), depth)
            slope = np.where(over, foot, slope)
        elif self.objects == "complete":
            shown = free_ground(image, level) if masks.ground is None else level.below & masks.ground
            if not shown.any():
                raise ValueError("no ground is in view: the image ends above the horizon, or things cover all below it")
            foot, weight = completed(image, level, shown, masks.things, masks.sky)
            depth = np.where(shown, depth, self._plumb(level, foot, height))
            slope = np.where(shown, slope, np.nan_to_num(foot))
            sure = np.where(shown, 1.0, 0.5 + 0.5 * weight)
        if masks.sky is not None:
            depth[masks.sky] = np.nan
        rows = np.where(np.isnan(depth), 0.0, np.maximum(slope, 0.0) * level.focal)
        confidence = (sure * (1.0 - 1.0 / (1.0 + rows))).astype(np.float32)
        return Depth(m=depth.astype(np.float32), confidence=confidence)

    def _plumb(self, level: Level, foot: Array, height: float) -> Array:
        """Depth of what stands plumb over a foot of this slope."""
        with np.errstate(invalid="ignore", divide="ignore"):
            z = height / (np.where(foot > 0, foot, np.nan) * np.where(level.ahead > 0, level.ahead, np.nan))
        return np.where(z <= self.max_depth_m, z, np.nan)


class _Masks(NamedTuple):
    """What is known of the picture's parts."""

    ground: Mask | None
    sky: Mask | None
    things: tuple[Mask, ...]


def _as_mask(mask: Any, image: Image) -> Mask:
    found = np.asarray(mask)
    if found.dtype != bool or found.shape != image.shape[:2]:
        raise ImageError(f"a mask is {found.dtype} of shape {found.shape}; it must be bool {image.shape[:2]}")
    return found


def _standing(image: Image, level: Level, masks: _Masks) -> Mask:
    """Pixels below the horizon that are not ground."""
    return unlike_ground(image, level) if masks.ground is None else level.below & ~masks.ground


def _down(camera: Camera, horizon_px: float | None, pitch_rad: float | None, down: ArrayLike | None) -> Array:
    """Gravity as a unit vector in the camera's axes, from whichever of the three is given."""
    if down is None:
        pitch = _pitch(camera, horizon_px, pitch_rad)
        return np.array([0.0, math.cos(pitch), math.sin(pitch)])
    if horizon_px is not None or pitch_rad is not None:
        raise ValueError(f"give exactly one of horizon_px ({horizon_px}), pitch_rad ({pitch_rad}) and down ({down})")
    vector = np.asarray(down, np.float64)
    length = float(np.linalg.norm(vector)) if vector.shape == (3,) else math.nan
    if not (math.isfinite(length) and length > 0):
        raise ValueError(f"down is {down}; it must be three finite numbers, not all 0")
    if np.hypot(vector[0], vector[1]) < 1e-6 * length:
        raise ValueError(f"down is {down}: the camera looks straight down or up, and sees no horizon")
    return vector / length


def _pitch(camera: Camera, horizon_px: float | None, pitch_rad: float | None) -> float:
    """Downward pitch in radians from whichever of the two is given."""
    if (horizon_px is None) == (pitch_rad is None):
        raise ValueError(f"give exactly one of horizon_px ({horizon_px}), pitch_rad ({pitch_rad}) and down (None)")
    if horizon_px is not None:
        if not math.isfinite(horizon_px):
            raise ValueError(f"horizon_px is {horizon_px}; it must be a finite image row")
        return math.atan((camera.cy - horizon_px) / camera.fy)
    assert pitch_rad is not None
    if not abs(pitch_rad) < math.pi / 2:
        raise ValueError(f"pitch_rad is {pitch_rad}; it must lie between −π/2 and π/2")
    return pitch_rad
