"""Scene flow of a calibrated pair: disparities of two times, joined by optical flow, as motion in space."""

from __future__ import annotations

import numpy as np

from .. import ops
from ..arguments import checked
from ..cameras import StereoRig
from ..images import Float32, Mask
from ..results import Disparity, Flow, SceneFlow

#: Disparities around a place that differ by more belong to different surfaces: nothing lies between these.
STEP_PX = 1.0


@checked
def scene_flow(
    disparity0: Disparity,
    disparity1: Disparity,
    flow: Flow,
    rig: StereoRig,
    *,
    backward: Flow | None = None,
    round_trip_px: float = 1.0,
) -> SceneFlow:
    """Motion of every pixel of frame 0 from what its disparity is, where it goes, and what its disparity is there.

    The disparity of frame 1 is looked up where the flow leads: between pixels of one surface linearly, at a step of
    more than a pixel at the nearest pixel. Each place becomes a point by its own disparity (Vedula et al., ICCV 1999).
    Without motion stay pixels that one of the maps lacks or calls occluded, that leave the image, and, with `backward`,
    that do not come back.

    Args:
        disparity0: of frame 0, and
        disparity1: of frame 1, each at the pixels of its own left image.
        flow: of the left image, from frame 0 to frame 1.
        rig: the rectified rig that took both pairs, of the maps' size.
        backward: flow from frame 1 to frame 0.
        round_trip_px: how far a pixel may miss its start after going there and back.

    Returns:
        The motion, with the maps it was made of: `flow.occluded` marks what does not come back or is not seen in frame
        1, `disparity1` is that of frame 1 at the pixels of frame 0.

    Raises:
        ValueError: when sizes differ, the rig is not rectified, or `round_trip_px` is not above 0.
    """
    rig.require_rectified()
    if not round_trip_px > 0:
        raise ValueError(f"round_trip_px is {round_trip_px}; it must be a positive number of pixels")
    wanted = (rig.left.height, rig.left.width)
    for name, each in (("disparity0", disparity0), ("disparity1", disparity1), ("flow", flow), ("backward", backward)):
        if each is not None and each.size != wanted:
            (h, w), (height, width) = each.size, wanted
            raise ValueError(f"{name} is {w}x{h} but the rig is {width}x{height} pixels: resize the rig, rig.resize(…)")
    lost = np.zeros(wanted, bool) if flow.occluded is None else flow.occluded.copy()
    if backward is not None:
        lost |= flow.valid & ~returns(flow, backward, round_trip_px)
    seen1 = disparity1.px if disparity1.occluded is None else np.where(disparity1.occluded, np.nan, disparity1.px)
    later = np.where(lost, np.float32(np.nan), looked_up(np.asarray(seen1, np.float32), flow.px))
    return SceneFlow.of_maps(
        disparity0,
        Disparity(px=later),
        Flow(px=flow.px, confidence=flow.confidence, occluded=lost, run=flow.run),
        rig,
    )


def returns(forward: Flow, backward: Flow, round_trip_px: float) -> Mask:
    """Which pixels the two flows take there and back to within so many pixels; False where one is missing."""
    missed = forward.px + ops.warp(backward.px, forward.px)
    return np.asarray(np.hypot(missed[..., 0], missed[..., 1]) <= round_trip_px)


def looked_up(disparity: Float32, flow: Float32) -> Float32:
    """A map where the flow leads, (H, W): linear within a surface, nearest where neighbours differ by a step."""
    height, width = disparity.shape
    linear: Float32 = ops.warp(disparity, flow)
    y, x = np.mgrid[:height, :width]
    with np.errstate(invalid="ignore"):
        at = np.stack([x + flow[..., 0], y + flow[..., 1]])
        inside = (at[0] >= 0) & (at[0] <= width - 1) & (at[1] >= 0) & (at[1] <= height - 1)
    px, py = np.where(inside, at, 0.0)
    left, top = np.floor(px).astype(np.intp), np.floor(py).astype(np.intp)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    corners = np.stack([disparity[j, i] for j in (top, bottom) for i in (left, right)])
    nearest = disparity[np.rint(py).astype(np.intp), np.rint(px).astype(np.intp)]
    with np.errstate(invalid="ignore"):
        smooth = corners.max(axis=0) - corners.min(axis=0) <= STEP_PX  # a NaN among them compares false
    return np.where(inside, np.where(smooth & ~np.isnan(linear), linear, nearest), np.float32(np.nan))
