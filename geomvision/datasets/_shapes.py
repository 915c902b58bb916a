"""Shapes that a ray can hit, each in its own frame, answered with inverse depth.

A ray through a pixel is ``origin + t · direction`` with a direction of depth 1, so t is the depth Z and
q = 1/t the inverse depth: 0 means "missed", and the largest q is the nearest surface. Planes make q linear in
the pixel and quadrics the root of a quadratic polynomial of it, so truth needs no iteration and no mesh.

Arithmetic keeps to + − × ÷ and √, which IEEE 754 rounds alike on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Array = Any  # numpy or torch; see `geomvision.datasets._render`
Vector = tuple[Any, Any, Any]
_TINY = 1e-12


class Rays:
    """Rays of one camera in a shape's frame: direction = matrix · (x, y, 1) for pixels that broadcast."""

    def __init__(self, xp: Any, origin: Vector, matrix: list[list[float]], x: Array, y: Array) -> None:
        self.xp, self.origin = xp, origin
        self._rows = matrix
        self._x, self._y = x, y
        self._known: dict[int, Array] = {}

    def __getitem__(self, axis: int) -> Array:
        """Component `axis` of the directions."""
        if axis not in self._known:
            a, b, c = self._rows[axis]
            self._known[axis] = self._x * a + (self._y * b + c)
        return self._known[axis]

    def at(self, q: Array) -> Vector:
        """The points at inverse depth q (anything where q is not positive)."""
        z = 1.0 / self.xp.clip(q, _TINY, None)
        x, y, w = (self.origin[i] + self[i] * z for i in range(3))
        return x, y, w


class Shape(Protocol):
    """What a shape can do, in its own frame."""

    def hit(self, rays: Rays, beyond: Array = 0.0) -> Array:
        """Inverse depth of the first hit; not positive where the ray misses.

        The caller promises that hits at or below `beyond` are nothing to it: they may come back as misses.
        """

    def uv(self, xp: Any, p: Vector) -> tuple[Array, Array]:
        """Texture coordinates of surface points, metres along the surface."""

    def normal(self, xp: Any, p: Vector) -> Vector:
        """Normals of surface points, of any length and sign."""

    def half_extents(self) -> Vector | None:
        """Half the sides of the box that holds the shape; None when it is unbounded."""


@dataclass(frozen=True)
class Plane:
    """The plane z = 0."""

    def hit(self, rays: Rays, beyond: Array = 0.0) -> Array:  # noqa: ARG002
        """See `Shape`."""
        return rays[2] * (-1.0 / (rays.origin[2] or _TINY))

    def uv(self, xp: Any, p: Vector) -> tuple[Array, Array]:  # noqa: ARG002
        """See `Shape`."""
        return p[0], p[1]

    def normal(self, xp: Any, p: Vector) -> Vector:
        """See `Shape`."""
        zero = xp.zeros_like(p[0])
        return zero, zero, zero + 1.0

    def half_extents(self) -> Vector | None:
        """See `Shape`."""
        return None


@dataclass(frozen=True)
class Sheet(Plane):
    """The part |x| ≤ a, |y| ≤ b of z = 0, cut out where `outline` (a square map of signed values) is positive."""

    a: float
    b: float
    outline: np.ndarray | None = None

    def hit(self, rays: Rays, beyond: Array = 0.0) -> Array:
        """See `Shape`."""
        xp, q = rays.xp, super().hit(rays)
        z = 1.0 / xp.clip(q, _TINY, None)
        x, y = rays.origin[0] + rays[0] * z, rays.origin[1] + rays[1] * z
        inside = (q > beyond) & (xp.abs(x) <= self.a) & (xp.abs(y) <= self.b)
        if self.outline is not None:
            at = xp.nonzero(inside)
            inside[at] = self._signed(xp, x[at], y[at]) > 0
        return xp.where(inside, q, 0.0)

    def _signed(self, xp: Any, x: Array, y: Array) -> Array:
        """The outline's value at points (N,), interpolated bilinearly."""
        assert self.outline is not None
        size = self.outline.shape[0]
        table = xp.asarray(self.outline.reshape(-1), device=x.device)
        column = xp.clip((x * (0.5 / self.a) + 0.5) * (size - 1), 0.0, size - 1.001)
        row = xp.clip((y * (0.5 / self.b) + 0.5) * (size - 1), 0.0, size - 1.001)
        i, j = xp.astype(column, xp.int64), xp.astype(row, xp.int64)
        fx, fy, first = column - i, row - j, j * size + i
        upper = xp.take(table, first) * (1 - fx) + xp.take(table, first + 1) * fx
        lower = xp.take(table, first + size) * (1 - fx) + xp.take(table, first + (size + 1)) * fx
        return upper * (1 - fy) + lower * fy

    def half_extents(self) -> Vector | None:
        """See `Shape`."""
        return self.a, self.b, 0.0


