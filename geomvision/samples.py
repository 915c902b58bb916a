"""What a data set yields: images with whatever truth is known about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .cameras import Array, Camera, CameraModel, StereoRig
from .images import Float32, Image, Mask, as_mask
from .results import Depth, Disparity, Flow, RelativeDepth, SceneFlow


class _Masked:
    """What samples with masks share: `occluded` and `masks` are held as bool; see `images.as_mask`."""

    def __post_init__(self) -> None:
        masks: Mapping[str, Mask] = getattr(self, "masks", {})
        if any(getattr(mask, "dtype", None) != np.bool_ for mask in masks.values()):
            held = {label: as_mask(mask, f"the mask {label!r}") for label, mask in masks.items()}
            object.__setattr__(self, "masks", held)
        occluded = vars(self).get("occluded")
        if occluded is not None:
            object.__setattr__(self, "occluded", as_mask(occluded, "occluded"))


@dataclass(frozen=True, kw_only=True, eq=False)
class StereoSample(_Masked):
    """A rectified pair. `occluded` marks left pixels that the right view does not see; None when unknown."""

    name: str
    left: Image
    right: Image
    rig: StereoRig | None = None
    disparity: Disparity | None = None
    disparity_right: Disparity | None = None
    occluded: Mask | None = None
    #: Upper bound of the disparities, when the data set states one (Middlebury's ndisp).
    max_disparity: int | None = None
    #: Named regions to score apart: "object 3", "glass", "textureless", …
    masks: Mapping[str, Mask] = field(default_factory=dict)
    #: Names of those masks that are single things and no classes of surfaces.
    things: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class FlowSample(_Masked):
    """Two frames. `occluded` marks frame-0 pixels that frame 1 does not show; None when unknown.

    `T_1_0` takes camera 0's frame to camera 1's; None when it is unknown, or more moves than the camera.
    """

    name: str
    frame0: Image
    frame1: Image
    camera: Camera | None = None
    T_1_0: Array | None = None
    flow: Flow | None = None
    occluded: Mask | None = None
    masks: Mapping[str, Mask] = field(default_factory=dict)
    #: Names of those masks that are single things and no classes of surfaces.
    things: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    """Frames of a moving camera; `T_world_cam` (N, 4, 4) are their poses in metres, when known."""

    frames: tuple[Image, ...]
    cameras: CameraModel | tuple[CameraModel, ...]
    T_world_cam: Array | None = None
    #: Which of the frames the sample is about.
    reference: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class PointPairs:
    """Pairs of pixels of an image, and which of the two is further (Chen et al., NeurIPS 2016).

    Pixels are whole numbers (x, y). Raises ValueError for arrays of other shapes, relations that are none, pixels
    before the first, and weights that are negative.
    """

    #: (N, 2) each.
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    #: (N,): 1 where the first is further, −1 where the second is, 0 where both are as far.
    relation: NDArray[np.int8]
    #: (N,): how much each pair counts, as by how many people agreed; None: all the same.
    weights: Float32 | None = None

    def __post_init__(self) -> None:
        for name in ("first", "second"):
            pixels = np.asarray(getattr(self, name))
            if pixels.ndim != 2 or pixels.shape[1] != 2 or pixels.dtype.kind not in "iu":
                raise ValueError(f"{name} is {pixels.dtype} {pixels.shape}; it must be whole numbers (N, 2), as (x, y)")
            if pixels.size and pixels.min() < 0:
                raise ValueError(f"{name} holds {pixels.min()}; pixels begin at 0")
            object.__setattr__(self, name, pixels.astype(np.int64))
        relation = np.asarray(self.relation)
        weights = np.ones(relation.shape) if self.weights is None else np.asarray(self.weights, np.float64)
        shapes = {"first": self.first.shape[:1], "second": self.second.shape[:1], "weights": weights.shape}
        if relation.ndim != 1 or set(shapes.values()) != {relation.shape}:
            told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            raise ValueError(f"relation is {relation.shape}, {told}; each must have one row for a pair")
        if not np.isin(relation, (-1, 0, 1)).all():
            raise ValueError("relation holds numbers other than 1 (the first is further), -1 (the second) and 0")
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise ValueError("weights must be finite and at least 0")
        object.__setattr__(self, "relation", relation.astype(np.int8))

    @classmethod
    def drawn_from(cls, depth: Depth, count: int = 3000, *, ratio: float = 1.02, seed: int = 0) -> PointPairs:
        """Pairs of pixels with depth, drawn at random; equal are depths of which none is over `ratio` times the other.

        ValueError where fewer than two pixels have depth, or numbers are below 1.
        """
        known = np.argwhere(depth.valid)[:, ::-1]
        if count < 1 or not ratio >= 1 or len(known) < 2:
            raise ValueError(f"count is {count}, ratio {ratio}, pixels with depth {len(known)}; at least 1, 1 and 2")
        random = np.random.default_rng(seed)
        one = random.integers(len(known), size=count)
        other = (one + random.integers(1, len(known), size=count)) % len(known)
        first, second = known[one], known[other]
        z, w = (depth.m[p[:, 1], p[:, 0]].astype(np.float64) for p in (first, second))
        return cls(first=first, second=second, relation=(z > ratio * w).astype(np.int8) - (w > ratio * z))


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthSample(_Masked):
    """One image with metric depth; `stereo` is the pair it is the left image of, `clip` the clip it is from, if any.

    The mask "edges" marks where true depth jumps. `camera` is None where nobody knows it, as of pictures from the web.
    """

    name: str
    image: Image
    camera: Camera | None = None
    depth: Depth | None = None
    #: The truth of data sets that know it up to scale, or scale and shift, alone.
    relative: RelativeDepth | None = None
    stereo: StereoSample | None = None
    clip: Clip | None = None
    #: Height of the camera over the ground in metres and image row of the horizon, when known.
    camera_height_m: float | None = None
    horizon_px: float | None = None
    #: Depth at a few pixels that a method may be told, NaN elsewhere.
    sparse: Depth | None = None
    #: Where gravity points in the camera's axes, when known: what the horizon tells, also of a rolled camera.
    down: tuple[float, float, float] | None = None
    masks: Mapping[str, Mask] = field(default_factory=dict)
    #: Names of those masks that are single things and no classes of surfaces.
    things: tuple[str, ...] = ()
    #: Which of two pixels is further, where people or data say so; with it or `depth` there is truth.
    pairs: PointPairs | None = None
    #: What scene it is, such as "Agriculture" or "Indoor": figures are told by it, too.
    category: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class PoseSample:
    """Two views of a still scene, of any sizes; `T_1_0` takes camera 0's frame to camera 1's, metres.

    `depth0` and `depth1` are what a method may be told, measured or estimated, in metres; None where there is none.
    """

    name: str
    image0: Image
    image1: Image
    camera0: CameraModel
    camera1: CameraModel
    T_1_0: Array | None = None
    depth0: Depth | None = None
    depth1: Depth | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class PointsSample(_Masked):
    """Two clouds of a moving scene, metres, each in its camera's frame; rows are no partners.

    `motion` (N, 3) takes `points0` to where they are at the time of `points1`; NaN where unknown.
    """

    name: str
    points0: Float32
    points1: Float32
    motion: Float32 | None = None
    #: Which of `points0` frame 1 does not show, bool (N,); None when unknown.
    occluded: Mask | None = None
    masks: Mapping[str, Mask] = field(default_factory=dict)
    #: Names of those masks that are single things and no classes of surfaces.
    things: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class SceneFlowSample(_Masked):
    """Two rectified pairs, one after the other. Each map of truth knows its own occlusions, where they are known."""

    name: str
    left0: Image
    right0: Image
    left1: Image
    right1: Image
    rig: StereoRig | None = None
    #: Of frame 0; of the same points in frame 1, at the pixels of frame 0; and of frame 1 at its own pixels.
    disparity0: Disparity | None = None
    disparity1: Disparity | None = None
    disparity_of_left1: Disparity | None = None
    flow: Flow | None = None
    #: 4x4 pose that takes what stands still from the left camera of frame 0 to that of frame 1, metres.
    T_1_0: Array | None = None
    max_disparity: int | None = None
    masks: Mapping[str, Mask] = field(default_factory=dict)
    #: Names of those masks that are single things and no classes of surfaces.
    things: tuple[str, ...] = ()

    @property
    def stereo(self) -> StereoSample:
        """The pair of frame 0."""
        return StereoSample(
            name=self.name,
            left=self.left0,
            right=self.right0,
            rig=self.rig,
            disparity=self.disparity0,
            occluded=None if self.disparity0 is None else self.disparity0.occluded,
            max_disparity=self.max_disparity,
            masks=self.masks,
            things=self.things,
        )

    @property
    def truth(self) -> SceneFlow | None:
        """The true motion, occluded pixels included; None where a map or the rig is unknown."""
        if self.rig is None or self.disparity0 is None or self.disparity1 is None or self.flow is None:
            return None
        plain = (Disparity(px=self.disparity0.px), Disparity(px=self.disparity1.px), Flow(px=self.flow.px))
        return SceneFlow.of_maps(*plain, self.rig)

    @property
    def motion(self) -> Float32 | None:
        """(H, W, 3) of `truth`, metres."""
        truth = self.truth
        return None if truth is None else truth.motion

    @property
    def occluded(self) -> Mask | None:
        """Pixels of frame 0 that one of the other three images does not show; None when unknown."""
        hidden = [None if each is None else each.occluded for each in (self.disparity0, self.disparity1, self.flow)]
        known = [each for each in hidden if each is not None]
        return np.logical_or.reduce(known) if len(known) == len(hidden) else None

    def as_points(self, count: int = 8192, *, max_depth_m: float = 35.0, seed: int = 0) -> PointsSample:
        """Up to so many points of either frame, drawn from pixels nearer than `max_depth_m` (Liu et al., CVPR 2019).

        ValueError where truth or the disparity of frame 1 is unknown, or no pixel is so near.
        """
        truth = self.truth
        if truth is None or self.rig is None or self.disparity_of_left1 is None:
            raise ValueError(f"sample {self.name!r} lacks truth that makes points of both frames")
        if count < 1 or not max_depth_m > 0:
            raise ValueError(f"count is {count}, max_depth_m {max_depth_m}; they must be 1 or more, and above 0")
        random = np.random.default_rng(seed)
        later = self.disparity_of_left1.to_depth(self.rig).to_point_map(self.rig.left)
        chosen = []
        for frame, (points, known) in enumerate(((truth.points0, truth.valid), (later, ~np.isnan(later[..., 2])))):
            near = np.flatnonzero(known & (np.nan_to_num(points[..., 2], nan=np.inf) <= max_depth_m))
            if near.size == 0:
                raise ValueError(f"sample {self.name!r}: no pixel of frame {frame} is within {max_depth_m} m")
            chosen.append(random.permutation(near)[:count])
        hidden = self.occluded
        return PointsSample(
            name=self.name,
            points0=truth.points0.reshape(-1, 3)[chosen[0]],
            points1=later.reshape(-1, 3)[chosen[1]],
            motion=truth.motion.reshape(-1, 3)[chosen[0]],
            occluded=None if hidden is None else hidden.ravel()[chosen[0]],
            masks={name: mask.ravel()[chosen[0]] for name, mask in self.masks.items()},
            things=self.things,
        )


Sample = StereoSample | FlowSample | DepthSample | SceneFlowSample | PointsSample | PoseSample


def pair_of(sample: object) -> StereoSample | None:
    """The rectified pair that a sample is, or holds, if any."""
    pair = sample if isinstance(sample, StereoSample) else getattr(sample, "stereo", None)
    return pair if isinstance(pair, StereoSample) else None
