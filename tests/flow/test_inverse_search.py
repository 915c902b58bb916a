"""Patch inverse search against known motions and closed forms; test_variational.py has what it shares with TV-L1."""

import numpy as np
import pytest

import geomvision as gv
from geomvision import _core
from geomvision.method import OptionError

CHOICES = [{}, {"finest_search": 0}, {"finest_search": 0, "patch_size": 16, "patch_step": 5}]


@pytest.mark.parametrize("options", CHOICES, ids=str)
def test_known_motions_are_found(pattern, motion, epe, options):
    frame0, frame1, truth = pattern().moved(motion)
    assert epe(gv.flow.InverseSearch(**options)(frame0, frame1), truth) < 0.2


def test_patches_alone_find_an_even_shift(pattern):
    # One level, one patch grid: away from the border each patch has one exact answer, which relaxation does not move.
    frame0, frame1, _ = pattern(shortest=12.0).moved(lambda x, y: (1.3, -0.6))
    trace = gv.flow.InverseSearch(levels=1, finest_search=0, descents=50).trace(frame0, frame1)
    patches = trace["level 0: patches"].array[3:-3, 3:-3]
    np.testing.assert_allclose(np.median(patches, axis=(0, 1)), (1.3, -0.6), atol=0.02)
    assert np.abs(patches - np.float32((1.3, -0.6))).max(axis=-1).mean() < 0.1


def test_a_patch_on_a_quadratic_valley_takes_the_closed_step():
    # I0 = x² in the middle of a row pattern: one Gauss–Newton step from rest is Σ g (d − mean d) / Σ (g − mean g)².
    x = np.arange(40.0)
    rows = 0.25 * (x - 20) ** 2
    frame0, frame1 = (np.tile(r.astype(np.float32), (24, 1)) for r in (rows, 0.25 * (x - 20.5) ** 2))
    options = {"levels": 1, "finest_search": 0, "descents": 1, "brightness_cell": 0, "patch_step": 8}
    found = gv.flow.InverseSearch(**options).trace(frame0, frame1)["level 0: patches"].array
    scale = 255 / max(frame0.max(), frame1.max())
    patch = slice(16, 24)
    g = scale * (frame0[0, 17:25] - frame0[0, 15:23]) / 2
    d = scale * (frame1[0, patch] - frame0[0, patch])
    wanted = -8 * (g - g.mean()) @ (d - d.mean()) / (8 * (g - g.mean()) @ (g - g.mean()) + 1)
    np.testing.assert_allclose(found[1, 2], (wanted, 0), atol=1e-4)


@pytest.mark.parametrize("name", ["inverse_search", "tvl1"])
@pytest.mark.parametrize("light", ["brighter", "shadow"])
def test_light_that_changes_is_no_motion(pattern, epe, name, light):
    frame0, frame1, truth = pattern().moved(lambda x, y: (1.5, 0.5), height=96, width=128)
    change = 25.0 if light == "brighter" else 30 / (1 + np.exp(-(np.arange(128) - 64) / 25))
    lit = (frame1 * 0.8 + change).clip(0, 255).astype(np.uint8)
    dark = (frame0 * 0.8).astype(np.uint8)
    method = gv.flow.METHODS[name]
    forgiving, strict = (epe(method(brightness_cell=cell)(dark, lit), truth) for cell in (8, 0))
    assert forgiving < 0.15
    assert forgiving < 0.5 * strict


def test_the_change_of_light_is_measured_in_grey_levels(pattern):
    frame, _, _ = pattern().moved(lambda x, y: (0.0, 0.0))
    trace = gv.flow.InverseSearch(levels=1).trace(frame, (frame + 20).astype(np.uint8))
    # Weights 1 / (1 + (20/10)²) are alike, and 1e-3 of a pixel says 0.
    np.testing.assert_allclose(trace["level 0: brightness"].array, 20.0, rtol=1e-3)


