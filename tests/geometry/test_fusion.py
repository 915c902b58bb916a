"""Fusion of posed depth: a wall and a box in closed form, every unit mistake, and cameras that are not plain."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomvision import io
from geomvision.cameras import Camera, pose
from geomvision.geometry import colored_points, fuse, pinhole_of
from geomvision.geometry._rotations import rotation_of
from geomvision.geometry.fusion import _in_order
from geomvision.results import Depth, RelativeDepth

pytest.importorskip("open3d")

CAMERA = Camera(width=64, height=46, fx=60.0, fy=56.0, cx=30.0, cy=20.0)
WALL_M = 1.3


def of_wall(camera: Camera, T: np.ndarray) -> tuple[Depth, np.ndarray]:
    """Depth of the wall z = WALL_M of the world, red left of x = 0 and green beyond."""
    rays = camera.unproject(camera.pixel_grid()) @ T[:3, :3].T
    depth = (WALL_M - T[2, 3]) / rays[..., 2]
    x = T[0, 3] + rays[..., 0] * depth
    colors = np.where((x < 0)[..., None], (200, 10, 20), (30, 180, 40)).astype(np.uint8)
    return Depth(m=depth), colors


def poses() -> np.ndarray:
    c, s = np.cos(0.15), np.sin(0.15)
    turned = pose([[c, 0, s], [0, 1, 0], [-s, 0, c]], (-0.2, 0.05, 0.1))
    return np.stack([np.eye(4), turned, pose(translation=(0.1, -0.1, -0.2))])


LENS = Camera(width=64, height=46, fx=60.0, fy=56.0, cx=30.0, cy=20.0, distortion=(-0.2, 0.05, 0.0, 0.0, 0.0))
HEADSTAND = Camera(width=64, height=46, fx=60.0, fy=-56.0, cx=30.0, cy=25.0)


@pytest.mark.parametrize("camera", [CAMERA, LENS, HEADSTAND], ids=["plain", "lens", "negative fy"])
def test_a_wall_becomes_a_coloured_plane(camera: Camera, tmp_path: Path) -> None:
    views = [of_wall(camera, T) for T in poses()]
    mesh = fuse([d for d, _ in views], [c for _, c in views], camera, poses(), voxel_m=0.02)
    assert len(mesh.points) > 500
    np.testing.assert_allclose(mesh.points[:, 2], WALL_M, atol=0.01)
    left, right = mesh.points[:, 0] < -0.1, mesh.points[:, 0] > 0.1
    assert (np.abs(mesh.colors[left].astype(int) - (200, 10, 20)) < 20).all(axis=1).mean() > 0.95
    assert (np.abs(mesh.colors[right].astype(int) - (30, 180, 40)) < 20).all(axis=1).mean() > 0.95
    assert (np.abs(mesh.normals[:, 2]) > 0.9).mean() > 0.9
    assert mesh.points[:, 0].min() < -0.5
    assert mesh.points[:, 1].max() > 0.4
    io.write_ply(tmp_path / "wall.ply", mesh)
    np.testing.assert_array_equal(io.read_ply(tmp_path / "wall.ply").triangles, mesh.triangles)


def test_equal_maps_give_equal_bytes(tmp_path: Path) -> None:
    """Open3D's threads find blocks in any order; a finer wall has so many that no two runs would be alike."""
    views = [of_wall(CAMERA, T) for T in poses()]
    told = set()
    for _ in range(3):
        mesh = fuse([d for d, _ in views], [c for _, c in views], CAMERA, poses(), voxel_m=0.008)
        io.write_ply(tmp_path / "wall.ply", mesh)
        told.add((tmp_path / "wall.ply").read_bytes())
    assert len(mesh.points) > 5_000
    assert len(told) == 1


