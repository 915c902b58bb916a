"""RAFT's correlation lookup without the volume: a pyramid of features, and the products each lookup needs."""

from __future__ import annotations

from typing import Any, Generic

import numpy as np

from ..arguments import checked
from ._dispatch import Array, is_tensor, on_arrays, require_floating, require_shape


@checked
def correlation_features(features1: Array, *, levels: int = 4, num_threads: int = 0) -> Array:
    """Pack the second image's features and their averages over 2 x 2, 4 x 4 … pixels for lookups.

    Args:
        features1: (B, C, H, W), floating point.
        levels: of the pyramid, the full size included.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        (B, positions, C filled up with zeros to a multiple of 16): levels one after another, each row by row; level l
        has ⌊H / 2^l⌋ x ⌊W / 2^l⌋ positions. Differentiable.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes, or more levels than the image has.
    """
    require_floating("correlation_features", features1=features1)
    require_shape("correlation_features", "features1", features1, "B, C, H, W")
    _require_levels("correlation_features", features1, levels)
    if is_tensor(features1):
        from ._torch import correlation_features as operator

        return operator(features1, levels, num_threads)  # type: ignore[no-any-return]
    return on_arrays("correlation_features", features1, levels, num_threads)  # type: ignore[no-any-return]


def _require_levels(owner: str, features1: Any, levels: int) -> None:
    if levels < 1 or min(features1.shape[2:]) >> (levels - 1) == 0:
        raise ValueError(
            f"{owner}: levels is {levels} for features of {tuple(features1.shape[2:])} pixels; allowed is 1 up to where"
            " the last level has a pixel"
        )


class CorrelationLookup(Generic[Array]):
    """Features prepared once for many lookups, as RAFT's iterations do (Teed & Deng, ECCV 2020, sec. 3.2).

    `CorrelationLookup(features0, features1)(coordinates)` is `correlation_lookup(features0, features1, coordinates)`,
    see there. It keeps features0 and the packed pyramid of features1, 4/3 of its size.
    """

    @checked
    def __init__(
        self, features0: Array, features1: Array, *, radius: int = 4, levels: int = 4, num_threads: int = 0
    ) -> None:
        require_floating("correlation_lookup", features0=features0, features1=features1)
        for name, features in (("features0", features0), ("features1", features1)):
            require_shape("correlation_lookup", name, features, "B, C, H, W")
        if features0.shape[:2] != features1.shape[:2]:
            raise ValueError(
                f"correlation_lookup: features0 is {tuple(features0.shape)}, features1 is {tuple(features1.shape)};"
                " batch and channels must be equal"
            )
        if not 0 <= radius <= 100:
            raise ValueError(f"correlation_lookup: radius is {radius}; allowed is between 0 and 100")
        _require_levels("correlation_lookup", features1, levels)
        # As the kernels read them: else each lookup made this copy anew.
        self.features0: Array = features0.contiguous() if is_tensor(features0) else features0  # type: ignore[attr-defined]
        self.packed: Array = correlation_features(features1, levels=levels, num_threads=num_threads)
        self.options: tuple[int, ...] = (features1.shape[2], features1.shape[3], radius, levels, num_threads)

    def __call__(self, coordinates: Array) -> Array:
        """Windows around `coordinates`, (B, 2, H, W): see `correlation_lookup`."""
        coordinates = as_coordinates("correlation_lookup", "coordinates", coordinates, self.features0)
        require_shape("correlation_lookup", "coordinates", coordinates, "B, 2, H, W")
        batch, _, *size = self.features0.shape
        if tuple(coordinates.shape) != (batch, 2, *size):
            raise ValueError(
                f"correlation_lookup: coordinates has shape {tuple(coordinates.shape)}; it must be"
                f" {(batch, 2, *size)}, a point for each pixel of features0"
            )
        if is_tensor(coordinates):
            from ._torch import packed_lookup as operator

            return operator(self.features0, self.packed, coordinates, *self.options)  # type: ignore[no-any-return]
        return on_arrays("packed_lookup", self.features0, self.packed, coordinates, *self.options)  # type: ignore[no-any-return]


def as_coordinates(owner: str, name: str, coordinates: Any, features: Any) -> Any:
    """`coordinates` as the features' kind of array; float32 beside half precisions, which cannot tell pixels apart."""
    require_floating(owner, **{name: coordinates})
    if is_tensor(coordinates) != is_tensor(features):
        raise TypeError(f"{owner}: features and {name} must all be numpy arrays or all torch tensors")
    if is_tensor(features):
        import torch

        return coordinates.to(torch.float64 if features.dtype == torch.float64 else torch.float32)
    with np.errstate(over="ignore"):  # what float32 cannot hold lies outside of every image
        return coordinates.astype(np.float32 if features.dtype.itemsize <= 4 else np.float64, copy=False)


@checked
def correlation_lookup(
    features0: Array, features1: Array, coordinates: Array, *, radius: int = 4, levels: int = 4, num_threads: int = 0
) -> Array:
    """Windows of RAFT's correlation pyramid around `coordinates`, without the volume (Teed & Deng, ECCV 2020).

    Equal to `pyramid_lookup(correlation_pyramid(all_pairs_correlation(features0, features1), levels), coordinates,
    radius=radius)`, since correlation is linear: averaged features give the averaged volume. For many lookups in the
    same features, prepare a `CorrelationLookup`.

    Args:
        features0: (B, C, H, W), floating point.
        features1: (B, C, H', W'), of the same dtype.
        coordinates: (B, 2, H, W), floating point: for each pixel of features0 the point (x, y) in features1 to look
            around, in pixels of its full size. NaN sees zeros.
        radius: samples -radius … radius around the point, at each level, a pixel of that level apart.
        levels: of the pyramid.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        (B, levels · side², H, W) with side = 2 radius + 1, in the dtype of the features: products divided by sqrt(C),
        bilinear between pixels, zero outside. Channel (level · side + i) side + j lies at
        (x / 2^level + i - radius, y / 2^level + j - radius): x changes slowest, as in the code of RAFT's authors, so
        that their weights fit. Differentiable in the features, and in the coordinates (which RAFT detaches).

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or options.
    """
    lookup = CorrelationLookup(features0, features1, radius=radius, levels=levels, num_threads=num_threads)
    return lookup(coordinates)
