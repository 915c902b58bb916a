"""What ops on images, classical volumes and disparity maps share: dtypes they take, and axes before the image's."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ._dispatch import dtype_name, is_tensor, on_arrays, require_floating

#: Costs the kernels count with; half precisions become float32.
COSTS = ("uint8", "uint16", "int32", "float32")
_HALVES = ("float16", "bfloat16")
_WHOLE = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
_REAL = (*_WHOLE, *_HALVES, "float32", "float64")


def cast(array: Any, dtype: str) -> Any:
    """The array in the dtype of that name; itself where it has it."""
    if dtype_name(array) == dtype:
        return array
    if is_tensor(array):
        import torch

        return array.to(getattr(torch, dtype))
    return array.astype(dtype)


def costs(owner: str, name: str, array: Any, axes: int, allowed: tuple[str, ...] = COSTS) -> Any:
    """A volume, or a map of its costs, in a dtype the kernels know; at least `axes` axes."""
    require_axes(owner, name, array, axes)
    return counted(owner, name, array, allowed)


def counted(owner: str, name: str, array: Any, allowed: tuple[str, ...]) -> Any:
    """Numbers of one of the `allowed` dtypes, half precisions in float32."""
    if dtype_name(array) in _HALVES:
        return cast(array, "float32")
    if dtype_name(array) not in allowed:
        known = f"allowed are {', '.join(allowed)} and half precisions"
        raise TypeError(f"{owner}: {name} is {array.dtype}; {known}: convert it first")
    return array


def disparities(owner: str, name: str, array: Any) -> Any:
    """A map of at least two axes in float32, which every half precision fits in."""
    require_axes(owner, name, array, 2)
    require_floating(owner, **{name: array})
    if dtype_name(array) not in ("float32", *_HALVES):
        raise TypeError(f"{owner}: {name} is {array.dtype}; disparity maps are float32: convert it first")
    return cast(array, "float32")


def smoothed(owner: str, name: str, array: Any, axes: int) -> Any:
    """Values in float32 or float64: halves and integers in float32."""
    require_axes(owner, name, array, axes)
    if dtype_name(array) in ("float32", "float64"):
        return array
    if dtype_name(array) not in (*_HALVES, *COSTS):
        raise TypeError(
            f"{owner}: {name} is {array.dtype}; allowed are {', '.join(COSTS)}, float64 and half precisions"
        )
    return cast(array, "float32")


def image(owner: str, name: str, array: Any, like: Any, axes: int, allowed: tuple[str, ...]) -> Any:
    """A grey (..., H, W) or colour (..., H, W, C) image whose first `axes` axes are those of `like`, with C."""
    shape = tuple(like.shape[:axes])
    if tuple(array.shape) == shape:
        array = array[..., None]
    elif tuple(array.shape[:-1]) != shape or array.ndim != axes + 1 or array.shape[-1] == 0:
        wanted = ", ".join(map(str, shape))
        raise ValueError(
            f"{owner}: {name} has shape {tuple(array.shape)}; it must be ({wanted}) or ({wanted}, channels)"
        )
    if dtype_name(array) in allowed:
        return array
    require_real(owner, name, array)
    return cast(array, allowed[-1])


def require_real(owner: str, name: str, array: Any) -> None:
    """Raise TypeError unless an array holds truth values, whole or floating numbers that both kinds of array know."""
    if dtype_name(array) not in _REAL:
        raise TypeError(f"{owner}: {name} is {array.dtype}; it must be real numbers: convert it first")


def require_axes(owner: str, name: str, array: Any, axes: int) -> None:
    """Raise ValueError unless there are at least `axes` axes."""
    if array.ndim < axes:
        form = {2: "(..., H, W)", 3: "(..., H, W, D)"}[axes]
        raise ValueError(f"{owner}: {name} has shape {tuple(array.shape)}; it must be {form}")


def require_equal_shapes(owner: str, **arrays: Any) -> None:
    """Raise ValueError unless all shapes are equal."""
    if len({tuple(array.shape) for array in arrays.values()}) > 1:
        given = ", ".join(f"{name} has shape {tuple(array.shape)}" for name, array in arrays.items())
        raise ValueError(f"{owner}: {given}; they must be equal")


def flat(array: Any, axes: int) -> Any:
    """All axes before the last `axes` as one."""
    kept = tuple(array.shape[array.ndim - axes :])
    return array.reshape((prod(array.shape[: array.ndim - axes]), *kept))


def nowhere(like: Any) -> Any:
    """A mask of the same shape in which nothing is set."""
    if is_tensor(like):
        import torch

        return torch.zeros_like(like, dtype=torch.bool)
    return np.zeros(like.shape, np.bool_)


def run(name: str, *arguments: Any) -> Any:
    """The op of that name: on tensors the operator, on arrays the kernel."""
    if is_tensor(arguments[0]):
        from . import _torch

        return getattr(_torch, name)(*arguments)
    return on_arrays(name, *arguments)