@dataclass(frozen=True)
class Box:
    """|x| ≤ a, |y| ≤ b, |z| ≤ c (slab test: Kay and Kajiya, SIGGRAPH 1986)."""

    a: float
    b: float
    c: float

    def hit(self, rays: Rays, beyond: Array = 0.0) -> Array:  # noqa: ARG002
        """See `Shape`."""
        xp = rays.xp
        near: Array = None
        far: Array = None
        for axis, half in enumerate((self.a, self.b, self.c)):
            direction, start = rays[axis], rays.origin[axis]
            inverse = 1.0 / xp.where(xp.abs(direction) < _TINY, _TINY, direction)
            t0, t1 = inverse * (-half - start), inverse * (half - start)
            first, last = xp.minimum(t0, t1), xp.maximum(t0, t1)
            near = first if axis == 0 else xp.maximum(near, first)
            far = last if axis == 0 else xp.minimum(far, last)
        hit = (near <= far) & (near > _TINY)
        return xp.where(hit, 1.0 / xp.where(hit, near, 1.0), 0.0)

    def _faces(self, xp: Any, p: Vector) -> tuple[Array, Array]:
        """Where the point lies on an x face, and where on a y face."""
        x, y, z = (xp.abs(p[i]) * (1.0 / half) for i, half in enumerate((self.a, self.b, self.c)))
        on_x = (x >= y) & (x >= z)
        return on_x, ~on_x & (y >= z)

    def uv(self, xp: Any, p: Vector) -> tuple[Array, Array]:
        """See `Shape`."""
        on_x, on_y = self._faces(xp, p)
        u = xp.where(on_x, p[2] + (self.a + self.c), p[0])
        v = xp.where(on_y, p[2] + (self.b + self.c), p[1])
        return u, v

    def normal(self, xp: Any, p: Vector) -> Vector:
        """See `Shape`."""
        on_x, on_y = self._faces(xp, p)
        one, zero = xp.ones_like(p[0]), xp.zeros_like(p[0])
        return xp.where(on_x, one, zero), xp.where(on_y, one, zero), xp.where(on_x | on_y, zero, one)

    def half_extents(self) -> Vector | None:
        """See `Shape`."""
        return self.a, self.b, self.c


@dataclass(frozen=True)
class Ball:
    """The ellipsoid (x/a)² + (y/b)² + (z/c)² = 1."""

    a: float
    b: float
    c: float

    def hit(self, rays: Rays, beyond: Array = 0.0) -> Array:  # noqa: ARG002
        """See `Shape`."""
        radii = (self.a, self.b, self.c)
        o = [rays.origin[i] / r for i, r in enumerate(radii)]
        d = [rays[i] * (1.0 / r) for i, r in enumerate(radii)]
        a = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
        b = d[0] * o[0] + d[1] * o[1] + d[2] * o[2]
        c = o[0] * o[0] + o[1] * o[1] + o[2] * o[2] - 1.0
        discriminant = b * b - a * c
        root = rays.xp.sqrt(rays.xp.clip(discriminant, 0.0, None))
        return rays.xp.where(discriminant >= 0, (root - b) * (1.0 / (c or _TINY)), 0.0)

    def uv(self, xp: Any, p: Vector) -> tuple[Array, Array]:
        """Stereographic from either pole of z, mirrored at the equator, so that no seam shows."""
        scale = 2.0 / (1.0 + xp.abs(p[2]) * (1.0 / self.c))
        return p[0] * scale, p[1] * scale

    def normal(self, xp: Any, p: Vector) -> Vector:  # noqa: ARG002
        """See `Shape`."""
        return p[0] * self.a**-2, p[1] * self.b**-2, p[2] * self.c**-2

    def half_extents(self) -> Vector | None:
        """See `Shape`."""
        return self.a, self.b, self.c


