"""Soft-argmin: the disparity that a cost volume expects, as it is or upsampled, differentiable in the costs."""

from __future__ import annotations

import math

from ..arguments import LARGEST, checked, whole
from ._dispatch import Array, is_tensor, on_arrays, require_floating, require_shape


@checked
def soft_argmin(costs: Array, *, first: float = 0.0, num_threads: int = 0) -> Array:
    """Expected disparity under the softmax of negated costs (Kendall et al., ICCV 2017, eq. 1).

    Args:
        costs: (B, D, H, W), floating point; candidate k stands for `first` + k pixels. One that costs infinity has no
            weight; NaN, −infinity, or infinity alone give NaN.
        first: disparity of the first candidate, pixels, finite.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        (B, H, W), pixels, in the dtype of the costs. Differentiable in them.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes, or no candidate.
    """
    require_floating("soft_argmin", costs=costs)
    require_shape("soft_argmin", "costs", costs, "B, D, H, W")
    if costs.shape[1] == 0:
        raise ValueError(f"soft_argmin: costs have shape {tuple(costs.shape)}; at least one candidate is needed")
    _require_finite("soft_argmin", first)
    if is_tensor(costs):
        from ._torch import soft_argmin as operator

        return operator(costs, first, num_threads)  # type: ignore[no-any-return]
    return on_arrays("soft_argmin", costs, first, num_threads)  # type: ignore[no-any-return]


@checked
def upsampled_soft_argmin(
    costs: Array,
    *,
    scale: int | None = None,
    size: tuple[int, int, int] | None = None,
    first: float = 0.0,
    num_threads: int = 0,
) -> Array:
    """Soft-argmin of costs upsampled trilinearly, as stereo nets end (Chang & Chen, PSMNet, CVPR 2018), in one step.

    Equal to ``interpolate(costs[:, None], size, mode="trilinear", align_corners=False)`` followed by `soft_argmin`,
    but nothing of the size of the upsampled volume is held. float32 is fastest where the disparities become 2, 4 or 8
    times as many (from at most 512) and the width at least twice as large.

    Args:
        costs: (B, D, H, W), floating point, finite: near a cost of infinity, where it is weighed by 0 too, may be NaN.
        scale: give back scale·D candidates at scale·H x scale·W pixels.
        size: or say how many: (disparities, height, width).
        first: what the first upsampled candidate stands for, pixels, finite; each further one stands for one more.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        (B, height, width), in the dtype of the costs. Differentiable in them.

    Raises:
        TypeError: for other dtypes, or unless exactly one of scale and size is given. ValueError: for other shapes.
    """
    owner = "upsampled_soft_argmin"
    require_floating(owner, costs=costs)
    require_shape(owner, "costs", costs, "B, D, H, W")
    if (scale is None) == (size is None):
        raise TypeError(f"{owner}: scale is {scale}, size is {size}; exactly one of them must be given")
    if size is None:
        _, disparities, height, width = (length * (scale or 0) for length in costs.shape)
    else:
        if not isinstance(size, tuple | list) or len(size) != 3:
            raise TypeError(f"{owner}: size is {size!r}; it must be (disparities, height, width)")
        disparities, height, width = (whole(owner, "size", length) for length in size)
    _require_finite(owner, first)
    wanted = (disparities, height, width)
    if min(wanted) < 1 or max(wanted) > LARGEST or 0 in costs.shape[1:]:
        told = f"{owner}: costs of shape {tuple(costs.shape)} cannot become {wanted}"
        raise ValueError(f"{told}: all must be between 1 and {LARGEST}")
    if wanted == tuple(costs.shape[1:]):
        return soft_argmin(costs, first=first, num_threads=num_threads)
    if is_tensor(costs):
        from ._torch import upsampled_soft_argmin as operator

        return operator(costs, disparities, height, width, first, num_threads)  # type: ignore[no-any-return]
    return on_arrays(owner, costs, disparities, height, width, first, num_threads)  # type: ignore[no-any-return]


def _require_finite(owner: str, first: float) -> None:
    if abs(first) == math.inf:
        raise ValueError(f"{owner}: first is {first}; it must be finite")
