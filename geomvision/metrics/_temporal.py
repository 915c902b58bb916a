"""How steady the disparity of a video is: what changes from frame to frame and should not."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import ops
from ..arguments import checked
from ..images import Mask
from ..results import Disparity, Flow
from ._base import Ratio
from ._comparison import mean, share


@checked
def temporal_change(
    first: Disparity,
    second: Disparity,
    flow: Flow,
    change: ArrayLike | None = None,
    visible: Mask | None = None,
) -> dict[str, Ratio]:
    """|D₁(p + F(p)) − D₀(p) − Δ(p)| over the pixels p of frame 0 that frame 1 shows, too: flicker, in pixels.

    It needs no true disparity, and says nothing of how right the two are: a wrong but steady estimate has no flicker.
    With the true Δ it is the temporal end-point error of Karaev et al. (DynamicStereo, CVPR 2023), along the flow
    rather than at a fixed pixel, and absolute. D₁ is looked up bilinearly, so that at a step of depth even the truth
    changes: `visible` may leave its neighbourhood out.

    Args:
        first, second: disparities of the left views of frame 0 and frame 1.
        flow: from left frame 0 to left frame 1, true or estimated; its gaps and `occluded` pixels do not count.
        change: Δ, (H, W), pixels: how the disparity of each point truly changes, such as `disparity1 − disparity0` of a
            `SceneFlowSample`; NaN does not count. None: nothing moves towards the camera or away from it.
        visible: bool (H, W): which pixels count besides.

    Returns:
        "change", its mean in pixels; "change>1", the percentage of pixels that change by more than 1 pixel; both over
        pixels with an estimate in both frames, a percentage of which is "density".

    Raises:
        ValueError: when sizes differ. TypeError: for what is no map, and when `visible` is not bool.
    """
    size = first.size
    steps = np.zeros(size) if change is None else np.asarray(change, np.float64)
    where = np.ones(size, np.bool_) if visible is None else visible
    if type(where) is not np.ndarray or where.dtype != np.bool_:
        given = where.dtype if isinstance(where, np.ndarray) else type(where).__name__
        raise TypeError(f"temporal_change: visible is {given}; it must be a numpy array of bool")
    sizes = {"second": second.size, "flow": flow.size, "change": steps.shape, "visible": where.shape}
    wrong = [f"{name} {given}" for name, given in sizes.items() if given != size]
    if wrong:
        raise ValueError(f"temporal_change: first is {size}, {', '.join(wrong)}; sizes (H, W) must be equal")
    # Gaps are looked up apart: a neighbour without weight must not make one.
    found = np.stack([np.nan_to_num(second.px), second.valid.astype(np.float32)], axis=2)
    looked_up, inside = ops.warp(found, flow.px, return_valid=True)
    counted = where & inside & np.isfinite(steps)
    if flow.occluded is not None:
        counted &= ~flow.occluded
    error = np.abs(looked_up[..., 0].astype(np.float64) - first.px - steps)
    known = counted & first.valid & (looked_up[..., 1] > 1 - 1e-6)
    return {
        "change": mean(error, known),
        "change>1": share(error > 1, known),
        "density": share(known, counted),
    }
