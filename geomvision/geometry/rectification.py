"""Calibrated rectification: two cameras of any model become a pair whose equal rows see the same scene line.

After Fusiello, Trucco and Verri (Machine Vision and Applications, 2000) and Bouguet's toolbox: both cameras turn
about their own centres, so that scene points keep their places and only directions change.

>>> import numpy as np
>>> from geomvision.cameras import Camera, StereoRig, pose
>>> camera = Camera(width=640, height=480, fx=500.0, fy=500.0, cx=320.0, cy=240.0)
>>> rig = StereoRig(left=camera, right=camera, T_right_left=pose(translation=(-0.1, 0.002, 0.001)))
>>> rectify(rig).rig.is_rectified
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import checked
from ..cameras import Array, StereoRig, pose
from ..images import Image, as_image
from ..ops.warping import Mode
from ._rectifying import common_camera, rotations
from ._region import largest_rectangle
from .rectification_residual import RectificationRefused, VerticalResidual, measure_rows, vertical_residual
from .rectification_view import RectifiedView, Turn

#: Rectified images larger than this are a mistake, pixels.
MOST_PIXELS = 1 << 28
#: Views with less of a common rectangle than this share of the image show no common scene.
LEAST_COMMON = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class Rectification:
    """Maps for both views and what is known about them; made by `rectify` and its uncalibrated relatives."""

    left: RectifiedView
    right: RectifiedView
    #: The rectified rig; None where no calibration is known: then rows agree, but disparities have no metres.
    rig: StereoRig | None
    #: (x, y, width, height): the largest rectangle that is valid in both views.
    region: tuple[int, int, int, int]
    #: What was measured from images or matches when this was made; None when none were given.
    residual: VerticalResidual | None = None

    @property
    def Q(self) -> Array:
        """4x4: (x, y, disparity, 1) of the left view to homogeneous metres, for cv2.reprojectImageTo3D.

        Raises:
            ValueError: when there is no rig.
        """
        if self.rig is None:
            raise ValueError("there is no calibration, so disparities do not become metres: rectify with a rig")
        camera, baseline = self.rig.left, self.rig.baseline_m
        Q = np.zeros((4, 4))
        Q[0, 0], Q[1, 1] = 1.0, camera.fx / camera.fy
        Q[0, 3], Q[1, 3], Q[2, 3] = -camera.cx, -camera.cy * camera.fx / camera.fy, camera.fx
        Q[3, 2], Q[3, 3] = 1 / baseline, self.rig.doffs_px / baseline
        return Q

    def apply(self, left: Image, right: Image, *, mode: Mode = "bilinear") -> tuple[Image, Image]:
        """Both images rectified, in the dtype given; where `left.valid`, `right.valid` are false, NaN or 0 (integers).

        Images are (H, W) or (H, W, 3), of the source cameras' sizes.

        Raises:
            ImageError: when an image has another size than its camera.
        """
        return self.left.apply(as_image(left, "left"), mode=mode), self.right.apply(as_image(right, "right"), mode=mode)

    def points(self, points_left: ArrayLike, points_right: ArrayLike) -> tuple[Array, Array]:
        """Where pixels (N, 2) of the source images lie in the rectified ones."""
        return self.left.points(points_left), self.right.points(points_right)

    def vertical_residual(self, points_left: ArrayLike, points_right: ArrayLike) -> VerticalResidual:
        """The residual of matches (N, 2) found in the source images."""
        doffs = 0.0 if self.rig is None else self.rig.doffs_px
        return vertical_residual(*self.points(points_left, points_right), doffs_px=doffs)

    def measure(self, left: Image, right: Image) -> VerticalResidual:
        """The residual measured on two source images, as `apply` takes them: rectify, match features, compare rows."""
        doffs = 0.0 if self.rig is None else self.rig.doffs_px
        return measure_rows(*self.apply(left, right), valid=(self.left.valid, self.right.valid), doffs_px=doffs)

    def cropped(self) -> Rectification:
        """The same, cropped to the region where both views are valid."""
        x, y, width, height = self.region
        return replace(
            self,
            left=self.left.crop(x, y, width, height),
            right=self.right.crop(x, y, width, height),
            rig=None if self.rig is None else self.rig.crop(x, y, width, height),
            region=(0, 0, width, height),
        )

    def measured(self, left: Image, right: Image) -> Rectification:
        """With the residual measured on two source images; RectificationRefused when it cannot be right."""
        residual = self.measure(left, right)
        residual.require()
        return replace(self, residual=residual)


@checked
def rectify(
    rig: StereoRig,
    *,
    size: tuple[int, int] | None = None,
    alpha: float | None = None,
    crop: bool = False,
    vertical: bool = False,
    like: StereoRig | None = None,
    images: Sequence[Image] | None = None,
) -> Rectification:
    """Rectify a calibrated rig. A rig that is rectified already stays as it is, unless `size` or `alpha` ask for more.

    Args:
        rig: two cameras of any model and the pose between them.
        size: (width, height) of the rectified images; that of the left image when None.
        alpha: None keeps the mean focal length of both cameras; 0 shows valid pixels only, 1 every pixel of both
            images, and what lies between is a blend of the two focal lengths.
        crop: crop both views to the largest rectangle that is valid in both.
        vertical: allow a rig whose cameras stand above each other: both images turn by 90 degrees.
        like: a rectified rig whose cameras are wanted, instead of `size` and `alpha`.
        images: (left, right) taken by the rig: the vertical residual is measured on them.

    Returns:
        Rectification, whose `rig.is_rectified` is true. Its cameras are equal (doffs 0: infinity has disparity 0)
        unless they were so before, or in `like`.

    Raises:
        RectificationRefused: a ValueError that says why it cannot be right: zero baseline, swapped or vertical views,
            one camera before the other, no common field, or, with `images`, rows that do not agree within 2 px.
        ValueError: for a size or alpha that is none.
    """
    if alpha is not None and not 0 <= alpha <= 1:
        raise ValueError(f"alpha is {alpha}; it must be None or a number from 0 to 1")
    if like is not None and not (like.is_rectified and _one_size(like) and size is None and alpha is None):
        raise ValueError("like must be a rectified rig of one image size, and leaves nothing to say for size and alpha")
    if images is not None and len(images) != 2:
        raise ValueError(f"images holds {len(images)}; it must be two, (left, right)")
    pair = None if images is None else [as_image(image, f"images[{i}]") for i, image in enumerate(images)]
    as_it_is = rig.is_rectified and _one_size(rig) and size is None and alpha is None and like is None
    turns = (np.eye(3), np.eye(3)) if as_it_is else rotations(rig, vertical=vertical)
    if as_it_is:
        rectified = rig
    else:
        camera = common_camera(rig, turns, _size(rig, turns, size), alpha)
        left, right = (camera, camera) if like is None else (like.left, like.right)
        rectified = StereoRig(left=left, right=right, T_right_left=pose(translation=(-rig.baseline_m, 0.0, 0.0)))
    views = []
    for source, target, turn in zip((rig.left, rig.right), (rectified.left, rectified.right), turns, strict=True):
        transform = Turn(source=source, target=target, rotation=turn)
        views.append(RectifiedView.of(transform, (source.width, source.height), target.width, target.height))
    found = Rectification(left=views[0], right=views[1], rig=rectified, region=common_region(*views))
    found = found.cropped() if crop else found
    return found if pair is None else found.measured(*pair)


def common_region(left: RectifiedView, right: RectifiedView) -> tuple[int, int, int, int]:
    """The largest rectangle valid in both views. RectificationRefused where there is none to speak of."""
    both = left.valid & right.valid
    region = largest_rectangle(both)
    if region[2] * region[3] < LEAST_COMMON * both.size:
        share = 100 * region[2] * region[3] / both.size
        raise RectificationRefused(
            f"the views have no common field: the largest rectangle valid in both is {region[2]}x{region[3]} pixels,"
            f" {share:.2g} % of the image"
        )
    return region


def _one_size(rig: StereoRig) -> bool:
    return (rig.left.width, rig.left.height) == (rig.right.width, rig.right.height)


def _size(rig: StereoRig, turns: tuple[Array, Array], size: tuple[int, int] | None) -> tuple[int, int]:
    if size is None:
        turned = abs(turns[0][0, 1]) > abs(turns[0][0, 0])  # by 90 degrees
        return (rig.left.height, rig.left.width) if turned else (rig.left.width, rig.left.height)
    width, height = size
    if not (min(width, height) >= 2 and width * height <= MOST_PIXELS):
        raise ValueError(
            f"size is {size}; it must be (width, height), at least 2 pixels each, at most {MOST_PIXELS} in all"
        )
    return width, height
