"""Sparse to dense by dilating, closing and filling alone (Ku, Harakeh & Waslander, CRV 2018)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, grey_closing, grey_dilation, maximum_filter

from .. import ops
from ..images import Float32
from ..method import backend, option
from ..results import Depth
from ._completion import Completion, completed

CROSS = np.array([[False, True, False], [True, True, True], [False, True, False]])


@dataclass(frozen=True, kw_only=True)
class Morphological(Completion):
    """The nearest of the depths within a window, in windows that grow until every gap is filled.

    After IP-Basic (Ku, Harakeh & Waslander, CRV 2018): a dilation by a diamond, a closing, larger and larger dilations,
    a median and a blur of what was filled; nearer depth wins throughout, as an obstacle should. Windows here follow the
    mean distance of given points, where theirs are made for a laser of 64 beams. The image is not looked at.
    """

    window: int = option(0, "side of the first window; 0 takes one that holds about one point", unit="px", minimum=0)

    @backend("numpy", requires="geomvision._core")
    def _numpy(self, sparse_m: Float32, guide: Float32 | None) -> Depth:  # noqa: ARG002 — of every completion
        known = ~np.isnan(sparse_m)
        near = np.where(known, 1.0 / np.where(known, sparse_m.astype(np.float64), 1.0), 0.0)  # 0: unknown
        size = (self.window or int(np.sqrt(known.size / known.sum()))) | 1
        filled = near
        for _ in range(min(size // 2, max(known.shape))):  # a diamond is a cross again and again
            filled = grey_dilation(filled, footprint=CROSS)
        filled = np.where(filled > 0, filled, grey_closing(filled, size=(size, size)))
        while not filled.all():
            size = min(2 * size + 1, 2 * max(known.shape) + 1)
            filled = np.where(filled > 0, filled, maximum_filter(filled, size=size, mode="nearest"))
        filled = ops.median(filled.astype(np.float32), size=5, num_threads=self.num_threads)
        return completed(sparse_m, gaussian_filter(filled, 1.0, mode="nearest"))
