"""The steps of `FromMotion`: check the clip, place the cameras, choose frames, sweep, confirm."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cameras import Array, CameraModel
from ..geometry import nearest_pose
from ..images import Float32, Image, ImageError, as_image
from ..results import Depth, RelativeDepth
from . import _sweep_reference
from ._agreement import Witness, confirmed
from ._clip import LEAST_POINTS, Solved, from_matches, with_given_poses
from ._extrapolation import extrapolated
from ._matches import focal_px, grey_bytes, match
from ._support import supported
from ._sweep import Limits, Planes, Source, Swept, sweep
from ._uncertainty import are_on_plane, relative_depth_spread

if TYPE_CHECKING:
    from .from_motion import FromMotion

#: Relative standard deviation of depth beyond which poses found are said to be uncertain.
UNSURE = 0.03
#: Confidence of what is measured, at least: 0 is for what is not.
LEAST_CONFIDENCE = 1e-6
#: Angle between a point's rays that is taken as fully telling, and the sum of such that is enough (degrees, views).
TELLING_DEG, ENOUGH = 8.0, 2.0
#: The matched points' range of inverse depth, percentiles, and the share of it that hypotheses reach beyond.
RANGE, BEYOND = (0.5, 99.5), 0.3


@dataclass(frozen=True, eq=False)
class CheckedClip:
    """Frames with their cameras and, where given, poses T_cam_world; and the frame that is asked for."""

    frames: list[Image]
    cameras: list[CameraModel]
    T: Array | None
    reference: int


def checked(frames: Any, cameras: Any, T_world_cam: ArrayLike | None, reference: int | None) -> CheckedClip:
    """A clip at the door. Raises ValueError or ImageError saying what does not fit."""
    images = [as_image(frame, f"frame {k}") for k, frame in enumerate(frames)]
    count = len(images)
    if count < 2:
        raise ValueError(f"{count} frame(s) were given; depth from motion takes two or more")
    models = [cameras] * count if isinstance(cameras, CameraModel) else list(cameras)
    if len(models) != count:
        raise ValueError(f"{len(models)} cameras were given for {count} frames; give one, or one for each frame")
    for k, (image, camera) in enumerate(zip(images, models, strict=True)):
        if (camera.height, camera.width) != image.shape[:2]:
            size = f"{image.shape[1]}x{image.shape[0]}"
            raise ImageError(
                f"frame {k} is {size} but its camera is {camera.width}x{camera.height} pixels: resize the camera with "
                "camera.resize(…)"
            )
        if image.dtype != images[0].dtype:
            raise ImageError(f"frame {k} is {image.dtype}, frame 0 is {images[0].dtype}; they must be equal")
    at = count // 2 if reference is None else int(reference)
    if not -count <= at < count:
        raise ValueError(f"reference is {reference}; there are {count} frames")
    if T_world_cam is None:
        return CheckedClip(images, models, None, at % count)
    given = np.asarray(T_world_cam, dtype=float)
    if given.shape != (count, 4, 4):
        raise ValueError(f"T_world_cam has shape {given.shape}; {count} frames ask for ({count}, 4, 4)")
    T = np.stack([inverted(nearest_pose(pose, f"T_world_cam[{k}]")) for k, pose in enumerate(given)])
    centres = given[:, :3, 3]
    if not np.linalg.norm(centres - centres[0], axis=1).max() > 0:
        raise ValueError(
            "all poses of T_world_cam have one position: the camera only turns, or does not move, and without parallax "
            "images tell no depth"
        )
    return CheckedClip(images, models, T, at % count)


def inverted(T: Array) -> Array:
    """The inverse of a rigid transform, NaN where it is NaN."""
    result = np.eye(4)
    result[:3, :3] = T[:3, :3].T
    result[:3, 3] = -T[:3, :3].T @ T[:3, 3]
    return result


def solve(method: FromMotion, clip: CheckedClip) -> Solved:
    """Where the cameras stood."""
    sightings, pairs = match(grey_bytes(clip.frames), clip.cameras, clip.reference)
    if clip.T is None:
        solved = from_matches(clip.cameras, sightings, pairs, clip.reference)
        _say_how_sure(solved, clip.reference)
        return solved
    return with_given_poses(clip.T, clip.cameras, sightings, method.refine)


def _say_how_sure(solved: Solved, frame: int) -> None:
    """Warn where the poses found leave depth uncertain."""
    focal = np.array([focal_px(camera) for camera in solved.cameras])
    spread = relative_depth_spread(solved.T, solved.points, solved.sightings, focal, frame)
    if spread > UNSURE:
        warnings.warn(
            f"with so little parallax the poses found leave depth uncertain by {100 * spread:.0f} % at least, one "
            "standard deviation beside the common scale: give frames from farther apart, or poses",
            UserWarning,
            stacklevel=5,
        )
    if are_on_plane(solved.T, solved.points, solved.sightings, focal, frame):
        warnings.warn(
            "all matched points lie on one plane: two motions may explain it (Longuet-Higgins 1986), and poses and "
            "depth are those of one of them; give poses, or frames that show something beyond the plane",
            UserWarning,
            stacklevel=5,
        )


def _say_if_nothing(method: FromMotion, clip: CheckedClip, known: bool) -> None:
    """Warn where no pixel has an estimate."""
    if not known:
        warnings.warn(
            f"no pixel of {len(clip.frames)} frames has a depth: they move by less than min_parallax = "
            f"{method.min_parallax} px (does the camera stand still, or are the poses in another unit?), have no "
            "texture, or agree on nothing",
            UserWarning,
            stacklevel=5,
        )


def one_frame(method: FromMotion, clip: CheckedClip) -> Depth | RelativeDepth:
    """Depth of the reference, confirmed by sweeps of the frames that share most with it."""
    solved = solve(method, clip)
    sweeps = _Sweeps(method, clip, solved)
    depth, confidence = sweeps.confirmed(clip.reference)
    _say_if_nothing(method, clip, bool(confidence.any()))
    return _result(clip, depth, confidence)


def every_frame(method: FromMotion, clip: CheckedClip, solved: Solved) -> Any:
    """Depth of all frames; NaN for those without a pose or without points in common."""
    sweeps = _Sweeps(method, clip, solved)
    results = []
    for k, image in enumerate(clip.frames):
        nothing = np.full(image.shape[:2], np.nan, np.float32), np.zeros(image.shape[:2], np.float32)
        results.append(_result(clip, *(sweeps.confirmed(k) if sweeps.possible(k) else nothing)))
    _say_if_nothing(method, clip, any(result.valid.any() for result in results))
    return results


def _result(clip: CheckedClip, depth: Float32, confidence: Float32) -> Depth | RelativeDepth:
    if clip.T is None:
        return RelativeDepth(values=depth, kind="depth_scale", confidence=confidence)
    return Depth(m=depth, confidence=confidence)


class _Sweeps:
    """The sweeps of a clip's frames, each done when it is asked for, and once."""

    def __init__(self, method: FromMotion, clip: CheckedClip, solved: Solved) -> None:
        self.method, self.clip, self.solved = method, clip, solved
        self._grey = grey_bytes(clip.frames)
        self._rays: dict[int, Float32] = {}
        self._done: dict[int, Swept] = {}
        self._run = _sweep_reference.sweep if method.chosen_backend().name == "reference" else sweep

    def possible(self, frame: int) -> bool:
        """Whether the frame has a pose and something to be compared with."""
        return bool(self.solved.known()[frame] and self.sources(frame) and self._range(frame))

    def confirmed(self, frame: int) -> tuple[Float32, Float32]:
        """Depth and confidence of a frame."""
        found = self.swept(frame)
        q, confidence = found.q, found.margin.copy()
        others = [k for k in self.sources(frame) if self.possible(k)][: self.method.consistency]
        if others:
            witnesses = [Witness(self.swept(k), self.solved.cameras[k], self._between(k, frame)) for k in others]
            limits = self.method.tolerance, self.method.speckle
            told = confirmed(found, self._rays_of(frame), witnesses, *limits)
            q, share = supported(told, self._grey[frame], found.step, self.method.support, self.method.speckle)
            confidence = np.sqrt(confidence) * share * ((1.0 + told.agree) / (2.0 + told.agree + told.differ))
        confidence = np.where(np.isnan(q), 0.0, np.clip(confidence, LEAST_CONFIDENCE, 1.0)).astype(np.float32)
        return self._filled((1.0 / q).astype(np.float32), q, confidence, frame), confidence

    def _filled(self, depth: Float32, q: Float32, confidence: Float32, frame: int) -> Float32:
        """Depth with the pixels that the planes around them tell, where that is asked for."""
        method = self.method
        if not method.extrapolate:
            return depth
        on_plane, deviation = extrapolated(q, confidence, self._grey[frame], self._done[frame].step, method.num_threads)
        with np.errstate(divide="ignore", invalid="ignore"):
            there = (1.0 / on_plane).astype(np.float32)
            sure = (deviation < method.extrapolate * on_plane) & (there >= method.min_depth)
        sure &= np.isnan(depth) & (there <= (method.max_depth or np.inf)) & np.isfinite(there)
        return np.where(sure, there, depth)

    def swept(self, frame: int) -> Swept:
        """The sweep of a frame through its sources. Raises ValueError when there is nothing to sweep."""
        if frame not in self._done:
            chosen, limits = self.sources(frame), self._range(frame)
            if not chosen or limits is None:
                raise ValueError(
                    f"frame {frame} shares fewer than {LEAST_POINTS} points with the others, or its depth is not to be "
                    "told from them: give frames that overlap, or min_depth and max_depth"
                )
            rays = self._rays_of(frame)
            sources = [Source.of(self._grey[k], self.solved.cameras[k], self._between(k, frame)) for k in chosen]
            planes = Planes.between(*limits, rays, sources, self.method.step, self.method.planes)
            self._done[frame] = self._run(self._grey[frame], rays, sources, planes, self._limits())
        return self._done[frame]

    def _limits(self) -> Limits:
        names = (field.name for field in fields(Limits))
        return Limits(**{name: getattr(self.method, name) for name in names})

    def _rays_of(self, frame: int) -> Float32:
        camera = self.solved.cameras[frame]
        if id(camera) not in self._rays:
            rays = np.moveaxis(camera.unproject(camera.pixel_grid()), 2, 0)
            self._rays[id(camera)] = np.ascontiguousarray(rays, np.float32)
        return self._rays[id(camera)]

    def _between(self, k: int, frame: int) -> Array:
        return np.asarray(self.solved.T[k] @ inverted(self.solved.T[frame]))

    def _range(self, frame: int) -> tuple[float, float] | None:
        """Nearest and farthest depth to look at."""
        near, far = self.method.min_depth, self.method.max_depth
        depths = self.solved.depths(frame)
        if not (near and far):
            if len(depths) < LEAST_POINTS:
                return None
            q = 1.0 / depths[depths > 0]
            least, largest = np.percentile(q, RANGE)
            beyond = BEYOND * max(largest - least, 0.5 * largest)
            near, far = near or float(1 / (largest + beyond)), far or float(1 / max(least - beyond, 1e-9))
        return (near, far) if near < far else None

    def sources(self, frame: int) -> list[int]:
        """The frames to compare with: each next one adds most to what points still lack in parallax.

        A point is told by a frame as much as the angle between its rays, up to TELLING_DEG, and has enough by ENOUGH of
        such: points near by are served by short baselines, far ones go on asking for longer ones.
        """
        telling = self._telling(frame)
        chosen: list[int] = []
        had = np.zeros(telling.shape[1])
        while len(chosen) < self.method.views:
            gain = np.minimum(had + telling, ENOUGH).sum(axis=1) - np.minimum(had, ENOUGH).sum()
            gain[chosen] = 0.0
            best = int(np.argmax(gain))
            if not gain[best] > 0.0:
                break
            chosen.append(best)
            had += telling[best]
        return chosen

    def _telling(self, frame: int) -> Array:
        """(F, N): what each frame tells about each point that `frame` sees, 0 … 1."""
        solved = self.solved
        at = solved.sightings.point[solved.sightings.frame == frame]
        seen = np.zeros((len(solved.T), len(solved.points)), bool)
        seen[solved.sightings.frame, solved.sightings.point] = True
        points, shared = solved.points[at], seen[:, at]
        if len(at) < LEAST_POINTS:
            points, shared = self._guesses(frame)
        with np.errstate(invalid="ignore"):
            centres = -np.einsum("fji,fj->fi", solved.T[:, :3, :3], solved.T[:, :3, 3])
            to = points[None] - centres[:, None]
            to /= np.linalg.norm(to, axis=2, keepdims=True)
            angle = np.degrees(np.arccos(np.clip(np.einsum("fni,ni->fn", to, to[frame]), -1.0, 1.0)))
        telling = np.where(shared & np.isfinite(angle), np.minimum(angle / TELLING_DEG, 1.0), 0.0)
        telling[frame] = 0.0
        return np.asarray(telling)

    def _guesses(self, frame: int) -> tuple[Array, NDArray[np.bool_]]:
        """Without matched points: those on a grid of pixels amid the range given, and who would see them."""
        limits = self._range(frame)
        camera, T = self.solved.cameras[frame], self.solved.T
        if limits is None or not self.solved.known()[frame]:
            return np.zeros((0, 3)), np.zeros((len(T), 0), bool)
        grid = camera.pixel_grid()[:: max(1, camera.height // 12), :: max(1, camera.width // 12)].reshape(-1, 2)
        points = camera.unproject(grid, 2.0 / (1.0 / limits[0] + 1.0 / limits[1]))
        back = inverted(T[frame])
        points = points[np.isfinite(points).all(axis=1)] @ back[:3, :3].T + back[:3, 3]
        seen = np.zeros((len(T), len(points)), bool)
        for k in np.flatnonzero(self.solved.known()):
            x, y = self.solved.cameras[k].project(points @ T[k, :3, :3].T + T[k, :3, 3]).T
            seen[k] = (x >= 0) & (x < self.solved.cameras[k].width) & (y >= 0) & (y < self.solved.cameras[k].height)
        return points, seen
