"""Where a depth camera stands beside the colour camera, and its maps as the colour camera would have them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked
from ..cameras import Array, Camera, CameraModel, check_pose, inverse
from ..results import Depth
from ._meeting import OTHERWISE, Meeting, frame_points
from ._rotations import vector_of
from ._seen_depth import seen_from

#: Steps at most; one that moves no point by more than this share of the median depth is the last.
STEPS, END = 100, 2e-4
#: A motion that leaves points open by more than this share of their depth, one standard deviation, is not known.
UNSURE = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthRegistration:
    """The pose of a depth camera beside the colour camera, and how it is known. `registered` applies it."""

    #: (4, 4), colour camera to depth camera: X_depth = T · X_color, metres.
    T_depth_color: Array
    #: Of the stored maps.
    depth_camera: CameraModel
    #: Of the images, whose view maps are brought to.
    color_camera: CameraModel
    #: (7, 7), of a small rotation (rad) about the points' centre, a translation (m) in the depth camera's frame and the
    #: logarithm of `scale`; None where the motion was given.
    covariance: Array | None = None
    #: Sensor's metres per metre of the images' depth: what the poses' lengths are off by. Maps are not changed by it.
    scale: float = 1.0
    #: Median distance of the images' depth to the sensor's surfaces, before and after, metres; NaN where it was given.
    before_m: float = math.nan
    after_m: float = math.nan
    #: Standard deviation of where a point comes to lie, and its depth, medians, metres; NaN where it was given.
    doubt_m: float = math.nan
    depth_m: float = math.nan
    #: "registered": the motion is none beyond chance, or moves points by less than 0.5 % of their depth. "no_better":
    #: surfaces lie no nearer for it.
    flags: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "T_depth_color", check_pose(self.T_depth_color, "T_depth_color"))

    @property
    def turn_deg(self) -> float:
        """Angle of the rotation, degrees."""
        return float(np.degrees(np.linalg.norm(vector_of(self.T_depth_color[:3, :3]))))

    @property
    def shift_m(self) -> float:
        """Distance of the two cameras, metres."""
        return float(np.linalg.norm(self.T_depth_color[:3, 3]))

    def registered(self, depth: Depth) -> Depth:
        """A map of the depth camera as the colour camera sees it, NaN where it sees what the depth camera does not.

        Points are spread over the four pixels around where they lie; of what lies behind one another the nearest
        counts. Finer colour cameras get points between those of one surface.

        Raises:
            ValueError: when the map is not of the depth camera's size.
        """
        here = self.depth_camera.height, self.depth_camera.width
        if depth.size != here:
            raise ValueError(f"the depth map is {depth.size} but its camera {here} (height, width); they must be equal")
        return Depth(m=seen_from(depth.m, self.depth_camera, inverse(self.T_depth_color), self.color_camera))

    def save(self, path: str | Path) -> None:
        """Write as JSON, in the words of a folder's ``meta.json``: `from_meta` reads it.

        Raises:
            ValueError: when a camera is no pinhole without distortion, which these words cannot say.
        """
        numbers = [_numbers(camera) for camera in (self.color_camera, self.depth_camera)]
        words = {"intrinsics": numbers[0], "depth_intrinsics": numbers[1], "T_depth_color": self.T_depth_color.tolist()}
        Path(path).write_text(json.dumps(words, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def from_meta(
        cls, meta: Mapping[str, Any], depth_size: tuple[int, int], color_camera: CameraModel
    ) -> DepthRegistration:
        """From the words ``depth_intrinsics`` (fx, fy, cx, cy) and ``T_depth_color`` (4x4 or 16 numbers, metres).

        Args:
            meta: what the JSON holds.
            depth_size: height and width of the stored maps.
            color_camera: of the images.

        Raises:
            ValueError: when one of the two is missing or damaged.
        """
        try:
            fx, fy, cx, cy = (float(meta["depth_intrinsics"][key]) for key in ("fx", "fy", "cx", "cy"))
            T = np.asarray(meta["T_depth_color"], dtype=float).reshape(4, 4)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"the depth camera's place is told by depth_intrinsics (fx, fy, cx, cy) and T_depth_color (16 numbers, "
                f"metres), both: {error!r}"
            ) from error
        camera = Camera(width=depth_size[1], height=depth_size[0], fx=fx, fy=fy, cx=cx, cy=cy)
        return cls(T_depth_color=T, depth_camera=camera, color_camera=color_camera)


def _numbers(camera: CameraModel) -> dict[str, float]:
    if not isinstance(camera, Camera) or any(camera.distortion):
        raise ValueError(f"{camera} is no pinhole without distortion; keep its calibration in a file of its own")
    return {key: float(getattr(camera, key)) for key in ("fx", "fy", "cx", "cy")}


@checked
def register_depth(
    depths: Sequence[Depth],
    cameras: CameraModel | Sequence[CameraModel],
    sensor: Sequence[Depth],
    sensor_camera: CameraModel,
    *,
    T_depth_color: ArrayLike | None = None,
) -> DepthRegistration:
    """The rigid motion between colour and depth camera that lays depth of the images on the maps of a sensor.

    Depth of the images is what `depth.FromMotion().clip` gives: each frame's points are moved to where the sensor's map
    of the same frame has their surface, along its normals (Chen & Medioni 1992), one motion for all frames, outliers
    weighed down (Cauchy). The scale of the images' depth is found along: where poses are too long by a hundredth, all
    is too far by as much, which else would pass for a motion along the axis. The covariance comes of leaving out each
    of sixteen parts of the image once (jackknife): what differs from place to place, as depth's errors do, is doubt
    about the motion.

    Args:
        depths: one for each frame, of its image; metres. Frames without any estimate are passed over.
        cameras: of the images, one for all or one for each, of the depths' sizes.
        sensor: the stored map of each frame.
        sensor_camera: of the maps.
        T_depth_color: where to start, X_depth = T · X_color; None: no motion.

    Returns:
        The registration, whose colour camera is the first one.

    Raises:
        ValueError: when numbers or sizes do not fit, when too few points meet, or when they leave the motion open: a
            wall or a ball alone, or depth too rough. The message says by how much.
    """
    models = [cameras] * len(depths) if isinstance(cameras, CameraModel) else list(cameras)
    _check(depths, models, sensor, sensor_camera)
    frames = [frame_points(*each, sensor_camera) for each in zip(depths, models, sensor, strict=True)]
    T = np.eye(4) if T_depth_color is None else check_pose(T_depth_color, "T_depth_color")
    before = met = Meeting(frames, T, 0.0, sensor_camera)
    log_scale = 0.0
    for _ in range(STEPS):
        step, larger = met.step()
        T, log_scale = step @ T, log_scale + larger
        met = Meeting(frames, T, log_scale, sensor_camera)
        if np.linalg.norm(step[:3, 3]) + met.depth * (np.linalg.norm(vector_of(step[:3, :3])) + abs(larger)) < (
            END * met.depth
        ):
            break
    first, last = (float(np.median(np.abs(each.off))) for each in (before, met))
    covariance = met.covariance(sensor_camera)
    doubt = met.moved_by(covariance)
    if not doubt <= UNSURE * met.depth:
        raise ValueError(
            f"register_depth: what both see leaves the motion open by {doubt:.3f} m at a depth of {met.depth:.2f} m "
            f"(one standard deviation){OTHERWISE}"
        )
    better = ("no_better",) if last >= first else ()
    flags = ("registered",) if met.is_still(T, covariance) else better
    return DepthRegistration(
        T_depth_color=T, depth_camera=sensor_camera, color_camera=models[0], covariance=covariance,
        scale=math.exp(log_scale), before_m=first, after_m=last, doubt_m=doubt, depth_m=met.depth,
        flags=flags,
    )  # fmt: skip


def _check(
    depths: Sequence[Depth], models: list[CameraModel], sensor: Sequence[Depth], sensor_camera: CameraModel
) -> None:
    if not depths or len(models) != len(depths) or len(sensor) != len(depths):
        raise ValueError(
            f"register_depth: {len(depths)} depths, {len(models)} cameras and {len(sensor)} maps of the sensor were "
            "given; each frame needs one of each"
        )
    for k, (depth, camera, theirs) in enumerate(zip(depths, models, sensor, strict=True)):
        for name, size, model in (("depth", depth.size, camera), ("sensor", theirs.size, sensor_camera)):
            if size != (model.height, model.width):
                raise ValueError(
                    f"register_depth: {name}[{k}] is {size[1]}x{size[0]} but its camera {model.width}x{model.height} "
                    "pixels; they must be equal: resize the camera with camera.resize(…)"
                )
