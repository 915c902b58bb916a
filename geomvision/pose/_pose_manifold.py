"""Poses up to scale as a manifold of five dimensions, for Gauss–Newton steps and for derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cameras import Array
from ..geometry import skew
from ..geometry._rotations import rotation_of


def tangent_basis(t: Array) -> tuple[Array, Array]:
    """b1 = t × e_k / |…| with k the least entry of |t|, b2 = t × b1."""
    b1 = np.cross(t, np.eye(3)[np.argmin(np.abs(t))])
    b1 = b1 / np.linalg.norm(b1)
    return b1, np.cross(t, b1)


@dataclass(frozen=True)
class PoseManifold:
    """Poses with |t| = 1, by 5 numbers: (ω, α, β)."""

    R: Array
    t: Array
    to_rays0: Array
    to_rays1: Array

    def essential(self) -> Array:
        """[t]x R."""
        return np.asarray(skew(self.t) @ self.R)

    def matrix(self) -> Array:
        """For working coordinates."""
        return np.asarray(self.to_rays1 @ self.essential() @ self.to_rays0)

    def tangents(self) -> Array:
        """Derivatives of `matrix` by the 5 numbers, (5, 9)."""
        turns = [skew(self.t) @ skew(axis) @ self.R for axis in np.eye(3)]
        shifts = [skew(b) @ self.R for b in tangent_basis(self.t)]
        return np.stack([(self.to_rays1 @ slope @ self.to_rays0).ravel() for slope in turns + shifts])

    def moved(self, step: Array) -> PoseManifold:
        """After a step."""
        b1, b2 = tangent_basis(self.t)
        t = self.t + step[3] * b1 + step[4] * b2
        return PoseManifold(rotation_of(step[:3]) @ self.R, t / np.linalg.norm(t), self.to_rays0, self.to_rays1)
