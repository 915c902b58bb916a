"""The place of a depth camera, of scenes whose depth a closed form gives for both cameras."""

import json

import numpy as np
import pytest

from geomvision.cameras import Camera, inverse, pose
from geomvision.geometry import DepthRegistration, register_depth
from geomvision.geometry._rotations import rotation_of
from geomvision.results import Depth

COLOR = Camera(width=160, height=120, fx=140.0, fy=141.0, cx=80.0, cy=58.0)
DEPTH = Camera(width=200, height=150, fx=190.0, fy=190.0, cx=99.0, cy=76.0)
TRUE = pose(rotation_of(np.radians([1.0, -2.5, 0.7])), (0.05, -0.01, 0.02))  # X_depth = T · X_color
#: Planes n · X = d of a corner of a room and what stands in it, in the colour camera's frame of the first view: metres.
CORNER = [((0.6, 0.0, 0.8), 2.0), ((-0.7, 0.1, 0.71), 1.9), ((0.0, 0.8, 0.6), 1.5), ((0.0, 0.1, 1.0), 1.9)]


def seen(camera, T_camera_world, planes):
    """The nearest plane's depth along each ray, exactly."""
    rays = camera.unproject(camera.pixel_grid())
    nearest = np.full(rays.shape[:2], np.inf)
    for n, d in planes:
        n = np.asarray(n) / np.linalg.norm(n)
        turned = T_camera_world[:3, :3] @ n
        with np.errstate(divide="ignore"):
            z = (d + turned @ T_camera_world[:3, 3]) / (rays @ turned)
        nearest = np.where((z > 0.2) & (z < nearest), z, nearest)
    return np.where(np.isfinite(nearest), nearest, np.nan).astype(np.float32)


def clip(planes, T=TRUE, noise=0.0, frames=4, scale=1.0):
    """Depth of images, stored maps."""
    rng, ours, theirs = np.random.default_rng(3), [], []
    for k in range(frames):
        T_cam_world = pose(rotation_of((0.0, 0.05 * k, 0.02 * k)), (0.04 * k, 0.0, 0.0))
        z = seen(COLOR, T_cam_world, planes)
        ours.append(Depth(m=(scale * z * (1 + noise * rng.normal(size=z.shape))).astype(np.float32)))
        theirs.append(Depth(m=seen(DEPTH, T @ T_cam_world, planes)))
    return ours, theirs


def angle(A, B):
    return np.degrees(np.arccos(np.clip((np.trace(A[:3, :3] @ B[:3, :3].T) - 1) / 2, -1, 1)))


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_the_motion_is_found_and_its_doubt_is_told(noise):
    ours, theirs = clip(CORNER, noise=noise)
    found = register_depth(ours, COLOR, theirs, DEPTH)
    assert angle(found.T_depth_color, TRUE) < 0.1
    assert np.linalg.norm(found.T_depth_color[:3, 3] - TRUE[:3, 3]) < 0.001 + 0.3 * noise
    assert found.scale == pytest.approx(1, abs=0.002)
    assert found.after_m < found.before_m
    assert found.flags == ()
    assert found.color_camera is COLOR
    at = np.array([0.0, 0.0, found.depth_m])
    off = found.T_depth_color[:3, :3] @ at + found.T_depth_color[:3, 3] - TRUE[:3, :3] @ at - TRUE[:3, 3]
    assert np.linalg.norm(off) < 3 * found.doubt_m + 1e-4


def test_lengths_that_are_off_are_no_motion():
    found = register_depth(*_with(clip(CORNER, scale=1 / 1.03)))
    assert found.scale == pytest.approx(1.03, abs=0.003)
    assert np.linalg.norm(found.T_depth_color[:3, 3] - TRUE[:3, 3]) < 0.005


def test_registered_maps_are_said_to_be():
    assert register_depth(*_with(clip(CORNER, T=np.eye(4), noise=0.01))).flags == ("registered",)


@pytest.mark.parametrize("planes", [CORNER[:1], CORNER[:2]])
def test_what_leaves_a_direction_open_is_refused(planes):
    with pytest.raises(ValueError, match=r"open.*surfaces in several directions"):
        register_depth(*_with(clip(planes, noise=0.01)))


def test_what_does_not_meet_is_refused():
    ours, theirs = clip(CORNER)
    with pytest.raises(ValueError, match="fewer than 1000: do depths, maps and cameras belong together"):
        register_depth([Depth(m=10 * each.m) for each in ours], COLOR, theirs, DEPTH)
    nothing = [Depth(m=np.full_like(each.m, np.nan)) for each in ours]
    with pytest.raises(ValueError, match="0 points of the images"):
        register_depth(nothing, COLOR, theirs, DEPTH)
    with pytest.raises(ValueError, match="each frame needs one of each"):
        register_depth(ours, COLOR, theirs[1:], DEPTH)
    with pytest.raises(ValueError, match=r"sensor\[0\] is 200x150 but its camera 160x120"):
        register_depth(ours, COLOR, theirs, COLOR)


