import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision.cameras import Camera, KannalaBrandt, RayTable, UnifiedCamera

FISHEYE = KannalaBrandt(
    width=320, height=240, fx=90.0, fy=92.0, cx=150.5, cy=117.25, distortion=(-0.02, 0.004, -0.003, 0.0005)
)
BROWN = Camera(width=320, height=200, fx=250.0, fy=260.0, cx=150.5, cy=97.25, distortion=(-0.2, 0.05, 1e-3, -2e-3))
UNIFIED = UnifiedCamera(width=320, height=240, fx=120.0, fy=122.0, cx=150.5, cy=117.25, alpha=0.62)
TABLE = RayTable.from_camera(FISHEYE)


def inside(camera, count=300, seed=0):
    """Points that the image sees, at distances 0.5 to 9."""
    rng = np.random.default_rng(seed)
    pixels = rng.uniform((-0.5, -0.5), (camera.width - 0.5, camera.height - 0.5), (count, 2))
    rays = camera.rays(pixels) * rng.uniform(0.5, 9, (count, 1))
    return rays[np.isfinite(rays[:, 0])]


@pytest.mark.parametrize(
    ("camera", "error_px"), [(FISHEYE, 0.012), (BROWN, 0.0005), (UNIFIED, 0.002)], ids=["fisheye", "brown", "unified"]
)
def test_a_table_stands_for_any_camera_and_its_error_falls_with_the_cube_of_the_step(camera, error_px):
    points = inside(camera, 2000)
    errors = []
    for step in (8, 4):
        found = RayTable.from_camera(camera, step).project(points)
        assert np.isfinite(found).all()
        errors.append(np.abs(found - camera.project(points)).max())
    assert errors[0] < error_px
    assert errors[1] < errors[0] / 6


def test_rays_are_the_tables_own_at_its_nodes():
    pixels = np.array([[TABLE.origin_x + 5 * TABLE.step_x, TABLE.origin_y + 3 * TABLE.step_y]])
    np.testing.assert_allclose(TABLE.rays(pixels)[0], TABLE.table[3, 5], atol=1e-14)
    assert np.isnan(TABLE.rays([TABLE.origin_x - 0.01, 50.0])).all()
    assert np.isnan(TABLE.rays([np.nan, 50.0])).all()


def test_points_come_back_and_image_changes_are_followed(checks):
    points = inside(TABLE)
    known, error = checks.round_trip(TABLE, points)
    assert known > 0.99 * len(points)
    assert error.max() < 1e-10
    assert checks.jacobians(TABLE, points[:15], tolerance=1e-4) == 15
    checks.image_changes(TABLE, points, turns=(-1, 0, 1, 2))


def test_a_table_of_a_round_image_ends_with_it():
    narrow = UnifiedCamera(width=320, height=240, fx=40.0, fy=40.0, cx=150.5, cy=117.25, alpha=0.8)
    table = RayTable.from_camera(narrow, 4)
    assert not narrow.valid_mask().all()
    assert not (table.valid_mask() & ~narrow.valid_mask()).any()
    assert table.valid_mask().sum() > 0.6 * narrow.valid_mask().sum()
    assert np.isnan(table.project([0.0, 0.0, -1.0])).all()


@settings(max_examples=30)
@given(st.lists(st.tuples(*[st.floats(-5, 5) | st.floats(allow_nan=True, allow_infinity=True)] * 3), max_size=6))
def test_no_point_gives_a_wrong_pixel(some):
    some = np.array(some).reshape(-1, 3)
    pixels = TABLE.project(some)
    known = np.isfinite(pixels).all(axis=1)
    rays = TABLE.rays(pixels[known])
    unit = some[known] / np.abs(some[known]).max(axis=1, keepdims=True)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    np.testing.assert_allclose(rays, unit, atol=1e-9)


def test_shapes_and_wrong_arguments():
    assert TABLE.project(np.ones((2, 3, 3))).shape == (2, 3, 2)
    assert [a.shape for a in TABLE.jacobians(np.ones((0, 3)))] == [(0, 2), (0, 2, 3), (0, 2, 4)]
    assert TABLE.project([0.0, 0.0, 1.0]) == pytest.approx([150.5, 117.25], abs=1e-2)
    with pytest.raises(ValueError, match="at least 4 by 4"):
        RayTable(width=9, height=9, table=np.ones((3, 4, 3)), step_x=1, step_y=1, origin_x=0, origin_y=0)
    with pytest.raises(ValueError, match="no direction"):
        RayTable(width=9, height=9, table=np.zeros((4, 4, 3)), step_x=1, step_y=1, origin_x=0, origin_y=0)
    with pytest.raises(ValueError, match="steps must be"):
        RayTable(width=9, height=9, table=np.ones((4, 4, 3)), step_x=0, step_y=1, origin_x=0, origin_y=0)
    with pytest.raises(ValueError, match="step_px is 0"):
        RayTable.from_camera(BROWN, 0)
    with pytest.raises(ValueError, match=r"must be \(4,\)"):
        TABLE.with_parameters(np.ones(3))
