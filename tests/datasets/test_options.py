from functools import cache

import numpy as np
import pytest

from geomvision.datasets.synthetic import Synthetic

SMALL = {"height": 90, "width": 120, "max_disparity": 24}
CLEAN = {**SMALL, "noise": 0.0, "exposure": 0.0, "blur": 0.0, "specular": 0.0}


@cache
def sample(index=0, **options):
    return Synthetic(seed=11, **{**SMALL, **options})[index]


def grey(image):
    return image.astype(np.float64).mean(axis=2)


def test_textureless_takes_the_texture_away():
    def detail(share):
        images = [
            grey(sample(i, layout="clutter", textureless=share, repetition=0.0, **_NOISELESS).left) for i in range(2)
        ]
        return np.mean([np.median(np.abs(np.diff(image, axis=1))) for image in images])

    assert detail(1.0) < 0.5 * detail(0.0)
    plain, textured = (sample(0, layout="clutter", textureless=share, repetition=0.0) for share in (1.0, 0.0))
    np.testing.assert_array_equal(plain.disparity.px, textured.disparity.px)
    assert plain.masks["textureless"].mean() > 0.95
    assert textured.masks.get("textureless", np.zeros(1)).mean() < 0.3  # what has no texture anyway


_NOISELESS = {"noise": 0.0, "exposure": 0.0, "blur": 0.0}


def test_repetition_makes_surfaces_periodic():
    assert sample(0, textureless=0.0, repetition=1.0, layout="clutter").masks["repetitive"].mean() > 0.95


def test_thin_rods_are_added_and_thin():
    before, after = sample(3, layout="clutter"), sample(3, layout="clutter", thin_rods=8)
    added = after.masks["thin"].sum() - before.masks.get("thin", np.zeros(1)).sum()
    assert 50 < added < 0.3 * before.occluded.size
    changed = np.abs(after.disparity.px - before.disparity.px) > 1e-4
    assert (changed & ~after.masks["thin"]).sum() == 0


def test_specular_highlights_do_not_move_with_the_surface():
    dull, shiny = (
        Synthetic(seed=8, layout="clutter", **{**CLEAN, "specular": share, "textureless": 1.0})[1]
        for share in (0.0, 1.0)
    )

    def mismatch(s):
        error = np.abs(s.disparity.warp(s.right).mean(axis=2) - grey(s.left))
        return np.nanmean(np.where(s.occluded, np.nan, error))

    assert mismatch(shiny) > 1.3 * mismatch(dull)
    assert shiny.masks["specular"].mean() > 0.9


@pytest.mark.parametrize("stops", [-1.0, 1.0])
def test_exposure_brightens_the_right_image_by_so_many_stops(stops):
    s = Synthetic(seed=4, **{**CLEAN, "exposure": stops})[0]
    warped, left = s.disparity.warp(s.right).mean(axis=2), grey(s.left)
    usable = ~s.occluded & (warped > 40) & (warped < 230) & (left > 40) & (left < 230)
    assert np.median((warped[usable] / left[usable]) ** 2) == pytest.approx(2.0**stops, rel=0.1)


def test_noise_has_the_deviation_it_says():
    clean, noisy = (Synthetic(seed=4, **{**CLEAN, "noise": sigma})[0].left.astype(float) for sigma in (0.0, 5.0))
    usable = (clean > 25) & (clean < 230)
    assert (noisy - clean)[usable].std() == pytest.approx(5.0, rel=0.05)


def test_blur_takes_detail_away():
    sharp, soft = (Synthetic(seed=4, **{**CLEAN, "blur": sigma})[0] for sigma in (0.0, 2.0))
    assert np.abs(np.diff(grey(soft.left), axis=1)).mean() < 0.6 * np.abs(np.diff(grey(sharp.left), axis=1)).mean()
    np.testing.assert_array_equal(sharp.disparity.px, soft.disparity.px)


