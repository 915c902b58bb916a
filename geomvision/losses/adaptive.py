"""Barron's general robust loss, and with it a distribution whose shape and scale are learnt (Barron, CVPR 2019).

One number α goes from least squares (2) over Charbonnier's (1) and Cauchy's (0) to Geman–McClure's (−2) and Welsch's
(−∞): the smaller, the less large errors count.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ._maps import at_least_float32

#: The quadrature of the partition function: nodes x = c·sinh u, u from 0 to LAST in steps of STEP.
STEP, LAST = 0.05, 46.0
#: Bounds of a learnt shape: at both ends the slope by α is infinite or the distribution has no mean.
SHAPES = (0.001, 1.999)


@at_least_float32
def general_robust(error: Tensor, shape: float | Tensor, scale: float | Tensor = 1.0) -> Tensor:
    """ρ(x, α, c) = |α − 2| / α · (((x / c)² / |α − 2| + 1)^(α/2) − 1), for each element (Barron, eq. 13).

    Limits are taken where the formula has none: α = 2, 0, −∞ and ∞.

    Args:
        error: x, any shape.
        shape: α, a number, or a tensor that broadcasts; finite in a tensor. Slopes by α are exact but at 2, where there
            are none.
        scale: c, above 0: the error, in x's unit, from which the loss leaves the parabola.

    Raises:
        TypeError: when x is no floating tensor. ValueError: for an α of NaN or a c that is not above 0.
    """
    if not isinstance(error, Tensor) or not error.is_floating_point():
        raise TypeError(f"general_robust: error is {getattr(error, 'dtype', error)!r}; it must be a floating tensor")
    if not (_all(scale > 0) if isinstance(scale, Tensor) else scale > 0):
        raise ValueError(f"general_robust: scale is {scale}; it must be above 0")
    square = (error / scale).square()
    if isinstance(shape, Tensor):
        if not _all(shape.isfinite()):
            raise ValueError("general_robust: shape holds NaN or infinite values; in a tensor it must be finite")
        return _general(square, shape.to(error.dtype))
    if not abs(shape) <= math.inf:
        raise ValueError("general_robust: shape is NaN; it must be a number")
    if abs(shape) == math.inf:
        return -torch.expm1(-square / 2) if shape < 0 else torch.expm1(square / 2)
    return square / 2 if shape == 2 else _general(square, torch.as_tensor(shape, dtype=error.dtype))


def log_partition(shape: Tensor) -> Tensor:
    """log Z(α), Z = ∫ exp(−ρ(x, α, 1)) dx over all x (Barron, eq. 17), for each element of α in [0, 2].

    The trapezoidal rule in u, x = c sinh u, which needs no table and has slopes. It is off by less
    than 1e-9 in float64, and less than 1e-13 for α up to 1.98, against closed forms and adaptive quadrature.
    """
    if not isinstance(shape, Tensor) or not shape.is_floating_point():
        raise TypeError(f"log_partition: shape is {getattr(shape, 'dtype', shape)!r}; it must be a floating tensor")
    if not _all((shape >= 0) & (shape <= 2)):
        raise ValueError(f"log_partition: shape is {shape.detach().tolist()}; it must be between 0 and 2")
    alpha = shape.double()[..., None]
    u = torch.arange(0, LAST, STEP, dtype=torch.float64, device=shape.device)
    x = torch.sinh(u)
    density = torch.exp(-_general(x.square(), alpha)) * torch.cosh(u)
    total = 2 * density.sum(dim=-1) - density[..., 0]  # both halves; the middle is one node
    return (STEP * total).log().to(shape.dtype)


class AdaptiveRobust(nn.Module):
    """The negative log-likelihood ρ(x, α, c) + log c + log Z(α) with α and c learnt (Barron, eq. 16).

    Alone, ρ would be made small by making it blind; Z(α) charges for that. Both are learnt for each channel, or once.

    Args:
        channels: of the errors; 1 for one α and c for all.
        shape: the first α, between 0.001 and 1.999, which it stays in.
        scale: the first c, above `least`, in the errors' unit.
        least: a bound of c.
    """

    def __init__(self, channels: int = 1, *, shape: float = 1.0, scale: float = 1.0, least: float = 1e-5) -> None:
        super().__init__()
        low, high = SHAPES
        if isinstance(channels, bool) or not isinstance(channels, int) or channels < 1:
            raise ValueError(f"AdaptiveRobust: channels is {channels!r}; it must be a whole number of at least 1")
        if not low < shape < high:
            raise ValueError(f"AdaptiveRobust: shape is {shape}; it must be between {low} and {high}")
        if not 0 < least < scale < math.inf:
            raise ValueError(f"AdaptiveRobust: scale is {scale}, least {least}; they must be 0 < least < scale")
        share = (shape - low) / (high - low)
        self.least = least
        self.latent_shape = nn.Parameter(torch.full((channels,), math.log(share / (1 - share))))
        self.latent_scale = nn.Parameter(torch.full((channels,), _softplus_of(scale - least)))

    @property
    def shape(self) -> Tensor:
        """α, (channels,)."""
        low, high = SHAPES
        return low + (high - low) * torch.sigmoid(self.latent_shape)

    @property
    def scale(self) -> Tensor:
        """c, (channels,), in the errors' unit."""
        return self.least + nn.functional.softplus(self.latent_scale)

    def forward(self, error: Tensor) -> Tensor:
        """The negative log-likelihood of each element of errors (B, C, …), with C as `channels` says."""
        if error.ndim < 2 or len(self.latent_shape) not in (1, error.shape[1]):
            raise ValueError(
                f"AdaptiveRobust: error has shape {tuple(error.shape)}; it must be (B, {len(self.latent_shape)}, …)"
            )
        sides = (1, -1, *(1,) * (error.ndim - 2))
        shape, scale = self.shape, self.scale
        constant = scale.log() + log_partition(shape)
        return general_robust(error, shape.view(sides), scale.view(sides)) + constant.view(sides).to(error.dtype)


def _all(right: Tensor) -> bool:
    """Whether all are; in a graph that is traced numbers are not known, and are taken to be right."""
    return torch.compiler.is_compiling() or bool(right.all())


def _general(square: Tensor, alpha: Tensor) -> Tensor:
    """ρ of (x / c)², without loss of digits near α = 0; at 2, a hair beside it."""
    hair = 1e-6 if square.dtype == torch.float64 and alpha.dtype == torch.float64 else 1e-4
    away = (alpha - 2).abs().clamp(min=hair)
    growth = torch.log1p(square / away) / 2
    return away * growth * _expm1_ratio(alpha * growth)


def _expm1_ratio(t: Tensor) -> Tensor:
    """(e^t − 1) / t, 1 at 0, with slopes."""
    small = t.abs() < 1e-4
    safe = torch.where(small, 1.0, t)
    return torch.where(small, 1 + t / 2 + t * t / 6, torch.expm1(safe) / safe)


def _softplus_of(value: float) -> float:
    """The number whose softplus is `value`."""
    return value + math.log(-math.expm1(-value))
