"""RAFT-Stereo's correlation lookup along rows, without the volume."""

from __future__ import annotations

from typing import Any, Generic

import numpy as np

from .. import packages
from ..arguments import checked
from ._dispatch import Array, is_tensor, kernel_ready, on_arrays, require_floating, require_shape
from .correlation_lookup import as_coordinates

_OWNER = "correlation_lookup_1d"
_NOTHING_KEPT = -(2**31)


class CorrelationLookup1D(Generic[Array]):
    """Features prepared once for many lookups, as RAFT-Stereo's iterations do (Lipson et al., 3DV 2021, sec. 3.2).

    `CorrelationLookup1D(features0, features1)(x)` is `correlation_lookup_1d(features0, features1, x)` to the last bit,
    see there. For each pixel it keeps the products around where it looked last, 46 numbers and 2 positions for 4
    levels of radius 4, a tenth of the volume for rows of 480 pixels. A lookup computes those that the windows newly
    meet: nearly none once the iterations settle. Where derivatives are asked for, in `torch.func`, and on other devices
    than the CPU, it keeps nothing. It refers to the features, which must not change, and serves one thread at a time.
    """

    @checked
    def __init__(
        self, features0: Array, features1: Array, *, radius: int = 4, levels: int = 4, num_threads: int = 0
    ) -> None:
        _check(features0, features1, radius, levels)
        self.options: tuple[int, int, int] = (radius, levels, num_threads)
        self._dtype: Any = features0.dtype
        self.features0, self.features1 = (_single(features) for features in (features0, features1))
        batch, _, *size = features0.shape
        bands = range(0, levels, 2)  # each holds the products of a level, and as pairs those of the level above it
        products = sum((2 * radius + 2) * min(2, levels - level) + (2 if level else 4) for level in bands)
        self._memory = _memory((batch, *size, products), (batch, *size, len(bands)), self.features0)

    def __call__(self, x: Array) -> Array:
        """Windows around the columns `x`, (B, H, W): see `correlation_lookup_1d`."""
        given: Any = _columns(x, self.features0)
        arrays: tuple[Any, Any, Any] = (self.features0, self.features1, given)
        if not is_tensor(given):
            if not packages.has_core():
                found = on_arrays(_OWNER, *arrays, *self.options)
            else:
                found = on_arrays("kept_lookup_1d", *arrays, *self._memory, *self.options)
            return found.astype(self._dtype.newbyteorder("="), copy=False)  # type: ignore[no-any-return]
        import torch

        from ._torch import correlation_lookup_1d as operator
        from ._torch import kept_lookup_1d
        from ._torch._operator import plain, transformed

        differentiable = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in arrays)
        if differentiable or given.device.type != "cpu" or plain() or transformed(*arrays):
            return operator(*arrays, *self.options).to(self._dtype)  # type: ignore[no-any-return]
        return kept_lookup_1d(*arrays, *self._memory, *self.options).to(self._dtype)  # type: ignore[no-any-return]


def _single(features: Any) -> Any:
    """Features as the kernels take them: half precisions as float32, without gaps."""
    if not is_tensor(features):
        return kernel_ready(features)
    return (features.float() if features.dtype.itemsize < 4 else features).contiguous()


def _memory(products: tuple[int, ...], firsts: tuple[int, ...], features: Any) -> tuple[Any, Any]:
    """Room for products, and where they begin: nowhere so far."""
    if not is_tensor(features):
        return np.empty(products, features.dtype), np.full(firsts, _NOTHING_KEPT, np.int32)
    import torch

    with torch.inference_mode(False):  # it may be written to in and outside of this mode
        kept = torch.empty(products, dtype=features.dtype, device="cpu")
        return kept, torch.full(firsts, _NOTHING_KEPT, dtype=torch.int32, device="cpu")


def _check(features0: Any, features1: Any, radius: int, levels: int) -> None:
    require_floating(_OWNER, features0=features0, features1=features1)
    for name, features in (("features0", features0), ("features1", features1)):
        require_shape(_OWNER, name, features, "B, C, H, W")
    if features0.shape[:3] != features1.shape[:3]:
        raise ValueError(
            f"{_OWNER}: features0 is {tuple(features0.shape)}, features1 is {tuple(features1.shape)}; only their widths"
            " may differ"
        )
    if not 0 <= radius <= 100:
        raise ValueError(f"{_OWNER}: radius is {radius}; allowed is between 0 and 100")
    if levels < 1 or features1.shape[3] >> (levels - 1) == 0:
        raise ValueError(
            f"{_OWNER}: levels is {levels} for rows of {features1.shape[3]} pixels; allowed is 1 up to where the last"
            " level has a pixel"
        )


def _columns(x: Any, features0: Any) -> Any:
    x = as_coordinates(_OWNER, "x", x, features0)
    batch, _, *size = features0.shape
    if tuple(x.shape) != (batch, *size):
        raise ValueError(f"{_OWNER}: x has shape {tuple(x.shape)}; it must be {(batch, *size)}, as features0")
    return x


@checked
def correlation_lookup_1d(
    features0: Array, features1: Array, x: Array, *, radius: int = 4, levels: int = 4, num_threads: int = 0
) -> Array:
    """Windows of the correlations along each row around `x`, without the volume (Lipson et al., 3DV 2021, sec. 3.2).

    Equal to `pyramid_lookup_1d(correlation_pyramid_1d(all_pairs_correlation_1d(features0, features1), levels), x,
    radius=radius)`: the features are averaged along x instead of the volume. A row's pyramid is made as the row is
    met, so that no more than a row for each thread is kept. For many lookups in the same features, prepare a
    `CorrelationLookup1D`.

    Args:
        features0: (B, C, H, W), floating point.
        features1: (B, C, H, W'), of the same dtype.
        x: (B, H, W), floating point: the column of features1 to look around, in pixels of its full width. NaN sees
            zeros.
        radius: samples -radius … radius around it, at each level, a pixel of that level apart.
        levels: of the pyramid; level l has ⌊W' / 2^l⌋ columns.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        (B, levels (2 radius + 1), H, W), in the dtype of the features: products divided by sqrt(C), linear between
        pixels, zero outside. Channel level (2 radius + 1) + i lies at x / 2^level + i - radius. Differentiable in the
        features, and in x (which RAFT-Stereo detaches).

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or options.
    """
    _check(features0, features1, radius, levels)
    x = _columns(x, features0)
    if is_tensor(features0):
        from ._torch import correlation_lookup_1d as operator

        return operator(features0, features1, x, radius, levels, num_threads)  # type: ignore[no-any-return]
    return on_arrays(_OWNER, features0, features1, x, radius, levels, num_threads)  # type: ignore[no-any-return]
