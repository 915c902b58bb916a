"""Matches of every camera model, and of two different ones: exact poses of exact matches, and no lens is flagged."""

import numpy as np
import pytest

from geomvision import metrics
from geomvision.cameras import Camera, ExtendedUnifiedCamera, KannalaBrandt, RayTable, UnifiedCamera, pose
from geomvision.geometry import align_points, bundle_adjustment, metric_relative_pose, triangulate
from geomvision.pose import Essential

FIELDS = {"width": 320, "height": 240, "fx": 170.0, "fy": 172.0, "cx": 155.0, "cy": 125.0}
TILTED = (-0.2, 0.05, 1e-3, -2e-3, 0.01, 0.02, 0.01, -0.003, 1e-3, -2e-3, 5e-4, 1e-3, 0.03, -0.02)
FISHEYE = KannalaBrandt(**(FIELDS | {"fx": 110.0, "fy": 112.0}), distortion=(0.02, -0.01, 0.0, 0.0))
MODELS = {
    "pinhole": Camera(**FIELDS),
    "turned over": Camera(**(FIELDS | {"fy": -172.0})),
    "brown14": Camera(**FIELDS, distortion=TILTED),
    "fisheye": FISHEYE,
    "ucm": UnifiedCamera(**FIELDS, alpha=0.55),
    "mei": UnifiedCamera(**FIELDS, alpha=0.55, distortion=(-0.05, 0.01, 1e-3, -2e-3)),
    "eucm": ExtendedUnifiedCamera(**FIELDS, alpha=0.5, beta=1.2),
    "table": RayTable.from_camera(FISHEYE),
}


def scene(camera0, camera1, about, count=200):
    T = pose(about(np.array([0.03, -0.08, 0.05])), (-0.4, 0.05, 0.1))
    X = np.random.default_rng(0).uniform((-1.2, -1, 2.5), (1.4, 1, 7), (8 * count, 3))
    x0, x1 = camera0.project(X), camera1.project(X @ T[:3, :3].T + T[:3, 3])
    inside = ((x0 > 0) & (x0 < (319, 239)) & (x1 > 0) & (x1 < (319, 239))).all(axis=1)
    assert inside.sum() > count
    return x0[inside][:count], x1[inside][:count], T, X[inside][:count]


@pytest.mark.parametrize("other", [False, True], ids=["alike", "beside a pinhole"])
@pytest.mark.parametrize("name", MODELS)
def test_pose_points_and_clip_of_every_model(name, other, about):
    cameras = MODELS[name], MODELS["pinhole"] if other else MODELS[name]
    x0, x1, T, X = scene(*cameras, about)
    found = Essential()(x0, x1, *cameras)
    assert metrics.pose_error(found.T_1_0, T).worst_deg < 1e-3
    assert found.degeneracies <= {"forward_motion"}  # wide lenses see their epipole
    assert found.inliers.all()
    length = np.linalg.norm(T[:3, 3])
    points = triangulate(x0, x1, *cameras, found.T_1_0)
    assert points.valid.all()
    np.testing.assert_allclose(points.m * length, X, atol=1e-4)
    start = np.stack([np.eye(4), found.T_1_0])
    frames, order = np.repeat([0, 1], len(X)), np.tile(np.arange(len(X)), 2)
    random = np.random.default_rng(1)
    moved = X / length + random.normal(0, 0.02, X.shape)
    clip = bundle_adjustment(start, moved, frames, order, np.concatenate([x0, x1]), list(cameras))
    assert clip.rms_px < 1e-6
    similar = align_points(clip.points_world, X, with_scale=True)
    assert similar.rms_m < 1e-6


@pytest.mark.parametrize("name", MODELS)
def test_the_pose_in_metres_of_every_model(name, about):
    """Both see the wall n · X = 4.5; its depth maps are exact, and so is the pose but for their interpolation."""
    camera, n = MODELS[name], np.array([0.2, 0.1, 1.0])
    T = pose(about(np.array([0.03, -0.08, 0.05])), (-0.4, 0.05, 0.1))
    maps = []
    for P in (np.eye(4), np.linalg.inv(T)):
        rays = camera.rays(camera.pixel_grid())
        towards = rays @ P[:3, :3].T @ n
        with np.errstate(all="ignore"):
            z = (4.5 - P[:3, 3] @ n) / towards * rays[..., 2]
        maps.append(np.where((towards > 0) & (z > 0), z, np.nan))
    x0 = np.random.default_rng(2).uniform((5, 5), (314, 234), (400, 2)).round()
    X = camera.unproject(x0, maps[0][x0[:, 1].astype(int), x0[:, 0].astype(int)])
    x1 = camera.project(X @ T[:3, :3].T + T[:3, 3])
    seen = ((x1 > 1) & (x1 < (318, 238))).all(axis=1)
    for solver in ("points", "pnp"):
        found = metric_relative_pose(x0[seen], x1[seen], camera, camera, *maps, solver=solver)
        np.testing.assert_allclose(found.T_1_0, T, atol=1e-3)
        assert set(found.flags) <= {"planar"}
