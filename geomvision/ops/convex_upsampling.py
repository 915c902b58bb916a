"""Convex upsampling: fine values between coarse ones, by weights that a net has learned."""

from __future__ import annotations

from typing import Literal

from ..arguments import checked
from ._dispatch import Array, is_tensor, on_arrays, require_floating, require_shape

Beyond = Literal["border", "zero"]


@checked
def convex_upsample(
    coarse: Array,
    logits: Array,
    *,
    factor: int,
    dilation: int = 1,
    outside: Beyond = "border",
    num_threads: int = 0,
) -> Array:
    """Each fine value a convex sum of its 3×3 coarse neighbours (RAFT, Teed & Deng, ECCV 2020, §3.3).

    With factor 1 it spreads values along learned affinities (Cheng et al., ECCV 2018).

    Args:
        coarse: (B, C, h, w), floating point: a flow, a disparity.
        logits: (B, 9 · factor², h, w), of one dtype with it: of the neighbours, row by row, for each fine pixel, row by
            row. Their softmax over the neighbours weighs.
        factor: 1 … 64 fine pixels for a coarse one, along x and along y.
        dilation: 1 … 64 coarse pixels from one neighbour to the next.
        outside: neighbours beyond the border repeat it ("border"), or are 0 ("zero").
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        (B, C, factor · h, factor · w), in the dtype of the values, which are not multiplied: a flow in coarse pixels
        stays one. Differentiable in both.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or options.
    """
    name = "convex_upsample"
    require_floating(name, coarse=coarse, logits=logits)
    require_shape(name, "coarse", coarse, "B, C, h, w")
    for option, value in (("factor", factor), ("dilation", dilation)):
        if not 1 <= value <= 64:
            raise ValueError(f"{name}: {option} is {value}; allowed is between 1 and 64")
    wanted = (coarse.shape[0], 9 * factor**2, *coarse.shape[2:])
    if tuple(logits.shape) != wanted:
        raise ValueError(f"{name}: logits has shape {tuple(logits.shape)}; it must be {wanted}, 9 · factor² channels")
    arguments = (coarse, logits, factor, dilation, outside == "border", num_threads)
    if is_tensor(coarse):
        from ._torch import convex_upsample as operator

        return operator(*arguments)  # type: ignore[no-any-return]
    return on_arrays(name, *arguments)  # type: ignore[no-any-return]
