"""Looks at one image, and many methods, with bases whose errors are known: what must be undone, what must stay."""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from geomvision import depth
from geomvision.cameras import Camera
from geomvision.depth._base import DepthMethod
from geomvision.depth.averaged import Averaged
from geomvision.depth.ensemble import Ensemble
from geomvision.depth.tiled import Tiled
from geomvision.images import ImageError
from geomvision.method import OptionError, backend
from geomvision.results import Depth
from geomvision.samples import DepthSample


def raw(found):
    return found.m if isinstance(found, Depth) else found.values


def test_tilted_looks_cancel_with_their_mirror_images(image, painted):
    for kind in ("metric", "depth_scale"):
        made = Averaged(base="painted", base_options=f"kind={kind}, tilt=0.5")
        tilted, found = raw(made.method()(image)), made(image)
        ratio = raw(found) / image
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-5)
        assert np.ptp(tilted / image) > 0.3 * ratio[0, 0]
        assert found.confidence.min() < found.confidence.max() == pytest.approx(1, abs=0.01)
    d = np.abs(0.25 - 0.5 * np.linspace(0, 1, 130))
    np.testing.assert_allclose(
        Averaged(base="painted", base_options="kind=metric, tilt=0.5")(image).confidence[7], np.exp(-d), rtol=1e-5
    )


def test_affine_looks_are_fitted_to_the_first(image, painted):
    made = Averaged(base="painted", base_options="adrift=true", scales="0.5 1 1.5", flip=False, center="median")
    found, plain = made(image).values, made.method()(image).values
    assert np.median(np.abs(found - plain)) < 0.02 * np.ptp(plain)
    assert next(iter(made.trace(image))).name == "1"
    one = Averaged(base="painted", flip=False)(image)
    np.testing.assert_allclose(one.values, painted()(image).values, rtol=1e-6)
    np.testing.assert_array_equal(one.confidence, 1)


def test_a_camera_is_mirrored_and_resized_with_its_image():
    seen = []

    @dataclass(frozen=True, kw_only=True)
    class Watching(DepthMethod):
        """Remembers what it was told."""

        registered_as: ClassVar[str] = "watching"

        def on(self, sample):
            return self.execute(sample)

        @backend("numpy")
        def _numpy(self, sample):
            seen.append(sample)
            return Depth(m=np.ones(sample.image.shape, np.float32))

    camera = Camera(width=60, height=40, fx=50, fy=52, cx=25, cy=22)
    mask = np.zeros((40, 60), bool)
    mask[:, :20] = True
    sparse = np.full((40, 60), np.nan)
    sparse[10, 5] = 3
    sample = DepthSample(
        name="",
        image=np.zeros((40, 60), np.uint8),
        camera=camera,
        horizon_px=9.0,
        down=(0.1, 0.9, 0.2),
        sparse=Depth(m=sparse),
        masks={"left": mask},
        things=("left",),
    )
    depth.METHODS.add(Watching)
    try:
        Averaged(base="watching", scales="1 0.5").on(sample)
    finally:
        del depth.METHODS._added["watching"]
    (plain, mirrored, small, both) = seen
    assert [each.image.shape for each in seen] == [(40, 60)] * 2 + [(20, 30)] * 2
    x, y = plain.camera.project([1, 2, 4])
    np.testing.assert_allclose(mirrored.camera.project([-1, 2, 4]), (59 - x, y))
    np.testing.assert_allclose(small.camera.project([1, 2, 4]), ((x + 0.5) / 2 - 0.5, (y + 0.5) / 2 - 0.5))
    assert (plain.horizon_px, mirrored.horizon_px, small.horizon_px) == (9, 9, 4.25)
    assert both.masks["left"][:, 20:].all()
    assert not both.masks["left"][:, :20].any()
    assert (mirrored.down, small.down, both.things) == ((-0.1, 0.9, 0.2), (0.1, 0.9, 0.2), ("left",))
    places = [np.argwhere(each.sparse.valid).tolist() for each in seen]
    assert places == [[[10, 5]], [[10, 54]], [[5, 2]], [[5, 27]]]
    bent = Camera(width=60, height=40, fx=50, fy=52, cx=25, cy=22, distortion=(0.1, 0, 0, 0))
    with pytest.raises(ValueError, match="the camera has distortion"):
        Averaged(base="ground_plane")(sample.image, bent, camera_height_m=1.5, horizon_px=9)


