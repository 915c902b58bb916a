"""Meshes and points as the page carries them: bounded in size, in the frame of a camera that saw them.

Coordinates become 16-bit codes over the longest side, corners of triangles 32-bit indices; both are stored as
differences, high bytes before low bytes, with colours between them, deflated. ``web/surface.js`` undoes it.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cameras import Array, Camera, CameraModel, check_pose, inverse
from ..geometry import decimate, pinhole_of
from ..images import Image
from ..packages import needed_by
from ..results import PointCloud
from .maps import encode_image

#: More triangles are decimated, more points thinned out, before they are shown.
MOST_TRIANGLES, MOST_POINTS = 200_000, 300_000
#: So many cameras are drawn, so many pictures shown, and so wide, pixels.
MOST_CAMERAS, MOST_PICTURES, PICTURE_PX = 60, 12, 240
#: Length of a drawn camera, in distances from the first camera to the middle of what it sees.
CAMERA_SIZE = 0.06


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """A mesh, or points, that a report shows in space: ``Report(surfaces=(Surface(name="room", mesh=mesh),))``.

    It is seen first from the first of the cameras, where there are any, else along z.

    Args:
        name: the heading.
        mesh: vertices in metres with colours and triangles, as `geometry.fuse` gives them; or points without triangles.
        facts: what is worth saying of it.
        camera: that took the frames, drawn at T_world_cam.
        T_world_cam: (N, 4, 4), camera to world.
        pictures: what it was made of, each with its name.
        unit: of the vertices, where it is not the metre.
    """

    name: str
    mesh: PointCloud
    facts: Sequence[str] = ()
    camera: CameraModel | None = None
    T_world_cam: Array | None = None
    pictures: Sequence[tuple[str, Image]] = ()
    unit: str = "m"

    def __post_init__(self) -> None:
        if (self.camera is None) != (self.T_world_cam is None):
            raise ValueError("camera and T_world_cam belong together; give both or none")
        if self.T_world_cam is not None:
            poses = np.asarray(self.T_world_cam, dtype=float)
            if poses.ndim != 3 or len(poses) == 0:
                raise ValueError(f"T_world_cam has shape {poses.shape}; it must be (N, 4, 4)")
            object.__setattr__(self, "T_world_cam", np.stack([check_pose(T, "T_world_cam") for T in poses]))

    def to_dict(self) -> dict[str, Any]:
        """Name, facts and sizes, ready for JSON."""
        triangles = None if self.mesh.triangles is None else len(self.mesh.triangles)
        return {"name": self.name, "facts": list(self.facts), "points": len(self.mesh.points), "triangles": triangles}


def shown(surface: Surface) -> tuple[dict[str, Any], list[str]]:
    """What the viewer needs, and what there is to say: sizes, and how much of it is shown."""
    mesh = surface.mesh
    small = _small(mesh)
    facts = [*surface.facts, *_sizes(mesh, small, surface.unit)]
    poses = np.eye(4)[None] if surface.T_world_cam is None else surface.T_world_cam
    points = small.points.astype(np.float64)
    if surface.camera is None:
        pinhole, centre, points = _from_the_front(points)
    else:
        pinhole = pinhole_of(surface.camera)
        to_first = inverse(poses[0])
        points = points @ to_first[:3, :3].T + to_first[:3, 3]
        centre = _middle(points, pinhole)
    axis = ((pinhole.width - 1) / 2 - pinhole.cx, (pinhole.height - 1) / 2 - pinhole.cy)
    drawn = [] if surface.camera is None else _pyramids(pinhole, poses, CAMERA_SIZE * centre)
    data = {
        **_encoded(points, small),
        "frame": {"width": pinhole.width, "height": pinhole.height},
        "axis": {"right": axis[0], "down": axis[1], "focal": pinhole.fx, "skew": pinhole.fy / pinhole.fx},
        "centre": [axis[0] / pinhole.fx * centre, axis[1] / pinhole.fy * centre, centre],
        "cameras": drawn,
        "colored": small.colors is not None,
    }
    return data, facts


def pictures(surface: Surface) -> list[tuple[str, str]]:
    """Some of the pictures, small: name and data address."""
    every = list(surface.pictures)
    chosen = [every[round(k)] for k in np.linspace(0, len(every) - 1, min(len(every), MOST_PICTURES))]
    return [(name, encode_image(_narrow(image))) for name, image in chosen]


def _narrow(image: Image) -> Image:
    with needed_by("the report"):
        import cv2

    if image.shape[1] <= PICTURE_PX:
        return image
    size = (PICTURE_PX, max(1, round(image.shape[0] * PICTURE_PX / image.shape[1])))
    smaller: Image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return smaller


def _small(mesh: PointCloud) -> PointCloud:
    if mesh.triangles is not None and len(mesh.triangles):
        return decimate(mesh, MOST_TRIANGLES)
    kept = np.arange(len(mesh.points))
    if len(kept) > MOST_POINTS:
        kept = np.sort(np.random.default_rng(0).choice(len(kept), MOST_POINTS, replace=False))
    return PointCloud(points=mesh.points[kept], colors=None if mesh.colors is None else mesh.colors[kept])


def _sizes(mesh: PointCloud, small: PointCloud, unit: str) -> list[str]:
    kind, count, left = "points", len(mesh.points), len(small.points)
    if mesh.triangles is not None and small.triangles is not None:
        kind, count, left = "triangles", len(mesh.triangles), len(small.triangles)
    said = [f"{count:,} {kind}" + ("" if left == count else f", {left:,} of them shown")]
    if len(mesh.points):
        said.append(" × ".join(f"{side:.3g}" for side in np.ptp(mesh.points, axis=0)) + f" {unit}")
    return said


def _middle(points: Array, camera: Camera) -> float:
    """The median distance of what the camera sees, else of all."""
    ahead = points[points[:, 2] > 0]
    with np.errstate(all="ignore"):
        x, y = np.abs(camera.project(ahead) - (camera.width / 2, camera.height / 2)).T
    seen = ahead[(x < camera.width / 2) & (y < camera.height / 2)]
    for some in (seen, ahead):
        if len(some):
            return float(np.median(some[:, 2]))
    return 1.0


def _from_the_front(points: Array) -> tuple[Camera, float, Array]:
    """A camera before all points, how far the middle of them is from it, and the points in its frame."""
    camera = Camera(width=1000, height=500, fx=700.0, fy=700.0, cx=499.5, cy=249.5)
    if len(points) == 0:
        return camera, 1.0, points
    low, high = points.min(axis=0), points.max(axis=0)
    away = max(1.5 * float(np.linalg.norm(high - low)), 1e-9)
    return camera, away, points - (low + high) / 2 + (0, 0, away)


def _pyramids(camera: Camera, poses: Array, size: float) -> list[list[list[float]]]:
    """Apex and four corners of each camera in the first one's frame."""
    w, h = camera.width - 0.5, camera.height - 0.5
    corners = camera.unproject(np.array([[-0.5, -0.5], [w, -0.5], [w, h], [-0.5, h]]), size)
    shape = np.concatenate([np.zeros((1, 3)), corners])
    chosen = np.unique(np.linspace(0, len(poses) - 1, min(len(poses), MOST_CAMERAS)).round().astype(int))
    moved = [inverse(poses[0]) @ poses[k] for k in chosen]
    return [(shape @ T[:3, :3].T + T[:3, 3]).tolist() for T in moved]


