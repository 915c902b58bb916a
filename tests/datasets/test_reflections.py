"""Mirrors and panes in closed form: where images of known points lie, what is seen, and that truth is the surface's."""

import hashlib
from functools import cache

import numpy as np
import pytest

import geomvision as gv
from geomvision.cameras import Camera, StereoRig, inverse, pose
from geomvision.datasets._pairs import motion_pair, scene_of
from geomvision.datasets._render import Sight, View, first_hits, namespace, transfer
from geomvision.datasets._scene import Light, Material, Object, Scene, rotation
from geomvision.datasets._shade import exposed, radiance
from geomvision.datasets._shapes import Ball, Plane, Sheet
from geomvision.datasets.synthetic import Synthetic
from geomvision.results import Disparity
from geomvision.training.pseudo_labels import pseudo_labels

XP = namespace("numpy")
CAMERA = Camera(width=100, height=80, fx=100.0, fy=100.0, cx=49.5, cy=39.5)
RIG = StereoRig.rectified(CAMERA, 0.2)
LAMP = Light(position=(0, 0, -50), colour=(0, 0, 0), ambient=(1, 1, 1), shadows=False)  # albedo is seen but for slant


def flat(value, **optics):
    colours = np.array([np.broadcast_to(value, 3), [0.0] * 3, [0.0] * 3])
    return Material(kind="plain", variant=0, texels_per_m=1.0, colours=colours, **optics)


def thing(name, shape, T, material):
    return Object(name=name, shape=shape, material=material, T_world=T)


def views_of(*objects):
    scene = Scene(objects=objects, light=LAMP, sky=((0.0,) * 3, (0.0,) * 3))
    sights = [Sight(scene, View(RIG.left)), Sight(scene, View(RIG.right, RIG.T_right_left))]
    hits = [first_hits(XP, sight) for sight in sights]
    return sights, hits, radiance(XP, sights, hits)


def image_at(values, x, y):
    """Interpolated at x, y."""
    i, j = int(x), int(y)
    return np.array([1 - (y - j), y - j]) @ values[j : j + 2, i : i + 2] @ np.array([1 - (x - i), x - i])


MIRROR = pose(rotation(ry=25, rx=-8), (0.1, 0.05, 3.0))


def red(image):
    return (image[..., 0] > 0.2) & (image[..., 1] < 0.05)


def test_a_mirror_shows_a_point_where_its_mirror_image_is_in_both_views():
    """A red ball at p beside the line of sight; n·(x − c) = 0 is the mirror: the image is at p − 2 n·(p − c) n."""
    n, c, p = MIRROR[:3, 2], MIRROR[:3, 3], np.array([-1.1, 0.35, 1.6])
    mirror = thing("mirror", Sheet(1.2, 1.0), MIRROR, flat(0.0, reflectance=0.9))
    ball = thing("ball", Ball(0.1, 0.1, 0.1), pose(translation=p), flat((0.8, 0.0, 0.0)))
    _, hits, images = views_of(mirror, ball)
    image_of_p = p - 2 * (n @ (p - c)) * n
    shifts = []
    for eye, hit, image in zip((0.0, 0.2), hits, images, strict=True):
        spot = red(image)
        assert (hit.index[spot] == 0).all()  # the mirror is what is there
        y, x = (float(v.mean()) for v in np.nonzero(spot))
        expected = CAMERA.project(image_of_p - (eye, 0, 0))
        np.testing.assert_allclose((x, y), expected, atol=0.25)
        shifts.append(x)
    assert spot.sum() > 12
    # The reflection's disparity is that of the mirrored depth, far from the mirror's own there.
    assert shifts[0] - shifts[1] == pytest.approx(20 / image_of_p[2], abs=0.3)
    assert 20 / (n @ c) * (n @ CAMERA.unproject(CAMERA.project(image_of_p))) > 20 / image_of_p[2] + 2


