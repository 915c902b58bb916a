"""Rectification of each camera model beside another one: points whose place is known come to equal rows."""

import numpy as np
import pytest

from geomvision.cameras import (
    Camera,
    ExtendedUnifiedCamera,
    KannalaBrandt,
    RayTable,
    StereoRig,
    UnifiedCamera,
    pose,
)
from geomvision.geometry import rectify
from geomvision.geometry._rotations import rotation_of

FIELDS = {"width": 200, "height": 160, "fx": 110.0, "fy": 112.0, "cx": 104.0, "cy": 77.5}
TILTED = (-0.2, 0.05, 1e-3, -2e-3, 0.01, 0.02, 0.01, -0.003, 1e-3, -2e-3, 5e-4, 1e-3, 0.03, -0.02)
FISHEYE = KannalaBrandt(**(FIELDS | {"fx": 70.0, "fy": 71.0}), distortion=(0.02, -0.01, 0.0, 0.0))
MODELS = {
    **{f"brown{n}": Camera(**FIELDS, distortion=TILTED[:n]) for n in (0, 4, 5, 8, 12, 14)},
    "turned over": Camera(**(FIELDS | {"fy": -112.0})),
    "fisheye": FISHEYE,
    "ucm": UnifiedCamera(**FIELDS, alpha=0.55),
    "mei": UnifiedCamera(**FIELDS, alpha=0.55, distortion=(-0.05, 0.01, 1e-3, -2e-3)),
    "eucm": ExtendedUnifiedCamera(**FIELDS, alpha=0.5, beta=1.2),
    "table": RayTable.from_camera(FISHEYE),
}
BESIDE = Camera(**(FIELDS | {"fx": 115.0, "cx": 96.0}), distortion=(-0.1, 0.02, 0.0, 1e-3, 0.0))


@pytest.mark.parametrize("swapped", [False, True], ids=["left", "right"])
@pytest.mark.parametrize("name", MODELS)
def test_rows_agree_and_q_gives_the_points_back(name, swapped):
    left, right = (BESIDE, MODELS[name]) if swapped else (MODELS[name], BESIDE)
    T = pose(rotation_of((0.03, -0.06, 0.04)), (-0.25, 0.02, 0.015))
    found = rectify(StereoRig(left=left, right=right, T_right_left=T))
    X = np.random.default_rng(3).uniform((-1, -0.8, 2.5), (1.2, 0.8, 8), (300, 3))
    p, q = left.project(X), right.project(X @ T[:3, :3].T + T[:3, 3])
    size = (199, 159)
    inside = ((p > 0) & (p < size) & (q > 0) & (q < size)).all(axis=1)
    assert inside.sum() > 100
    a, b = found.points(p[inside], q[inside])
    assert np.abs(a - b)[:, 1].max() < 1e-5
    W = np.column_stack([a, a[:, 0] - b[:, 0], np.ones(len(a))]) @ found.Q.T
    np.testing.assert_allclose(W[:, :3] / W[:, 3:], X[inside] @ found.left.transform.rotation.T, atol=1e-4)
    # The image shows what the map says: of a picture that is linear in its pixels the map itself.
    y, x = np.indices((160, 200), dtype=np.float32)
    for view in (found.left, found.right):
        seen = view.apply(2 * x + 3 * y)
        np.testing.assert_array_equal(np.isfinite(seen), view.valid)
        assert np.abs(seen - view.map @ (2.0, 3.0))[view.valid].max() < 2e-3
    column, row, width, height = found.region
    assert width * height > 0.3 * 200 * 160
    for view in (found.left, found.right):
        assert view.valid[row : row + height, column : column + width].all()
