"""Tiles of one image against the whole, with bases whose errors are known."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from geomvision import depth
from geomvision.datasets import Synthetic
from geomvision.depth.ground_plane import GroundPlane
from geomvision.depth.tiled import Tiled
from geomvision.method import backend, option
from geomvision.results import Depth, RelativeDepth

TILES = {"tile_height": 40, "tile_width": 48, "overlap": 16}


def raw(found):
    return found.m if isinstance(found, Depth) else found.values


@pytest.mark.parametrize("kind", ["metric", "depth_scale", "disparity_affine"])
def test_tiles_that_are_adrift_are_brought_back_to_the_whole(kind, image, painted):
    made = Tiled(base="painted", base_options=f"kind={kind}, adrift=true", **TILES)
    found, whole = made(image), made.method()(image)
    assert type(found) is type(whole)
    np.testing.assert_allclose(raw(found), raw(whole), rtol=1e-4)
    parts = made.method()(image[:50, :60])
    assert np.abs(raw(parts) / raw(whole)[:50, :60] - 1).max() > 0.05
    assert (found.confidence is None) == (kind != "disparity_affine")
    assert found.run.options["base"] == "painted"


def test_tiles_have_detail_that_the_whole_has_not(image, painted):
    @dataclass(frozen=True, kw_only=True)
    class Sized(painted):
        """Sees 32 x 32 of anything, and is adrift."""

        registered_as: ClassVar[str] = "sized"
        adrift: bool = option(True, "")

        @backend("numpy")
        def _numpy(self, image):
            import cv2

            seen = cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA)
            answer = super()._numpy(cv2.resize(seen, image.shape[::-1]))
            return RelativeDepth(values=answer.values, kind="disparity_affine")

    depth.METHODS.add(Sized)
    try:
        made = Tiled(base="sized", **TILES)
        found, whole = made(image), made.method()(image)
    finally:
        del depth.METHODS._added["sized"]

    def error(values):
        truth = image.ravel().astype(np.float64)
        line = np.polyfit(values.ravel(), truth, 1)
        return np.abs(np.polyval(line, values.ravel()) - truth).mean()

    assert error(found.values) < 0.7 * error(whole.values)


def test_what_changes_slowly_is_the_guides(image, painted):
    whole = painted()(image).values
    errors = []
    for guidance in (0, 20):

        @dataclass(frozen=True, kw_only=True)
        class Leaning(painted):
            """Leans by what it sees, but for the whole image."""

            registered_as: ClassVar[str] = "leaning"

            @backend("numpy")
            def _numpy(self, seen):
                answer = super()._numpy(seen).values
                lean = 0.4 * np.linspace(-1, 1, seen.shape[1]) if seen.shape != image.shape else 0
                return RelativeDepth(values=answer + lean, kind="disparity_affine")

        depth.METHODS.add(Leaning)
        try:
            found = Tiled(base="leaning", guidance_px=guidance, **TILES)(image)
        finally:
            del depth.METHODS._added["leaning"]
        errors.append(np.abs(found.values - whole).mean())
    assert errors[1] < 0.4 * errors[0]


def test_one_tile_is_the_base_and_gaps_stay(image, painted):
    made = Tiled(base="painted", base_options="gap=true")
    np.testing.assert_array_equal(made(image).values, made.method()(image).values)
    tiles = Tiled(base="painted", base_options="gap=true, adrift=true", **TILES)(image)
    np.testing.assert_array_equal(tiles.valid, image <= 200)
    flat = Tiled(base="painted", base_options="kind=metric", **TILES)(np.full((90, 100), 100, np.uint8))
    np.testing.assert_allclose(flat.m, 2, rtol=1e-6)  # nothing rises: the guide


def test_tiles_know_their_camera_and_their_horizon():
    sample = Synthetic(seed=3, layout="street", height=60, width=90).depth(0)
    made = Tiled(base="ground_plane", tile_height=24, tile_width=32, overlap=8)
    found, whole = made.on(sample), GroundPlane().on(sample)
    np.testing.assert_allclose(found.m, whole.m, rtol=1e-4)
    known = {"camera_height_m": sample.camera_height_m, "horizon_px": sample.horizon_px}
    np.testing.assert_array_equal(made(sample.image, sample.camera, **known).m, found.m)