def test_truth_is_the_plane_and_the_mask_its_polygon():
    mirror = thing("mirror", Sheet(0.6, 0.4), MIRROR, flat(0.1, reflectance=0.8))
    sights, hits, _ = views_of(mirror, thing("wall", Plane(), pose(translation=(0, 0, 6.0)), flat(0.5)))
    inside = hits[0].index == 0
    disparity = (np.arange(100.0) - transfer(XP, *sights, hits[0])[0])[inside]
    n, c, rays = MIRROR[:3, 2], MIRROR[:3, 3], CAMERA.unproject(CAMERA.pixel_grid())
    np.testing.assert_allclose(disparity, (20 * (rays @ n) / (n @ c))[inside], atol=1e-10)
    corners = [
        CAMERA.project(MIRROR[:3, :3] @ (x, y, 0) + c) for x, y in ((-0.6, -0.4), (0.6, -0.4), (0.6, 0.4), (-0.6, 0.4))
    ]
    polygon = np.ones((80, 100), bool)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        offset = CAMERA.pixel_grid() - a
        polygon &= (b - a)[0] * offset[..., 1] - (b - a)[1] * offset[..., 0] >= 0
    np.testing.assert_array_equal(inside, polygon)


def test_shares_of_light_add_up():
    """Own colour 0.4, r of the wall behind the camera (0.2, seen backwards), t in its tint of the wall behind (0.8)."""
    tint = (1.0, 0.5, 0.25)
    behind, back = (
        thing(name, Plane(), pose(translation=(0, 0, z)), flat(albedo))
        for name, z, albedo in (("a", 5, 0.8), ("b", -2, 0.2))
    )
    sheet, at = Sheet(9.0, 9.0), pose(translation=(0, 0, 2.0))
    own, shown, reflected = (
        views_of(thing("sheet", sheet, at, flat(albedo)))[2][0][40, 50] for albedo in (0.4, 0.8, 0.2)
    )
    for r, t in ((0.0, 0.0), (0.3, 0.0), (0.0, 0.6), (0.25, 0.5), (0.2, 0.8)):
        surface = thing("sheet", sheet, at, flat(0.4, reflectance=r, transmittance=t, tint=tint))
        image = views_of(surface, behind, back)[2][0]
        expected = (1 - r - t) * own + r * reflected + t * np.array(tint) * shown
        np.testing.assert_allclose(image[40, 50], expected, rtol=1e-5)


