"""Points seen in several frames of a clip: SIFT features matched pair by pair, kept where one motion explains them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, CameraModel
from ..images import Image, to_grey
from ..packages import needed_by
from ..pose.essential import Essential

Indices = NDArray[np.intp]

#: Features a frame may have; contrast (of 1) below which there is none: plaster and asphalt have little, and enough.
MOST_FEATURES, LEAST_CONTRAST = 3000, 0.003
#: A match's distance must be below this share of the second best (Lowe, IJCV 2004).
RATIO = 0.85
#: Epipolar error that no match of a pair may exceed, pixels; matches a pair needs to count.
EPIPOLAR_PX, LEAST_MATCHES = 3.0, 20
#: A clip of at most so many frames is matched each with each; longer ones at these distances, and with the reference.
EACH_WITH_EACH, STRIDES = 8, (1, 4)


@dataclass(frozen=True, eq=False)
class Sightings:
    """Which frame saw which point where: M sightings of N points."""

    frame: Indices
    point: Indices
    pixel: Array
    rays: Array
    count: int

    def only(self, kept: NDArray[np.bool_]) -> Sightings:
        """Those sightings; points seen fewer than twice go, too, and the others are numbered anew."""
        kept = kept & seen_twice(self.point[kept], self.count)[self.point]
        _, point = np.unique(self.point[kept], return_inverse=True)
        number = int(point.max()) + 1 if point.size else 0
        return Sightings(self.frame[kept], point, self.pixel[kept], self.rays[kept], number)

    def longest(self, most: int) -> Sightings:
        """Those of the `most` points that most frames saw."""
        order = np.argsort(-np.bincount(self.point, minlength=self.count), kind="stable")
        chosen = np.zeros(self.count, bool)
        chosen[order[:most]] = True
        return self.only(chosen[self.point])


def seen_twice(point: Indices, count: int) -> NDArray[np.bool_]:
    """Which of `count` points are among `point` twice or more."""
    seen: NDArray[np.bool_] = np.bincount(point, minlength=count) >= 2
    return seen


@dataclass(frozen=True, eq=False)
class Pair:
    """Matches of two frames that follow one motion: rays (x, y, 1) in each, and that motion, of any length."""

    frames: tuple[int, int]
    rays0: Array
    rays1: Array
    T_1_0: Array


def grey_bytes(frames: Sequence[Image]) -> list[NDArray[np.uint8]]:
    """The frames as grey bytes; what is not of bytes is scaled by the range of all frames."""
    grey = [to_grey(frame) for frame in frames]
    if all(image.dtype == np.uint8 for image in grey):
        return [np.ascontiguousarray(image) for image in grey]
    low = min(float(image.min()) for image in grey)
    high = max(float(image.max()) for image in grey)
    scale = 255.0 / (high - low) if high > low else 0.0
    return [np.rint((image.astype(np.float64) - low) * scale).astype(np.uint8) for image in grey]


def match(
    grey: Sequence[NDArray[np.uint8]], cameras: Sequence[CameraModel], reference: int
) -> tuple[Sightings, list[Pair]]:
    """Points of a clip by their sightings, and the pairs they come from."""
    with needed_by("depth from motion"):
        import cv2

    sift = cv2.SIFT_create(  # type: ignore[attr-defined]
        MOST_FEATURES, contrastThreshold=LEAST_CONTRAST, edgeThreshold=20
    )
    pixels: list[Array] = []
    words: list[NDArray[np.float32]] = []
    for image in grey:
        points, descriptors = sift.detectAndCompute(image, None)
        pixels.append(np.array([p.pt for p in points], dtype=np.float64).reshape(-1, 2))
        words.append(np.zeros((0, 128), np.float32) if descriptors is None else descriptors)
    rays = [camera.unproject(p) for camera, p in zip(cameras, pixels, strict=True)]
    first = np.concatenate([[0], np.cumsum([len(p) for p in pixels])])
    links: list[Indices] = []
    pairs: list[Pair] = []
    for i, j in _chosen_pairs(len(grey), reference):
        at = _mutual(words[i], words[j])
        at = at[np.isfinite(rays[i][at[:, 0]]).all(axis=1) & np.isfinite(rays[j][at[:, 1]]).all(axis=1)]
        T, follows = _one_motion(pixels[i][at[:, 0]], pixels[j][at[:, 1]], cameras[i], cameras[j])
        at = at[follows]
        if len(at) >= LEAST_MATCHES:
            links.append(at + first[[i, j]])
            pairs.append(Pair((i, j), rays[i][at[:, 0]], rays[j][at[:, 1]], T))
    return _joined(links, first, np.concatenate(pixels), np.concatenate(rays)), pairs


def _chosen_pairs(frames: int, reference: int) -> list[tuple[int, int]]:
    every = combinations(range(frames), 2)
    if frames <= EACH_WITH_EACH:
        return list(every)
    return [(i, j) for i, j in every if j - i in STRIDES or reference in (i, j)]


def focal_px(camera: CameraModel) -> float:
    """Pixels per radian at the image's centre."""
    centre = np.array([[(camera.width - 1) / 2, (camera.height - 1) / 2]])
    rays = camera.unproject(np.concatenate([centre, centre + np.array([1.0, 0.0])]))
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    return float(1.0 / np.linalg.norm(rays[1] - rays[0]))


