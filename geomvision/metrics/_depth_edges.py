"""Where depth jumps: Canny's edges of its logarithm (Canny, PAMI 8(6), 1986; Spencer et al., TMLR 2022)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import checked
from ..images import Mask
from ..results import Depth

#: Width of the smoothing in pixels, and Sobel's response to ln Z from which an edge goes on, and from which it begins.
#: Sobel's response is eight times the slope: an edge begins where depth changes by 2.5 % from pixel to pixel.
SIGMA_PX, LOW, HIGH = 1.0, 0.1, 0.2


@checked
def depth_edges(depth: Depth) -> Mask:
    """Pixels on edges of depth, bool (H, W): one pixel wide; none at the border, nor next to a gap.

    It is what the monocular depth challenge of SYNS-Patches takes as edges of an estimate.
    """
    from scipy import ndimage

    known = depth.valid
    smooth = _smoothed(np.log(np.where(known, depth.m.astype(np.float64), 1.0)), known, ndimage)
    inner = ndimage.binary_erosion(known, np.ones((3, 3)), border_value=0)
    dy, dx = ndimage.sobel(smooth, axis=0), ndimage.sobel(smooth, axis=1)
    steep = np.hypot(dx, dy)
    crest = inner & (steep >= LOW) & _largest_across(steep, dx, dy)
    labels, count = ndimage.label(crest, np.ones((3, 3)))
    begun = np.zeros(count + 1, bool)
    begun[labels[crest & (steep >= HIGH)]] = True
    edges: Mask = begun[labels] & crest
    return edges


def _smoothed(values: Any, known: Mask, ndimage: Any) -> Any:
    """Gaussian smoothing over known pixels alone."""
    weight = ndimage.gaussian_filter(known.astype(np.float64), SIGMA_PX, mode="constant")
    total = ndimage.gaussian_filter(np.where(known, values, 0.0), SIGMA_PX, mode="constant")
    return total / (weight + np.finfo(np.float64).eps)


def _largest_across(steep: Any, dx: Any, dy: Any) -> Mask:
    """Whether no neighbour along the gradient, interpolated between two pixels, is steeper."""
    height, width = steep.shape
    padded = np.pad(steep, 1)
    y, x = np.mgrid[1 : height + 1, 1 : width + 1]
    flat = np.abs(dx) >= np.abs(dy)  # the gradient runs along the row more than down the column
    sx, sy = np.where(dx >= 0, 1, -1), np.where(dy >= 0, 1, -1)
    longer, shorter = np.maximum(np.abs(dx), np.abs(dy)), np.minimum(np.abs(dx), np.abs(dy))
    share = np.divide(shorter, longer, out=np.zeros_like(longer), where=longer > 0)
    largest = np.ones(steep.shape, bool)
    for way in (1, -1):
        straight = padded[y + np.where(flat, 0, way * sy), x + np.where(flat, way * sx, 0)]
        diagonal = padded[y + way * sy, x + way * sx]
        largest &= steep >= (1 - share) * straight + share * diagonal
    return largest
