"""The small changes of a rig that rows of matches may show, and the heights of matches after each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..cameras import Array, Camera, CameraModel, StereoRig, pose
from ._rectifying import row_rotations
from ._rotations import rotation_of


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """What may have drifted: its name with its unit, the standard deviation expected, and one in that unit."""

    name: str
    prior: float
    #: What one is in radians, or in the logarithm or coefficient that it changes.
    unit: float = 1.0


def parameters(rig: StereoRig, *, drift_deg: float, focal_drift: float, lens: bool) -> tuple[Parameter, ...]:
    """What is looked for: turns of the right camera, where it stands, the focal lengths' ratio, and what lenses do.

    The last two are of pinhole cameras only. The common focal length is not among them: a pair of images says almost
    nothing about it, and to a wrong one the other parameters adapt.
    """
    degree = float(np.radians(1.0))
    found = [Parameter(name=f"{axis}_deg", prior=drift_deg, unit=degree) for axis in ("pitch", "yaw", "roll")]
    found += [Parameter(name=f"baseline_{axis}_deg", prior=drift_deg, unit=degree) for axis in ("y", "z")]
    if isinstance(rig.left, Camera) and isinstance(rig.right, Camera):
        found.append(Parameter(name="focal_ratio", prior=focal_drift))
        if lens:
            found.append(Parameter(name="k1", prior=0.3))
            found.append(Parameter(name="k1_difference", prior=0.05))
    return tuple(found)


def changed(rig: StereoRig, names: tuple[str, ...], values: Array) -> StereoRig:
    """The rig with parameters in radians and logarithms, by name; see `parameters`.

    The right camera turns about its own centre by (pitch, yaw, roll) about its x, y and z axes, and its centre moves
    so that the translation leans by the two angles towards y and z. Its focal length becomes `focal_ratio` longer
    against the left one.
    """
    known: dict[str, Any] = dict(zip(names, values, strict=True))
    R, t = _motion(rig, known)
    return replace(rig, left=_lens(rig.left, known, -1), right=_lens(rig.right, known, 1), T_right_left=pose(R, t))


def _motion(rig: StereoRig, known: dict[str, Any]) -> tuple[Array, Array]:
    """R and t of the changed rig, as they come: nothing is held against them."""
    T = rig.T_right_left
    t = T[:3, 3]
    length = np.linalg.norm(t)
    along = t / length
    towards_y = np.array([0.0, 1.0, 0.0]) - along[1] * along
    towards_y /= np.linalg.norm(towards_y)
    towards_z = np.cross(towards_y, along)
    lean = along + towards_y * np.tan(known["baseline_y_deg"]) + towards_z * np.tan(known["baseline_z_deg"])
    turn = rotation_of(np.array([known["pitch_deg"], known["yaw_deg"], known["roll_deg"]]))
    return turn @ T[:3, :3], turn @ (lean / np.linalg.norm(lean) * length)


def _lens(camera: Any, known: dict[str, Any], side: int) -> Any:
    if "focal_ratio" not in known:
        return camera
    scale = np.exp(side * known["focal_ratio"] / 2)
    changed = replace(camera, fx=float(camera.fx * scale), fy=float(camera.fy * scale))
    if "k1" not in known:
        return changed
    k = [*camera.distortion, 0.0, 0.0, 0.0, 0.0][: max(4, len(camera.distortion))]
    k[0] += float(known["k1"] + side * known["k1_difference"] / 2)
    return replace(changed, distortion=tuple(k))


class Changed:
    """A rig's parts after one change after another, without the checks that a rig makes of itself.

    The lenses of the latest changes are remembered: most parameters leave them alone.
    """

    def __init__(self, rig: StereoRig, names: tuple[str, ...]) -> None:
        self.rig, self.names = rig, names
        self._lenses: dict[tuple[float, ...], tuple[Any, Any]] = {}

    def heights(self, values: Array, left: Rays, right: Rays) -> Array:
        """`rows` of the changed rig."""
        known: dict[str, Any] = dict(zip(self.names, values, strict=True))
        key = tuple(float(known[name]) for name in ("focal_ratio", "k1", "k1_difference") if name in known)
        if key not in self._lenses:
            if len(self._lenses) > 2:
                del self._lenses[next(iter(self._lenses))]
            self._lenses[key] = _lens(self.rig.left, known, -1), _lens(self.rig.right, known, 1)
        return _heights(self._lenses[key], _motion(self.rig, known), left, right)


class Rays:
    """Directions of the same pixels (N, 2) for one camera after another; of the latest cameras they are remembered.

    Most parameters turn cameras and leave lenses alone, and inverting a lens is what costs.
    """

    def __init__(self, points: Array) -> None:
        self.points = points
        self._known: dict[CameraModel, Array] = {}

    def __call__(self, camera: CameraModel) -> Array:
        if camera not in self._known:
            if len(self._known) > 2:
                del self._known[next(iter(self._known))]
            self._known[camera] = camera.rays(self.points)
        return self._known[camera]


def rows(rig: StereoRig, left: Rays, right: Rays) -> Array:
    """Heights (N, 2) of matches after rectification, in multiples of the distance, left and right; NaN if unseen."""
    T = rig.T_right_left
    return _heights((rig.left, rig.right), (T[:3, :3], T[:3, 3]), left, right)


def _heights(cameras: tuple[Any, Any], motion: tuple[Array, Array], left: Rays, right: Rays) -> Array:
    found = []
    for camera, turn, rays in zip(cameras, row_rotations(*motion), (left, right), strict=True):
        y, z = (rays(camera) @ turn[1:].T).T
        found.append(y / np.where(z > 0, z, np.nan))
    return np.stack(found, axis=-1)
