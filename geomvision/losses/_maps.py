"""What losses of maps share: which pixels are known, and their weighted mean.

Maps are (B, C, H, W). A pixel that is not finite in any channel is unknown and counts nowhere: what `ops.warp` found
outside of an image stays outside of a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar, get_args

import torch
from torch import Tensor
from torch.nn import functional

P = ParamSpec("P")
R = TypeVar("R")
#: "mean": one number; "none": a value for each pixel, (B, 1, H, W), NaN where unknown.
Reduction = Literal["mean", "none"]
REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)


def at_least_float32(loss: Callable[P, R]) -> Callable[P, R]:
    """The loss of tensors of half precision in float32, as `torch.autocast` computes its own: float16 ends at 65504.

    That is less than the pixels of an image, so that sums and counts over them would be infinite, and means 0.
    """

    @wraps(loss)
    def single(*args: P.args, **kwargs: P.kwargs) -> R:
        given: Any = (_single(args), _single(kwargs))
        return loss(*given[0], **given[1])

    return single


def _single(given: Any) -> Any:
    """Tensors of half precision as float32, also those in tuples, lists and mappings; the rest as it is."""
    if isinstance(given, Tensor):
        return given.float() if given.dtype in (torch.float16, torch.bfloat16) else given
    if type(given) in (tuple, list):
        return type(given)(_single(each) for each in given)
    return {name: _single(each) for name, each in given.items()} if type(given) is dict else given


def check_maps(owner: str, maps: Mapping[str, Tensor], channels: int | None = None) -> None:
    """Raise unless all maps are floating tensors of one shape (B, C, H, W) with at least one pixel."""
    for name, values in maps.items():
        if not isinstance(values, Tensor):
            raise TypeError(f"{owner}: {name} is a {type(values).__name__}; it must be a torch tensor")
        if not values.is_floating_point():
            raise TypeError(f"{owner}: {name} is {values.dtype}; it must be floating point: use its .float()")
        wanted = f"(B, {'C' if channels is None else channels}, H, W)"
        if values.ndim != 4 or channels not in (None, values.shape[1]) or values.numel() == 0:
            raise ValueError(f"{owner}: {name} has shape {tuple(values.shape)}; it must be {wanted} with pixels")
    if len({values.shape for values in maps.values()}) > 1:
        given = ", ".join(f"{name} {tuple(values.shape)}" for name, values in maps.items())
        raise ValueError(f"{owner}: shapes are {given}; they must be equal")


def check_beside(owner: str, name: str, values: Tensor, like: Tensor) -> None:
    """Raise unless a map of any number of channels has the batch and size of another."""
    check_maps(owner, {name: values})
    if values.shape[0] != like.shape[0] or values.shape[2:] != like.shape[2:]:
        form = f"({like.shape[0]}, C, {like.shape[2]}, {like.shape[3]})"
        raise ValueError(f"{owner}: {name} has shape {tuple(values.shape)}; it must be {form}")


def check_number(owner: str, name: str, value: float, *, low: float = 0.0, above: bool = False) -> None:
    """Raise unless a number is finite and at least `low`, or above it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{owner}: {name} is {value!r}; it must be a number")
    if not low <= value < float("inf") or (above and value == low):
        raise ValueError(f"{owner}: {name} is {value}; it must be finite and {'above' if above else 'at least'} {low}")


def known(*maps: Tensor) -> Tensor:
    """Where all channels of all maps are finite, bool (B, 1, H, W)."""
    found = [values.detach().isfinite().all(dim=1, keepdim=True) for values in maps]
    return torch.stack(found).all(dim=0)


def filled(values: Tensor, where: Tensor) -> Tensor:
    """The map with 0 where it is unknown: neither values nor slopes of unknown pixels reach anything."""
    return torch.where(where, values, 0.0)


