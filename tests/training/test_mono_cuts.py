"""What a net of one image is shown of a scene, and told of its depth."""

import numpy as np
import pytest

pytest.importorskip("torch")

from geomvision.training._mono_cuts import MonoCut, points, seen

HEIGHT, WIDTH = 60, 80


def scene():
    """Columns of colour over inverse depth that says the row."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    image = np.stack([3 * x, 3 * y, 0 * x + 100], axis=2).astype(np.uint8)
    return {"image": image, "inverse": (1 / (1 + y + 0 * x)).astype(np.float16), "focal_px": np.float32(50)}


def test_the_whole_is_shown_as_it_is():
    maps = seen(scene(), MonoCut(scene=0))
    np.testing.assert_array_equal(maps["image"][0], np.moveaxis(scene()["image"], 2, 0)[0])
    np.testing.assert_array_equal(maps["inverse"][0], scene()["inverse"].astype(np.float32))
    assert maps["focal_px"] == 50


def test_a_rolled_camera_sees_image_and_depth_turned_alike_and_nothing_beyond():
    """Green is three times the row, inverse depth one over it: both say where a pixel came from."""
    for degrees in (25.0, -10.0):
        maps = seen(scene(), MonoCut(scene=0, turn=degrees))
        angle = np.radians(abs(degrees))
        zoom = np.cos(angle) + WIDTH / HEIGHT * np.sin(angle)
        assert maps["focal_px"] == pytest.approx(50 * zoom)
        y, x = np.mgrid[:HEIGHT, :WIDTH] - np.array([(HEIGHT - 1) / 2, (WIDTH - 1) / 2])[:, None, None]
        turned = np.radians(degrees)
        row = (np.cos(turned) * y + np.sin(turned) * x) / zoom + (HEIGHT - 1) / 2
        assert row.min() > -0.51  # the farthest corner lies on the border
        assert row.max() < HEIGHT - 0.49
        np.testing.assert_allclose(maps["image"][1], 3 * row, atol=3 * 0.1 + 1e-3)
        np.testing.assert_allclose(1 / maps["inverse"][0] - 1, row, atol=0.6)


@pytest.mark.parametrize("pattern", ["scattered", "rows", "zones"])
def test_told_depths_are_those_of_the_scene_but_for_few_and_none_of_the_sky(pattern):
    inverse = scene()["inverse"].astype(np.float32)
    inverse[:20] = 0
    told = points(inverse, MonoCut(scene=0, known=300, pattern=pattern, seed=3))
    known = np.isfinite(told)
    assert not known[:20].any()
    assert 0.3 * 300 <= known.sum() <= 300
    ratio = (told * inverse)[known]
    assert (np.abs(np.log(ratio)) < 0.05).mean() > 0.9
    assert (np.abs(np.log(ratio)) > 0.05).any() or pattern != "scattered"
    rows = np.unique(np.nonzero(known)[0]).size
    assert rows < 30 if pattern != "scattered" else rows == 40
    assert not np.isfinite(points(inverse, MonoCut(scene=0))).any()