def halves(coarse, fine, shift, height=64, width=128):
    """Frames whose left half has long waves and the right one short waves, all shifted alike."""
    y, x = np.mgrid[:height, :width].astype(float)
    seam = width // 2
    both = [np.where(x + dx < seam, coarse(x + dx, y + dy), fine(x + dx, y + dy)) for dx, dy in (shift, (0.0, 0.0))]
    return [np.rint(frame).astype(np.uint8) for frame in both]


def test_what_one_patch_found_spreads_to_those_beside_it(pattern):
    # Short waves alone lead nowhere from rest, six pixels off; beside them long ones show the way.
    shift = (6.0, 2.0)
    frames = halves(pattern(shortest=30.0), pattern(seed=1, shortest=4.0), shift)
    options = {"levels": 1, "finest_search": 0, "descents": 20}
    off = {}
    for rounds in (0, 30):
        trace = gv.flow.InverseSearch(propagations=rounds, **options).trace(*frames)
        patches = trace["level 0: patches"].array[:, 18:-3]  # whose place lies in the half of short waves
        off[rounds] = np.abs(patches - np.float32(shift)).max(axis=-1)
    assert np.median(off[0]) > 2
    assert np.median(off[30]) < 0.1
    assert (off[30] < 0.5).mean() > 0.9


def test_a_patch_that_fits_takes_nothing_from_those_beside_it(pattern):
    # A square moves over an even wall: patches on the wall fit as they are, and stay.
    square, _, _ = pattern(shortest=12.0).moved(lambda x, y: (0.0, 0.0), height=24, width=24)
    frames = np.full((2, 64, 96), 100, np.uint8)
    frames[0, 20:44, 30:54] = square
    frames[1, 20:44, 34:58] = square
    trace = gv.flow.InverseSearch(levels=1, finest_search=0, propagations=8).trace(*frames)
    patches = trace["level 0: patches"].array
    assert np.abs(patches[6:10, 8:11] - np.float32((4, 0))).max() < 0.1
    assert not patches[:2].any()
    assert not patches[-2:].any()


def test_where_a_patch_covers_much_of_the_image_none_are_tried(pattern):
    with_rounds, without = (gv.flow.InverseSearch(levels=1, finest_search=0, propagations=n) for n in (9, 0))
    waves = pattern(shortest=30.0), pattern(seed=1, shortest=4.0), (6.0, 2.0)
    small, large = (halves(*waves, height=rows, width=64) for rows in (31, 32))
    np.testing.assert_array_equal(with_rounds(*small).px, without(*small).px)
    assert (with_rounds(*large).px != without(*large).px).any()


@pytest.mark.parametrize("isa", _core.available_isas())
@pytest.mark.parametrize("size", [8, 16])
def test_what_spreads_is_the_same_in_every_bit(pattern, instruction_set, isa, size):
    # Noise, as elsewhere, has nothing to spread.
    frames = halves(pattern(shortest=30.0), pattern(seed=1, shortest=4.0), (6.0, 2.0), height=70, width=130)
    options = {"patch_size": size, "patch_step": 3, "finest_search": 0, "propagations": 5}
    wanted = gv.flow.InverseSearch(backend="reference", **options)(*frames)
    with instruction_set(isa):
        found = gv.flow.InverseSearch(backend="cpp", num_threads=3, **options)(*frames)
    assert found.px.tobytes() == wanted.px.tobytes()


def test_a_motion_farther_than_a_patch_is_found(pattern, epe):
    frame0, frame1, truth = pattern(shortest=20.0).moved(lambda x, y: (12.0, -5.0), height=160, width=240)
    assert epe(gv.flow.InverseSearch()(frame0, frame1), truth, border=32) < 0.3


def test_steps_longer_than_a_patch_are_refused():
    with pytest.raises(OptionError, match="patch_step is 9; allowed is at most patch_size, 8 px"):
        gv.flow.InverseSearch(patch_step=9)


def test_bands_of_rows_meet_without_a_seam(pattern):
    frame0, frame1, _ = pattern().moved(lambda x, y: (1.5, 0.5), height=300, width=400)
    one, eight = (gv.flow.InverseSearch(num_threads=n)(frame0, frame1).px for n in (1, 8))
    assert one.tobytes() == eight.tobytes()