def _mutual(words0: NDArray[np.float32], words1: NDArray[np.float32]) -> Indices:
    """(K, 2) indices of descriptors that are each other's nearest and clearly nearer than the second.

    Descriptors are whole numbers, and so are their squared distances, exactly.
    """
    if len(words0) < 2 or len(words1) < 2:
        return np.zeros((0, 2), np.intp)
    apart = words0 @ words1.T
    apart *= -2.0
    apart += np.einsum("ij,ij->i", words0, words0)[:, None]
    apart += np.einsum("ij,ij->i", words1, words1)
    every = np.arange(len(words0))
    best, back = apart.argmin(axis=1), apart.argmin(axis=0)
    least = apart[every, best]
    apart[every, best] = np.inf
    kept = (back[best] == every) & (least < RATIO**2 * apart.min(axis=1))
    return np.stack([every[kept], best[kept]], axis=1)


def _one_motion(
    pixels0: Array, pixels1: Array, camera0: CameraModel, camera1: CameraModel
) -> tuple[Array, NDArray[np.bool_]]:
    """The motion that most matches follow, T_1_0 with a shift of any length, and which do."""
    nothing = np.eye(4), np.zeros(len(pixels0), bool)
    if len(pixels0) < LEAST_MATCHES:
        return nothing
    found = Essential(max_error_px=EPIPOLAR_PX)(pixels0, pixels1, camera0, camera1)
    if found.T_1_0 is None or "too_few_points" in found.degeneracies:
        return nothing
    return found.T_1_0, found.inliers


def _joined(links: list[Indices], first: Indices, pixels: Array, rays: Array) -> Sightings:
    """Features linked by matches are one point; a point with two features in one frame is none."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    total = int(first[-1])
    nothing = Sightings(*(np.zeros(0, np.intp),) * 2, np.zeros((0, 2)), np.zeros((0, 3)), 0)
    if not links:
        return nothing
    at = np.concatenate(links)
    graph = coo_array((np.ones(len(at), bool), (at[:, 0], at[:, 1])), shape=(total, total))
    _, point = connected_components(graph, directed=False)
    used = np.unique(at)
    frame = np.searchsorted(first, used, side="right") - 1
    frames = len(first) - 1
    key = point[used].astype(np.int64) * frames + frame
    _, where, often = np.unique(key, return_inverse=True, return_counts=True)
    twice = np.zeros(int(point.max()) + 1, bool)
    twice[point[used][often[where] > 1]] = True
    kept = ~twice[point[used]]
    used, frame = used[kept], frame[kept]
    if used.size == 0:
        return nothing
    _, numbers = np.unique(point[used], return_inverse=True)
    return Sightings(frame, numbers, pixels[used], rays[used], int(numbers.max()) + 1)