@dataclass(frozen=True)
class Frustum:
    """A round body about y from radius `top` at y = −half to `bottom` at y = half: rod, cone, pot, lampshade.

    `closed` adds the two lids; without them the inside shows.
    """

    top: float
    bottom: float
    half: float
    closed: bool = True

    @property
    def _slope(self) -> tuple[float, float]:
        """Radius = m + s·y."""
        return 0.5 * (self.top + self.bottom), 0.5 * (self.bottom - self.top) / self.half

    def hit(self, rays: Rays, beyond: Array = 0.0) -> Array:  # noqa: ARG002
        """See `Shape`."""
        xp, (m, s) = rays.xp, self._slope
        ox, oy, oz = rays.origin
        dx, dy, dz = rays[0], rays[1], rays[2]
        radius = m + s * oy
        a = dx * dx + dz * dz - dy * dy * (s * s)
        b = dx * ox + dz * oz - dy * (s * radius)
        c = (ox * ox + oz * oz - radius * radius) or _TINY
        discriminant = b * b - a * c
        root = xp.sqrt(xp.clip(discriminant, 0.0, None))
        best = xp.zeros_like(root)
        for sign in (1.0, -1.0):
            q = (root * sign - b) * (1.0 / c)
            y = oy + dy / xp.clip(q, _TINY, None)
            real = (discriminant >= 0) & (q > best) & (xp.abs(y) <= self.half)
            best = xp.where(real, q, best)
        return self._lids(rays, best) if self.closed else best

    def _lids(self, rays: Rays, best: Array) -> Array:
        xp = rays.xp
        for y, radius in ((-self.half, self.top), (self.half, self.bottom)):
            q = rays[1] * (1.0 / ((y - rays.origin[1]) or _TINY))
            px, _, pz = rays.at(q)
            best = xp.where((q > best) & (px * px + pz * pz <= radius * radius), q, best)
        return best

    def uv(self, xp: Any, p: Vector) -> tuple[Array, Array]:
        """Around and along; the angle is the diamond angle, which needs no arc tangent."""
        m, _ = self._slope
        total = xp.abs(p[0]) + xp.abs(p[2]) + _TINY
        turn = p[0] / total
        around = xp.where(p[2] < 0, turn, xp.where(p[0] < 0, -2.0 - turn, 2.0 - turn))
        if self.closed:
            lid = self._on_lid(xp, p)
            return xp.where(lid, p[0], around * (0.5 * math.pi * m)), xp.where(lid, p[2], p[1])
        return around * (0.5 * math.pi * m), p[1]

    def _on_lid(self, xp: Any, p: Vector) -> Array:
        return xp.abs(p[1]) >= self.half * (1.0 - 1e-9)

    def normal(self, xp: Any, p: Vector) -> Vector:
        """See `Shape`."""
        m, s = self._slope
        x, y, z = p[0], (p[1] * s + m) * (-s), p[2]
        if not self.closed:
            return x, y, z
        lid = self._on_lid(xp, p)
        return xp.where(lid, 0.0, x), xp.where(lid, 1.0, y), xp.where(lid, 0.0, z)

    def half_extents(self) -> Vector | None:
        """See `Shape`."""
        widest = max(self.top, self.bottom)
        return widest, self.half, widest
