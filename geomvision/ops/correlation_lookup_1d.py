"""RAFT-Stereo's correlation lookup along rows, without the volume."""

from __future__ import annotations

from ._dispatch import Array, is_tensor, on_arrays, require_floating, require_shape
from .correlation_lookup import as_coordinates


def correlation_lookup_1d(
    features0: Array, features1: Array, x: Array, *, radius: int = 4, levels: int = 4, num_threads: int = 0
) -> Array:
    """Windows of the correlations along each row around `x`, without the volume (Lipson et al., 3DV 2021, sec. 3.2).

    Equal to `pyramid_lookup_1d(correlation_pyramid_1d(all_pairs_correlation_1d(features0, features1), levels), x,
    radius=radius)`: the features are averaged along x instead of the volume. A row's pyramid is made as the row is
    met, so that no more than a row for each thread is kept.

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
    owner = "correlation_lookup_1d"
    require_floating(owner, features0=features0, features1=features1)
    for name, features in (("features0", features0), ("features1", features1)):
        require_shape(owner, name, features, "B, C, H, W")
    if features0.shape[:3] != features1.shape[:3]:
        raise ValueError(
            f"{owner}: features0 is {tuple(features0.shape)}, features1 is {tuple(features1.shape)}; only their widths"
            " may differ"
        )
    if not 0 <= radius <= 100:
        raise ValueError(f"{owner}: radius is {radius}; allowed is between 0 and 100")
    if levels < 1 or features1.shape[3] >> (levels - 1) == 0:
        raise ValueError(
            f"{owner}: levels is {levels} for rows of {features1.shape[3]} pixels; allowed is 1 up to where the last"
            " level has a pixel"
        )
    x = as_coordinates(owner, "x", x, features0)
    batch, _, *size = features0.shape
    if tuple(x.shape) != (batch, *size):
        raise ValueError(f"{owner}: x has shape {tuple(x.shape)}; it must be {(batch, *size)}, as features0")
    if is_tensor(features0):
        from ._torch import correlation_lookup_1d as operator

        return operator(features0, features1, x, radius, levels, num_threads)  # type: ignore[no-any-return]
    return on_arrays(owner, features0, features1, x, radius, levels, num_threads)  # type: ignore[no-any-return]
