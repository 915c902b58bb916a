"""Two cameras and the pose between them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic

import numpy as np

from ..arguments import checked
from ._base import Array, CameraModel, check_camera
from .pinhole import Camera
from .poses import check_pose, inverse, pose

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    Model = TypeVar("Model", bound=CameraModel, default=Camera)
else:
    from typing import TypeVar

    Model = TypeVar("Model")


@dataclass(frozen=True, kw_only=True, eq=False)
class StereoRig(Generic[Model]):
    """Two cameras of any model and the pose between them: ``X_right = T_right_left · X_left``.

    To a type checker ``StereoRig`` alone is a rig of `Camera`, ``StereoRig[CameraModel]`` one of any models.
    """

    left: Model
    right: Model
    T_right_left: Array = field(default_factory=lambda: np.eye(4))

    def __post_init__(self) -> None:
        check_camera(self.left, "left")
        check_camera(self.right, "right")
        object.__setattr__(self, "T_right_left", check_pose(self.T_right_left, "T_right_left"))

    @classmethod
    @checked
    def rectified(cls, camera: Camera, baseline_m: float, doffs_px: float = 0.0) -> StereoRig[Camera]:
        """A rectified rig: equal cameras, the right one `baseline_m` to the right, cx_right = cx_left + doffs.

        Raises ValueError for a baseline that is not above 0, or numbers that are not finite.
        """
        if not (np.isfinite(baseline_m) and baseline_m > 0):
            raise ValueError(f"baseline_m is {baseline_m}; it must be positive and finite (swapped views?)")
        if not np.isfinite(doffs_px):
            raise ValueError(f"doffs_px is {doffs_px}; it must be finite")
        right = replace(camera, cx=camera.cx + doffs_px)
        return StereoRig(left=camera, right=right, T_right_left=pose(translation=(-baseline_m, 0.0, 0.0)))

    @property
    def baseline_m(self) -> float:
        """Distance of the camera centres, metres."""
        return float(np.linalg.norm(self.T_right_left[:3, 3]))

    @property
    def doffs_px(self: StereoRig[Camera]) -> float:
        """cx_right − cx_left (Middlebury's doffs): Z = f·B / (d + doffs)."""
        return self.right.cx - self.left.cx

    @property
    def is_rectified(self) -> bool:
        """Whether equal rows of the two images see the same scene line."""
        a, b, t = self.left, self.right, self.T_right_left
        if not (isinstance(a, Camera) and isinstance(b, Camera)):
            return False  # a fisheye's rows are no lines
        same = np.allclose((a.fx, a.fy, a.cy), (b.fx, b.fy, b.cy), rtol=1e-9)
        along_x = t[0, 3] < 0 and np.allclose(t[1:3, 3], 0.0, atol=1e-9 * self.baseline_m)
        return bool(
            same and along_x and np.allclose(t[:3, :3], np.eye(3), atol=1e-9) and not (a.is_distorted or b.is_distorted)
        )

    def require_rectified(self) -> None:
        """Raise ValueError unless the rig is rectified: only then is depth a function of disparity."""
        if not self.is_rectified:
            raise ValueError("the rig is not rectified: depth needs equal, parallel, row-aligned cameras")

    def resize(self, width: int, height: int) -> StereoRig[Model]:
        """Both cameras resized; disparities scale with the width."""
        return replace(self, left=self.left.resize(width, height), right=self.right.resize(width, height))

    def crop(self, x: int, y: int, width: int, height: int) -> StereoRig[Model]:
        """Both cameras cropped alike; disparities do not change."""
        args = (x, y, width, height)
        return replace(self, left=self.left.crop(*args), right=self.right.crop(*args))

    def rotated(self, quarter_turns: int = 1) -> StereoRig[Model]:
        """Both images turned by ``np.rot90(image, quarter_turns)``; the frames turn with them."""
        left, R_left = self.left.rotated(quarter_turns)
        right, R_right = self.right.rotated(quarter_turns)
        T = pose(R_right) @ self.T_right_left @ inverse(pose(R_left))
        return replace(self, left=left, right=right, T_right_left=T)