def test_a_clear_pane_leaves_the_picture_but_not_the_truth():
    ball = thing("ball", Ball(0.4, 0.4, 0.4), pose(translation=(0, 0, 3)), flat((0.8, 0.1, 0.3)))
    wall = thing(
        "wall", Plane(), pose(rotation(ry=20), (0, 0, 5.0)), Material(kind="noise", variant=0, texels_per_m=60)
    )
    pane = thing("pane", Sheet(0.3, 0.25), pose(translation=(0.05, 0, 2.0)), flat(0.3, transmittance=1.0))
    _, before, without = views_of(ball, wall)
    _, after, behind_glass = views_of(ball, wall, pane)
    for k in (0, 1):
        covered = after[k].index == 2
        assert 300 < covered.sum() < 900
        np.testing.assert_allclose(after[k].q[covered], 0.5, rtol=1e-12)
        np.testing.assert_array_equal(after[k].q[~covered], before[k].q[~covered])
        grown = [np.roll(covered, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        border = np.any(grown, axis=0) & ~np.all(grown, axis=0)  # is shaded at more places
        np.testing.assert_allclose(behind_glass[k][~border], without[k][~border], atol=1e-6)
        assert abs((behind_glass[k] - without[k])[border].mean()) < 0.02


def test_two_mirrors_face_to_face_show_each_other():
    """Of a red ball between parallel mirrors at z = 3 and z = −1, images lie at z = 3 + (3 − z), then 4 further on."""
    front = thing("front", Plane(), pose(translation=(0, 0, 3.0)), flat(0.0, reflectance=0.8))
    back = thing("back", Plane(), pose(translation=(0, 0, -1.0)), flat(0.0, reflectance=0.5))
    p, half = np.array([2.6, 1.6, -0.5]), 0.15
    ball = thing("ball", Ball(half, half, half), pose(translation=p), flat((0.8, 0.0, 0.0)))
    image = views_of(front, back, ball)[2][0]
    once, twice = np.array([2.6, 1.6, 6.5]), np.array([2.6, 1.6, 7.5])  # at z = −1.5 behind the camera, then at 7.5
    values = [image_at(image[..., 0], *CAMERA.project(point)) for point in (once, twice)]
    assert values[0] / values[1] == pytest.approx(2.0, rel=0.05)  # 0.8 against 0.8 · 0.5, but for the slant of light
    assert values[1] > 0.1


def test_a_mirrored_scene_is_the_scene_in_a_turned_camera():
    """A mirror across the whole view shows, left and right exchanged, what a camera at its own image sees."""
    mirror = thing("mirror", Plane(), pose(translation=(0, 0, 1.5)), flat(0.0, reflectance=1.0))
    behind = [
        thing("wall", Plane(), pose(rotation(ry=15), (0, 0, -4.0)), Material(kind="print", variant=1, texels_per_m=40)),
        thing("ball", Ball(0.5, 0.4, 0.5), pose(translation=(-0.5, 0.3, -2.0)), flat((0.2, 0.7, 0.1))),
    ]
    seen = views_of(mirror, *behind)[2][0]
    scene = Scene(objects=tuple(behind), light=LAMP, sky=((0.0,) * 3, (0.0,) * 3))
    T_world_camera = np.diag([-1.0, 1, -1, 1])  # looks back
    T_world_camera[2, 3] = 3.0  # from the camera's own image
    turned = Sight(scene, View(CAMERA, inverse(T_world_camera)))
    direct = radiance(XP, [turned], [first_hits(XP, turned)])[0]
    np.testing.assert_allclose(seen, direct[:, ::-1], atol=1e-5)


def test_only_flat_things_mirror_and_shares_are_shares():
    with pytest.raises(ValueError, match="vase is a Ball of glass; only planes and sheets"):
        thing("vase", Ball(1, 1, 1), np.eye(4), flat(0.5, transmittance=0.5))
    for r, t in ((0.7, 0.4), (-0.1, 0.5), (float("nan"), 0.0)):
        with pytest.raises(ValueError, match="reflectance and transmittance are"):
            flat(0.5, reflectance=r, transmittance=t)


def test_sgm_finds_what_a_mirror_shows_and_paint_finds_the_mirror():
    """A mirror on a wall 2 m away shows one 2 m behind the camera: disparity 20 / 6 where truth is 20 / 2."""
    room = [
        thing("wall", Plane(), pose(translation=(0, 0, 2.0)), Material(kind="noise", variant=0, texels_per_m=50)),
        thing("behind", Plane(), pose(translation=(0, 0, -2.0)), Material(kind="noise", variant=1, texels_per_m=17)),
        thing("mirror", Sheet(0.4, 0.3), pose(translation=(0.1, 0, 1.999)), flat(0.1, reflectance=0.9)),
    ]
    _, hits, light = views_of(*room)
    left, right = (exposed(XP, image, 1.5, None).astype(np.uint8) for image in light)
    masks = [hit.index == 2 for hit in hits]
    sgm = gv.stereo.SGM(max_disparity=24, fill="background")
    labels = pseudo_labels(sgm, left, masks[0], right, right_mask=masks[1]).px[masks[0]]
    plain = sgm(left, right).px[masks[0]]
    assert np.median(plain) == pytest.approx(20 / (1.999 + 3.999), abs=0.2)
    assert np.mean(np.abs(plain - 20 / 1.999) < 2) < 0.15
    assert np.median(labels) == pytest.approx(20 / 1.999, abs=0.2)
    assert np.mean(np.abs(labels - 20 / 1.999) < 2) > 0.9


SMALL = {"seed": 7, "height": 60, "width": 80, "max_disparity": 24}
BOTH = {"mirrors": 1.0, "panes": 1.0}


@cache
def rendered(**options):
    return Synthetic(**SMALL, **options)[1]


OPTICS = ("mirror", "polished", "glass")


def test_scenes_without_them_stay_as_they_were():
    """What weights learnt from: of a scene rendered before there were mirrors."""
    s = Synthetic(seed=11, height=48, width=64, max_disparity=24)[5]
    seen = b"".join(np.ascontiguousarray(part).tobytes() for part in (s.left, s.right, s.disparity.px))
    assert hashlib.sha256(seen).hexdigest()[:16] == "79cf2c22302a0982"
    assert not set(OPTICS) & set(s.masks)


@pytest.mark.parametrize("layout", ["tabletop", "street"])
def test_truth_of_a_scene_changes_where_something_was_added_and_is_flat_there(layout):
    plain, glazed = rendered(layout=layout), rendered(layout=layout, **BOTH)
    added = [mask for name, mask in glazed.masks.items() if name.startswith(("mirror", "pane")) or name == "glass"]
    changed = np.abs(glazed.disparity.px - plain.disparity.px) > 1e-4
    assert set(OPTICS) & set(glazed.masks)
    assert not (changed & ~np.any(added, axis=0)).any()
    optical = np.any([glazed.masks[name] for name in OPTICS if name in glazed.masks], axis=0)
    assert np.abs(glazed.left.astype(int) - plain.left)[optical].mean() > 3
    checked = 0
    for name in glazed.things:
        sheet = glazed.masks[name] & np.any([glazed.masks.get(n, False * changed) for n in ("mirror", "glass")], axis=0)
        y, x = np.nonzero(sheet)
        if name.startswith(("mirror", "pane")) and len(x) > 20:
            columns = np.stack([x, y, np.ones(len(x))], axis=1)
            d = glazed.disparity.px[y, x]
            fit = np.linalg.lstsq(columns, d, rcond=None)[0]
            np.testing.assert_allclose(columns @ fit, d, atol=1e-3)
            checked += len(x)
    assert checked > 50


def test_the_share_is_of_scenes():
    options = Synthetic(seed=3, height=32, width=40, mirrors=0.5, panes=(0.0, 0.5))
    kinds = [{thing.material.optics for thing in scene_of(options, index)[0].objects} for index in range(30)]
    assert 9 <= sum(bool({"mirror", "polished"} & kind) for kind in kinds) <= 21
    assert 3 <= sum("glass" in kind for kind in kinds) <= 14
    with pytest.raises(ValueError, match=r"mirrors is 1.5; it must be a number from 0 to 1"):
        Synthetic(mirrors=1.5)


def test_booster_scores_their_classes_and_no_single_things():
    s = rendered(layout="tabletop", **BOTH)
    glass = s.masks["glass"]
    seen = Disparity(px=np.where(glass, s.disparity.px - 5, s.disparity.px))
    found = {name: ratio.value for name, ratio in gv.metrics.PROTOCOLS["booster"]().score(seen, s).items()}
    assert (found["bad-2.0 glass"], found["avgerr glass"], found["bad-2.0 other"]) == (100, 5, 0)
    assert found["bad-2.0 all"] == pytest.approx(100 * glass.mean())
    assert s.things
    assert not [name for name in found if any(name.endswith(f" {thing}") for thing in s.things)]
    assert not set(OPTICS) & set(s.things)


def test_flow_of_a_pane_is_that_of_its_surface():
    data = Synthetic(**SMALL, task="flow", layout="street", panes=1.0)
    s, T_1_0 = data[1], data.poses(1)["world"]
    q = motion_pair(data, 1, XP).hits[0].q
    glass = s.masks["glass"]
    points = s.camera.unproject(s.camera.pixel_grid(), 1 / np.maximum(q, 1e-9)) @ T_1_0[:3, :3].T + T_1_0[:3, 3]
    expected = s.camera.project(points[glass]) - s.camera.pixel_grid()[glass]
    np.testing.assert_allclose(s.flow.px[glass], expected, atol=1e-3)
    assert glass.sum() > 50


def test_seeds_reproduce():
    s, again = rendered(layout="street", **BOTH), Synthetic(**SMALL, layout="street", **BOTH)[1]
    for first, second in ((s.left, again.left), (s.right, again.right), (s.disparity.px, again.disparity.px)):
        np.testing.assert_array_equal(first, second)


def test_torch_renders_reflections_as_numpy_does():
    pytest.importorskip("torch").set_num_threads(1)
    pane = thing(
        "pane", Sheet(0.5, 0.4), pose(translation=(0.2, 0, 2.5)), flat(0.3, reflectance=0.2, transmittance=0.7)
    )
    mirror = thing("mirror", Sheet(1.2, 1.0), MIRROR, flat(0.1, reflectance=0.9))
    ball = thing("ball", Ball(0.4, 0.4, 0.4), pose(translation=(-0.8, 0.3, 1.5)), flat((0.8, 0.1, 0.1)))
    sights, _, images = views_of(pane, mirror, ball)
    torch_api = namespace("torch")
    others = radiance(torch_api, sights, [first_hits(torch_api, sight) for sight in sights])
    for image, other in zip(images, others, strict=True):
        np.testing.assert_allclose(np.asarray(other), image, atol=1e-5)
