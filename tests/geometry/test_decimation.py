"""Fewer triangles of shapes whose surface is known in closed form."""

import numpy as np
import pytest

from geomvision.geometry import decimate
from geomvision.results import PointCloud


def grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    """(u, v) in [0, 1]² (n², 2) and the triangles between them."""
    u, v = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n))
    at = np.arange(n * n).reshape(n, n)
    a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]
    triangles = np.concatenate([np.stack(t, axis=-1).reshape(-1, 3) for t in ((a, b, c), (b, d, c))])
    return np.stack([u.ravel(), v.ravel()], axis=1), triangles.astype(np.int32)


def sphere(n: int) -> PointCloud:
    (u, v), triangles = grid(n)[0].T, grid(n)[1]
    polar, round_ = np.pi * (0.02 + 0.96 * v), 2 * np.pi * u
    points = np.stack([np.sin(polar) * np.cos(round_), np.sin(polar) * np.sin(round_), np.cos(polar)], axis=1)
    colors = np.rint(127.5 * (1 + points)).astype(np.uint8)
    return PointCloud(points=points.astype(np.float32), colors=colors, normals=points.astype(np.float32),
                      triangles=triangles)  # fmt: skip


def roof(n: int) -> PointCloud:
    """z = −|x|: two planes that meet in an edge, which no grid line meets."""
    uv, triangles = grid(n)
    x, y = 2 * uv[:, 0] - 0.93, 2 * uv[:, 1] - 1
    x[np.abs(x) < 1 / n] = 0.0
    return PointCloud(points=np.stack([x, y, -np.abs(x)], axis=1).astype(np.float32), triangles=triangles)


@pytest.mark.parametrize("most", [500, 4000])
def test_a_sphere_stays_one(most):
    small = decimate(sphere(150), most)
    assert 0.6 * most <= len(small.triangles) <= most
    radius = np.linalg.norm(small.points, axis=1)
    chord = 2 * np.sqrt(4 * np.pi / most)  # about the side of a triangle
    assert np.abs(radius - 1).max() < chord**2 / 4
    np.testing.assert_allclose(np.linalg.norm(small.normals, axis=1), 1, rtol=1e-5)
    assert np.abs(small.colors / 127.5 - 1 - small.points).max() < chord
    a, b, c = (small.points[small.triangles[:, k]] for k in range(3))
    outwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), a + b + c)
    a, b, c = sphere(150).points[sphere(150).triangles[999]]
    assert (np.sign(outwards) == np.sign(np.cross(b - a, c - a) @ a)).mean() > 0.99


def test_an_edge_stays_sharp():
    small = decimate(roof(120), 800)
    x, _, z = small.points.T
    assert np.abs(z + np.abs(x)).max() < 0.02  # means alone would be off by up to half a cell, 0.05
    assert z.max() == pytest.approx(0, abs=0.005)


def test_what_is_small_enough_is_itself_and_what_cannot_be_is_told():
    mesh = sphere(10)
    assert decimate(mesh, 1000) is mesh
    with pytest.raises(ValueError, match="only a mesh"):
        decimate(PointCloud(points=mesh.points), 100)
    with pytest.raises(ValueError, match="at least 4"):
        decimate(mesh, 3)


def test_any_scale_and_outliers():
    for factor in (1e-6, 1e6):
        mesh = sphere(60)
        scaled = PointCloud(points=mesh.points * np.float32(factor), triangles=mesh.triangles)
        assert 0 < len(decimate(scaled, 300).triangles) <= 300
    flat = PointCloud(points=np.zeros((9, 3), np.float32), triangles=np.tile([[0, 1, 2]], (50, 1)).astype(np.int32))
    assert decimate(flat, 10).triangles.shape == (0, 3)
