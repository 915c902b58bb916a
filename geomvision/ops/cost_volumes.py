"""Cost volumes of stereo nets: features of the left view beside, times or minus those of the right, shifted.

Features are (B, C, H, W), floating point; candidate d compares left(x) with right(x − d). Every volume is
differentiable in both. `num_threads` 0 takes every core (for tensors: as many as torch uses); results do not
depend on it. All raise TypeError for other dtypes and ValueError for other shapes or numbers.
"""

from __future__ import annotations

from typing import Any

from ..arguments import checked
from ._dispatch import Array, is_tensor, on_arrays, require_floating, require_shape


@checked
def group_wise_volume(left: Array, right: Array, *, max_disparity: int, groups: int, num_threads: int = 0) -> Array:
    """Mean product of each group of channels (Guo et al., Group-wise Correlation Stereo, CVPR 2019).

    Args:
        left, right: (B, C, H, W); `groups` must divide C.
        max_disparity: number of candidates: 0 … max_disparity − 1 pixels.

    Returns:
        (B, groups, max_disparity, H, W); 0 where x < d.
    """
    _check("group_wise_volume", left, right, max_disparity)
    if groups < 1 or left.shape[1] % groups:
        raise ValueError(f"group_wise_volume: {left.shape[1]} channels do not make {groups} equal groups")
    return _run("group_wise_volume", left, right, max_disparity, groups, num_threads)  # type: ignore[no-any-return]


@checked
def correlation_volume(left: Array, right: Array, *, max_disparity: int, num_threads: int = 0) -> Array:
    """Mean product over all channels (Mayer et al., DispNetC, CVPR 2016): `group_wise_volume` of one group.

    Returns:
        (B, max_disparity, H, W); 0 where x < d.
    """
    _check("correlation_volume", left, right, max_disparity)
    volume = _run("group_wise_volume", left, right, max_disparity, 1, num_threads)
    return volume[:, 0]  # type: ignore[no-any-return]


@checked
def difference_volume(left: Array, right: Array, *, max_disparity: int, num_threads: int = 0) -> Array:
    """Mean absolute difference over all channels (Wang et al., AnyNet, ICRA 2019).

    Returns:
        (B, max_disparity, H, W); right counts as 0 beyond its border. The derivative of |0| is 0.
    """
    _check("difference_volume", left, right, max_disparity)
    return _run("difference_volume", left, right, max_disparity, num_threads)  # type: ignore[no-any-return]


@checked
def concatenated_volume(left: Array, right: Array, *, max_disparity: int, num_threads: int = 0) -> Array:
    """Channels of left, then those of the shifted right (Kendall et al., GC-Net, ICCV 2017; PSMNet, CVPR 2018).

    Returns:
        (B, 2 C, max_disparity, H, W); both 0 where x < d.
    """
    _check("concatenated_volume", left, right, max_disparity)
    return _run("concatenated_volume", left, right, max_disparity, num_threads)  # type: ignore[no-any-return]


def _check(owner: str, left: Array, right: Array, max_disparity: int) -> None:
    require_floating(owner, left=left, right=right)
    require_shape(owner, "left", left, "B, C, H, W")
    if left.shape != right.shape:
        raise ValueError(f"{owner}: left has shape {tuple(left.shape)}, right {tuple(right.shape)}; they must be equal")
    if left.shape[1] == 0:
        raise ValueError(f"{owner}: features have shape {tuple(left.shape)}; they need at least one channel")
    if max_disparity < 1:
        raise ValueError(f"{owner}: max_disparity is {max_disparity}; at least one candidate is needed")


def _run(name: str, left: Any, *arguments: Any) -> Any:
    if is_tensor(left):
        from . import _torch

        return getattr(_torch, name)(left, *arguments)
    return on_arrays(name, left, *arguments)
