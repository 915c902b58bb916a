"""Where the ground ends: by its colour (Ulrich & Nourbakhsh, AAAI 2000), or by a mask; seen in a level frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, CameraModel
from ..images import Image, Mask

#: Bits per channel of a colour bin.
BITS = 4
#: A colour belongs to the ground when it makes up at least this share of the reference region.
LEAST_SHARE = 0.002
#: So many pixels unlike the ground, one above the other, are an object.
LEAST_HEIGHT = 5
#: Rays that rise or fall more steeply than 1 in this have no azimuth.
STEEPEST = 0.2


@dataclass(frozen=True, eq=False)
class Level:
    """What pixels' rays are in a frame that stands upright under the camera: each (H, W).

    `fall`: metres down, `ahead`: metres forward, both per metre of depth. `slope` = fall / ahead, NaN where a ray is
    too steep; a ground at height h is h / slope away along the floor. `azimuth`: whole number, about one a pixel;
    what stands plumb has one azimuth, and a vertical plane has a slope at its foot that is linear in it.
    """

    fall: Array
    ahead: Array
    slope: Array
    azimuth: NDArray[np.intp]
    focal: float

    @property
    def below(self) -> Mask:
        """Pixels that look down."""
        return np.asarray(self.fall > 0)


def level_frame(camera: CameraModel, down: Array, focal: float) -> Level:
    """The frame of a camera whose axes see gravity as the unit vector `down`; not straight down or up."""
    rays = camera.unproject(camera.pixel_grid())
    forward = np.array([0.0, 0.0, 1.0]) - down[2] * down
    forward /= np.linalg.norm(forward)
    right = np.cross(down, forward)
    right *= -1.0 if right[0] < 0 else 1.0  # an axis y that points up makes the frame left-handed
    fall, ahead, aside = (np.nan_to_num(rays @ axis) for axis in (down, forward, right))
    usable = ahead > STEEPEST
    safe = np.where(usable, ahead, 1.0)
    across = np.where(usable, aside / safe, 0.0)
    azimuth = np.rint((across - across.min()) * focal).astype(np.intp)
    return Level(fall, ahead, np.where(usable, fall / safe, np.nan), azimuth, focal)


def unlike_ground(image: Image, level: Level) -> Mask:
    """Pixels below the horizon, several one above the other, whose colour is not the ground's.

    What ground looks like is learned in front of the camera: the nearest quarter below the horizon, middle half of the
    columns.
    """
    below = level.below
    if not below.any():
        return below
    colours, chosen = colour_bins(image)[0], reference(level)
    share = np.bincount(colours[chosen], minlength=int(colours.max()) + 1) / chosen.sum()
    unlike: Mask = (share[colours] < LEAST_SHARE) & below
    nearer_last = level.fall[-1].sum() >= level.fall[0].sum()
    return _tall(unlike) if nearer_last else _tall(unlike[::-1])[::-1]


def reference(level: Level, share: float = 0.25) -> Mask:
    """Pixels to learn the ground from: the nearest share of those below the horizon, middle half of the columns."""
    width, most = level.fall.shape[1], level.fall.max()
    quarter = width // 4
    nearest = level.below & (level.fall >= (1.0 - share) * most + share * max(float(level.fall.min()), 0.0))
    middle = np.zeros(width, bool)
    middle[quarter : max(quarter + 1, width - quarter)] = True
    central = np.asarray(nearest & middle)
    return central if central.any() else np.asarray(nearest)


def _tall(unlike: Mask) -> Mask:
    """Pixels that have so many of their kind above them."""
    tall = unlike.copy()
    for offset in range(1, LEAST_HEIGHT):
        tall[offset:] &= unlike[:-offset]
        tall[:offset] = False
    return tall


def feet(level: Level, standing: Mask) -> Array:
    """For each azimuth the steepest slope of standing pixels, where their foot is; NaN where there are none."""
    slopes = np.full(int(level.azimuth.max()) + 1, -np.inf)
    chosen = standing & ~np.isnan(level.slope)
    np.maximum.at(slopes, level.azimuth[chosen], level.slope[chosen])
    return np.where(np.isinf(slopes), np.nan, slopes)


def colour_bins(image: Image) -> tuple[NDArray[np.intp], tuple[int, ...]]:
    """Each pixel's colour as the number of its bin, and how many there are of each channel.

    The image's range is cut into 2^BITS levels a channel.
    """
    channels = image.reshape(*image.shape[:2], -1).astype(np.float64)
    low, high = (0.0, 255.0) if image.dtype == np.uint8 else (channels.min(), channels.max())
    scale = (1 << BITS) / (high - low) if high > low else 0.0
    levels = np.minimum(((channels - low) * scale).astype(np.intp), (1 << BITS) - 1)
    bins = np.zeros(image.shape[:2], np.intp)
    for channel in range(levels.shape[2]):
        bins = (bins << BITS) | levels[..., channel]
    return bins, (1 << BITS,) * levels.shape[2]
