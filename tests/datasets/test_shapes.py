import array_api_compat.numpy as xp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision.datasets._builder import outline
from geomvision.datasets._shapes import Ball, Box, Frustum, Plane, Rays, Sheet

FROM = (0.3, -0.2, -4.0)
SOLIDS = {
    "box": (Box(0.7, 0.4, 0.9), lambda x, y, z: np.maximum.reduce([abs(x) / 0.7, abs(y) / 0.4, abs(z) / 0.9]) - 1),
    "ball": (Ball(0.9, 0.5, 0.7), lambda x, y, z: (x / 0.9) ** 2 + (y / 0.5) ** 2 + (z / 0.7) ** 2 - 1),
    "can": (Frustum(0.5, 0.5, 0.8), lambda x, y, z: np.maximum(np.hypot(x, z) - 0.5, abs(y) - 0.8)),
    "cone": (Frustum(0.0, 0.9, 0.8), lambda x, y, z: np.maximum(np.hypot(x, z) - 0.45 - 0.5625 * y, abs(y) - 0.8)),
}


def rays_at(slopes_x: np.ndarray, slopes_y: np.ndarray, origin: tuple[float, float, float] = FROM) -> Rays:
    return Rays(xp, origin, np.eye(3).tolist(), slopes_x, slopes_y)


@pytest.mark.parametrize("name", SOLIDS)
@given(x=st.floats(-0.4, 0.3), y=st.floats(-0.3, 0.4))
def test_first_point_inside_a_solid_is_where_the_ray_hits(name, x, y):
    shape, outside = SOLIDS[name]
    t = np.linspace(2.0, 6.0, 8001)
    values = outside(FROM[0] + t * x, FROM[1] + t * y, FROM[2] + t)
    q = float(shape.hit(rays_at(np.array([x]), np.array([y])))[0])
    if values.min() < -1e-3:  # marched into it
        first = t[values <= 0][0]
        assert q > 0
        assert abs(1 / q - first) < 2e-3
    elif values.min() > 1e-2:
        assert q <= 0


@pytest.mark.parametrize("name", SOLIDS)
def test_normals_point_along_the_gradient(name):
    shape, outside = SOLIDS[name]
    grid = np.linspace(-0.2, 0.12, 15)
    rays = rays_at(*np.meshgrid(grid, grid))
    q = shape.hit(rays)
    hit = q > 0
    p = [c[hit] for c in rays.at(q)]
    step = 1e-5
    gradient = [outside(*(p[j] + step * (i == j) for j in range(3))) - outside(*p) for i in range(3)]
    n = shape.normal(xp, tuple(p))
    cosine = sum(a * b for a, b in zip(n, gradient, strict=True))
    cosine = cosine / np.sqrt(sum(a * a for a in n) * sum(b * b for b in gradient))
    assert hit.sum() > 20
    assert (np.abs(cosine) > 0.999).mean() > 0.97  # edges have no normal


def test_plane_is_linear_in_the_pixel():
    plane = Plane()
    q = plane.hit(rays_at(np.array([0.0, 1.0]), np.array([0.0, -2.0])))
    np.testing.assert_array_equal(q, [0.25, 0.25])
    behind = plane.hit(rays_at(np.zeros(1), np.zeros(1), (0.0, 0.0, 1.0)))
    assert behind[0] < 0


def test_open_pot_shows_its_inside():
    pot = Frustum(0.5, 0.5, 0.8, closed=False)
    down = Rays(xp, (0.1, -3.0, 0.0), [[1.0, 0, 0], [0, 0, 1.0], [0, 1.0, 0]], np.array([0.15]), np.array([0.0]))
    t = float(1 / pot.hit(down)[0])  # enters by the open top, meets the wall x = 0.5 from inside
    assert t == pytest.approx(0.4 / 0.15)
    lidded = Frustum(0.5, 0.5, 0.8).hit(down)
    assert float(1 / lidded[0]) == pytest.approx(2.2)


def test_sheet_is_cut_along_its_outline():
    disc = Sheet(1.0, 1.0, outline("disc", 0))
    x, y = np.meshgrid(np.linspace(-0.3, 0.3, 61), np.linspace(-0.3, 0.3, 61))
    hit = disc.hit(rays_at(x, y, (0.0, 0.0, -4.0))) > 0
    radius2 = (4 * x) ** 2 + (4 * y) ** 2
    clear = abs(radius2 - 0.97) > 0.01
    np.testing.assert_array_equal(hit[clear], (radius2 < 0.97)[clear])


def test_hits_not_beyond_what_is_known_may_be_dropped_but_nearer_ones_stay():
    for shape in (*(shape for shape, _ in SOLIDS.values()), Sheet(0.5, 0.5, outline("blob", 1)), Plane()):
        grid = np.linspace(-0.2, 0.2, 31)
        rays = rays_at(*np.meshgrid(grid, grid))
        plain, beyond = shape.hit(rays), np.full((31, 31), 0.27)
        np.testing.assert_array_equal(shape.hit(rays, beyond)[plain > beyond], plain[plain > beyond])
        assert not (shape.hit(rays, beyond)[plain <= beyond] > 0.27).any()


@pytest.mark.parametrize("kind", ["blob", "leaf", "lattice", "ring", "crown", "disc"])
def test_outlines_are_neither_empty_nor_full(kind):
    share = np.mean([(outline(kind, variant) > 0).mean() for variant in range(12)])
    assert 0.1 < share < 0.9
