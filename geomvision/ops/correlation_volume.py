"""All-pairs correlation volumes of RAFT and RAFT-Stereo, their pyramids, and lookups in them.

A volume holds every product of two images' features: 198 MB for a pair of 55 x 128 features. `correlation_lookup`
and `correlation_lookup_1d` give the same windows without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import checked
from . import _classical as classical
from ._dispatch import Array, is_tensor, on_arrays, require_floating, require_shape
from .correlation_lookup import as_coordinates


@checked
def all_pairs_correlation(features0: Array, features1: Array, *, num_threads: int = 0) -> Array:
    """Product of every feature of one image with every one of the other (Teed & Deng, ECCV 2020, eq. 1).

    Args:
        features0: (B, C, H, W), floating point.
        features1: (B, C, H', W'), of the same dtype.
        num_threads: 0 takes every core (for tensors: as many as torch uses). Results do not depend on it.

    Returns:
        (B, H, W, H', W'), divided by sqrt(C), in the dtype of the features. Differentiable.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes.
    """
    name = "all_pairs_correlation"
    _check_pair(name, features0, features1, 2)
    return classical.run(name, features0, features1, num_threads)  # type: ignore[no-any-return]


@checked
def all_pairs_correlation_1d(features0: Array, features1: Array, *, num_threads: int = 0) -> Array:
    """Product of every feature with every one of its row in the other image (Lipson et al., 3DV 2021, sec. 3.2).

    Args:
        features0: (B, C, H, W), floating point.
        features1: (B, C, H, W'), of the same dtype.
        num_threads: 0 takes every core.

    Returns:
        (B, H, W, W'), divided by sqrt(C), in the dtype of the features. Differentiable.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes.
    """
    name = "all_pairs_correlation_1d"
    _check_pair(name, features0, features1, 3)
    return classical.run(name, features0, features1, num_threads)  # type: ignore[no-any-return]


@checked
def correlation_pyramid(volume: Array, levels: int = 4, *, num_threads: int = 0) -> list[Array]:
    """The volume, and its averages over 2 x 2, 4 x 4 … pixels of the second image: (B, H, W, ⌊H' / 2^l⌋, ⌊W' / 2^l⌋).

    Differentiable.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes, or more levels than the second image has.
    """
    _check_levels("correlation_pyramid", volume, levels, "B, H, W, H', W'")
    return _pyramid(volume, levels, num_threads)


@checked
def correlation_pyramid_1d(volume: Array, levels: int = 4, *, num_threads: int = 0) -> list[Array]:
    """The volume, and its averages over 2, 4 … pixels of the second image's rows: (B, H, W, ⌊W' / 2^l⌋).

    Differentiable.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes, or more levels than the rows have.
    """
    _check_levels("correlation_pyramid_1d", volume, levels, "B, H, W, W'")
    pyramid: list[Any] = _pyramid(volume[:, :, :, None], levels, num_threads)
    return [volume, *(level[:, :, :, 0] for level in pyramid[1:])]


@checked
def pyramid_lookup(pyramid: Sequence[Array], coordinates: Array, *, radius: int = 4, num_threads: int = 0) -> Array:
    """Windows of a `correlation_pyramid` around `coordinates`.

    Args:
        pyramid: volumes (B, H, W, ⌊H' / 2^l⌋, ⌊W' / 2^l⌋), floating point.
        coordinates: (B, 2, H, W), (x, y) in pixels of the second image at full size. NaN sees zeros.
        radius, num_threads: see `correlation_lookup`.

    Returns:
        (B, levels · (2 radius + 1)², H, W), ordered as `correlation_lookup` orders it. Differentiable in the volumes
        and the coordinates.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or options.
    """
    return _lookup("pyramid_lookup", pyramid, "coordinates", coordinates, radius, num_threads)  # type: ignore[no-any-return]


@checked
def pyramid_lookup_1d(pyramid: Sequence[Array], x: Array, *, radius: int = 4, num_threads: int = 0) -> Array:
    """Windows of a `correlation_pyramid_1d` around `x`, (B, H, W), pixels of the full width.

    Returns:
        (B, levels · (2 radius + 1), H, W), ordered as `correlation_lookup_1d` orders it. Differentiable in the volumes
        and in x.

    Raises:
        TypeError: for other dtypes. ValueError: for other shapes or options.
    """
    require_floating("pyramid_lookup_1d", x=x)
    require_shape("pyramid_lookup_1d", "x", x, "B, H, W")
    rows = []
    for level in pyramid:
        require_floating("pyramid_lookup_1d", volume=level)
        require_shape("pyramid_lookup_1d", "volume", level, "B, H, W, W'")
        rows.append(level[:, :, :, None])
    return _lookup("pyramid_lookup_1d", rows, "x", x[:, None], radius, num_threads)  # type: ignore[no-any-return]


def _check_pair(owner: str, features0: Any, features1: Any, common: int) -> None:
    """Raise unless both are features whose first `common` axes are equal."""
    require_floating(owner, features0=features0, features1=features1)
    for name, features in (("features0", features0), ("features1", features1)):
        require_shape(owner, name, features, "B, C, H, W")
    if features0.shape[:common] != features1.shape[:common]:
        axes = ("batch", "channels", "height")[:common]
        raise ValueError(
            f"{owner}: features0 is {tuple(features0.shape)}, features1 is {tuple(features1.shape)};"
            f" {' and '.join(axes)} must be equal"
        )


def _check_levels(owner: str, volume: Any, levels: int, form: str) -> None:
    require_floating(owner, volume=volume)
    require_shape(owner, "volume", volume, form)
    if levels < 1 or min(volume.shape[3:]) >> (levels - 1) == 0:
        raise ValueError(
            f"{owner}: levels is {levels} for a second image of {tuple(volume.shape[3:])} pixels; allowed is 1 up to"
            " where the last level has a pixel"
        )


def _pyramid(volume: Any, levels: int, num_threads: int) -> list[Any]:
    pyramid: list[Any] = [volume]
    for _ in range(1, levels):
        pyramid.append(classical.run("halve_volume", pyramid[-1], num_threads))
    return pyramid


def _lookup(owner: str, pyramid: Sequence[Any], name: str, coordinates: Any, radius: int, num_threads: int) -> Any:
    if len(pyramid) == 0:
        raise ValueError(f"{owner}: the pyramid has no level; it must have one or more")
    if not 0 <= radius <= 100:
        raise ValueError(f"{owner}: radius is {radius}; allowed is between 0 and 100")
    require_floating(owner, **{f"volume{k}": level for k, level in enumerate(pyramid)})
    require_floating(owner, **{name: coordinates})
    require_shape(owner, name, coordinates, "B, 2, H, W")
    for k, level in enumerate(pyramid):
        require_shape(owner, f"volume{k}", level, "B, H, W, H', W'")
        fitting = (level.shape[0], coordinates.shape[1], *level.shape[1:3])
        halved = tuple(size >> k for size in pyramid[0].shape[3:])
        if owner.endswith("1d"):
            halved = (1, *halved[1:])
        elif fitting[1] != 2:
            raise ValueError(f"{owner}: {name} has shape {tuple(coordinates.shape)}; it must be (B, 2, H, W)")
        if tuple(coordinates.shape) != fitting or tuple(level.shape[3:]) != halved:
            raise ValueError(
                f"{owner}: volume {k} is {tuple(level.shape)}, {name} is {tuple(coordinates.shape)}; batch, height and"
                f" width must be equal, and the second image's size of this level {halved}"
            )
    coordinates = as_coordinates(owner, name, coordinates, pyramid[0])
    if is_tensor(coordinates):
        import torch

        from ._torch import volume_lookup as operator

        found = [operator(level, coordinates, k, radius, num_threads) for k, level in enumerate(pyramid)]
        return torch.cat(found, 1)
    found = [on_arrays("volume_lookup", level, coordinates, k, radius, num_threads) for k, level in enumerate(pyramid)]
    return np.concatenate(found, 1)