def test_sorting_a_mesh_keeps_its_triangles_and_their_sides() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(40, 3)).astype(np.float32)
    triangles = rng.permuted(np.tile(np.arange(40, dtype=np.int32), (60, 1)), axis=1)[:, :3]
    colors, normals = rng.integers(0, 256, (40, 3), dtype=np.uint8), points[::-1]

    def faces(p, t):
        """Each triangle's corners from its least one on, in the order that tells its side."""
        found = [tuple(map(tuple, p[corner].tolist())) for corner in t]
        return sorted(f[k:] + f[:k] for f in found for k in [f.index(min(f))])

    made = _in_order(points, colors, normals, triangles)
    assert faces(made.points, made.triangles) == faces(points, triangles)
    shuffled = rng.permutation(40)
    place = np.argsort(shuffled).astype(np.int32)
    other = np.roll(place[triangles][rng.permutation(60)], 1, axis=1)
    again = _in_order(points[shuffled], colors[shuffled], normals[shuffled], other)
    for name in ("points", "colors", "normals", "triangles"):
        np.testing.assert_array_equal(getattr(made, name), getattr(again, name))
    twice = _in_order(*(np.concatenate([a, a]) for a in (points, colors, normals)), triangles + 40)
    np.testing.assert_array_equal(twice.points, made.points)
    np.testing.assert_array_equal(twice.triangles, made.triangles)


def test_what_few_frames_see_can_be_left_out() -> None:
    views = [of_wall(CAMERA, T) for T in poses()]
    every = [
        fuse([d for d, _ in views], [c for _, c in views], CAMERA, poses(), voxel_m=0.02, min_views=n) for n in (1, 3)
    ]
    assert 0 < len(every[1].points) < 0.9 * len(every[0].points)


def test_mistaken_units_are_refused_or_said(monkeypatch: pytest.MonkeyPatch) -> None:
    depths, images = (list(each) for each in zip(*(of_wall(CAMERA, T) for T in poses()), strict=True))
    millimetres = [Depth(m=depth.m * 1000) for depth in depths]
    with pytest.raises(ValueError, match="are they millimetres"):
        fuse(millimetres, images, CAMERA, poses())
    far = poses()
    far[:, :3, 3] *= 3000
    with pytest.raises(ValueError, match="are poses in millimetres"):
        fuse(depths, images, CAMERA, far)
    with pytest.warns(UserWarning, match="is the depth in metres"):
        empty = fuse(depths, images, CAMERA, poses(), max_depth_m=0.5)
    assert empty.points.shape == empty.triangles.shape == (0, 3)
    moved = poses()
    moved[1, 2, 3] += 0.7
    moved[2, 2, 3] -= 0.5
    with pytest.warns(UserWarning, match="is it the inverse"):
        fuse(depths, images, CAMERA, moved, voxel_m=0.02)
    monkeypatch.setattr(sys.modules["geomvision.geometry.fusion"], "MOST_BLOCKS", 1000)
    with pytest.raises(ValueError, match="too small for this scene"):
        fuse(depths, images, CAMERA, poses(), voxel_m=1e-3)
    relative = [RelativeDepth(values=depth.m, kind="depth_scale") for depth in depths]
    with pytest.raises(TypeError, match="align_to"):
        fuse(relative, images, CAMERA, poses())


