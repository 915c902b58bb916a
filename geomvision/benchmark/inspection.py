"""A measured look at a stereo pair before anything is matched: can these two images be a rectified pair at all?

>>> report = inspect_pair(left, right)  # doctest: +SKIP
>>> report.vertical_abs_px, report.problems, report.max_disparity  # doctest: +SKIP
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.features import Matches, match_features
from ..images import Image, as_image, to_grey
from ..packages import needed_by
from ..samples import FlowSample, Sample, pair_of
from ._range import disparity_range, recommended

#: A median vertical offset beyond this cannot be a rectified pair, pixels.
MOST_VERTICAL_PX = 2.0
#: Matches whose vertical offset lies this close to the median agree on it, pixels.
AGREE_PX = 2.0
#: Share of negative disparities from which the views must be swapped.
SWAPPED_SHARE = 0.8
#: Left and right positions along the rows rise together; in a mirrored pair one falls. Asked of at least so many
#: matches, whose positions spread over so much of the width.
MIRRORED_CORRELATION, FEWEST_MIRRORED, LEAST_SPREAD = -0.5, 6, 0.05
#: With fewer matches than this nothing can be said about rows and order.
FEWEST_MATCHES = 12
#: Features each image must have before their not matching means anything, and the share that must then match.
FEWEST_FEATURES, LEAST_SHARE = 100, 0.02


@dataclass(frozen=True, kw_only=True)
class PairReport:
    """What was measured about a pair. `problems` say why it cannot be right; `notes` what is worth knowing.

    Lengths are pixels; a figure is None where the images do not allow it to be measured.
    """

    #: (width, height, channels) of each image.
    left: tuple[int, int, int]
    right: tuple[int, int, int]
    #: What the pair was given as.
    expected: str = "a rectified stereo pair"
    features: tuple[int, int] = (0, 0)
    #: Feature matches, and the share of them whose vertical offset agrees with the median.
    matches: int = 0
    agreeing: float | None = None
    #: Vertical offset y_left − y_right: median, median of its size, half the 16…84 % span.
    vertical_px: float | None = None
    vertical_abs_px: float | None = None
    vertical_spread_px: float | None = None
    #: Share of matches with a negative disparity: near 1 when the views are swapped.
    negative_share: float | None = None
    #: 98th percentile of the matched features' disparity, which near and smooth objects may exceed.
    feature_disparity_px: float | None = None
    #: 1st, 50th and 99th percentile of the disparity.
    disparity_px: tuple[float, float, float] | None = None
    #: How many disparities to search.
    max_disparity: int | None = None
    #: right ≈ gain · left + bias, in shares of full scale.
    exposure_gain: float | None = None
    exposure_bias: float | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def can_be_right(self) -> bool:
        """Whether nothing that was measured speaks against it."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """All that was measured, ready for JSON."""
        return dataclasses.asdict(self)

    def require(self) -> None:
        """Raise `PairRefused` when the pair cannot be right."""
        if self.problems:
            raise PairRefused(self)


class PairRefused(ValueError):  # noqa: N818
    """A pair that cannot be what it is given as; `report` holds the evidence."""

    def __init__(self, report: PairReport) -> None:
        self.report = report
        super().__init__(f"this cannot be {report.expected}: " + "; ".join(report.problems))


def inspect_sample(sample: Sample) -> PairReport | None:
    """The measured look that fits the sample; None for a single image, where there is nothing to compare."""
    if isinstance(sample, FlowSample):
        return inspect_frames(sample.frame0, sample.frame1)
    pair = pair_of(sample)
    return None if pair is None else inspect_pair(pair.left, pair.right)


def inspect_frames(frame0: Any, frame1: Any) -> PairReport:
    """The look at two frames of a motion: sizes, types, constant images. Any motion may be right.

    Raises:
        ImageError: when one of them is no image at all.
    """
    frame0, frame1 = as_image(frame0, "frame0"), as_image(frame1, "frame1")
    return PairReport(
        left=_shape(frame0),
        right=_shape(frame1),
        expected="two frames of a motion",
        problems=tuple(_plain_problems({"frame0": frame0, "frame1": frame1})),
    )


def inspect_pair(left: Any, right: Any) -> PairReport:
    """Measure a pair: sizes, rows, order, exposure, disparity range. Nothing is refused here.

    Args:
        left: image, (H, W) or (H, W, 3).
        right: image; another size is a problem that the report states.

    Raises:
        ImageError: when one of them is no image at all.
    """
    left, right = as_image(left, "left"), as_image(right, "right")
    report = PairReport(left=_shape(left), right=_shape(right))
    problems = _plain_problems({"left": left, "right": right})
    if not problems and left.ndim == right.ndim and np.array_equal(left, right):
        problems.append("left and right are the same image, pixel for pixel")
    if problems:
        return dataclasses.replace(report, problems=tuple(problems))
    report = _witnessed(report, left, right)
    if report.problems:
        return report
    percentiles = disparity_range(left, right, report.feature_disparity_px)
    if percentiles is None:
        unknown = "too few pixels match to measure the disparity range"
        return dataclasses.replace(report, notes=(*report.notes, unknown))
    high = max(percentiles[2], report.feature_disparity_px or 0.0)
    return dataclasses.replace(report, disparity_px=percentiles, max_disparity=recommended(high, left.shape[1]))


def _shape(image: Image) -> tuple[int, int, int]:
    """(width, height, channels)."""
    return image.shape[1], image.shape[0], 3 if image.ndim == 3 else 1


def _plain_problems(images: dict[str, Image]) -> list[str]:
    """What can be said without matching: different sizes or types, constant images."""
    if len({image.shape[:2] for image in images.values()}) > 1:
        sizes = ", ".join(f"{name} is {image.shape[1]}x{image.shape[0]}" for name, image in images.items())
        return [f"the images differ in size ({sizes} pixels)"]
    if len({image.dtype for image in images.values()}) > 1:
        types = ", ".join(f"{name} is {image.dtype}" for name, image in images.items())
        return [f"the images differ in type ({types})"]
    return [
        f"{name} is constant: {image.shape[1]}x{image.shape[0]} pixels, every one {image.flat[0]}"
        for name, image in images.items()
        if image.min() == image.max()
    ]


def _witnessed(report: PairReport, left: Image, right: Image) -> PairReport:
    """Add what sparse matches say."""
    found = match_features(left, right)
    report = dataclasses.replace(report, features=found.features, matches=len(found))
    offset = found.points0 - found.points1
    agree = np.abs(offset[:, 1] - np.median(offset[:, 1])) <= AGREE_PX if len(found) else np.zeros(0, bool)
    if min(found.features) >= FEWEST_FEATURES and agree.sum() < LEAST_SHARE * min(found.features):
        text = (
            f"nothing matches: of {found.features[0]} and {found.features[1]} features only {int(agree.sum())} agree"
            " on a vertical offset (do these images show the same scene?)"
        )
        return dataclasses.replace(report, problems=(text,))
    if len(found) < FEWEST_MATCHES:
        text = f"only {len(found)} features match, too few to judge rows, order of the views and exposure"
        return dataclasses.replace(report, notes=(text,))
    return _rows_and_order(_exposure(report, left, right, found.where(agree)), found, agree)


def _rows_and_order(report: PairReport, found: Matches, agree: NDArray[np.bool_]) -> PairReport:
    """Add vertical offset and order of the views, and what is wrong with them."""
    offset = found.points0 - found.points1
    low, middle, high = np.percentile(offset[:, 1], (16, 50, 84))
    size = float(np.median(np.abs(offset[:, 1])))
    moved = offset[agree, 0][np.abs(offset[agree, 0]) > 0.5]
    negative = float((moved < 0).mean()) if len(moved) >= FEWEST_MATCHES else None
    correlation = _correlation(found.where(agree), report.left[0])
    problems = []
    if size > MOST_VERTICAL_PX:
        problems.append(
            f"the rows do not correspond: median vertical offset {middle:+.1f} px, median size {size:.1f} px"
            f" over {len(offset)} matches; at most {MOST_VERTICAL_PX:g} px can be a rectified pair"
            " (rectify it first: geomvision rectify)"
        )
    elif correlation is not None and correlation < MIRRORED_CORRELATION:
        problems.append(
            f"one image is mirrored: over {int(agree.sum())} matches x_right falls where x_left rises"
            f" (correlation {correlation:.2f})"
        )
    elif negative is not None and negative >= SWAPPED_SHARE:
        problems.append(
            f"the views are swapped: {100 * negative:.0f} % of {len(moved)} matches have a negative disparity,"
            f" median {np.median(moved):.1f} px (exchange left and right)"
        )
    return dataclasses.replace(
        report,
        agreeing=float(agree.mean()),
        vertical_px=float(middle),
        vertical_abs_px=size,
        vertical_spread_px=float(high - low) / 2,
        negative_share=negative,
        feature_disparity_px=float(np.percentile(offset[agree, 0], 98)),
        problems=(*report.problems, *problems),
    )


def _correlation(found: Matches, width: int) -> float | None:
    """Of x_left with x_right; None where the matches are too few or too near each other to tell."""
    x0, x1 = found.points0[:, 0], found.points1[:, 0]
    if len(found) < FEWEST_MIRRORED or min(np.std(x0), np.std(x1)) < LEAST_SPREAD * width:
        return None
    return float(np.corrcoef(x0, x1)[0, 1])


def _exposure(report: PairReport, left: Image, right: Image, matches: Matches) -> PairReport:
    """Add gain and bias of the right image against the left, from 5x5 means around the matches."""
    with needed_by("the comparison of exposures"):
        import cv2

    full = float(np.iinfo(left.dtype).max) if left.dtype.kind == "u" else max(1.0, float(left.max()))
    means = [cv2.blur(to_grey(image).astype(np.float32), (5, 5)) / full for image in (left, right)]
    levels = []
    for mean, points in zip(means, (matches.points0, matches.points1), strict=True):
        x, y = np.rint(points).astype(int).T
        levels.append(mean[np.clip(y, 0, mean.shape[0] - 1), np.clip(x, 0, mean.shape[1] - 1)].astype(float))
    keep = np.ones(len(matches), bool)
    gain, bias = 1.0, 0.0
    for _ in range(3):  # least squares, without the worst tenth of the residuals
        if keep.sum() < FEWEST_MATCHES or np.ptp(levels[0][keep]) == 0:
            return report
        gain, bias = (float(v) for v in np.polyfit(levels[0][keep], levels[1][keep], 1))
        residual = np.abs(gain * levels[0] + bias - levels[1])
        keep = residual <= np.percentile(residual, 90)
    notes = report.notes
    if not (0.8 <= gain <= 1.25 and abs(bias) < 0.1):
        changed = f"right ≈ {gain:.2f} · left {bias:+.2f} of full scale"
        notes = (*notes, f"the exposure differs ({changed}): costs that compare grey levels directly will suffer")
    return dataclasses.replace(report, exposure_gain=gain, exposure_bias=bias, notes=notes)
