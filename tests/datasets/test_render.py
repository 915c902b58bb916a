from dataclasses import replace

import numpy as np
import pytest

from geomvision.cameras import Camera, StereoRig, pose
from geomvision.datasets._render import SKY, Sight, View, first_hits, namespace, occlusion, transfer
from geomvision.datasets._scene import Light, Material, Object, Scene, rotation, with_motion
from geomvision.datasets._shade import blurred, exposed, light_view, radiance
from geomvision.datasets._shapes import Ball, Box, Frustum, Plane, Sheet

XP = namespace("numpy")
CAMERA = Camera(width=160, height=120, fx=150.0, fy=150.0, cx=79.5, cy=59.5)
RIG = StereoRig.rectified(CAMERA, 0.2)
GREY = Material(kind="noise", variant=0, texels_per_m=60.0)
LIGHT = Light(position=(0.0, -6.0, -2.0))


def thing(shape, T=None, name="thing", material=GREY, casts=True, later=None):
    T = np.eye(4) if T is None else T
    return Object(name=name, shape=shape, material=material, T_world=T, T_world_later=later, casts=casts)


def scene_of(*objects, **options):
    return Scene(objects=objects, light=options.pop("light", LIGHT), **options)


def sights_of(scene):
    return Sight(scene, View(RIG.left)), Sight(scene, View(RIG.right, RIG.T_right_left))


def disparity_of(left, right):
    x, y, q = transfer(XP, left, right, first_hits(XP, left))
    return np.arange(160.0) - x, y, q


