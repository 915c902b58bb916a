"""Relative depth to metres: what the kind leaves open is fitted, and what is not told is refused."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np

from ..cameras import Array, StereoRig
from ..results import AlignedHow, CameraHeight, Depth, DepthAlignment, DepthZones, RelativeDepth
from ._relative_data import NOT_GROUND, Told, Zones, gathered, require_camera
from ._robust_linear import LinearFit, Spread, robust_linear

#: A scale below so many of its standard deviations is not told apart from 0.
TOLD = 2.0
#: Values that differ by less than this share of the largest are one value.
ONE_VALUE = 1e-6
#: The plane of a ground faces at most so far from the camera's y axis, and is fitted to about so many pixels.
MOST_TILT_DEG = 45.0
PLANE_PIXELS = 20_000
ZONE_ROUNDS = 30


def align(
    relative: RelativeDepth, reference: Any, how: AlignedHow | None, robust: bool, rig: StereoRig | None, seed: int
) -> Depth:
    """See `RelativeDepth.align_to`."""
    if not isinstance(robust, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise TypeError(f"robust is {robust!r} and seed {seed!r}; they must be True or False, and a number from 0 up")
    chosen = _how(relative, how)
    if isinstance(reference, CameraHeight) and reference.horizon_px is None:
        alignment = _by_plane(relative, reference, chosen, robust, int(seed))
    elif isinstance(reference, DepthZones):
        alignment = _by_zones(relative, reference, chosen, robust, int(seed))
    else:
        alignment = _aligned(relative, gathered(relative, reference, rig), chosen, robust, int(seed))
    return _metric(relative, alignment)


def _how(relative: RelativeDepth, how: AlignedHow | None) -> AlignedHow:
    if how is None:
        return "scale" if relative.kind == "depth_scale" else "scale_shift"
    if how not in get_args(AlignedHow):
        raise ValueError(f"how is {how!r}; allowed are {', '.join(map(repr, get_args(AlignedHow)))}")
    if how == "scale_shift" and relative.kind == "depth_scale":
        raise ValueError(
            "how is 'scale_shift', but depth_scale is depth but for a scale: a shift would bend the scene's shape; "
            "ask for 'scale', or 'median'"
        )
    return how


def _growth(power: int) -> Spread:
    """Errors that grow with a power of what is fitted, 1 at its median."""

    def spread(fitted: Array) -> Array:
        size = np.abs(fitted)
        middle = float(np.median(size))
        return np.maximum(size / middle, 1e-2) ** power if middle > 0 else np.ones_like(size)

    return spread


SPREADS = tuple(_growth(power) for power in (0, 1, 2))


def _aligned(relative: RelativeDepth, data: Told, how: AlignedHow, robust: bool, seed: int) -> DepthAlignment:
    _require_told(relative, data, how)
    if how == "median":
        return _by_median(relative, data)
    ones = np.ones(len(data.values))
    rows = data.values[:, None] if how == "scale" else np.stack([data.values, ones], axis=1)
    fit = robust_linear(
        rows, data.target, spreads=SPREADS, known=data.known, robust=robust, most_wrong=data.most_wrong, seed=seed
    )
    if fit is None or (how == "scale_shift" and _are_one(data.values[fit.inliers])):
        raise ValueError(
            f"the {data.noun} that agree, of {len(data.values)}, have one value: scale and shift cannot be told apart"
        )
    covariance = np.zeros((2, 2))
    covariance[: rows.shape[1], : rows.shape[1]] = fit.covariance
    shift = float(fit.coefficients[1]) if how == "scale_shift" else 0.0
    return _report(relative, data, how, (float(fit.coefficients[0]), shift), covariance, fit)


def _by_median(relative: RelativeDepth, data: Told) -> DepthAlignment:
    middle, centre = float(np.median(data.values)), float(np.median(data.target))
    if relative.kind == "depth_scale":
        if middle <= 0:
            raise ValueError(f"the median of the values is {middle:g}: it has no scale")
        scale, shift = centre / middle, 0.0
    else:
        scale = float(np.abs(data.target - centre).mean() / np.abs(data.values - middle).mean())
        ranks = [np.argsort(np.argsort(each)).astype(float) for each in (data.values, data.target)]
        scale = math.copysign(
            scale, float(np.corrcoef(ranks[0], ranks[1])[0, 1])
        )  # deviations have no sign of their own
        shift = centre - scale * middle
    error = np.abs(scale * data.values + shift - data.target)
    every = np.ones(len(error), bool)
    fit = LinearFit(
        np.array([scale, shift]), np.full((2, 2), np.nan), every, np.full(len(error), np.median(error) / 0.6745)
    )
    return _report(relative, data, "median", (scale, shift), fit.covariance, fit)


def _report(
    relative: RelativeDepth, data: Told, how: AlignedHow, found: tuple[float, float], covariance: Array, fit: LinearFit
) -> DepthAlignment:
    inliers = np.zeros(data.where.shape, bool)
    inliers[data.where] = fit.inliers
    values = relative.values[relative.valid].astype(np.float64)
    return DepthAlignment(
        kind=relative.kind,
        how=how,
        reference=data.told,
        scale=found[0],
        shift=found[1],
        covariance=covariance,
        inliers=inliers,
        inlier_share=float(fit.inliers.mean()),
        noise=float(np.median(fit.sigma[fit.inliers])),
        behind=float((found[0] * values + found[1] <= 0).mean()) if len(values) else 0.0,
    )


def _by_zones(
    relative: RelativeDepth, reference: DepthZones, how: AlignedHow, robust: bool, seed: int
) -> DepthAlignment:
    """A zone's depth is the mean of depths; which value has the mean depth depends on scale and shift in turn."""
    zones = Zones(relative, reference)
    found = _aligned(relative, zones.told(), how, robust, seed)
    for _ in range(ZONE_ROUNDS if relative.kind == "disparity_affine" else 0):
        _require_possible(found)
        if zones.settled(found.scale, found.shift):
            break
        found = _aligned(relative, zones.told(), how, robust, seed)
    return found


