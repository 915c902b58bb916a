"""Relative depth to metres: what is fitted, by what, how sure it is, and what is refused. Truth is a closed form."""

import numpy as np
import pytest

from geomvision.cameras import Camera, StereoRig
from geomvision.results import CameraHeight, Depth, DepthPoints, DepthZones, Disparity, RelativeDepth

KINDS = ("disparity_affine", "depth_affine", "depth_scale")
HEIGHT, WIDTH = 60, 80
CAMERA = Camera(width=WIDTH, height=HEIGHT, fx=70.0, fy=72.0, cx=39.0, cy=28.0)


def scene(seed=0, low=1.0, high=10.0):
    """Depth that differs from pixel to pixel, metres."""
    return np.random.default_rng(seed).uniform(low, high, (HEIGHT, WIDTH))


def relative(z, kind, scale=2.5, shift=0.4):
    """A map that scale and shift take to depth, or inverse depth, z."""
    space = 1 / z if kind == "disparity_affine" else z
    shift = 0.0 if kind == "depth_scale" else shift
    return RelativeDepth(values=(space - shift) / scale, kind=kind)


def drawn(z, count, random):
    """So many pixels, and their depth."""
    places = random.permutation(z.size)[:count]
    y, x = np.divmod(places, z.shape[1])
    return np.stack([x, y], axis=1), z[y, x].copy()


NOISES = {
    "alike in metres": lambda z, random: z + 0.03 * random.standard_normal(len(z)),
    "relative": lambda z, random: z * (1 + 0.01 * random.standard_normal(len(z))),
    "alike in inverse depth": lambda z, random: 1 / (1 / z + 0.002 * random.standard_normal(len(z))),
}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("kind", KINDS)
def test_64_noisy_points_with_20_percent_outliers_tell_scale_and_shift(kind, noise):
    shift = 0.3 if kind == "disparity_affine" else 3.0
    for seed in range(6):
        random = np.random.default_rng(seed)
        z = scene(seed)
        xy, m = drawn(z, 64, random)
        m = NOISES[noise](m, random)
        wrong = random.permutation(64)[:13]
        m[wrong] = random.uniform(1, 10, 13)
        found = relative(z, kind, shift=shift).align_to(DepthPoints(xy=xy, m=m)).alignment
        assert abs(found.scale / 2.5 - 1) < 0.02
        if kind == "depth_scale":
            assert found.shift == 0
        else:
            assert abs(found.shift / shift - 1) < 0.02
        assert found.inliers[np.setdiff1d(np.arange(64), wrong)].mean() > 0.9
        assert found.inliers[wrong].sum() <= 5  # drawn near the truth by chance


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("robust", [True, False])
def test_without_errors_the_result_is_exact_and_every_point_an_inlier(kind, robust):
    z = scene()
    xy, m = drawn(z, 12, np.random.default_rng(0))
    depth = relative(z, kind).align_to(DepthPoints(xy=xy, m=m), robust=robust)
    assert depth.m == pytest.approx(z, rel=1e-5)
    assert depth.alignment.inliers.all()
    assert depth.alignment.scale_sigma < 1e-5
    assert depth.alignment.unit == ("1/m" if kind == "disparity_affine" else "m")


