"""Windows of products between pixels and packed features, in plain torch: what the lookups' twins are made of.

Pixels are (B, N, C), the features they meet (B, h · w, C), windows (B, N, X, Y): X positions in x, Y in y. A lookup
along rows has features one row high and Y = 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


def _split(coordinate: Tensor, level: int, radius: int) -> tuple[Tensor, Tensor]:
    """First position of the window around a coordinate, and how far the samples lie beyond the positions."""
    scaled = coordinate / 2**level
    near = scaled.abs() < 1e9  # NaN is not: it sees nothing
    whole = torch.where(near, scaled, torch.zeros_like(scaled)).floor()
    first = torch.where(near, whole.long() - radius, 1 << 40)
    return first, torch.where(near, scaled - whole, torch.zeros_like(scaled))


@dataclass
class Windows:
    """The windows of all pixels at one level; `y` is None along rows."""

    x: Tensor
    y: Tensor | None
    level: int
    radius: int
    height: int
    width: int

    def __post_init__(self) -> None:
        self.first_x, self.fx = _split(self.x, self.level, self.radius)
        if self.y is None:
            self.first_y, self.fy = torch.zeros_like(self.first_x), torch.zeros_like(self.fx)
        else:
            self.first_y, self.fy = _split(self.y, self.level, self.radius)
        self.columns = 2 * self.radius + 2
        self.rows = 1 if self.y is None else self.columns

    def positions(self) -> Iterator[tuple[int, int, Tensor, Tensor]]:
        """(i, j, index of the position in the features, whether it lies inside) for each place in the window."""
        for i in range(self.columns):
            for j in range(self.rows):
                x, y = self.first_x + i, self.first_y + j
                inside = (x >= 0) & (x < self.width) & (y >= 0) & (y < self.height)
                yield i, j, torch.where(inside, y * self.width + x, 0), inside

    def products(self, pixels: Tensor, features: Tensor) -> Tensor:
        """Dot products of each pixel with its window."""
        found = pixels.new_zeros(*pixels.shape[:2], self.columns, self.rows)
        for i, j, index, inside in self.positions():
            found[:, :, i, j] = torch.where(inside, (pixels * rows_at(features, index)).sum(2), 0)
        return found

    def products_backward(self, d_window: Tensor, pixels: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        d_pixels, d_features = torch.zeros_like(pixels), torch.zeros_like(features)
        for i, j, index, inside in self.positions():
            share = torch.where(inside, d_window[:, :, i, j], 0)[..., None]
            d_pixels += share * rows_at(features, index)
            d_features.scatter_add_(1, index[..., None].expand_as(pixels), share * pixels)
        return d_pixels, d_features

    def values(self, volume: Tensor) -> Tensor:
        """What `products` gives, from a volume (B, N, h · w) of all products."""
        places = [
            torch.where(inside, volume.gather(2, index[..., None])[..., 0], 0)
            for _, _, index, inside in self.positions()
        ]
        return torch.stack(places, 2).reshape(*self.x.shape, self.columns, self.rows)

    def values_backward(self, d_window: Tensor) -> Tensor:
        batch, pixels = self.x.shape
        d_volume = d_window.new_zeros(batch, pixels, self.height * self.width)
        for i, j, index, inside in self.positions():
            d_volume.scatter_add_(2, index[..., None], (d_window[:, :, i, j] * inside)[..., None])
        return d_volume

    def _fractions(self, like: Tensor) -> tuple[Tensor, Tensor]:
        return self.fx[..., None, None].to(like.dtype), self.fy[..., None, None].to(like.dtype)

    def blend(self, window: Tensor) -> Tensor:
        """Bilinear samples between the positions: (B, N, side, side), or (B, N, side, 1) along rows."""
        fx, fy = self._fractions(window)
        samples = torch.lerp(window[:, :, :-1], window[:, :, 1:], fx.expand_as(window[:, :, 1:]))
        if self.y is None:
            return samples
        return torch.lerp(samples[..., :-1], samples[..., 1:], fy.expand_as(samples[..., 1:]))

    def blend_backward(self, d_samples: Tensor) -> Tensor:
        fx, fy = self._fractions(d_samples)
        if self.y is not None:
            d_samples = functional.pad(d_samples * (1 - fy), (0, 1)) + functional.pad(d_samples * fy, (1, 0))
        return functional.pad(d_samples * (1 - fx), (0, 0, 0, 1)) + functional.pad(d_samples * fx, (0, 0, 1, 0))

    def slopes(self, window: Tensor, d_samples: Tensor) -> tuple[Tensor, Tensor]:
        """Derivatives in x and y, (B, N), of the level-0 coordinates."""
        fx, fy = self._fractions(window)
        along_x = window[:, :, 1:] - window[:, :, :-1]
        if self.y is None:
            return (along_x * d_samples).sum((2, 3)) / 2**self.level, torch.zeros_like(self.fx)
        along_x = torch.lerp(along_x[..., :-1], along_x[..., 1:], fy.expand_as(along_x[..., 1:]))
        along_y = window[..., 1:] - window[..., :-1]
        along_y = torch.lerp(along_y[:, :, :-1], along_y[:, :, 1:], fx.expand_as(along_y[:, :, 1:]))
        slopes = [(slope * d_samples).sum((2, 3)) / 2**self.level for slope in (along_x, along_y)]
        return slopes[0], slopes[1]


def halved(values: Tensor, axis: int) -> Tensor:
    """Means of the pairs along an axis; an odd last value is left out."""
    pairs = values.shape[axis] // 2
    whole = values.narrow(axis, 0, 2 * pairs)
    return whole.reshape(*values.shape[:axis], pairs, 2, *values.shape[axis + 1 :]).mean(axis + 1)


def rows_at(features: Tensor, index: Tensor) -> Tensor:
    """features[b, index[b, n]]: (B, N, C)."""
    return features.gather(1, index[..., None].expand(-1, -1, features.shape[2]))


def pixels_of(features: Tensor, padded: int | None = None) -> Tensor:
    """(B, H · W, C) from (B, C, H, W), divided by sqrt(C), channels filled up with zeros to `padded`."""
    channels = features.shape[1]
    pixels = features.flatten(2).mT / max(channels, 1) ** 0.5
    return functional.pad(pixels, (0, (padded or channels) - channels))


def features_of(pixels: Tensor, like: Tensor) -> Tensor:
    """The adjoint of `pixels_of`."""
    channels = like.shape[1]
    scaled: Tensor = pixels[..., :channels].mT / max(channels, 1) ** 0.5
    return scaled.reshape(like.shape).contiguous()