def test_vertical_misalignment_shifts_the_right_image_down():
    straight, low = (Synthetic(seed=4, **{**CLEAN, "vertical_misalignment": dy})[0] for dy in (0.0, 3.0))
    np.testing.assert_allclose(low.disparity.px, straight.disparity.px, atol=1e-4)
    difference = np.abs(grey(low.right)[3:] - grey(straight.right)[:-3])
    assert np.median(difference) == 0
    assert not np.array_equal(low.right, straight.right)


def test_a_rolled_right_camera_breaks_rows_and_truth_says_where_things_are():
    s = Synthetic(seed=4, layout="tabletop", **{**CLEAN, "rotation": 3.0})[0]
    y, x = np.nonzero(~s.occluded)
    c, sn, cx, cy = np.cos(np.radians(3)), np.sin(np.radians(3)), s.rig.left.cx, s.rig.left.cy
    # A rolled camera turns the straight right image about its centre: undo it to get the straight match.
    x_right = x - s.disparity.px[~s.occluded]
    straight = Synthetic(seed=4, layout="tabletop", **CLEAN)[0]
    x_straight, y_straight = x - straight.disparity.px[~s.occluded], y
    np.testing.assert_allclose(x_right, c * (x_straight - cx) - sn * (y_straight - cy) + cx, atol=1e-3)


def test_swapped_views_exchange_everything():
    s, swapped = sample(2), sample(2, swapped=True)
    np.testing.assert_array_equal(swapped.disparity.px, -s.disparity_right.px)
    np.testing.assert_array_equal(swapped.disparity_right.px, -s.disparity.px)
    np.testing.assert_array_equal(swapped.occluded, s.disparity_right.occluded)
    assert not swapped.rig.is_rectified
    clean, clean_swapped = (Synthetic(seed=4, **{**CLEAN, "swapped": swap})[0] for swap in (False, True))
    np.testing.assert_array_equal(clean_swapped.left, clean.right)


def test_supersampling_softens_borders_only():
    hard, soft = (Synthetic(seed=4, layout="clutter", **{**CLEAN, "supersampling": n})[0] for n in (1, 4))
    border = np.zeros((90, 120), dtype=bool)
    for mask in hard.masks.values():
        for axis in (0, 1):
            change = np.diff(mask, axis=axis)
            border |= np.pad(change, [(1, 0) if a == axis else (0, 0) for a in (0, 1)])
            border |= np.pad(change, [(0, 1) if a == axis else (0, 0) for a in (0, 1)])
    changed = (hard.left != soft.left).any(axis=2)
    assert changed[border].mean() > 0.5
    assert changed[~border].mean() < 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed is -1; it must be an integer of at least 0"),
        ({"height": 8}, "height is 8; it must be an integer of at least 16"),
        ({"width": 100.0}, "width is 100.0"),
        ({"count": True}, "count is True"),
        ({"task": "sound"}, "allowed are 'stereo', 'flow', 'depth'"),
        ({"layout": "forest"}, "allowed are 'mixed', 'tabletop'"),
        ({"supersampling": 0}, "supersampling is 0"),
        ({"swapped": 1}, "swapped is 1"),
        ({"noise": -1.0}, "noise is -1.0; it must be a number from 0 to 64"),
        ({"noise": (3.0, 1.0)}, r"noise is \(3.0, 1.0\)"),
        ({"blur": (0.0, 1.0, 2.0)}, "a pair"),
        ({"textureless": float("nan")}, "textureless is nan"),
        ({"exposure": "high"}, "exposure is 'high'"),
        ({"task": "depth", "layout": "clutter"}, "'clutter' has no ground"),
        ({"task": "flow", "swapped": True}, "for stereo pairs only"),
    ],
)
def test_wrong_options_are_refused_with_the_reason(options, message):
    with pytest.raises(ValueError, match=message):
        Synthetic(**options)


def test_an_unknown_option_is_a_type_error():
    with pytest.raises(TypeError):
        Synthetic(texturless=0.5)
