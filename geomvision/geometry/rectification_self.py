"""A rig whose rectification has drifted, measured and mended from one pair of its images.

What the rows of one pair show: the relative rotation, where the right camera stands, the ratio of the focal lengths.
What they do not show: the length of the baseline, and the focal length common to both. The turn about the vertical
axis is seen least well; it shifts all disparities alike, so its doubt is told in pixels of disparity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked, pairs
from ..cameras import Array, Camera, StereoRig
from ..images import Image, ImageError, as_pair
from ._rig_changes import Parameter, parameters
from ._rows_fit import Fit, fit_rows
from .features import match_features
from .rectification import Rectification, rectify
from .rectification_residual import MOST_VERTICAL_PX, RectificationRefused, VerticalResidual

#: Matches below which nothing is mended, and the share of them that must agree in the end.
FEWEST_MATCHES, LEAST_AGREEING = 30, 0.4
#: Matches that move less in the median are of one place, pixels.
LEAST_SHIFT_PX = 0.05
#: Matches that still disagree so much after the best correction are of no rig, pixels.
MOST_NOISE_PX = 2.0
#: A parameter counts as observed when the matches make its standard deviation this much smaller than the prior.
OBSERVED_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One parameter of the drift, in the unit its name ends with (else a plain ratio or coefficient)."""

    name: str
    value: float
    #: Standard deviation, from the matches and the prior together.
    sigma: float
    #: Standard deviation that was expected before looking.
    prior: float

    @property
    def is_observed(self) -> bool:
        """Whether the matches say something about it; otherwise it stays near 0, where it was put."""
        return self.sigma < OBSERVED_SHARE * self.prior

    def __str__(self) -> str:
        seen = "" if self.is_observed else " (not observed)"
        return f"{self.name} {self.value:+.4f} ± {self.sigma:.4f}{seen}"


@dataclass(frozen=True, kw_only=True, eq=False)
class SelfRectification:
    """A mended rig, how far it had drifted, and the rectification that follows."""

    #: The rig as it took the images. Without calibration its cameras are guesses and its baseline is 1: no metres.
    rig: StereoRig
    rectification: Rectification
    corrections: tuple[Correction, ...]
    #: (P, P), in the units of `corrections` and their order.
    covariance: Array
    #: Of the matches, in the rig as it was claimed and as it was mended.
    before: VerticalResidual
    after: VerticalResidual
    #: Matches that agree, and robust standard deviation of how far one of their points lies off its row.
    agreeing: int
    noise_px: float
    #: Largest standard deviation of the rows' agreement anywhere in the image, pixels.
    doubt_px: float

    @property
    def disparity_doubt_px(self) -> float:
        """Standard deviation of a common error of all disparities: from the turn about the vertical axis."""
        yaw = next(c for c in self.corrections if c.name == "yaw_deg")
        return float(np.radians(yaw.sigma)) * _focal(self.rig)


@checked
def self_rectify(
    left: Image,
    right: Image,
    rig: StereoRig | None = None,
    *,
    drift_deg: float = 2.0,
    focal_drift: float = 0.05,
    features: int = 4000,
    **options: Any,
) -> SelfRectification:
    """Measure the vertical error of one pair and mend it, without a calibration target.

    Args:
        left: image (H, W) or (H, W, 3) of the rig's left camera; nearly rectified, or as the rig claims.
        right: of the right one.
        rig: what is known of the rig; None for nothing: pinhole cameras of equal, common focal length (that of 53
            degrees), whose radial distortion is then estimated as well.
        drift_deg: standard deviation of the angles that are expected, degrees.
        focal_drift: of the logarithm of the ratio of the focal lengths.
        features: how many are looked for in each image.
        options: `size`, `alpha`, `crop` of `rectify`.

    Returns:
        SelfRectification, whose `rectification.residual` is measured anew on the rectified images.

    Raises:
        RectificationRefused: when there are too few matches, when they do not agree on one correction, when they
            cover too little of the image, or when the rows of the rectified images do not agree.
        ImageError: when these are no two images of one size, that of the rig.
    """
    _check_drift(drift_deg, focal_drift)
    first, second = as_pair(left, right)
    if rig is not None and first.shape[:2] != (rig.left.height, rig.left.width):
        width, height = first.shape[1::-1]
        sizes = f"{width}x{height} pixels, those of the rig {rig.left.width}x{rig.left.height}"
        raise ImageError(f"left and right have {sizes}; they must be equal: rig.resize({width}, {height}) first")
    found = match_features(first, second, features=features)
    if len(found) < FEWEST_MATCHES:
        raise _too_few(len(found))
    expected = {"drift_deg": drift_deg, "focal_drift": focal_drift}
    claimed = _guess(first) if rig is None else rig
    mended = mend_rig(claimed, found.points0, found.points1, lens=rig is None, **expected, **options)
    rectification = mended.rectification.measured(first, second)
    if rig is None:  # rows agree, but a guessed camera makes no metres
        rectification = replace(rectification, rig=None)
    return replace(mended, rectification=rectification)


