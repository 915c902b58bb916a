"""There and back: occlusion and confidence of any flow method, from the flow to frame 1 and the one back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from .. import ops
from ..images import Float32, Mask
from ..results import Flow

#: A round trip may miss its start by this share of both squared lengths, and by so many px² (Sundaram et al. 2010).
SHARE, LEAST_PX2 = np.float32(0.01), np.float32(0.5)


def occluded(forward: Flow, backward: Flow) -> Mask:
    """Pixels of frame 0 that frame 1 does not show: the flow leaves the image, or the one back does not return.

    |w + w'|² ≥ 0.01 (|w|² + |w'|²) + 0.5 px², w' being the backward flow where w points, bilinear (Sundaram, Brox &
    Keutzer, ECCV 2010, eq. 5). Where either flow has no estimate nothing is known, and the pixel is not marked.

    Args:
        forward: flow from frame 0 to frame 1, by any method.
        backward: flow from frame 1 to frame 0, of the same size.

    Returns:
        bool (H, W).

    Raises:
        TypeError: when one is no `Flow`. ValueError: when the sizes differ.
    """
    missed, leaves = _round_trip(forward, backward)
    return np.asarray(leaves | (missed >= 1))


def round_trip_confidence(forward: Flow, backward: Flow) -> Float32:
    """How well each pixel of frame 0 returns: 1 / (1 + r) with r = |w + w'|² / (0.01 (|w|² + |w'|²) + 0.5 px²).

    1 is a perfect return, ½ the threshold of `occluded`; 0 where the flow leaves the image or either has no estimate.
    Arguments and errors as of `occluded`; float32 (H, W).
    """
    missed, leaves = _round_trip(forward, backward)
    confidence: Float32 = np.nan_to_num(np.float32(1) / (np.float32(1) + missed))
    confidence[leaves] = 0
    return confidence


def forward_backward(method: Callable[[Any, Any], Flow], frame0: Any, frame1: Any) -> Flow:
    """The method's flow with `occluded` and `confidence`, by matching both ways: it takes twice as long.

    `confidence` is `round_trip_confidence`, in place of the method's own: one meaning for every method, and the better
    order even for Lucas–Kanade, whose own is of the image alone. `run.seconds` is the time of both.

    Args:
        method: any flow method, or what takes two frames and gives a `Flow`.
        frame0: image, (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
        frame1: image of the same size and dtype.

    Raises:
        What the method raises; TypeError when it gives no `Flow`.
    """
    there, back = method(frame0, frame1), method(frame1, frame0)
    confidence, hidden, run = round_trip_confidence(there, back), occluded(there, back), there.run
    if run is not None and back.run is not None:
        run = replace(run, seconds=run.seconds + back.run.seconds)
    return replace(there, confidence=confidence, occluded=hidden, run=run)


def _round_trip(forward: Flow, backward: Flow) -> tuple[Float32, Mask]:
    """Squared distance from the start in units of what is allowed, NaN where unknown; and what leaves the image."""
    for name, flow in (("forward", forward), ("backward", backward)):
        if not isinstance(flow, Flow):
            raise TypeError(f"{name} is a {type(flow).__name__}; it must be a Flow")
    if forward.size != backward.size:
        (h, w), (height, width) = forward.size, backward.size
        raise ValueError(f"forward is {w}x{h} but backward is {width}x{height} pixels; they must be equal")
    height, width = forward.size
    there = forward.px
    x = np.arange(width, dtype=np.float32) + there[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + there[..., 1]
    half = np.float32(0.5)
    inside = (x >= -half) & (x <= width - half) & (y >= -half) & (y <= height - half)
    back = ops.warp(backward.px, there, outside="border")
    gap, length = ((there + back) ** 2).sum(axis=2), (there**2).sum(axis=2) + (back**2).sum(axis=2)
    missed = gap / (SHARE * length + LEAST_PX2)
    missed[~inside] = np.nan
    return missed, np.asarray(forward.valid & ~inside)
