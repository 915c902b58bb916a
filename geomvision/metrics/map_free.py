"""Scores of metric relative poses (Arnold et al., Map-free visual relocalization, ECCV 2022)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cameras import Array, Camera, CameraModel, check_pose, inverse
from ._base import Columns, Float64, Protocol, Ratio, Score, per_image
from ._drawn import drawn_mean, drawn_median, drawn_precision

#: A pose is right within these.
ALLOWED_M, ALLOWED_DEG = 0.25, 5.0
#: VCRE is right within this share of the image's diagonal: the benchmark's 90 pixels of 540x720.
ALLOWED_SHARE = 0.1
VCRE_RIGHT, POSE_RIGHT = "VCRE<10%", "pose<0.25m,5°"
ERRORS, AREA = ("VCRE", "m", "deg"), "AUC "


class MapFree(Protocol):
    """``VCRE`` in pixels, the pose's error in ``m`` and ``deg``, and percent of pairs that are right.

    VCRE, the virtual correspondence reprojection error, is the mean distance in view 1 between where a grid of points
    before it is and where the estimated pose puts it: ‖π(v) − π(T_est · T_true⁻¹ · v)‖ over 7 x 4 x 7 points (across,
    down, deep) 0.3 m apart, centred on the axis from 1.8 m on. As in the benchmark, both places are moved into the
    image (0 … width, 0 … height) first, which bounds the error by the diagonal, and a point behind a pinhole camera
    goes where x / z and y / z say. Other camera models do not see it: it counts the diagonal. Right are VCRE below a
    tenth of the diagonal, and poses within 0.25 m and 5°.

    Over many pairs errors are medians (the benchmark then takes the mean of its scenes' medians: aggregate scene by
    scene), and percentages are of all pairs. ``AUC`` is the average precision of ranking pairs by `confidence`.
    """

    task: ClassVar[str] = "pose"
    name: ClassVar[str] = "map_free"
    primary: ClassVar[str] = "VCRE"
    beside: ClassVar[tuple[str, ...]] = (AREA + VCRE_RIGHT, AREA + POSE_RIGHT)
    rule: ClassVar[str] = "medians of errors, shares of all pairs, average precisions by confidence"
    missing_estimates: ClassVar[str] = "left out of the medians of errors; wrong in every percentage and in AUC"
    aggregation: ClassVar = "mean"

    def score(self, estimate: Any, sample: Any) -> Score:
        """The figures of one estimate with `T_1_0` and `confidence`, by a `PoseSample` with `T_1_0` and `camera1`.

        Raises TypeError for an estimate without a metric pose, ValueError for a sample without the truth.
        """
        T = getattr(estimate, "T_1_0", None)
        if T is None or not self.takes(estimate):
            raise TypeError(f"map_free scores poses in metres; it was given a {type(estimate).__name__}")
        return self._scored(T, float(estimate.confidence), sample)

    def takes(self, estimate: Any) -> bool:
        """Poses in metres."""
        return hasattr(estimate, "depth_ratio")

    def missing(self, sample: Any, method: Any) -> Score | None:
        """No error and wrong in every percentage, for a method whose poses are in metres (`is_metric`)."""
        return self._scored(np.full((4, 4), math.nan), 0.0, sample) if getattr(method, "is_metric", False) else None

    def _scored(self, T: Array, confidence: float, sample: Any) -> Score:
        if getattr(sample, "T_1_0", None) is None:
            raise ValueError(f"sample {getattr(sample, 'name', sample)!r} has no T_1_0: there is no truth to score by")
        known = bool(np.isfinite(T).all())
        vcre, metres, degrees = math.nan, math.nan, math.nan
        if known:
            vcre = vcre_px(T, sample.T_1_0, sample.camera1)
            metres, degrees = metric_pose_error(T, sample.T_1_0)
        allowed = ALLOWED_SHARE * math.hypot(sample.camera1.width, sample.camera1.height)
        right = {VCRE_RIGHT: vcre < allowed, POSE_RIGHT: metres < ALLOWED_M and degrees < ALLOWED_DEG}
        shares = {name: Ratio(float(held), 1.0, "percent") for name, held in right.items()}
        return {
            "VCRE": _one(vcre),
            "m": _one(metres),
            "deg": _one(degrees),
            **shares,
            **{AREA + name: share for name, share in shares.items()},
            "confidence": Ratio(confidence, 1.0),
            "density": Ratio(float(known), 1.0, "percent"),
        }

    def aggregate(self, scores: Iterable[Score], samples: Sequence[str] | None = None) -> dict[str, float]:
        """Medians of the errors, percentages, and average precisions by confidence."""
        every = list(scores)
        result = super().aggregate(every, samples)
        for name in ERRORS:
            known = [score[name].value for score in every if name in score and score[name].count > 0]
            if name in result:
                result[name] = float(np.median(known)) if known else math.nan
        confidence = np.array([score["confidence"].value for score in every])
        made = np.array([score["density"].total > 0 for score in every], dtype=bool)
        for name in (VCRE_RIGHT, POSE_RIGHT):
            right = np.array([score[name].total > 0 for score in every], dtype=bool)
            result[AREA + name] = 100.0 * average_precision(confidence[made], right[made], failures=int((~made).sum()))
        return result

    def drawn(self, figure: str, images: Columns, draws: NDArray[np.floating[Any]]) -> Float64 | None:
        """What `aggregate` says, for many drawings of pairs."""
        values, known = per_image(images, figure)
        if figure in ERRORS:
            return drawn_median(values, known, draws)
        if figure.startswith(AREA):
            made = known & (images["density"][0] > 0)
            precision = drawn_precision(per_image(images, "confidence")[0], values, made, draws)
            pairs = np.asarray(draws[:, known], np.float64).sum(axis=1)
            return np.asarray(np.divide(100.0 * precision, pairs, out=np.full(len(draws), math.nan), where=pairs > 0))
        return drawn_mean(values if figure == "confidence" else 100.0 * values, known, draws)


def metric_pose_error(T_1_0: ArrayLike, truth: ArrayLike) -> tuple[float, float]:
    """Distance of the two estimates of camera 1's centre, metres, and angle between their rotations, degrees."""
    a, b = check_pose(T_1_0, "T_1_0"), check_pose(truth, "truth")
    chord = float(np.linalg.norm(a[:3, :3] - b[:3, :3])) / math.sqrt(8.0)
    metres = float(np.linalg.norm(inverse(a)[:3, 3] - inverse(b)[:3, 3]))
    return metres, math.degrees(2.0 * math.asin(min(1.0, chord)))


