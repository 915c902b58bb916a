"""Semi-global aggregation of any matching costs: learned ones, or those of other ops."""

from __future__ import annotations

from typing import Literal

from ..arguments import checked
from . import _classical as classical
from ._dispatch import Array, dtype_name, require_arrays

_GUIDES = ("uint8", "uint16", "float32")
_HALVES = ("float16", "bfloat16")


@checked
def sgm_paths(
    costs: Array,
    guide: Array | None = None,
    *,
    paths: Literal[4, 5, 8, 16] = 8,
    p1: int = 24,
    p2: int = 180,
    num_threads: int = 0,
) -> Array:
    """Sums of path costs (Hirschmüller, TPAMI 2008, eq. 13), as `stereo.SGM` has them.

    Path costs are bytes, so costs may be at most 255 − p2; larger ones are refused. A candidate that is none must be
    given a cost first: one between that of a good match and that of a wrong one keeps borders unbiased.

    Args:
        costs: (H, W, D), uint8.
        guide: (H, W), the left image, uint8, uint16, or floating and finite. P2 is lower the more it changes along the
            path: divided by the ratio of that change to the mean one, yet never below P1. None: the same P2 everywhere.
        paths: 4 along rows and columns; 5 that need nothing from below; 8; 16 with knight's moves.
        p1: penalty of a step of one candidate along a path, 0 … p2.
        p2: penalty of larger steps, at most 255.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        uint16 (H, W, D).

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or numbers.
    """
    name = "sgm_paths"
    require_arrays(name, costs=costs)
    if costs.ndim != 3:
        raise ValueError(f"{name}: costs have shape {tuple(costs.shape)}; they must be (H, W, D)")
    if dtype_name(costs) != "uint8":
        raise TypeError(f"{name}: costs are {costs.dtype}; they must be uint8: scale them to 0 … {255 - p2}")
    if paths not in (4, 5, 8, 16):
        raise ValueError(f"{name}: paths is {paths}; allowed are 4, 5, 8 and 16")
    if not 0 <= p1 <= p2 <= 255:
        raise ValueError(f"{name}: p1 is {p1} and p2 {p2}; allowed is 0 ≤ p1 ≤ p2 ≤ 255")
    if guide is not None:
        require_arrays(name, costs=costs, guide=guide)
        if tuple(guide.shape) != tuple(costs.shape[:2]):
            raise ValueError(
                f"{name}: guide has shape {tuple(guide.shape)}; costs of {tuple(costs.shape)} ask for "
                f"{tuple(costs.shape[:2])}"
            )
        if dtype_name(guide) in (*_HALVES, "float64"):
            guide = classical.cast(guide, "float32")
        elif dtype_name(guide) not in _GUIDES:
            raise TypeError(f"{name}: guide is {guide.dtype}; allowed are uint8, uint16 and floating point")
    return classical.run(name, costs, guide, int(paths), p1, p2, num_threads)  # type: ignore[no-any-return]