def reduced(owner: str, values: Tensor, where: Tensor, weight: Tensor | None, reduction: Reduction) -> Tensor:
    """Σ w v / Σ w over known pixels, 0 where there are none; or w v for each pixel, NaN where unknown.

    Args:
        owner: the loss, for its errors.
        values: (B, 1, H, W).
        where: bool (B, 1, H, W).
        weight: (B, 1, H, W) of bool or floats of at least 0, or None for 1 everywhere.
        reduction: "mean" or "none".
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"{owner}: reduction is {reduction!r}; allowed are {', '.join(map(repr, REDUCTIONS))}")
    share = where.to(values.dtype)
    if weight is not None:
        share = share * checked_weight(owner, weight, values).to(values.dtype)
    weighted = filled(values, where) * share
    if reduction == "none":
        return torch.where(where, weighted, torch.nan)
    total = share.sum()
    return weighted.sum() / torch.where(total > 0, total, 1.0)


def checked_weight(owner: str, weight: Tensor, values: Tensor) -> Tensor:
    """The weight. Raises unless it is (B, 1, H, W) of bool, or of finite floats of at least 0."""
    shape = (values.shape[0], 1, *values.shape[2:])
    if not isinstance(weight, Tensor):
        raise TypeError(f"{owner}: weight is a {type(weight).__name__}; it must be a torch tensor")
    if weight.dtype != torch.bool and not weight.is_floating_point():
        raise TypeError(f"{owner}: weight is {weight.dtype}; it must be bool or floating point")
    if weight.shape != shape:
        raise ValueError(f"{owner}: weight has shape {tuple(weight.shape)}; it must be {shape}")
    if weight.is_floating_point() and not ((weight >= 0) & weight.isfinite()).all():
        raise ValueError(f"{owner}: weight holds NaN, infinite or negative values; it must be finite and at least 0")
    return weight


def penalty(values: Tensor, exponent: float, epsilon: float) -> Tensor:
    """ρ(v) = (v² + ε²)^q − ε^2q: Charbonnier's for q = 1/2, lowered so that no error costs nothing."""
    least: float = epsilon ** (2 * exponent)
    return (values.square() + epsilon**2).pow(exponent) - least


def length(vectors: Tensor) -> Tensor:
    """‖·‖₂ over dimension 1, kept; its slope at zero is 0, not NaN."""
    squared = vectors.square().sum(dim=1, keepdim=True)
    positive = squared > 0
    return torch.where(positive, torch.where(positive, squared, 1.0).sqrt(), 0.0)


def known_mean(values: Tensor, height: int, width: int) -> Tensor:
    """A map at a smaller size: the mean of the known pixels that each of its own covers; NaN where none is known."""
    if height < 1 or width < 1 or values.shape[-2] % height or values.shape[-1] % width:
        size = f"{values.shape[-2]} x {values.shape[-1]}"
        raise ValueError(f"truth is {size}; it must be a multiple of {height} x {width}")
    block = (values.shape[-2] // height, values.shape[-1] // width)
    where = known(values)
    total = functional.avg_pool2d(filled(values, where), block)
    share = functional.avg_pool2d(where.to(values.dtype), block)
    return torch.where(share > 0, total / share.clamp(min=1e-12), torch.nan)


def differences(values: Tensor, where: Tensor, axis: int, order: int) -> tuple[Tensor, Tensor]:
    """Forward differences of the first order, or central ones of the second, and where they are known."""
    after, seen_after = shifted(values, axis, 1), shifted(where, axis, 1)
    if order == 1:
        return after - values, where & seen_after
    before, seen_before = shifted(values, axis, -1), shifted(where, axis, -1)
    return before - 2 * values + after, where & seen_before & seen_after


def shifted(values: Tensor, axis: int, by: int) -> Tensor:
    """values(p + by) along an axis; 0, or False, beyond the border."""
    border = torch.zeros_like(values.narrow(axis, 0, 1))
    length = values.shape[axis]
    parts = [values.narrow(axis, 1, length - 1), border] if by > 0 else [border, values.narrow(axis, 0, length - 1)]
    return torch.cat(parts, dim=axis)