@checked
def mend_rig(
    rig: StereoRig,
    points_left: ArrayLike,
    points_right: ArrayLike,
    *,
    lens: bool = False,
    drift_deg: float = 2.0,
    focal_drift: float = 0.05,
    **options: Any,
) -> SelfRectification:
    """Find the small change of a rig that makes the rows of matches agree.

    Args:
        rig: as claimed; any camera models, rectified or not.
        points_left: (N, 2) pixels in the left image; mismatches are allowed.
        points_right: (N, 2), their partners.
        lens: of pinhole cameras, estimate radial distortion too: of both alike, and its difference.
        drift_deg: as for `self_rectify`.
        focal_drift: as for `self_rectify`.
        options: of `rectify`. A rig that claims to be rectified keeps its cameras where they say nothing else.

    Raises:
        RectificationRefused: as for `self_rectify`.
        ValueError: for points of another shape, or that are NaN or infinite.
    """
    left, right = pairs(points_left, "points_left", points_right, "points_right")
    _check_drift(drift_deg, focal_drift)
    if len(left) < FEWEST_MATCHES:
        raise _too_few(len(left))
    if np.median(np.abs(left - right).max(axis=1)) < LEAST_SHIFT_PX and rig.left == rig.right:
        raise RectificationRefused("nothing moves between the views: they are one image, or were taken at one place")
    before = rectify(rig).vertical_residual(left, right)
    looked_for = parameters(rig, drift_deg=drift_deg, focal_drift=focal_drift, lens=lens)
    fit = fit_rows(rig, left, right, looked_for)
    _require_consistent(fit, len(left))
    rectification = rectify(fit.rig, **{"like": _cameras_of(rig, options), **options})
    return SelfRectification(
        rig=fit.rig,
        rectification=rectification,
        corrections=_corrections(fit, looked_for),
        covariance=fit.covariance,
        before=before,
        after=rectification.vertical_residual(left, right),
        agreeing=int(fit.kept.sum()),
        noise_px=fit.noise_px,
        doubt_px=fit.doubt_px,
    )


def _check_drift(drift_deg: float, focal_drift: float) -> None:
    for name, value, most in (("drift_deg", drift_deg, 180.0), ("focal_drift", focal_drift, 1.0)):
        if not 0 < value <= most:
            raise ValueError(f"{name} is {value}; it must be a positive standard deviation, at most {most}")


def _cameras_of(rig: StereoRig, options: dict[str, Any]) -> StereoRig | None:
    """The rig itself where it claims to be rectified and nothing else is asked for: it keeps its cameras."""
    asked = {name for name, value in options.items() if name in ("size", "alpha") and value is not None}
    one_size = (rig.left.width, rig.left.height) == (rig.right.width, rig.right.height)
    return rig if rig.is_rectified and one_size and not asked else None


def _too_few(matches: int) -> RectificationRefused:
    return RectificationRefused(
        f"only {matches} features match; {FEWEST_MATCHES} are needed to mend a rig (is there texture? is it one scene?)"
    )


def _require_consistent(fit: Fit, matches: int) -> None:
    agreeing = int(fit.kept.sum())
    if fit.noise_px > MOST_NOISE_PX or agreeing < max(FEWEST_MATCHES, LEAST_AGREEING * matches):
        raise RectificationRefused(
            f"the vertical field is inconsistent: after the best small correction {agreeing} of {matches} matches"
            f" agree, to {fit.noise_px:.2f} px (do both images show one rigid scene, at one time?)"
        )
    if fit.doubt_px > MOST_VERTICAL_PX:
        raise RectificationRefused(
            f"the matches cover too little of the image: elsewhere rows would be uncertain by {fit.doubt_px:.1f} px"
        )


def _corrections(fit: Fit, looked_for: tuple[Parameter, ...]) -> tuple[Correction, ...]:
    sigmas = np.sqrt(np.diag(fit.covariance))
    return tuple(
        Correction(name=p.name, value=float(value), sigma=float(sigma), prior=p.prior)
        for p, value, sigma in zip(looked_for, fit.values, sigmas, strict=True)
    )


def _guess(image: Image) -> StereoRig:
    height, width = image.shape[:2]
    f = float(max(width, height))
    camera = Camera(width=width, height=height, fx=f, fy=f, cx=(width - 1) / 2, cy=(height - 1) / 2)
    return StereoRig.rectified(camera, 1.0)


def _focal(rig: StereoRig) -> float:
    """Pixels by which a point at infinity moves for a turn of one radian, in the right image."""
    at = rig.right.project([[-1e-4, 0.0, 1.0], [1e-4, 0.0, 1.0]])
    return float(at[1, 0] - at[0, 0]) / 2e-4