def test_half_a_dense_map_may_be_wrong_and_the_seed_decides_alone():
    z = scene()
    reference = z.copy()
    reference[:, : WIDTH // 2 - 4] *= 0.3
    given = relative(z, "disparity_affine")
    found = given.align_to(Depth(m=reference))
    assert found.m == pytest.approx(z, rel=1e-4)
    assert found.alignment.inliers.shape == z.shape
    assert found.alignment.inliers[:, WIDTH // 2 - 4 :].all()
    assert not np.allclose(given.align_to(Depth(m=reference), robust=False).m, z, rtol=0.1)
    assert np.array_equal(found.m, given.align_to(Depth(m=reference)).m)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("kind", ["disparity_affine", "depth_affine"])
def test_the_uncertainty_is_what_many_draws_show(kind, known):
    z = scene(low=2.0)
    given = relative(z, kind)
    off = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        xy, m = drawn(z, 40, random)
        sigma = 0.01 * m if known else np.full(40, 0.03)
        points = DepthPoints(xy=xy, m=m + sigma * random.standard_normal(40), sigma_m=sigma if known else None)
        found = given.align_to(points).alignment
        off.append([(found.scale - 2.5) / found.scale_sigma, (found.shift - 0.4) / found.shift_sigma])
    assert 0.75 < np.sqrt(np.mean(np.square(off))) < 1.3


def test_known_errors_count_as_they_should():
    z = scene()
    xy, m = drawn(z, 200, np.random.default_rng(1))
    sigma = np.where(np.arange(200) % 2, 0.001, 1.0)
    m = m + sigma * np.random.default_rng(2).standard_normal(200)
    m = np.maximum(m, 0.1)
    given = relative(z, "depth_affine")
    assert given.align_to(DepthPoints(xy=xy, m=m, sigma_m=sigma)).alignment.scale == pytest.approx(2.5, rel=2e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_zone_is_the_mean_depth_of_an_area(kind):
    z = scene() * np.linspace(1, 3, HEIGHT)[:, None]  # zones differ, and depth varies within each
    region = (7.5, -0.5, 71.5, 55.5)
    means = z[:56, 8:72].reshape(8, 7, 8, 8).mean(axis=(1, 3))
    given = relative(z, kind, shift=0.05)
    depth = given.align_to(DepthZones(m=means, region=region))
    assert depth.m == pytest.approx(z, rel=1e-3)
    wrong = means.copy()
    wrong[[0, 3, 5], [2, 2, 7]] = np.nan
    wrong[7] = 1.0  # eight zones saw something near that the map does not show
    again = given.align_to(DepthZones(m=wrong, region=region))
    assert again.m == pytest.approx(z, rel=1e-3)
    assert not again.alignment.inliers[7].any()
    assert again.alignment.inliers.sum() >= 48


@pytest.mark.parametrize("kind", KINDS)
def test_the_disparity_of_a_rig_is_a_reference(kind):
    rig = StereoRig.rectified(CAMERA, 0.2, doffs_px=1.5)
    z = scene()
    random = np.random.default_rng(0)
    px = CAMERA.fx * 0.2 / z - 1.5 + 0.05 * random.standard_normal(z.shape)
    px[random.uniform(size=z.shape) < 0.2] = 9.0
    px[0] = np.nan
    depth = relative(z, kind).align_to(Disparity(px=px), rig=rig)
    assert depth.alignment.scale == pytest.approx(2.5, rel=0.01)
    assert "rig" in depth.alignment.reference
    with pytest.raises(ValueError, match="rig=rig"):
        relative(z, kind).align_to(Disparity(px=px))
    with pytest.raises(ValueError, match="a rig belongs to a Disparity"):
        relative(z, kind).align_to(Depth(m=z), rig=rig)


def road(pitch, roll=0.0, height_m=1.6):
    """Depth of a flat ground below a camera, boxes on 30 % of it, a wall at 30 m behind."""
    normal = np.array([np.sin(roll), np.cos(pitch) * np.cos(roll), np.sin(pitch) * np.cos(roll)])
    falling = CAMERA.unproject(CAMERA.pixel_grid()) @ normal
    z = np.where(falling > 0.02, height_m / np.maximum(falling, 1e-9), 30.0)
    z = np.minimum(z, 30.0)
    z[20:, 10:35] = np.minimum(z[20:, 10:35], 4.0)
    return z


@pytest.mark.parametrize(("pitch", "roll"), [(0.0, 0.0), (0.25, 0.1)])
def test_the_height_over_a_ground_tells_the_scale_of_a_map_that_lacks_one(pitch, roll):
    z = road(pitch, roll)
    values = z / 2.5 * (1 + 0.002 * np.random.default_rng(0).standard_normal(z.shape))
    depth = RelativeDepth(values=values, kind="depth_scale").align_to(CameraHeight(m=1.6, camera=CAMERA))
    assert depth.alignment.scale == pytest.approx(2.5, rel=0.005)
    assert 0 < depth.alignment.scale_sigma < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_with_the_horizon_the_ground_tells_the_shift_too(kind):
    pitch = 0.1
    z = road(pitch)
    horizon = CAMERA.cy - CAMERA.fy * np.tan(pitch)
    height = CameraHeight(m=1.6, camera=CAMERA, horizon_px=horizon)
    depth = relative(z, kind, shift=0.05).align_to(height)
    assert depth.m == pytest.approx(z, rel=1e-3)
    with pytest.raises(ValueError, match="give the horizon"):
        relative(z, "disparity_affine").align_to(CameraHeight(m=1.6, camera=CAMERA))


def test_a_wall_is_no_ground():
    wall = RelativeDepth(values=np.ones((HEIGHT, WIDTH)), kind="depth_scale")
    with pytest.raises(ValueError, match="faces 90 degrees away"):
        wall.align_to(CameraHeight(m=1.6, camera=CAMERA))


@pytest.mark.parametrize("kind", KINDS)
def test_medians_and_deviations_are_made_equal(kind):
    z = scene()
    assert relative(z, kind).align_to(Depth(m=z), how="median").m == pytest.approx(z, rel=1e-4)
    if kind == "depth_scale":
        found = relative(z, kind).align_to(Depth(m=z**1.1), how="median").alignment
        assert found.scale == pytest.approx(2.5 * np.median(z**1.1) / np.median(z), rel=1e-6)


def points(m, x=None):
    return DepthPoints(xy=np.stack([x or range(len(m)), np.zeros(len(m))], axis=1), m=m)


RAMP = np.tile(np.linspace(1.0, 8.0, WIDTH), (HEIGHT, 1))


@pytest.mark.parametrize(
    ("map_", "reference", "options", "message"),
    [
        (relative(RAMP, "depth_scale"), Depth(m=RAMP), {"how": "scale_shift"}, "a shift would bend the scene's shape"),
        (relative(RAMP, "depth_scale"), Depth(m=RAMP), {"how": "affine"}, "allowed are 'scale', 'scale_shift'"),
        (relative(RAMP, "depth_affine"), points([1.0]), {}, "only 1 points are shared"),
        (relative(RAMP, "depth_affine"), points([1.0, np.nan]), {}, "only 1 points are shared"),
        (relative(RAMP, "depth_affine"), points([1.0, 2.0], [0, 500]), {}, "only 1 points are shared"),
        (relative(RAMP, "depth_affine"), points([2.0, 2.0, 2.0]), {}, "depths of the reference are constant"),
        (relative(RAMP, "depth_affine"), points([1.0, 2.0], [3, 3]), {}, "the values are constant"),
        (relative(RAMP, "depth_affine"), Depth(m=9 - RAMP), {}, "are they disparity_affine, and not depth_affine"),
        (relative(RAMP, "disparity_affine"), Depth(m=9 - RAMP), {}, "are they depth_affine"),
        (relative(RAMP, "disparity_affine"), Depth(m=9 - RAMP), {"how": "median"}, "are they depth_affine"),
        (relative(RAMP, "depth_affine"), points([0.1, 8.0], [60, 79]), {}, "of the map would lie behind the camera"),
        (relative(RAMP, "depth_affine"), points(RAMP[0, [9, 3, 77, 50, 23, 42]]), {}, "not told apart from 0"),
        (relative(RAMP, "depth_affine"), Depth(m=np.ones((3, 4))), {}, "the reference is 4x3 pixels"),
    ],
)
def test_what_a_reference_does_not_tell_is_refused_with_what_speaks_against_it(map_, reference, options, message):
    with pytest.raises(ValueError, match=message):
        map_.align_to(reference, **options)


def test_relative_depth_has_no_metres():
    given = relative(RAMP, "disparity_affine")
    for name in ("m", "to_points", "to_point_map", "to_disparity"):
        with pytest.raises(AttributeError, match=r"relative depth \(disparity_affine\) has no .*align_to"):
            getattr(given, name)
    with pytest.raises(AttributeError, match="no attribute 'px'"):
        given.px  # noqa: B018
    with pytest.raises(TypeError, match="DepthPoints, DepthZones or a CameraHeight"):
        given.align_to(RAMP)


def test_points_of_a_cloud_fall_on_their_pixels():
    cloud = np.array([[0.0, 0.0, 2.0], [0.1, 0.1, 4.0], [0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [50.0, 0.0, 1.0]])
    known = DepthPoints.of_points(cloud, CAMERA, sigma_m=0.02)
    assert known.m[:3].tolist() == [2.0, 4.0, 1.0]
    assert np.isnan(known.m[3:]).all()
    assert known.xy[1] == pytest.approx([39 + 70 / 40, 28 + 72 / 40])
    depth = known.to_depth(CAMERA.pixel_grid().shape[:2])
    assert depth.valid.sum() == 2
    assert depth.m[28, 39] == 1.0  # the nearer of two


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DepthPoints(xy=np.zeros((2, 3)), m=np.ones(2)), r"xy has shape \(2, 3\)"),
        (lambda: DepthPoints(xy=np.zeros((2, 2)), m=np.ones(3)), r"m has shape \(3,\); it must be \(2,\)"),
        (lambda: DepthPoints(xy=np.zeros((2, 2)), m=[0.0, 1.0]), "1 values that are no positive number of metres"),
        (lambda: DepthPoints(xy=np.zeros((2, 2)), m=[2.0, 1.0], sigma_m=[0.1, 0.1, 0.1]), "sigma_m has shape"),
        (lambda: DepthZones(m=np.ones(4)), r"m has shape \(4,\)"),
        (lambda: DepthZones(m=np.ones((2, 2)), region=(4, 0, 1, 2)), "left < right"),
        (lambda: CameraHeight(m=-1.0, camera=CAMERA), "m is -1.0"),
        (lambda: CameraHeight(m=1.0, camera=CAMERA, region=np.ones((2, 2), bool)), r"region has shape \(2, 2\)"),
    ],
)
def test_references_that_cannot_be_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_alignment_tells_what_it_rests_on():
    xy, m = drawn(RAMP, 64, np.random.default_rng(0))
    found = relative(RAMP, "depth_affine").align_to(DepthPoints(xy=xy, m=m + 0.01 * np.sin(np.arange(64))))
    assert str(found.alignment).startswith("aligned to 64 points by scale_shift: scale 2.5")
    assert "± " in str(found.alignment)
