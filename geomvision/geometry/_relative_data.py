"""What a reference knows of a relative map: pairs of a value of the map and what it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cameras import Array, CameraModel, StereoRig
from ..images import Float32, Mask
from ..results import CameraHeight, Depth, DepthPoints, DepthZones, Disparity, RelativeDepth

#: Share of the pixels that may show ground and do not.
NOT_GROUND = 0.7
#: A zone counts where at least this share of its pixels has an estimate.
COVERED = 0.75


@dataclass(frozen=True, eq=False)
class Told:
    """Values (N,) of the map beside inverse depths or depths (N,) that they stand for, and whence they are."""

    values: Array
    target: Array
    where: Mask
    told: str
    noun: str
    known: Array | None = None
    most_wrong: float = 0.5


def gathered(relative: RelativeDepth, reference: Any, rig: StereoRig | None) -> Told:
    if isinstance(reference, Disparity):
        if rig is None:
            raise ValueError("a disparity has no metres without its rig: align_to(disparity, rig=rig)")
        _require_size(relative, reference.size)
        if relative.kind != "disparity_affine":
            return _of_map(relative, reference.to_depth(rig).m, "the disparity of a rig")
        require_camera(relative, rig.left)
        rig.require_rectified()
        near = (reference.px + rig.doffs_px) / (rig.left.fx * rig.baseline_m)  # 1/Z: below 0 there is noise alone
        return _of_map(relative, near, "the disparity of a rig", inverted=True)
    if rig is not None:
        raise ValueError(
            f"rig is given, but the reference is a {type(reference).__name__}: a rig belongs to a Disparity"
        )
    if isinstance(reference, Depth):
        _require_size(relative, reference.size)
        return _of_map(relative, reference.m, "a depth map")
    if isinstance(reference, DepthPoints):
        return _of_points(relative, reference)
    if isinstance(reference, CameraHeight):
        return _of_ground(relative, reference)
    kinds = "a Depth in metres, a Disparity with its rig, DepthPoints, DepthZones or a CameraHeight"
    raise TypeError(f"reference is {type(reference).__name__}; it must be {kinds}")


def _of_map(relative: RelativeDepth, reference: Float32 | Array, told: str, inverted: bool = False) -> Told:
    both = relative.valid & ~np.isnan(reference)
    z = reference[both].astype(np.float64)
    target = z if inverted or relative.kind != "disparity_affine" else 1 / z
    return Told(relative.values[both].astype(np.float64), target, both, told, "pixels")


def _of_points(relative: RelativeDepth, reference: DepthPoints) -> Told:
    values = _bilinear(relative.values, reference.xy)
    both = ~np.isnan(values) & ~np.isnan(reference.m)
    if reference.sigma_m is not None:
        both &= ~np.isnan(reference.sigma_m)
    z = reference.m[both]
    inverse = relative.kind == "disparity_affine"
    known = None if reference.sigma_m is None else reference.sigma_m[both] / (z * z if inverse else 1.0)
    return Told(values[both], 1 / z if inverse else z, both, f"{len(both)} points", "points", known)


def _of_ground(relative: RelativeDepth, reference: CameraHeight) -> Told:
    require_camera(relative, reference.camera)
    rays, below = reference.rays()
    near = rays @ reference.normal() / reference.m  # 1/Z of the ground
    both = relative.valid & below & np.isfinite(near)
    target = near[both] if relative.kind == "disparity_affine" else 1 / near[both]
    told = f"the ground {reference.m:g} m below"
    return Told(relative.values[both].astype(np.float64), target, both, told, "pixels", most_wrong=NOT_GROUND)


def _bilinear(values: Float32, xy: Array) -> Array:
    """(N,) of a map at pixels (N, 2); NaN outside, and where a pixel that has a say has no estimate."""
    height, width = values.shape
    with np.errstate(invalid="ignore"):
        x, y = xy.T
        inside = (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
    place = np.clip(np.where(inside[:, None], xy, 0.0), 0, [width - 1, height - 1])
    first = np.floor(place).astype(np.intp)
    share = place - first
    found = np.zeros(len(xy))
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        weight = np.abs(1 - dx - share[:, 0]) * np.abs(1 - dy - share[:, 1])
        x, y = np.minimum(first[:, 0] + dx, width - 1), np.minimum(first[:, 1] + dy, height - 1)
        found += np.where(weight > 0, weight * values[y, x], 0.0)
    return np.where(inside, found, np.nan)


class Zones:
    """The zones of a grid, each with the value that stands for it."""

    def __init__(self, relative: RelativeDepth, reference: DepthZones) -> None:
        zone = reference.zone_of(relative.size)
        self.count = reference.m.size
        used = relative.valid & (zone >= 0)
        self.number, self.values = zone[used], relative.values[used].astype(np.float64)
        having = np.bincount(self.number, minlength=self.count)
        pixels = np.bincount(zone[zone >= 0], minlength=self.count)
        z = reference.m.ravel()
        both: Mask = np.array(having >= COVERED * np.maximum(pixels, 1)) & ~np.isnan(z)
        self.known = None
        inverse = relative.kind == "disparity_affine"
        if reference.sigma_m is not None:
            both &= ~np.isnan(reference.sigma_m.ravel())
            self.known = reference.sigma_m.ravel()[both] / (z[both] ** 2 if inverse else 1.0)
        self.both, self.where = both, both.reshape(reference.m.shape)
        self.target = 1 / z[both] if inverse else z[both]
        self.told_as = f"{reference.m.shape[0]}x{reference.m.shape[1]} zones"
        self.effective = np.bincount(self.number, self.values, minlength=self.count)[both] / having[both]

    def told(self) -> Told:
        """The zones' depths beside the values that stand for them."""
        return Told(self.effective, self.target, self.where, self.told_as, "zones", self.known)

    def settled(self, scale: float, shift: float) -> bool:
        """Take the values whose depth is the mean depth of the zone by this scale and shift; whether they stay."""
        near = scale * self.values + shift
        front = near > 0
        amount = np.bincount(self.number[front], minlength=self.count)[self.both]
        total = np.bincount(self.number[front], 1 / near[front], minlength=self.count)[self.both]
        before = self.effective
        self.effective = np.where(amount > 0, (amount / np.maximum(total, 1e-300) - shift) / scale, before)
        return bool(np.abs(self.effective - before).max() <= 1e-9 * np.abs(before).max())


def _require_size(relative: RelativeDepth, size: tuple[int, int]) -> None:
    if relative.size != size:
        (h, w), (height, width) = relative.size, size
        raise ValueError(f"the map is {w}x{h} but the reference is {width}x{height} pixels; they must be equal")


def require_camera(relative: RelativeDepth, camera: CameraModel) -> None:
    if relative.size != (camera.height, camera.width):
        given, allowed = f"{relative.size[1]}x{relative.size[0]}", f"{camera.width}x{camera.height}"
        raise ValueError(f"the map is {given} but the camera is {allowed}: resize the camera with camera.resize(…)")