@pytest.mark.parametrize("factor", [0.7, 1.0, 2.6])
def test_a_map_in_the_colour_cameras_view(factor):
    """Smaller and larger colour cameras: no gaps, and depth as the closed form has it there."""
    width, height = (round(factor * n) for n in (200, 150))
    color = Camera(width=width, height=height, fx=195 * factor, fy=190 * factor, cx=100 * factor, cy=75 * factor)
    registration = DepthRegistration(T_depth_color=TRUE, depth_camera=DEPTH, color_camera=color)
    found = registration.registered(Depth(m=seen(DEPTH, TRUE, CORNER)))
    true = seen(color, np.eye(4), CORNER)
    points = color.unproject(color.pixel_grid(), true) @ TRUE[:3, :3].T + TRUE[:3, 3]
    x, y = np.moveaxis(DEPTH.project(points), 2, 0)
    inside = (x > 1) & (y > 1) & (x < DEPTH.width - 2) & (y < DEPTH.height - 2)
    assert inside.mean() > 0.7
    assert found.valid[inside].mean() > 0.999
    far = 2 / min(factor, 1.0)
    beyond = (x < -far) | (y < -far) | (x > DEPTH.width - 1 + far) | (y > DEPTH.height - 1 + far)
    assert beyond.any()
    assert not found.valid[beyond].any()
    off = np.abs(found.m - true)[inside & found.valid] / true[inside & found.valid]
    assert np.percentile(off, 99) < 0.006
    assert np.median(off) < 0.001


def test_what_is_nearer_hides_what_is_behind():
    """A near square over a wall, seen from aside: no wall through the square, nothing where the map saw none."""
    z = np.full((150, 200), 3.0, np.float32)
    z[50:100, 80:120] = 1.0
    T = pose(np.eye(3), (0.2, 0.0, 0.0))  # the colour camera stands 0.2 m left of the depth camera
    found = DepthRegistration(T_depth_color=T, depth_camera=DEPTH, color_camera=DEPTH).registered(Depth(m=z))
    moved = 0.2 * 190  # px, of the square to the left; of the wall a third
    square = found.m[52:98, round(82 - moved) : round(118 - moved)]
    np.testing.assert_allclose(square, 1.0, rtol=1e-6)
    gap = found.m[52:98, round(122 - moved) : round(118 - moved / 3)]
    assert np.isnan(gap).all()
    np.testing.assert_allclose(found.m[20, :180], 3.0, rtol=1e-6)


def test_words_of_a_file(tmp_path):
    registration = DepthRegistration(T_depth_color=TRUE, depth_camera=DEPTH, color_camera=COLOR)
    registration.save(tmp_path / "place.json")
    meta = json.loads((tmp_path / "place.json").read_text())
    assert meta["intrinsics"] == {"fx": 140.0, "fy": 141.0, "cx": 80.0, "cy": 58.0}
    back = DepthRegistration.from_meta(meta, (150, 200), COLOR)
    np.testing.assert_array_equal(back.T_depth_color, registration.T_depth_color)
    assert back.depth_camera == DEPTH
    assert back.shift_m == pytest.approx(np.linalg.norm(TRUE[:3, 3]))
    assert back.turn_deg == pytest.approx(angle(TRUE, np.eye(4)))
    for wrong in ({**meta, "T_depth_color": [1, 2]}, {"T_depth_color": meta["T_depth_color"]}):
        with pytest.raises(ValueError, match=r"depth_intrinsics .* and T_depth_color .* both"):
            DepthRegistration.from_meta(wrong, (150, 200), COLOR)
    with pytest.raises(ValueError, match="T_depth_color"):
        DepthRegistration(T_depth_color=2 * inverse(TRUE), depth_camera=DEPTH, color_camera=COLOR)
    lens = Camera(width=8, height=8, fx=5.0, fy=5.0, cx=4.0, cy=4.0, distortion=(0.1, 0.0, 0.0, 0.0))
    with pytest.raises(ValueError, match="no pinhole without distortion"):
        DepthRegistration(T_depth_color=TRUE, depth_camera=lens, color_camera=COLOR).save(tmp_path / "lens.json")
    with pytest.raises(ValueError, match="must be equal"):
        registration.registered(Depth(m=np.ones((3, 4), np.float32)))


def _with(depths):
    return depths[0], COLOR, depths[1], DEPTH