def test_the_median_of_many_has_no_outlier(image, painted):
    true = "painted(kind=metric)"
    made = Ensemble(bases=f"{true}; painted(kind=metric, factor=1.1); painted(kind=metric, factor=9)")
    found = made(image)
    np.testing.assert_allclose(found.m, 1.1 * image / 50, rtol=1e-5)
    away = np.mean(np.abs(np.log(np.array([1, 1.1, 9]) / 1.1)))
    np.testing.assert_allclose(found.confidence, np.exp(-away), rtol=1e-5)
    assert [stage.name[:9] for stage in made.trace(image)] == ["1 painted", "2 painted", "3 painted", "depth"]
    scales = Ensemble(bases="painted(kind=depth_scale); painted(kind=depth_scale, factor=9)")(image)
    np.testing.assert_allclose(scales.values, image / 50, rtol=1e-5)
    assert scales.kind == "depth_scale"


def test_relative_answers_are_brought_to_the_metric_one(image, painted):
    bases = "painted(kind=depth_scale, factor=4); painted(kind=metric); painted(kind=depth_scale, factor=0.2)"
    np.testing.assert_allclose(Ensemble(bases=bases)(image).m, image / 50, rtol=1e-5)
    affine = Ensemble(bases="painted; painted(adrift=true); painted(adrift=true, tilt=0.1)")(image)
    assert affine.kind == "disparity_affine"
    np.testing.assert_allclose(affine.values, image / 50, rtol=1e-3)
    gaps = Ensemble(bases="painted(gap=true); painted; painted(gap=true)")(image)
    np.testing.assert_array_equal(gaps.valid, image <= 200)  # one of three does not tell


@pytest.mark.parametrize("method", [Tiled, Averaged, Ensemble])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_any_size_and_type_has_an_answer(method, dtype, painted):
    options = {
        Tiled: {"base": "painted", "tile_height": 16, "tile_width": 16, "overlap": 5, "guidance_px": 9},
        Averaged: {"base": "painted", "base_options": "adrift=true", "scales": "0.3 1 2"},
        Ensemble: {"bases": "painted; painted(adrift=true)"},
    }[method]
    rng = np.random.default_rng(0)
    made = method(**options)
    for shape in ((1, 1), (1, 40), (40, 1), (33, 50), (20, 37, 3)):
        image = (rng.random(shape) * 200 + 20).astype(dtype)
        found = made(image[::-1, ::-1])
        assert found.values.shape == shape[:2]
        assert found.values.dtype == np.float32
        np.testing.assert_array_equal(found.values, made(np.ascontiguousarray(image[::-1, ::-1])).values)
    for bad in (image[:0], np.dstack([image] * 2), image.astype(np.int32), image.astype(np.float32) * np.nan):
        with pytest.raises(ImageError):
            made(bad)
    with pytest.raises(ImageError, match="the image is 37x20 but the camera is 60x40"):
        made(image, Camera(width=60, height=40, fx=50, fy=52, cx=25, cy=22))
    with pytest.raises(TypeError, match="camera is a int"):
        made(image, 3)


def test_what_cannot_be_is_told(image, painted):
    for make, message in (
        (lambda: Tiled(base="tiled"), "Tiled: base is 'tiled'; allowed is any other depth method"),
        (lambda: Averaged(base="sgm"), "Averaged: base is 'sgm'; allowed are"),
        (lambda: Tiled(overlap=100, tile_height=64), "allowed is at most half"),
        (lambda: Averaged(scales="1 x"), "scales is '1 x'"),
        (lambda: Averaged(scales=""), "scales is ''"),
        (lambda: Averaged(scales="1 1"), "different numbers"),
        (lambda: Ensemble(bases=" ; "), "bases names no method"),
        (lambda: Ensemble(bases="ensemble"), "bases holds 'ensemble'"),
        (lambda: Ensemble(bases="painted; nothing"), "a base is 'nothing'"),
        (lambda: Ensemble(bases="painted(tilt)"), "options holds 'tilt'"),
    ):
        with pytest.raises(OptionError, match=message):
            make()
    for call, message in (
        (lambda: Tiled(base="ground_plane")(image), "ground_plane needs more than an image"),
        (lambda: Ensemble(bases="from_stereo")(image), "from_stereo needs more than an image"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_they_survive_json_and_are_made_of_a_method(painted):
    made = Tiled.of(painted(tilt=0.5, kind="metric"), overlap=8)
    assert made.method() == painted(tilt=0.5, kind="metric")
    for method in (made, Averaged.of(painted(), scales="1 2"), Ensemble(bases="painted(tilt=1.0); painted")):
        assert type(method).from_options(json.loads(json.dumps(method.options()))) == method
