"""Soft-argmin: the disparity that a cost volume expects, differentiable in the costs."""

from __future__ import annotations

from ._dispatch import Array, is_tensor, on_arrays, require_floating, require_shape


def soft_argmin(costs: Array, *, first: float = 0.0, num_threads: int = 0) -> Array:
    """Expected disparity under the softmax of negated costs (Kendall et al., ICCV 2017, eq. 1).

    Args:
        costs: (B, D, H, W), floating point; candidate k stands for `first` + k pixels.
        first: disparity of the first candidate, pixels.
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
    if is_tensor(costs):
        from ._torch import soft_argmin as operator

        return operator(costs, first, num_threads)  # type: ignore[no-any-return]
    return on_arrays("soft_argmin", costs, first, num_threads)  # type: ignore[no-any-return]
