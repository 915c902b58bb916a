"""Forward splatting: carry every pixel to where its flow points."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .. import packages
from ..arguments import checked
from ._dispatch import is_tensor, kernel_ready, on_arrays, require_floating

Mode = Literal["sum", "average", "softmax"]
Holes = Literal["nan", "zero"]

#: An importance this much below the highest of its image counts as this much below: e^-60 hides a pixel behind any
#: other, and still shows it where nothing else lands.
DEPTH_OF_IMPORTANCE = 60.0


@checked
def splat(
    image: Any,
    flow: Any,
    *,
    mode: Mode = "sum",
    importance: Any = None,
    holes: Holes = "nan",
    num_threads: int = 0,
) -> Any:
    """Add every pixel, bilinearly, to the four around (x + dx, y + dy) (Niklaus & Liu, CVPR 2020).

    What falls outside is lost; pixels whose flow is NaN or infinite, or whose importance is NaN, go nowhere.

    Args:
        image: numpy (H, W) or (H, W, C), or a tensor (B, C, H, W), floating point.
        flow: (H, W, 2) as (dx, dy) in pixels; for a tensor (B, 2, H, W). In the dtype of the image.
        mode: "sum"; "average": divided by the weights that landed; "softmax": weighted by exp(importance) before.
        importance: (H, W), or a tensor (B, 1, H, W): needed by "softmax" and by nothing else.
        holes: what a mean becomes where nothing lands: "nan" or "zero". Nets train with "zero".
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        As the image. Differentiable in image, flow and importance.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or modes, a missing or needless importance.
    """
    if mode not in ("sum", "average", "softmax") or holes not in ("nan", "zero"):
        allowed = "'sum', 'average', 'softmax' and 'nan', 'zero'"
        raise ValueError(f"splat: mode is {mode!r}, holes is {holes!r}; allowed are {allowed}")
    if (importance is None) == (mode == "softmax"):
        raise ValueError(f"splat: mode is {mode!r}, importance is {type(importance).__name__}; only 'softmax' needs it")
    arrays = {"image": image, "flow": flow} | ({} if importance is None else {"importance": importance})
    require_floating("splat", **arrays)
    if is_tensor(image):
        _check_shapes(image, flow, importance, image.shape[:1], image.shape[2:], (1,) if image.ndim == 4 else ())
        return _splat_tensors(image, flow, importance, mode, holes, num_threads)
    if image.ndim not in (2, 3):
        raise ValueError(f"splat: image has shape {image.shape}; it must be (H, W) or (H, W, C)")
    if flow.shape != (*image.shape[:2], 2) or (importance is not None and importance.shape != image.shape[:2]):
        other = "" if importance is None else f", importance {importance.shape}; it must be (H, W)"
        raise ValueError(f"splat: image is {image.shape}, flow {flow.shape}; it must be (H, W, 2){other}")
    planes = np.moveaxis(image[..., None] if image.ndim == 2 else image, 2, 0)[None]
    field = np.moveaxis(flow, 2, 0)[None]
    weight = None if importance is None else importance[None, None]
    splatted = _splat_arrays(planes, field, weight, mode, holes, num_threads)
    return np.ascontiguousarray(np.moveaxis(splatted[0], 0, 2)).reshape(image.shape)


def _check_shapes(image: Any, flow: Any, importance: Any, batch: Any, size: Any, one: tuple[int, ...]) -> None:
    if image.ndim != 4 or flow.shape != (*batch, 2, *size):
        raise ValueError(
            f"splat: image has shape {tuple(image.shape)}, flow {tuple(flow.shape)}; they must be (B, C, H, W) and "
            "(B, 2, H, W)"
        )
    if importance is not None and importance.shape != (*batch, *one, *size):
        raise ValueError(f"splat: importance has shape {tuple(importance.shape)}; it must be (B, 1, H, W)")


def _splat_tensors(image: Any, flow: Any, importance: Any, mode: Mode, holes: Holes, num_threads: int) -> Any:
    import torch

    from ._torch import splat_sum

    if mode == "sum":
        return splat_sum(image, flow, num_threads)
    wide, field = image.to(_wide(image)), flow.to(_wide(image))
    weight = torch.ones_like(wide[:, :1])
    if importance is not None and importance.numel():
        unknown = importance.isnan()
        highest = importance.detach().masked_fill(unknown, -torch.inf).amax((1, 2, 3), keepdim=True)
        below = importance - highest
        below = torch.where(below.isnan(), 0, below)  # infinitely high, as the highest is
        weight = below.clamp(min=-DEPTH_OF_IMPORTANCE).to(wide.dtype).exp().masked_fill(unknown, 0)
        wide = torch.where(unknown, 0, wide * weight)
    total, weights = splat_sum(wide, field, num_threads), splat_sum(weight, field, num_threads)
    landed = weights > 0
    mean = total / torch.where(landed, weights, 1)
    return torch.where(landed, mean, float("nan") if holes == "nan" else 0.0).to(image.dtype)


def _wide(image: Any) -> Any:
    """float32 for the halves, which cannot hold e^-60."""
    import torch

    return torch.float64 if image.dtype == torch.float64 else torch.float32


def _splat_arrays(image: Any, flow: Any, importance: Any, mode: Mode, holes: Holes, num_threads: int) -> Any:
    if mode == "sum":
        return on_arrays("splat_sum", image, flow, num_threads)
    pixels, field = kernel_ready(image), kernel_ready(flow)
    weight = None if importance is None else kernel_ready(importance[:, 0])
    if packages.has_core():
        from .. import _core

        found = _core.splat_mean(pixels, field, weight, holes == "zero", num_threads)
    else:
        import torch

        tensors = [None if array is None else torch.from_numpy(array) for array in (pixels, field, weight)]
        seen = None if tensors[2] is None else tensors[2][:, None]
        found = _splat_tensors(tensors[0], tensors[1], seen, mode, holes, num_threads).numpy()
    return found.astype(image.dtype.newbyteorder("="), copy=False)
