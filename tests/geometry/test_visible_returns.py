"""Returns of a simulated laser scan, of which a ray from the camera tells whether it sees them."""

import numpy as np
import pytest

from geomvision.geometry import visible_returns
from geomvision.geometry.visible_returns import scan_step_px
from geomvision.io import read_depth
from geomvision.results import Depth

SIZE, FOCAL, CENTRE = (375, 800), 720.0, (400.0, 172.0)
GROUND_M = 1.65


def nearest(origin, rays, boxes):
    """Distance along each ray to the ground or a box, in lengths of the ray."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(rays[:, 1] > 1e-9, (GROUND_M - origin[1]) / rays[:, 1], np.inf)
        for low, high in boxes:
            a, b = (low - origin) / rays, (high - origin) / rays
            enters, leaves = np.minimum(a, b).max(axis=1), np.maximum(a, b).min(axis=1)
            hit = (enters < leaves) & (enters > 1e-3)
            found = np.where(hit & (enters < found), enters, found)
    return found


def scan(seed, laser=(-0.06, -0.08, -0.27)):
    """Depth as 64 lines give it, projected into the camera; which returns that sees; depth as the camera sees it."""
    rng, boxes = np.random.default_rng(seed), []
    shapes = ((1.8, 1.5, 4), (0.6, 1.7, 0.6), (0.3, 4, 0.3))  # a car, somebody, a post
    for _ in range(8):
        z = rng.uniform(5, 30)
        x, (width, height, length) = rng.uniform(-0.5, 0.5) * z, shapes[rng.integers(3)]
        boxes.append(np.array([[x - width / 2, GROUND_M - height, z], [x + width / 2, GROUND_M, z + length]]))
    boxes.append(np.array([[-60, -12, 50], [60, GROUND_M, 60.0]]))
    elevation = np.radians(np.r_[np.linspace(2, -8.33, 32), np.linspace(-8.83, -24.33, 32)])
    e, a = np.meshgrid(elevation, np.radians(np.arange(-30, 30, 0.17)), indexing="ij")
    rays = np.stack([np.cos(e) * np.sin(a), -np.sin(e), np.cos(e) * np.cos(a)], axis=-1).reshape(-1, 3)
    points = np.array(laser) + rays * nearest(np.array(laser), rays, boxes)[:, None]
    points = points[np.isfinite(points).all(axis=1) & (points[:, 2] > 1)]
    points = points[np.argsort(-points[:, 2])]  # where two fall on a pixel, the nearer stays
    seen = nearest(np.zeros(3), points, boxes) > 0.995
    x, y = np.rint(points[:, :2] / points[:, 2:] * FOCAL + CENTRE).astype(int).T
    inside = (x >= 0) & (x < SIZE[1]) & (y >= 0) & (y < SIZE[0])
    depth, visible = np.full(SIZE, np.nan), np.zeros(SIZE, bool)
    depth[y[inside], x[inside]], visible[y[inside], x[inside]] = points[inside, 2], seen[inside]
    grid = np.mgrid[: SIZE[0], : SIZE[1]][::-1].reshape(2, -1).T
    view = np.c_[(grid - CENTRE) / FOCAL, np.ones(len(grid))]
    return Depth(m=depth), visible, nearest(np.zeros(3), view, boxes).reshape(SIZE)


@pytest.fixture(scope="module")
def scans():
    return [scan(seed) for seed in (0, 1)]


def test_most_of_what_the_camera_does_not_see_goes_and_little_else(scans):
    hidden = found = wrong = every = 0
    for depth, visible, _ in scans:
        gone = depth.valid & ~visible_returns(depth).valid
        hidden += (depth.valid & ~visible).sum()
        found += (gone & ~visible).sum()
        wrong += (gone & visible).sum()
        every += depth.valid.sum()
    assert hidden > 0.003 * every
    assert found > 0.75 * hidden
    assert wrong < 0.005 * every
    assert wrong < 0.35 * found


def test_what_a_perfect_estimate_scores_is_nearer_to_nothing(scans):
    """Raw returns charge it with errors of background seen through the foreground."""
    for depth, _, view in scans:
        cleaned = visible_returns(depth)
        errors = [np.nanmean(np.abs(view - each.m) / each.m) for each in (depth, cleaned)]
        assert errors[1] < 0.5 * errors[0]
        np.testing.assert_array_equal(cleaned.m[cleaned.valid], depth.m[cleaned.valid])


def test_the_step_of_the_pattern():
    lines = np.zeros((60, 80), bool)
    lines[::6, ::4] = True
    assert scan_step_px(lines) == (4, 6)
    assert scan_step_px(np.ones((9, 9), bool)) == (1, 1)
    assert scan_step_px(np.zeros((9, 9), bool)) == (1, 1)


def test_by_hand():
    """Lines 6 rows apart, every 4th column: half a step is 3 rows and 2 columns."""
    m = np.full((60, 80), np.nan, np.float32)
    m[::6, ::4] = 10
    m[33, 40] = 20  # between two lines of 10 m
    m[26, 22] = 11  # not far enough behind to be hidden
    m[18:43:6, 60] = 30  # a whole column in the pattern itself: what is seen beside and between
    found = visible_returns(Depth(m=m))
    assert np.argwhere(np.isfinite(m) & ~found.valid).tolist() == [[33, 40]]
    assert not visible_returns(Depth(m=m), ratio=1.05).valid[26, 22]
    assert visible_returns(Depth(m=m), window_px=(0, 0)).valid[33, 40]
    dense = Depth(m=np.where(np.arange(40) < 20, 2, 9) * np.ones((30, 1)))
    assert visible_returns(dense).valid.all()
    empty = Depth(m=np.full((4, 4), np.nan))
    assert not visible_returns(empty).valid.any()


def test_wrong_numbers_are_told():
    depth = Depth(m=np.ones((4, 4)))
    for options, message in (
        ({"ratio": 1.0}, "ratio is 1.0; it must be above 1"),
        ({"window_px": (1, -1)}, "each at least 0"),
        ({"window_px": (1,)}, "must be two whole numbers"),
        ({"window_px": (1, 0.5)}, "window_px"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            visible_returns(depth, **options)


@pytest.mark.parametrize("name", ["kitti_lidar_000000", "kitti_lidar_000001"])
def test_real_scans_lose_a_few_returns_that_lie_behind_others(real_data, name):
    depth = read_depth(real_data / "depth" / name / "depth.png", scale=256)
    assert scan_step_px(depth.valid) == (3, 5)
    gone = depth.valid & ~visible_returns(depth).valid
    assert 0.01 < gone.sum() / depth.valid.sum() < 0.05
    y, x = np.argwhere(gone).T
    around = np.stack([depth.m[np.clip(y + i, 0, None) % depth.size[0], (x + j) % depth.size[1]]
                       for i in (-2, -1, 0, 1, 2) for j in (-1, 0, 1)])  # fmt: skip
    assert (np.nanmin(around, axis=0) * 1.15 < depth.m[y, x]).all()