def test_inverse_poses_are_noticed_also_where_the_camera_hardly_moves() -> None:
    """Turned by 0.1 and 0.2 rad and moved by centimetres: most points still lie within the truncation range."""
    T = np.stack([pose(rotation_of([0.0, a, 0.0]), (0.03 * k, 0.0, 0.0)) for k, a in enumerate((0.0, 0.1, 0.2))])
    depths, images = (list(each) for each in zip(*(of_wall(CAMERA, each) for each in T), strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fuse(depths, images, CAMERA, T, voxel_m=0.05)
    with pytest.warns(UserWarning, match=r"give np\.linalg\.inv\(T_world_cam\)"):
        fuse(depths, images, CAMERA, np.linalg.inv(T), voxel_m=0.05)
    parallel = np.stack([pose(translation=(0.03 * k, 0.0, 0.0)) for k in range(3)])  # along the wall: nobody can tell
    depths, images = (list(each) for each in zip(*(of_wall(CAMERA, each) for each in parallel), strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fuse(depths, images, CAMERA, np.linalg.inv(parallel), voxel_m=0.05)


def test_what_does_not_fit_is_refused() -> None:
    depths, images = (list(each) for each in zip(*(of_wall(CAMERA, T) for T in poses()), strict=True))
    with pytest.raises(ValueError, match="depth 64x46, image 64x46, camera 32x23"):
        fuse(depths, images, CAMERA.resize(32, 23), poses())
    with pytest.raises(ValueError, match="each frame needs one of each"):
        fuse(depths, images[:2], CAMERA, poses())
    with pytest.raises(ValueError, match="each frame needs one of each"):
        fuse([], [], CAMERA, np.zeros((0, 4, 4)))
    with pytest.raises(ValueError, match="positive"):
        fuse(depths, images, CAMERA, poses(), voxel_m=0.0)
    broken = poses()
    broken[1, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"T_world_cam\[1\]"):
        fuse(depths, images, CAMERA, broken)


def test_points_have_their_pixels_colours() -> None:
    depth, colors = of_wall(CAMERA, poses()[1])
    depth.m[:, 5] = np.nan
    cloud = colored_points(depth, colors, CAMERA, poses()[1])
    assert len(cloud.points) == 46 * 63
    np.testing.assert_allclose(cloud.points[:, 2], WALL_M, atol=1e-5)
    np.testing.assert_array_equal(cloud.colors[:, 0] > 100, cloud.points[:, 0] < 0)
    grey = colored_points(depth, np.full((46, 64), 0.5, np.float32), CAMERA)
    assert (grey.colors == 128).all()
    with pytest.raises(ValueError, match="height, width"):
        colored_points(depth, colors[:-1], CAMERA)


@settings(max_examples=20)
@given(st.floats(1e-3, 1e4), st.floats(1e-3, 10.0), st.integers(0, 2**16))
def test_garbage_gives_a_mesh_or_an_error(scale: float, voxel_m: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    camera = Camera(width=9, height=7, fx=8.0, fy=-7.0, cx=4.0, cy=3.0)
    depths = [
        Depth(m=np.where(rng.random((7, 9)) < 0.3, np.nan, rng.uniform(0.1, 1, (7, 9)) * scale)) for _ in range(2)
    ]
    images = [rng.integers(0, 255, (7, 9), np.uint8) for _ in range(2)]
    T = np.stack([pose(translation=rng.normal(0, 1, 3)) for _ in range(2)])
    try:
        with warnings.catch_warnings(action="ignore"):
            mesh = fuse(depths, images, camera, T, voxel_m=voxel_m)
    except ValueError:
        return
    assert np.isfinite(mesh.points).all()
    assert mesh.triangles.size == 0 or mesh.triangles.max() < len(mesh.points)


def test_pinhole_of_a_pinhole_is_itself() -> None:
    assert pinhole_of(CAMERA) is CAMERA
    straight = pinhole_of(LENS)
    assert (straight.fx, straight.fy, straight.is_distorted) == (60.0, 56.0, False)


def test_without_open3d_it_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['open3d'] = None\n"
        "import numpy as np\nfrom geomvision.cameras import Camera\nfrom geomvision.geometry import fuse\n"
        "from geomvision.results import Depth\n"
        "camera = Camera(width=9, height=7, fx=8.0, fy=7.0, cx=4.0, cy=3.0)\n"
        "try:\n    fuse([Depth(m=np.ones((7, 9)))], [np.zeros((7, 9), np.uint8)], camera, np.eye(4)[None])\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "geomvision[viewer]" in done.stdout


def test_a_volume_that_no_memory_holds_is_refused_at_once() -> None:
    views = [of_wall(CAMERA, T) for T in poses()]
    with pytest.raises(ValueError, match="voxel_m 1e-05 is too small"):
        fuse([d for d, _ in views], [c for _, c in views], CAMERA, poses(), voxel_m=1e-5)