def _by_plane(
    relative: RelativeDepth, reference: CameraHeight, how: AlignedHow, robust: bool, seed: int
) -> DepthAlignment:
    """The scale that puts the plane through the lower points so far below the camera: 1/value = n · ray / distance."""
    if relative.kind != "depth_scale" or how != "scale":
        raise ValueError(
            f"a ground of unknown direction tells a scale alone, not {how!r} of {relative.kind}: shift and tilt look "
            "alike; give the horizon, CameraHeight(…, horizon_px=…)"
        )
    require_camera(relative, reference.camera)
    rays, below = reference.rays()
    with np.errstate(invalid="ignore"):
        both = relative.valid & below & (relative.values > 0)
    places = np.flatnonzero(both)
    places = places[:: max(1, len(places) // PLANE_PIXELS)]
    both = np.zeros(relative.size, bool)
    both.ravel()[places] = True
    if len(places) < 12:
        raise ValueError(f"only {len(places)} pixels may show the ground; at least 12 are needed")
    values = relative.values[both].astype(np.float64)
    fit = robust_linear(rays[both], 1 / values, spreads=SPREADS, robust=robust, most_wrong=NOT_GROUND, seed=seed)
    if fit is None:
        raise ValueError(f"the {len(places)} pixels that may show the ground make no plane")
    length = float(np.linalg.norm(fit.coefficients))
    normal = fit.coefficients / length
    tilt = math.degrees(math.acos(max(-1.0, min(1.0, float(normal[1])))))
    if tilt > MOST_TILT_DEG:
        raise ValueError(
            f"the plane through the lower pixels ({100 * fit.inliers.mean():.0f} % of them) faces {tilt:.0f} degrees "
            f"away from the camera's y axis: it is no ground (at most {MOST_TILT_DEG:g}); give a region, or the horizon"
        )
    covariance = np.zeros((2, 2))
    covariance[0, 0] = reference.m**2 * float(normal @ fit.covariance @ normal)
    told = f"the ground {reference.m:g} m below, a plane of {len(places)} pixels"
    data = Told(values, 1 / values, both, told, "pixels")
    return _report(relative, data, "scale", (reference.m * length, 0.0), covariance, fit)


def _metric(relative: RelativeDepth, alignment: DepthAlignment) -> Depth:
    _require_possible(alignment)
    fitted = alignment.scale * relative.values.astype(np.float64) + alignment.shift
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        metric = np.where(fitted > 0, 1.0 / fitted if relative.kind == "disparity_affine" else fitted, np.nan)
        narrow = metric.astype(np.float32)
    narrow[np.isinf(narrow) | (narrow == 0)] = np.nan
    return Depth(
        m=narrow, confidence=relative.confidence, occluded=relative.occluded, run=relative.run, alignment=alignment
    )


def _require_possible(found: DepthAlignment) -> None:
    if not found.scale > 0:
        other = {"disparity_affine": "depth_affine"}.get(found.kind, "disparity_affine")
        raise ValueError(
            f"the scale is {found.scale:.3g}: values fall where they should rise, against {found.reference}; "
            f"are they {other}, and not {found.kind}?"
        )
    if found.scale < TOLD * found.scale_sigma:
        raise ValueError(
            f"the scale is {found.scale:.3g} ± {found.scale_sigma:.2g}, which is not told apart from 0 by "
            f"{found.reference}: the map does not follow it"
        )
    if found.behind > 0.5:
        raise ValueError(
            f"{100 * found.behind:.0f} % of the map would lie behind the camera, with scale {found.scale:.3g} and "
            f"shift {found.shift:.3g} {found.unit} by {found.reference}: it is wrong, or the map is of another kind"
        )


def _require_told(relative: RelativeDepth, data: Told, how: AlignedHow) -> None:
    count = len(data.values)
    if count < 2:
        raise ValueError(f"only {count} {data.noun} are shared with the reference; at least 2 are needed")
    if not data.values.any():
        raise ValueError(f"the values are 0 on the shared {data.noun}: they have no scale")
    if how == "scale" or relative.kind == "depth_scale":
        return
    unit = "1/m" if relative.kind == "disparity_affine" else "m"
    for what, given, means in (
        ("values are", data.values, "scale and shift cannot be told apart"),
        ("depths of the reference are", data.target, f"they tell no scale; the unit is {unit}"),
    ):
        if _are_one(given):
            raise ValueError(f"the {what} constant on the {count} shared {data.noun} ({given[0]:g}): {means}")


def _are_one(values: Array) -> bool:
    return bool(np.ptp(values) <= ONE_VALUE * np.abs(values).max())