def test_fronto_parallel_plane_has_disparity_fb_over_z():
    left, right = sights_of(scene_of(thing(Plane(), pose(translation=(0, 0, 3.0)))))
    disparity, y, _ = disparity_of(left, right)
    np.testing.assert_allclose(disparity, 150.0 * 0.2 / 3.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(y, np.arange(120.0)[:, None] * np.ones(160), atol=1e-12)


def test_slanted_plane_has_disparity_linear_in_the_pixel():
    left, right = sights_of(scene_of(thing(Plane(), pose(rotation(ry=30, rx=10), (0.1, 0, 3.0)))))
    disparity, _, _ = disparity_of(left, right)
    n = rotation(ry=30, rx=10)[:, 2]  # n·(P − P0) = 0, P = Z·ray
    ray = CAMERA.unproject(CAMERA.pixel_grid())
    np.testing.assert_allclose(disparity, 30.0 * (ray @ n) / (n @ (0.1, 0, 3.0)), atol=1e-10)


def test_sphere_has_its_closed_form_depth():
    centre, radius = np.array([0.2, -0.1, 4.0]), 0.8
    left, _ = sights_of(scene_of(thing(Ball(radius, radius, radius), pose(translation=centre))))
    hits = first_hits(XP, left)
    ray = CAMERA.unproject(CAMERA.pixel_grid())
    a, b, c = (ray * ray).sum(-1), ray @ centre, centre @ centre - radius**2
    inside = b * b - a * c > 0
    np.testing.assert_array_equal(hits.index == 0, inside)
    z = (b - np.sqrt(np.where(inside, b * b - a * c, 0))) / a
    np.testing.assert_allclose(1 / hits.q[inside], z[inside], rtol=1e-7)
    assert (hits.index[~inside] == SKY).all()
    assert (hits.q[~inside] == 0).all()


def test_points_behind_a_sphere_are_occluded_where_their_line_of_sight_meets_it():
    centre, radius = np.array([0.1, 0.0, 2.0]), 0.3
    ball = thing(Ball(radius, radius, radius), pose(translation=centre))
    left, right = sights_of(scene_of(ball, thing(Plane(), pose(rotation(ry=20), (0, 0, 4.0)))))
    hits = first_hits(XP, left)
    x, y, q = transfer(XP, left, right, hits)
    hidden = occlusion(XP, right, x, y, q)
    point = CAMERA.unproject(CAMERA.pixel_grid(), 1 / hits.q)
    eye = np.array([0.2, 0.0, 0.0])
    along = point - eye
    along /= np.linalg.norm(along, axis=-1, keepdims=True)
    missed_by = np.linalg.norm((centre - eye) - ((centre - eye) @ along[..., None]) * along, axis=-1)
    wall = hits.index == 1
    outside = (x < -0.5) | (x > 159.5)
    np.testing.assert_array_equal(hidden[wall], ((missed_by < radius) | outside)[wall])
    toward = np.einsum("ijk,ijk->ij", point - centre, eye - point)  # > 0: the right camera sees this side of the ball
    clear = ~wall & (abs(toward) > 1e-6)
    np.testing.assert_array_equal(hidden[clear], (toward < 0)[clear])
    assert 100 < hidden.sum() < 5000


def test_boxes_that_leave_the_image_or_lie_behind_the_camera_do_no_harm():
    room = Box(5.0, 5.0, 5.0)  # seen from inside: no hit
    behind = Frustum(0.3, 0.3, 0.5)
    half_out = Sheet(1.0, 1.0)
    objects = (
        thing(room),
        thing(behind, pose(translation=(0, 0, -2.0))),
        thing(half_out, pose(translation=(1, 0, 2.0))),
    )
    left, right = sights_of(scene_of(*objects))
    hits = first_hits(XP, left)
    assert set(np.unique(hits.index)) == {SKY, 2}
    x, y, q = transfer(XP, left, right, hits)
    assert not occlusion(XP, right, x, y, q)[hits.index == 2][5:].all()


def test_flow_is_the_projection_of_moved_points():
    T_1_0 = pose(rotation(ry=2, rx=-1, rz=3), (0.05, -0.02, 0.1))
    ball = Ball(0.4, 0.6, 0.5)
    before, after = pose(rotation(rz=20), (0.1, 0, 3)), pose(rotation(rz=32, ry=5), (0.3, 0.1, 2.9))
    scene = scene_of(thing(ball, before, later=after), thing(Plane(), pose(rotation(ry=25), (0, 0, 5.0)), name="wall"))
    source, target = Sight(scene, View(CAMERA)), Sight(scene, View(CAMERA, T_1_0, frame=1))
    hits = first_hits(XP, source)
    x, y, q = transfer(XP, source, target, hits)
    points = CAMERA.unproject(CAMERA.pixel_grid(), 1 / hits.q)
    homogeneous = np.concatenate([points, np.ones((120, 160, 1))], axis=-1)
    for k, motion in ((0, T_1_0 @ after @ np.linalg.inv(before)), (1, T_1_0)):
        there = (homogeneous @ motion.T)[..., :3][hits.index == k]
        np.testing.assert_allclose(np.stack([x, y], -1)[hits.index == k], CAMERA.project(there), atol=1e-8)
        np.testing.assert_allclose(q[hits.index == k], 1 / there[:, 2], rtol=1e-9)


def test_the_sky_turns_with_the_camera_only():
    scene = scene_of()
    T_1_0 = pose(rotation(rz=90), (5.0, 5.0, 5.0))
    source, target = Sight(scene, View(CAMERA)), Sight(scene, View(CAMERA, T_1_0, frame=1))
    x, y, q = transfer(XP, source, target, first_hits(XP, source))
    grid = CAMERA.pixel_grid()
    np.testing.assert_allclose(x, 79.5 - (grid[..., 1] - 59.5), atol=1e-9)
    np.testing.assert_allclose(y, 59.5 + (grid[..., 0] - 79.5), atol=1e-9)
    assert (q == 0).all()


def test_shadow_falls_where_the_light_is_blocked():
    light = Light(position=(0.0, -4.0, 2.0), colour=(1, 1, 1), ambient=(0.1, 0.1, 0.1))
    flat = Material(kind="plain", variant=0, texels_per_m=1e-3, colours=np.array([[0.5] * 3, [0.0] * 3, [0.0] * 3]))
    floor = thing(Plane(), pose(rotation(rx=90), (0, 1.0, 0)), name="floor", material=flat, casts=False)
    ball = thing(Ball(0.3, 0.3, 0.3), pose(translation=(0, 0, 2.5)), material=flat)
    lit, dark = (
        radiance(XP, [sight], [first_hits(XP, sight)])[0]
        for sight in (Sight(scene_of(*objects, light=light), View(CAMERA)) for objects in ((floor,), (floor, ball)))
    )
    view = Sight(scene_of(floor, ball, light=light), View(CAMERA))
    hits = first_hits(XP, view)
    point = CAMERA.unproject(CAMERA.pixel_grid(), 1 / np.maximum(hits.q, 1e-9))
    source = np.array(light.position)
    along = (point - source) / np.linalg.norm(point - source, axis=-1, keepdims=True)
    to_ball = np.array([0, 0, 2.5]) - source
    blocked = np.linalg.norm(to_ball - (along @ to_ball)[..., None] * along, axis=-1) < 0.3
    interior = (hits.index == 0) & ~_near(hits.index)
    np.testing.assert_array_equal((dark < 0.8 * lit).all(axis=-1)[interior], blocked[interior])
    assert blocked[interior].sum() > 100


def _near(index):
    """Pixels with another object among their neighbours."""
    padded = np.pad(index, 1, mode="edge")
    parts = [padded[j : j + index.shape[0], i : i + index.shape[1]] for j in range(3) for i in range(3)]
    return np.any([part != index for part in parts], axis=0)


def test_edges_are_the_mean_of_their_samples():
    half = thing(Sheet(2.0, 4.0), pose(translation=(-2.0 + 0.25 / 150 * 2, 0, 2.0)))  # covers x ≤ 79.75
    dark, bright = (np.array([[v] * 3, [0.0] * 3, [0.0] * 3]) for v in (0.1, 0.9))
    light = Light(position=(0, 0, -50), colour=(0, 0, 0), ambient=(1, 1, 1), shadows=False)
    front = Material(kind="plain", variant=0, texels_per_m=1.0, colours=dark)
    back = Material(kind="plain", variant=0, texels_per_m=1.0, colours=bright)
    scene = scene_of(
        Object(name="half", shape=half.shape, material=front, T_world=half.T_world),
        thing(Plane(), pose(translation=(0, 0, 4)), material=back),
        light=light,
    )
    sight = Sight(scene, View(CAMERA))
    image = radiance(XP, [sight], [first_hits(XP, sight)], supersampling=4)[0]
    row = image[60, :, 0] / image[60, 120, 0] * 0.9
    assert row[79] == pytest.approx(0.1, abs=1e-5)
    assert row[80] == pytest.approx(0.75 * 0.9 + 0.25 * 0.1, abs=1e-5)
    assert row[81] == pytest.approx(0.9, abs=1e-5)


def test_blur_is_gaussian_and_keeps_the_mean():
    impulse = np.zeros((41, 41, 3), dtype=np.float32)
    impulse[20, 20] = 1.0
    out = blurred(XP, impulse, 2.0)[..., 0].astype(float)
    offset = np.arange(41) - 20
    assert out.sum() == pytest.approx(1.0, abs=1e-5)
    assert (out.sum(0) * offset**2).sum() == pytest.approx(4.0, rel=0.1)
    assert blurred(XP, impulse, 0.0) is impulse
    np.testing.assert_allclose(blurred(XP, np.ones((9, 7, 3), dtype=np.float32), 3.0), 1.0, rtol=1e-6)


def test_exposure_follows_the_square_root():
    np.testing.assert_array_equal(exposed(XP, np.float32([0.0, 0.25, 1.0, 9.0]), 1.0, None), [0, 128, 255, 255])
    np.testing.assert_array_equal(exposed(XP, np.float32([0.25]), 4.0, np.float32([-5.0])), [250])


def test_light_sees_the_scene_upright():
    view = light_view(LIGHT, 0)
    point = view.T_camera_world @ (0, 0, 3.0, 1)
    np.testing.assert_allclose(point[:2], 0, atol=1e-9)
    assert point[2] > 0


def test_motion_moves_parts_together_and_leaves_planes():
    scene = scene_of(
        thing(Ball(1, 1, 1), pose(translation=(0, 0, 3)), name="figure 1"),
        thing(Ball(1, 1, 1), pose(translation=(0, 1, 3)), name="figure 1"),
        thing(Plane(), name="wall"),
    )
    moves = set()
    for seed in range(8):
        moved = with_motion(scene, np.random.Generator(np.random.PCG64(seed)), 10.0, CAMERA).objects
        first, second = (o.T_world_object(1) @ np.linalg.inv(o.T_world) for o in moved[:2])
        np.testing.assert_allclose(first, second, atol=1e-9)
        np.testing.assert_array_equal(moved[2].T_world_object(1), moved[2].T_world)
        moves.add(round(float(first[0, 3]), 6))
    assert len(moves) > 2


def test_rotation_is_exact_and_turns_the_right_way():
    R = rotation(rz=90)
    np.testing.assert_allclose(R @ (1, 0, 0), (0, 1, 0), atol=1e-9)
    R = rotation(12, 170, -60)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-15)


def test_a_lamp_of_some_reach_falls_off_and_a_glow_adds_to_the_ambient_light():
    """White paper 3 m off, a lamp at the camera: by the pixel's distance d, light is 1 / (1 + (d / reach)²) of it."""
    bare = Light(position=(0.0, 0.0, 0.0), ambient=(0.0, 0.0, 0.0), shadows=False)
    paper = replace(GREY, colours=np.array([[0.8] * 3, [0.0] * 3, [0.0] * 3]))

    def image(light, material):
        scene = scene_of(thing(Plane(), pose(translation=(0, 0, 3.0)), material=material), light=light)
        sight = Sight(scene, View(CAMERA))
        return radiance(XP, [sight], [first_hits(XP, sight)])[0]

    d = 3.0 * np.linalg.norm(CAMERA.unproject(CAMERA.pixel_grid()), axis=-1)
    ratio = image(replace(bare, reach=2.0), paper) / image(bare, paper)
    np.testing.assert_allclose(ratio[..., 0], 1.0 / (1.0 + (d / 2.0) ** 2), rtol=1e-5)
    shining = image(replace(bare, colour=(0.0, 0.0, 0.0)), replace(paper, glow=0.5))
    np.testing.assert_allclose(shining, 0.4, rtol=1e-6)
