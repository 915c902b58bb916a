"""Depth hints: what a stereo method sees in the pairs, learnt where it explains them better than the net does.

Watson et al. (ICCV 2019): the photometric loss has many minima, and a classical matcher, which looks at all
disparities, finds the right one more often than slopes do. No label is needed, and the net may still know better.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from .. import io
from ..cameras import StereoRig
from ..images import Float32, Image
from ..losses import monocular, photometric
from ..losses._maps import filled, known
from ..losses.rigid import reproject, seen
from ..stereo import METHODS
from ._depth_frames import DepthFrames, Rig
from ._frames import rgb

#: The largest disparity that is looked for, in widths of the image.
REACH = 0.25
#: Share of a pixel's area that must be known.
COVERED = 0.5


def hints_of(
    frames: DepthFrames, rigs: Sequence[Rig], method: str, height: int, width: int
) -> tuple[list[Float32], list[Float32]]:
    """1 / depth, one over metres, of the left and the right images at the size that the net sees; NaN where unknown.

    Args:
        frames: of two cameras.
        rigs: of the images on disk, one for all or one for each pair; rectified.
        method: of `stereo`, as "sgm".

    Raises:
        ValueError: for other numbers of cameras, and where a rig is not rectified.
    """
    if len(frames.files) != 2:
        raise ValueError(f"hints are of pairs; these are images of {len(frames.files)} camera(s): hints = ''")
    made: Any = METHODS[method]
    matcher = made(max_disparity=max(16, round(REACH * frames.size[1])))
    found: tuple[list[Float32], list[Float32]] = ([], [])
    for time, files in enumerate(zip(*frames.files, strict=True)):
        rig = rigs[time if len(rigs) > 1 else 0]
        pair = StereoRig(left=rig.cameras[0], right=rig.cameras[1], T_right_left=rig.T[1])
        pair.require_rectified()
        left, right = (rgb(image, image)[0] for image in map(io.read_image, files))
        first, second = (np.ascontiguousarray(image[:, ::-1]) for image in (right, left))
        mirrored = _inverse_depth(matcher, first, second, pair)
        for kept, each in zip(found, (_inverse_depth(matcher, left, right, pair), mirrored[:, ::-1]), strict=True):
            kept.append(_shrunk(each, height, width))
    return found


def _inverse_depth(matcher: Any, left: Image, right: Image, rig: Any) -> Float32:
    """1 / depth where the method has an estimate that no other view hides."""
    depth = matcher(left, right).to_depth(rig)
    unknown = ~depth.valid if depth.occluded is None else ~depth.valid | depth.occluded
    inverse: Float32 = np.where(unknown, np.nan, 1 / np.where(unknown, 1.0, depth.m)).astype(np.float32)
    return inverse


def _shrunk(inverse: Float32, height: int, width: int) -> Float32:
    """Means over the areas of pixels of what is known there."""
    there = np.isfinite(inverse).astype(np.float32)
    total, share = (
        cv2.resize(np.ascontiguousarray(each), (width, height), interpolation=cv2.INTER_AREA)
        for each in (np.nan_to_num(inverse), there)
    )
    found: Float32 = np.where(share >= COVERED, total / np.maximum(share, 1e-6), np.nan).astype(np.float32)
    return found


def hinted(image: Tensor, inverse: Tensor, hint: Tensor, seen_by: Any) -> Tensor:
    """The mean of |ln D − ln H| over pixels that look more alike by the hint H than by the net's D; 0 of none.

    After Watson et al., eq. 5, of logarithms: an error counts alike near and far.

    Args:
        image: (B, 3, H, W).
        inverse, hint: 1 / depth, (B, 1, H, W), of the net and of the hint, NaN where that is unknown.
        seen_by: a function of inverse depth: the other image, seen from here by it.
    """
    where = known(hint) & (filled(hint, known(hint)) > 0)
    target = torch.where(where, hint, inverse.detach())
    with torch.no_grad():
        costs = [photometric.appearance(image, seen_by(each), reduction="none") for each in (target, inverse)]
        better = where & known(costs[0]) & ~(costs[1] <= costs[0])
    gap = (inverse.clamp(min=1e-6).log() - target.clamp(min=1e-6).log()).abs()
    return (gap * better).sum() / better.sum().clamp(min=1)


def as_seen(view: monocular.View, camera: Any, parameters: Tensor | None) -> Any:
    """The function of inverse depth by which `hinted` sees a view."""

    def look(inverse: Tensor) -> Tensor:
        numbers = {"parameters0": parameters, "parameters1": view.parameters}
        found = reproject(1 / inverse.clamp(min=1e-6), view.T, camera, view.camera, **numbers)
        return seen(view.image, found)

    return look
