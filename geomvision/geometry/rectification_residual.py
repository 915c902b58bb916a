"""What is left of a vertical offset after rectification: measured, with its sign, and judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked, pairs
from ..cameras import Array
from ..images import Image, Mask, as_pair
from ..packages import needed_by
from .features import match_features

#: A median vertical offset beyond this is no rectified pair, pixels.
MOST_VERTICAL_PX = 2.0
#: With fewer matches than this nothing is judged.
FEWEST_MATCHES = 12
#: Share of points behind the cameras from which the views must be swapped.
SWAPPED_SHARE = 0.8
#: The share of matches that is taken to be right at least, and the normal distribution's interval that holds it.
DENSEST, DENSEST_SIGMAS = 0.4, 1.0488
#: Matches further off than so many standard deviations, and than so many pixels, are mismatches.
FENCE_SIGMAS, FENCE_PX = 5.0, 3.0
#: Features nearer to a border of the valid region are of the border, not of the scene, pixels.
MARGIN_PX = 8


class RectificationRefused(ValueError):  # noqa: N818
    """A rectification that cannot be right; the message says why."""


@dataclass(frozen=True, kw_only=True)
class VerticalResidual:
    """y_left − y_right of matches in a rectified pair, pixels; NaN where there was no match to measure it by."""

    #: Matches given, and those that are no mismatches; all figures are over these.
    matches: int
    kept: int
    #: Median with its sign: positive where the left image lies too low.
    median_px: float
    #: Median and 90th percentile of its size.
    median_abs_px: float
    p90_abs_px: float
    #: Share of kept matches that would lie behind the cameras: near 1 when the views are swapped.
    behind_share: float

    @property
    def is_measured(self) -> bool:
        """Whether there were enough matches to judge by."""
        return self.kept >= FEWEST_MATCHES

    @property
    def problems(self) -> tuple[str, ...]:
        """Why this cannot be a rectified pair; empty when nothing that was measured speaks against it."""
        if not self.is_measured:
            return ()
        found = []
        if self.median_abs_px > MOST_VERTICAL_PX:
            found.append(
                f"the rows do not agree: over {self.kept} matches the vertical offset has a median size of"
                f" {self.median_abs_px:.2f} px (median {self.median_px:+.2f} px); at most {MOST_VERTICAL_PX:g} px can"
                " be right (is this the calibration of these images?)"
            )
        elif self.behind_share >= SWAPPED_SHARE:
            share = f"{100 * self.behind_share:.0f} % of {self.kept} matches lie behind the cameras"
            found.append(f"the views are swapped: {share} (exchange left and right)")
        return tuple(found)

    def require(self) -> None:
        """Raise `RectificationRefused` when there are problems."""
        if self.problems:
            raise RectificationRefused("this rectification is refused: " + "; ".join(self.problems))

    def __str__(self) -> str:
        if not self.is_measured:
            return f"vertical residual not measured: {self.kept} usable matches, {FEWEST_MATCHES} are needed"
        return (
            f"vertical residual: median |dy| {self.median_abs_px:.3f} px, 90 % within {self.p90_abs_px:.3f} px,"
            f" median dy {self.median_px:+.3f} px, {self.kept} of {self.matches} matches"
        )


@checked
def vertical_residual(points_left: ArrayLike, points_right: ArrayLike, *, doffs_px: float = 0.0) -> VerticalResidual:
    """The vertical residual of matches (N, 2) of a rectified pair, pixels.

    Args:
        points_left: (N, 2) in the left rectified image; a row that is not finite counts as a mismatch.
        points_right: (N, 2), the partners in the right one.
        doffs_px: what must be added to disparities (cx_right − cx_left): points with less than −1 px lie behind.
    """
    left, right = pairs(points_left, "points_left", points_right, "points_right", finite=False)
    finite = np.isfinite(left).all(axis=1, keepdims=True) & np.isfinite(right).all(axis=1, keepdims=True)
    offset = np.where(finite, left, np.nan) - np.where(finite, right, np.nan)
    kept = rows_agree(offset[:, 1])
    dy, disparity = offset[kept, 1], offset[kept, 0] + doffs_px
    if len(dy) == 0:
        unknown = float("nan")
        return VerticalResidual(
            matches=len(left),
            kept=0,
            median_px=unknown,
            median_abs_px=unknown,
            p90_abs_px=unknown,
            behind_share=unknown,
        )
    return VerticalResidual(
        matches=len(left),
        kept=int(kept.sum()),
        median_px=float(np.median(dy)),
        median_abs_px=float(np.median(np.abs(dy))),
        p90_abs_px=float(np.percentile(np.abs(dy), 90)),
        behind_share=float((disparity < -1).mean()),
    )


def rows_agree(dy: Array) -> Mask:
    """Which vertical offsets (N,) are no mismatches: near where they lie densest, by a fence of standard deviations.

    Centre and spread are those of the shortest interval that holds two fifths of all, so that even three fifths of
    mismatches, as repetitive texture makes them, do not move the fence.
    """
    finite = np.isfinite(dy)
    if not finite.any():
        return finite
    ordered = np.sort(dy[finite])
    inside = int(np.ceil(DENSEST * len(ordered)))
    lengths = ordered[inside - 1 :] - ordered[: len(ordered) - inside + 1]
    first = int(np.argmin(lengths))
    centre = (ordered[first] + ordered[first + inside - 1]) / 2
    return np.asarray(finite & (np.abs(dy - centre) <= max(FENCE_PX, FENCE_SIGMAS * lengths[first] / DENSEST_SIGMAS)))


def measure_rows(
    left: Image,
    right: Image,
    *,
    valid: tuple[Mask, Mask] | None = None,
    doffs_px: float = 0.0,
    features: int = 4000,
) -> VerticalResidual:
    """Measure the vertical residual of two rectified images by feature matches (SIFT, ratio and symmetry tests).

    Args:
        left: image (H, W) or (H, W, 3); NaN outside of `valid`.
        right: image of the same size.
        valid: masks (H, W): features of the border between valid and invalid are left out.
        doffs_px: as in `vertical_residual`.
        features: how many are looked for in each image.

    Raises:
        ImageError: when these are no two images of one size.
    """
    filled = [
        np.nan_to_num(image) if valid is not None and image.dtype.kind == "f" else image for image in (left, right)
    ]
    first, second = as_pair(filled[0], filled[1])
    found = match_features(first, second, features=features)
    keep = np.ones(len(found), dtype=bool)
    for mask, points in zip(valid or (), (found.points0, found.points1), strict=False):
        keep &= _inner(mask, points)
    found = found.where(keep)
    return vertical_residual(found.points0, found.points1, doffs_px=doffs_px)


def _inner(mask: Mask, points: Array) -> Mask:
    """Whether points lie further than the margin from what is invalid inside the image; its own border is none."""
    with needed_by("measuring rows"):
        import cv2

    size = 2 * MARGIN_PX + 1
    eroded = cv2.erode(mask.astype(np.uint8), np.ones((size, size), np.uint8))
    x, y = (np.clip(np.rint(points[:, k]).astype(int), 0, mask.shape[1 - k] - 1) for k in (0, 1))
    return np.asarray(eroded[y, x] > 0)
