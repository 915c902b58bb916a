"""Depth of every pixel from a few: closed forms, and laser returns that were held back."""

import dataclasses

import cv2
import numpy as np
import pytest

import geomvision as gv
from geomvision.images import ImageError
from geomvision.results import Depth, DepthPoints, RelativeDepth
from geomvision.samples import DepthSample

NAMES = ("heat_diffusion", "bilateral_solver", "morphological")
FLAT = NAMES[:2]
HEIGHT, WIDTH = 60, 90


def plane():
    """Inverse depth that is linear in the image: 2 … 13 m."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return 1 / (0.1 + 0.004 * y + 0.001 * x)


def drawn(z, share=0.05, seed=0):
    return Depth(m=z).split(share, seed=seed)


def absolute_relative(depth, truth):
    return float((np.abs(depth.m - truth.m) / truth.m)[truth.valid].mean())


@pytest.mark.parametrize("name", FLAT)
def test_a_plane_is_completed_as_a_plane(name):
    z = plane()
    depth = gv.depth.METHODS[name]()(drawn(z)[0])
    inside = depth.m[6:-6, 6:-6] / z[6:-6, 6:-6]  # at the corners the range of what was given ends
    assert inside == pytest.approx(np.ones_like(inside), rel=0.02)
    assert np.median(np.abs(inside - 1)) < 2e-3


@pytest.mark.parametrize("name", NAMES)
def test_one_depth_everywhere_stays_it_whatever_is_given(name):
    for count in (1, 2, 3, 40):
        sparse = np.full((20, 30), np.nan)
        sparse.ravel()[np.random.default_rng(count).permutation(600)[:count]] = 4.0
        assert gv.depth.METHODS[name]()(Depth(m=sparse)).m == pytest.approx(np.full((20, 30), 4.0), rel=1e-5)


@pytest.mark.parametrize("name", FLAT)
def test_depth_follows_the_edges_of_the_image(name):
    z = np.where(np.arange(WIDTH) < 44, 2.0, 6.0) * np.ones((HEIGHT, 1))
    image = np.where(z < 4, 40, 200).astype(np.uint8)
    sparse, held = drawn(z, 0.02)
    with_edges, without = (gv.depth.METHODS[name]()(sparse, guide) for guide in (image, None))
    assert absolute_relative(with_edges, held) < 0.01
    assert absolute_relative(with_edges, held) < 0.3 * absolute_relative(without, held)


@pytest.mark.parametrize("name", FLAT)
def test_wrong_returns_are_outvoted_and_right_ones_kept(name):
    z = plane()
    sparse, _ = drawn(z, 0.1)
    wrong = sparse.m.copy()
    places = np.flatnonzero(sparse.valid)[::10]
    wrong.ravel()[places] *= 3
    depth = gv.depth.METHODS[name]()(Depth(m=wrong))
    assert np.median(np.abs(depth.m.ravel()[places] / z.ravel()[places] - 1)) < 0.02
    right = np.setdiff1d(np.flatnonzero(sparse.valid), places)
    assert np.quantile(np.abs(depth.m.ravel()[right] / z.ravel()[right] - 1), 0.9) < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_what_was_given_bounds_the_result(name):
    random = np.random.default_rng(0)
    for height, width in ((1, 1), (1, 40), (40, 1), (2, 3), (23, 31)):
        sparse = np.where(random.uniform(size=(height, width)) < 0.4, random.uniform(1, 50, (height, width)), np.nan)
        sparse.ravel()[0] = 7.0
        image = random.integers(0, 255, (height, width, 3), dtype=np.uint8)
        depth = gv.depth.METHODS[name]()(Depth(m=sparse), image)
        assert depth.valid.all()
        assert np.nanmin(sparse) * 0.999 <= depth.m.min()
        assert depth.m.max() <= np.nanmax(sparse) * 1.001
        assert ((depth.confidence > 0) & (depth.confidence <= 1)).all()
        assert np.array_equal(depth.m, gv.depth.METHODS[name](num_threads=1)(Depth(m=sparse), image).m)


CAMERA = gv.Camera(width=200, height=120, fx=180.0, fy=180.0, cx=100.0, cy=40.0)


@pytest.fixture(scope="module")
def street():
    """A ground, a wall behind it, and boxes on it, each of a colour with noise."""
    random = np.random.default_rng(5)
    down = CAMERA.unproject(CAMERA.pixel_grid())[..., 1]
    z = np.minimum(np.where(down > 0, 1.6 / np.maximum(down, 1e-9), 30.0), 30.0)
    colour = np.where(z < 30, 90.0, 190.0)
    for far, left, width, level in ((14.0, 20, 30, 40), (9.0, 120, 40, 230), (6.0, 60, 35, 150)):
        foot = int(40 + 180 * 1.6 / far)
        z[foot - int(270 / far) : foot, left : left + width] = far
        colour[foot - int(270 / far) : foot, left : left + width] = level
    image = np.clip(colour + 4 * random.standard_normal(z.shape), 0, 255).astype(np.uint8)
    return DepthSample(name="street", image=image, camera=CAMERA, depth=Depth(m=z))


@pytest.mark.parametrize(("name", "limit"), [("heat_diffusion", 0.05), ("bilateral_solver", 0.06)])
def test_a_street_and_its_confidence(name, limit, street):
    sparse, held = street.depth.split(0.02)
    sample = dataclasses.replace(street, sparse=sparse)
    depth = gv.depth.METHODS[name]().on(sample)
    assert absolute_relative(depth, held) < limit
    error = (np.abs(depth.m - held.m) / held.m)[held.valid]
    sure = depth.confidence[held.valid]
    assert error[sure >= np.median(sure)].mean() < 0.5 * error.mean()
    assert depth.run.method == f"depth/{name}"
    with pytest.raises(ValueError, match=f"{name} completes given depth; sample .* has no sparse depth"):
        gv.depth.METHODS[name]().on(street)


@pytest.mark.parametrize("scene", ["kitti_lidar_000000", "kitti_lidar_000001"])
@pytest.mark.parametrize("guided", [True, False])
def test_laser_returns_that_were_held_back(real_data, scene, guided):
    folder = real_data / "depth" / scene
    every = gv.io.read_depth(folder / "depth.png", scale=256)
    image = gv.io.read_image(folder / "color.png") if guided else None
    sparse, held = every.split(0.05)
    assert absolute_relative(gv.depth.HeatDiffusion()(sparse, image), held) <= 0.05


def test_morphology_lets_the_nearer_win():
    sparse = np.full((9, 40), np.nan)
    sparse[4, 0], sparse[4, 39] = 2.0, 8.0
    depth = gv.depth.Morphological()(Depth(m=sparse))
    assert depth.m[4, 20] < 5
    assert (depth.m < 4).mean() >= 0.5


def test_what_is_given_is_drawn_and_parted():
    z = plane()
    z[0] = np.nan
    sparse, held = Depth(m=z).split(0.1, seed=4)
    assert sparse.valid.sum() == round(0.1 * 59 * WIDTH)
    assert not (sparse.valid & held.valid).any()
    assert np.array_equal(np.where(sparse.valid, sparse.m, held.m), z.astype(np.float32), equal_nan=True)
    with pytest.raises(ValueError, match="share is 2"):
        Depth(m=z).split(2)


@pytest.mark.parametrize(
    ("given", "image", "error", "message"),
    [
        (np.ones((4, 4)), None, TypeError, "sparse is ndarray; it must be a Depth, in metres"),
        (RelativeDepth(values=np.ones((4, 4)), kind="depth_scale"), None, TypeError, "its scale is unknown"),
        (Depth(m=np.full((4, 4), np.nan)), None, ValueError, "none of the 4x4 pixels has depth"),
        (Depth(m=np.full((4, 4), 1e-9)), None, ValueError, "depths are 1e-09 to 1e-09 m; allowed are 1e-06 to 1e"),
        (Depth(m=np.ones((4, 4))), np.zeros((4, 5), np.uint8), ImageError, "the image is 5x4 but the depth is 4x4"),
        (Depth(m=np.ones((4, 4))), np.full((4, 4), np.nan), ImageError, "NaN"),
    ],
)
def test_what_cannot_be_completed_is_refused(given, image, error, message):
    for name in NAMES:
        with pytest.raises(error, match=message):
            gv.depth.METHODS[name]()(given, image)


def test_points_of_a_track_are_completed(street):
    camera, z = street.camera, street.depth.m
    y, x = np.mgrid[4:120:9, 3:200:9].reshape(2, -1)
    known = ~np.isnan(z[y, x])
    cloud = camera.unproject(np.stack([x, y], axis=1)[known], z[y, x][known])
    sparse = DepthPoints.of_points(cloud, camera).to_depth(z.shape)
    assert absolute_relative(gv.depth.HeatDiffusion()(sparse, street.image), street.depth) < 0.1


def test_the_verb_completes_a_file_and_says_how_far_off(geomvision_complete, tmp_path):
    z = plane()
    sparse, _ = drawn(z, 0.2)
    gv.io.write_depth(tmp_path / "sparse.png", sparse)
    cv2.imwrite(str(tmp_path / "image.png"), np.full((HEIGHT, WIDTH), 90, np.uint8))
    out = tmp_path / "dense.pfm"
    done = geomvision_complete(
        str(tmp_path / "sparse.png"), "--scale", "256", "--image", str(tmp_path / "image.png"), "--out", str(out)
    )
    assert done.exit_code == 0, done.output
    assert "1080 pixels of 5400 were given (20 %)" in done.output
    assert "% off on average" in done.output
    assert np.median(np.abs(gv.io.read_depth(out).m / z - 1)) < 0.01
    refused = geomvision_complete(str(tmp_path / "sparse.png"), "--scale", "256", "--method", "ground_plane")
    assert "bilateral_solver, heat_diffusion, mono_completion, morphological" in str(refused.exception)


@pytest.fixture
def geomvision_complete():
    from typer.testing import CliRunner

    from geomvision.cli.app import app

    return lambda *arguments: CliRunner().invoke(app, ["complete", *arguments])
