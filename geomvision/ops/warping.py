"""Backward warping: look up an image where a displacement field points."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import packages
from ..arguments import checked
from ._dispatch import is_tensor, kernel_ready, on_arrays, require_arrays, require_floating

Mode = Literal["bilinear", "bicubic"]
Outside = Literal["nan", "zero", "border"]
MODES: tuple[Mode, ...] = get_args(Mode)
OUTSIDES: tuple[Outside, ...] = get_args(Outside)
#: What kernels sample as it is; all else becomes float32.
SAMPLED = (np.dtype(np.float32), np.dtype(np.uint8), np.dtype(np.uint16))


@checked
def warp(
    image: Any,
    displacement: Any,
    *,
    mode: Mode = "bilinear",
    outside: Outside = "nan",
    dtype: DTypeLike | None = None,
    return_valid: bool = False,
    num_threads: int = 0,
) -> Any:
    """Sample `image` at (x + dx, y + dy). Inside is [0, W − 1] x [0, H − 1]; NaN is never inside.

    Args:
        image: numpy (H, W) or (H, W, C), any real dtype; or a floating tensor (B, C, H, W).
        displacement: (h, w, 2) as (dx, dy) in pixels; for a tensor (B, 2, h, w), in its dtype.
        mode: "bilinear", or "bicubic": cubic convolution with a = −1/2 (Keys 1981), the border repeating.
        outside: what a pixel becomes that points outside: "nan", "zero", or "border": the nearest place inside, but
            0 where the displacement is NaN. Nets train with "zero" or "border".
        dtype: None for float32; or the image's own uint8 or uint16, rounded to nearest (for numpy images only).
        return_valid: also return where the displacement points inside, bool (h, w) or (B, h, w).
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        float32 (h, w) or (h, w, C); for tensors (B, C, h, w) in their dtype, differentiable in both arguments: pixels
        that point outside give nothing. With `return_valid` a pair.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes, modes, or an image without pixels.
    """
    if mode not in MODES or outside not in OUTSIDES:
        name, value, allowed = ("mode", mode, MODES) if mode not in MODES else ("outside", outside, OUTSIDES)
        raise ValueError(f"warp: {name} is {value!r}; allowed are {', '.join(map(repr, allowed))}")
    if is_tensor(image) or is_tensor(displacement):
        warped, valid = _warp_tensors(image, displacement, mode, outside, dtype, num_threads)
    else:
        warped, valid = _warp_arrays(image, displacement, mode, outside, dtype, return_valid, num_threads)
    return (warped, valid) if return_valid else warped


def warp_by_disparity(right: Any, disparity: Any, **options: Any) -> Any:
    """The right view seen from the left: `warp` by (−disparity, 0), with its options.

    Args:
        right: numpy (H, W) or (H, W, C), or a tensor (B, C, H, W).
        disparity: (h, w), or a tensor (B, h, w), pixels: x_right = x_left − disparity.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes, and what `warp` refuses.
    """
    if is_tensor(disparity):
        import torch

        require_floating("warp_by_disparity", disparity=disparity)
        if disparity.ndim != 3:
            raise ValueError(f"warp_by_disparity: disparity has shape {tuple(disparity.shape)}; it must be (B, h, w)")
        return warp(right, torch.stack([-disparity, torch.zeros_like(disparity)], 1), **options)
    require_arrays("warp_by_disparity", disparity=disparity)
    if disparity.ndim != 2:
        raise ValueError(f"warp_by_disparity: disparity has shape {disparity.shape}; it must be (h, w)")
    if disparity.dtype.kind not in "buif":
        raise TypeError(f"warp_by_disparity: disparity is {disparity.dtype}; it must be real numbers")
    displacement = np.zeros((*disparity.shape, 2), np.float32)
    with np.errstate(over="ignore"):  # what float32 cannot hold lies outside of every image
        np.subtract(0, disparity, out=displacement[..., 0], dtype=np.float32, casting="unsafe")
    return warp(right, displacement, **options)


def _warp_tensors(image: Any, displacement: Any, mode: Mode, outside: Outside, dtype: Any, num_threads: int) -> Any:
    require_floating("warp", image=image, displacement=displacement)
    if dtype is not None:
        raise TypeError(f"warp: dtype is {dtype}; tensors keep theirs: leave it out")
    if image.ndim != 4:
        raise ValueError(f"warp: image has shape {tuple(image.shape)}; it must be (B, C, H, W)")
    if displacement.ndim != 4 or displacement.shape[1] != 2 or displacement.shape[0] != image.shape[0]:
        expected = f"({image.shape[0]}, 2, h, w) as (dx, dy)"
        raise ValueError(f"warp: displacement has shape {tuple(displacement.shape)}; it must be {expected}")
    _require_pixels(image, image.shape[2:])
    from ._torch import warp_features

    warped, inside = warp_features(image, displacement, mode == "bicubic", outside, num_threads)
    return warped, inside.bool()


def _warp_arrays(
    image: Any, displacement: Any, mode: Mode, outside: Outside, dtype: Any, return_valid: bool, num_threads: int
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    if type(image) is not np.ndarray or type(displacement) is not np.ndarray:
        require_arrays("warp", image=image, displacement=displacement)
    if image.ndim not in (2, 3):
        raise ValueError(f"warp: image has shape {image.shape}; it must be (H, W) or (H, W, C)")
    if displacement.ndim != 3 or displacement.shape[2] != 2:
        raise ValueError(f"warp: displacement has shape {displacement.shape}; it must be (H, W, 2) as (dx, dy)")
    if image.dtype.kind not in "buif" or displacement.dtype.kind not in "buif":
        raise TypeError(f"warp: image is {image.dtype}, displacement {displacement.dtype}; they must be real numbers")
    _require_pixels(image, image.shape[:2])
    rounded = dtype is not None and np.dtype(dtype) != np.float32
    if rounded and (np.dtype(dtype) != image.dtype or image.dtype.name not in ("uint8", "uint16")):
        raise TypeError(f"warp: dtype is {np.dtype(dtype)}; allowed are float32, and uint8 or uint16 of such an image")
    if rounded and outside == "nan":
        raise ValueError(f"warp: {np.dtype(dtype)} cannot be NaN; choose outside='zero' or 'border'")
    if not rounded and image.dtype not in SAMPLED:
        image = image.astype(np.float32)
    if displacement.dtype != np.float32:
        with np.errstate(over="ignore"):  # as infinity, outside
            displacement = displacement.astype(np.float32)
    if not packages.has_core():
        return _warp_by_twin(image, displacement, mode, outside, rounded, num_threads)
    run = packages.core().warp_rounded if rounded else packages.core().warp
    ready = kernel_ready(image), kernel_ready(displacement)
    warped, inside = run(*ready, mode == "bicubic", outside, return_valid, num_threads)
    return warped, None if inside is None else inside.view(bool)


def _warp_by_twin(
    image: NDArray[Any], displacement: NDArray[Any], mode: Mode, outside: Outside, rounded: bool, num_threads: int
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    layers = image[..., None] if image.ndim == 2 else image
    planes = np.moveaxis(layers, 2, 0)[None].astype(np.float32)
    field = np.moveaxis(displacement, 2, 0)[None]
    found, inside = on_arrays("warp_features", planes, field, mode == "bicubic", outside, num_threads)
    warped = np.moveaxis(found[0], 0, 2)
    warped = np.clip(np.rint(warped), 0, np.iinfo(image.dtype).max).astype(image.dtype) if rounded else warped
    return warped[..., 0] if image.ndim == 2 else warped, inside[0].view(bool)


def _require_pixels(image: Any, size: Any) -> None:
    if 0 in size:
        raise ValueError(f"warp: image has shape {tuple(image.shape)}; it has no pixels to look up")
