"""The unified camera: a sphere, or an ellipsoid, seen from a point on the axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import checked
from ._base import Array
from ._distorted import Distorted, as_coefficients
from ._focal import FocalCamera

#: How many lengths on the plane each of k1 k2 p1 p2 k3 undoes.
POWERS = (2, 4, 1, 1, 6)


@dataclass(frozen=True, kw_only=True)
class UnifiedCamera(Distorted, FocalCamera):
    """The unified camera model: (u, v) = (X, Y) / (α·d + (1 − α)·Z) with d = |(X, Y, Z)|.

    Geyer & Daniilidis, "A unifying theory for central panoramic systems", ECCV 2000; Mei & Rives, ICRA 2007. In this
    form (Usenko et al., "The double sphere camera model", 2018, eq. 9) α = 0 is a pinhole, and α stays in [0, 1];
    `from_mei` takes Mei's ξ. One more number than a pinhole reaches well beyond 180°.

    `distortion`, none or k1 k2 p1 p2 (k3), bends the plane (u, v) as Brown's does the pinhole's; Mei's model,
    OpenCV's ``omnidir`` and Kalibr's ``omni-radtan`` have it.
    """

    alpha: float
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_distortion((0, 4, 5))
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha is {self.alpha}; it must be in [0, 1]")

    @classmethod
    @checked
    def from_mei(
        cls,
        xi: float,
        gamma_x: float,
        gamma_y: float,
        cx: float,
        cy: float,
        *,
        width: int,
        height: int,
        distortion: tuple[float, ...] = (),
    ) -> UnifiedCamera:
        """From Mei's form, pixel = γ·distorted((X, Y) / (Z + ξ·d)) + c: α = ξ/(1 + ξ), f = γ/(1 + ξ).

        The planes differ in scale by 1 + ξ, and so does what a coefficient means: k1 becomes k1/(1 + ξ)², and so on.
        γ, c, width and height are pixels. Raises ValueError for a ξ below 0 and a γ that no camera has.
        """
        if not (np.isfinite(xi) and xi >= 0):
            raise ValueError(f"xi is {xi}; it must be at least 0")
        if not (np.isfinite((gamma_x, gamma_y)).all() and gamma_x > 0 and gamma_y != 0):
            raise ValueError(f"gamma_x is {gamma_x}, gamma_y {gamma_y}; they must be finite, gamma_x > 0, gamma_y ≠ 0")
        size, coefficients = 1 + xi, as_coefficients(distortion)
        if len(coefficients) > len(POWERS):
            raise ValueError(f"distortion has {len(coefficients)} coefficients; allowed are 0, 4, 5: k1 k2 p1 p2 k3")
        return UnifiedCamera(
            width=width,
            height=height,
            fx=gamma_x / size,
            fy=gamma_y / size,
            cx=cx,
            cy=cy,
            alpha=xi / size,
            distortion=tuple(k / size**power for k, power in zip(coefficients, POWERS, strict=False)),
        )

    @property
    def mei_distortion(self) -> tuple[float, ...]:
        """The distortion on Mei's plane, as `from_mei` takes it; ValueError for α = 1, which has no such plane."""
        if self.alpha == 1:
            raise ValueError("α = 1 is ξ = ∞: Mei's form has no such camera")
        return tuple(k * (1 + self.xi) ** power for k, power in zip(self.distortion, POWERS, strict=False))

    @property
    def xi(self) -> float:
        """Mei's ξ = α/(1 − α); infinite for α = 1."""
        return self.alpha / (1 - self.alpha) if self.alpha < 1 else float("inf")

    @property
    def _beta(self) -> float:
        return 1.0

    @property
    def _own(self) -> dict[str, float]:
        return {"alpha": self.alpha}

    @property
    def _shape(self) -> dict[str, float]:
        return self._own | self._coefficients

    def _with_shape(self, values: tuple[float, ...]) -> dict[str, Any]:
        own = self._own
        return dict(zip(own, values, strict=False)) | {"distortion": values[len(own) :]}

    def _denominator(self, points: Array) -> tuple[Array, Array]:
        """d and α·d + (1 − α)·Z, NaN where the model does not see: Z > −w·d (Usenko et al., eq. 10 to 13)."""
        xy = np.square(points[..., 0]) + np.square(points[..., 1])
        d = np.sqrt(self._beta * xy + np.square(points[..., 2]))
        below = self.alpha / (1 - self.alpha) if self.alpha <= 0.5 else (1 - self.alpha) / self.alpha
        seen = (points[..., 2] > -below * d) & (d > 0)
        return d, np.where(seen, self.alpha * d + (1 - self.alpha) * points[..., 2], np.nan)

    def _plane(self, points: Array) -> Array:
        points = points / np.abs(points).max(axis=-1, keepdims=True)  # squares would overflow
        return self._bent(points[..., :2] / self._denominator(points)[1][..., None])

    def _plane_jacobians(self, points: Array) -> tuple[Array, Array, Array]:
        size = np.abs(points).max(axis=-1, keepdims=True)
        points = points / size
        d, below = self._denominator(points)
        plane = points[..., :2] / below[..., None]
        by_xy = (self.alpha * self._beta / d)[..., None] * points[..., :2]
        by_z = self.alpha * points[..., 2] / d + (1 - self.alpha)
        slope = np.concatenate([by_xy, by_z[..., None]], axis=-1)
        by_point = (np.eye(2, 3) - plane[..., None] * slope[..., None, :]) / (below * size[..., 0])[..., None, None]
        by_beta = self.alpha * np.square(points[..., :2]).sum(axis=-1) / (2 * d)
        by_shape = np.stack([d - points[..., 2], by_beta], axis=-1)[..., : len(self._own)]
        by_shape = -plane[..., None] * (by_shape / below[..., None])[..., None, :]
        return self._bent_jacobians(plane, by_point, by_shape)

    def _directions(self, plane: Array) -> Array:
        plane = self._straight(plane)
        r2 = self._beta * (np.square(plane[..., 0]) + np.square(plane[..., 1]))
        # Beyond, for α > 1/2, lines miss the ellipsoid; a square that overflows tells nothing.
        rest = np.where(np.isfinite(r2), 1 - (2 * self.alpha - 1) * r2, np.nan)
        z = (1 - self.alpha**2 * r2) / (self.alpha * np.sqrt(rest) + 1 - self.alpha)
        return np.concatenate([plane, z[..., None]], axis=-1)


@dataclass(frozen=True, kw_only=True)
class ExtendedUnifiedCamera(UnifiedCamera):
    """The enhanced unified camera model: as `UnifiedCamera` with d = √(β(X² + Y²) + Z²), β > 0.

    Khomutenko, Garcia & Martinet, "An enhanced unified camera model", RA-L 2016. β = 1 is the unified camera.
    """

    beta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (np.isfinite(self.beta) and self.beta > 0):
            raise ValueError(f"beta is {self.beta}; it must be positive")

    @property
    def _beta(self) -> float:
        return self.beta

    @property
    def _own(self) -> dict[str, float]:
        return {"alpha": self.alpha, "beta": self.beta}
