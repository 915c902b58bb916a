"""What a data set yields: images with whatever truth is known about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .cameras import Array, Camera, CameraModel, StereoRig
from .images import Image, Mask
from .results import Depth, Disparity, Flow


@dataclass(frozen=True, kw_only=True, eq=False)
class StereoSample:
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


@dataclass(frozen=True, kw_only=True, eq=False)
class FlowSample:
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    """Frames of a moving camera; `T_world_cam` (N, 4, 4) are their poses in metres, when known."""

    frames: tuple[Image, ...]
    cameras: CameraModel | tuple[CameraModel, ...]
    T_world_cam: Array | None = None
    #: Which of the frames the sample is about.
    reference: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthSample:
    """One image with metric depth; `stereo` is the pair it is the left image of, `clip` the clip it is from, if any."""

    name: str
    image: Image
    camera: Camera
    depth: Depth | None = None
    stereo: StereoSample | None = None
    clip: Clip | None = None
    #: Height of the camera over the ground in metres and image row of the horizon, when known.
    camera_height_m: float | None = None
    horizon_px: float | None = None
    masks: Mapping[str, Mask] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class PoseSample:
    """Two views of a still scene; `T_1_0` takes camera 0's frame to camera 1's, metres."""

    name: str
    image0: Image
    image1: Image
    camera0: CameraModel
    camera1: CameraModel
    T_1_0: Array | None = None
    depth0: Depth | None = None
    depth1: Depth | None = None


Sample = StereoSample | FlowSample | DepthSample