def vcre_px(T_1_0: ArrayLike, truth: ArrayLike, camera1: CameraModel) -> float:
    """Virtual correspondence reprojection error in view 1, pixels; see `MapFree`."""
    residual = check_pose(T_1_0, "T_1_0") @ inverse(check_pose(truth, "truth"))
    grid = virtual_points()
    seen, moved = (_on_screen(p, camera1) for p in (grid, grid @ residual[:3, :3].T + residual[:3, 3]))
    off = np.linalg.norm(moved - seen, axis=1)
    return float(np.where(np.isnan(off), math.hypot(camera1.width, camera1.height), off).mean())


def _on_screen(points: Array, camera: CameraModel) -> Array:
    """Pixels (N, 2) of points, moved into the image."""
    if isinstance(camera, Camera) and not camera.is_distorted:
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = points[:, :2] / points[:, 2:] * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    else:
        pixels = camera.project(points)
    return np.asarray(np.clip(pixels, 0, (camera.width, camera.height)))


def virtual_points() -> Array:
    """The grid (196, 3) of virtual points before the camera, metres."""
    across, down, deep = 0.3 * (np.arange(7) - 3.0), 0.3 * (np.arange(4) - 1.5), 1.8 + 0.3 * np.arange(7)
    return np.stack(np.meshgrid(across, down, deep, indexing="ij"), axis=-1).reshape(-1, 3)


def average_precision(confidence: Array, right: NDArray[np.bool_], failures: int = 0) -> float:
    """Area under precision over recall as the confidence asked for falls; pairs without an estimate are failures.

    Recall is the share of all pairs that are given an estimate, precision that of right ones among these. Equal
    confidences fall together. NaN without any pair.
    """
    total = len(confidence) + failures
    if total == 0:
        return math.nan
    order = np.argsort(-confidence, kind="stable")
    hits, given = np.cumsum(right[order]), np.arange(1, len(order) + 1)
    last = np.append(np.diff(confidence[order]) != 0, True) if len(order) else np.zeros(0, bool)
    recall = np.concatenate([[0.0], given[last] / total])
    return float((np.diff(recall) * hits[last] / given[last]).sum())


def _one(value: float) -> Ratio:
    return Ratio(0.0, 0.0) if math.isnan(value) else Ratio(value, 1.0)