def _encoded(points: Array, mesh: PointCloud) -> dict[str, Any]:
    count = len(points)
    low = points.min(axis=0) if count else np.zeros(3)
    span = float(np.ptp(points, axis=0).max()) if count else 0.0
    step = span / 65535 or 1.0
    codes = np.rint((points - low) / step).astype(np.uint16)
    differences = np.diff(codes, axis=0, prepend=np.zeros((1, 3), np.uint16))  # wraps, as its sum does
    parts = [part.astype(np.uint8) for axis in differences.T for part in (axis >> 8, axis & 255)]
    colors = np.full((count, 3), 200, np.uint8) if mesh.colors is None else mesh.colors
    corners = np.zeros((0, 3), np.int32) if mesh.triangles is None else mesh.triangles
    flat = corners[np.argsort(corners[:, 0], kind="stable")].astype(np.int32).ravel()
    steps = np.diff(flat, prepend=np.int32(0)).view(np.uint32)
    parts += [*colors.T, *((steps >> shift & 255).astype(np.uint8) for shift in (24, 16, 8, 0))]
    return {
        "vertices": count,
        "triangles": len(corners),
        "low": low.tolist(),
        "step": step,
        "spacing": 1.5 * span / max(1.0, float(np.sqrt(count))),
        "data": _packed(parts),
    }


def _packed(parts: list[NDArray[np.uint8]]) -> str:
    return base64.b64encode(zlib.compress(b"".join(part.tobytes() for part in parts), 6)).decode()
