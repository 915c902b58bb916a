"""The OpenCV peers: pixels and NaN, no lost band, no cv2.error, and the accuracy they are known for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import geomvision as gv
from geomvision.method import BackendError, OptionError
from geomvision.stereo._opencv import to_8bit

PEERS = ["opencv_bm", "opencv_sgbm", "opencv_wls"]


def textured(height: int, width: int, seed: int = 0, dtype: type = np.uint8) -> np.ndarray:
    """Smooth noise: texture at the scale of a few pixels."""
    noise = np.random.default_rng(seed).random((height + 4, width + 4))
    smooth = sum(noise[dy : dy + height, dx : dx + width] for dy in range(5) for dx in range(5)) / 25
    levels = (smooth - smooth.min()) / np.ptp(smooth)
    return (levels * (1 if dtype is np.float32 else np.iinfo(dtype).max)).astype(dtype)


def shifted_pair(height: int, width: int, shift: int, dtype: type = np.uint8) -> tuple[np.ndarray, np.ndarray]:
    """A pair whose left pixels x all have disparity `shift` (both views are crops of one wider image)."""
    wide = textured(height, width + abs(shift), dtype=dtype)
    left, right = wide[:, : width or None], wide[:, abs(shift) : abs(shift) + width]
    return (left, right) if shift >= 0 else (right, left)


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("shift", [0, 7, 30])
def test_a_shift_is_found_up_to_the_left_band(name: str, shift: int) -> None:
    left, right = shifted_pair(60, 160, shift)
    disparity = gv.stereo.METHODS[name](max_disparity=40)(left, right)
    seen = disparity.px[12:-12, shift + 12 : -12]  # left columns below `shift` have no partner
    assert np.isfinite(seen).mean() > 0.98
    assert np.nanmedian(np.abs(seen - shift)) < 0.1
    assert (np.abs(seen[np.isfinite(seen)] - shift) < 1).mean() > 0.98


@pytest.mark.parametrize("name", ["opencv_bm", "opencv_sgbm"])
def test_negative_disparities_are_found(name: str) -> None:
    left, right = shifted_pair(60, 160, -9)
    px = gv.stereo.METHODS[name](min_disparity=-20, max_disparity=12)(left, right).px
    assert np.nanmedian(np.abs(px[12:-12, 12:-24] + 9)) < 0.1


@pytest.mark.parametrize("name", PEERS)
def test_without_padding_the_left_band_is_lost(name: str) -> None:
    left, right = shifted_pair(60, 160, 10)
    method = gv.stereo.METHODS[name](max_disparity=32)
    unpadded = method.with_options(padded=False)(left, right)
    assert not unpadded.valid[:, :31].any()
    assert method(left, right).valid[15:-15, 22:32].mean() > 0.9


@pytest.mark.parametrize("name", PEERS)
def test_the_range_is_kept_although_opencv_rounds_it_up(name: str) -> None:
    left, right = shifted_pair(60, 160, 25)
    px = gv.stereo.METHODS[name](max_disparity=20)(left, right).px  # OpenCV searches 32
    assert np.nanmax(px, initial=0.0) < 20


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_other_depths_match_like_8_bits(name: str, dtype: type) -> None:
    left, right = shifted_pair(50, 120, 6, dtype)
    scaled = to_8bit(left, right)
    method = gv.stereo.METHODS[name](max_disparity=16)
    np.testing.assert_array_equal(method(left, right).px, method(*scaled).px)


def test_8_bit_rule() -> None:
    left = np.array([[100, 200], [300, 4195]], np.uint16)
    right = np.array([[100, 1123], [2147, 3171]], np.uint16)
    eight_left, eight_right = to_8bit(left, right)
    np.testing.assert_array_equal(eight_left, np.rint((left - 100) / 4095 * 255))
    np.testing.assert_array_equal(eight_right, np.rint((right - 100) / 4095 * 255))
    flat = np.full((2, 2), 0.5, np.float32)
    assert (to_8bit(flat, flat)[0] == 0).all()
    assert to_8bit(eight_left, eight_right)[0] is eight_left


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(PEERS),
    height=st.integers(1, 24),
    width=st.integers(1, 60),
    low=st.integers(-20, 20),
    count=st.integers(1, 40),
    padded=st.booleans(),
    colour=st.booleans(),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
)
@example(name="opencv_bm", height=15, width=32, low=0, count=1, padded=False, colour=False, dtype=np.uint8)
def test_any_size_gives_pixels_or_nan(
    name: str, height: int, width: int, low: int, count: int, padded: bool, colour: bool, dtype: type
) -> None:
    rng = np.random.default_rng(height * 100 + width)
    shape = (height, width, 3) if colour else (height, width)
    left, right = ((rng.random(shape) * 250).astype(dtype) for _ in range(2))
    method = gv.stereo.METHODS[name](min_disparity=low, max_disparity=low + count, padded=padded)
    disparity = method(left, right)
    assert disparity.px.shape == (height, width)
    estimates = disparity.px[disparity.valid]
    assert ((estimates >= low) & (estimates < low + count)).all()


@pytest.mark.parametrize("mode", ["sgbm", "hh", "hh4", "3way"])
@pytest.mark.parametrize("colour", [False, True])
def test_sgbm_modes(mode: str, colour: bool) -> None:
    left, right = shifted_pair(48, 120, 8)
    if colour:
        left, right = (np.stack([image, 255 - image, image], axis=2) for image in (left, right))
    px = gv.stereo.OpenCVSGBM(mode=mode, colour=colour, max_disparity=16)(left, right).px
    assert np.nanmedian(np.abs(px[:, 12:] - 8)) < 0.1


def test_the_left_right_check_of_sgbm_can_be_turned_off() -> None:
    left, right = (textured(60, 120, seed) for seed in (1, 2))  # nothing agrees
    checked = gv.stereo.OpenCVSGBM(max_disparity=32)(left, right).density
    unchecked = gv.stereo.OpenCVSGBM(max_disparity=32, left_right=-1)(left, right).density
    assert checked < 0.9
    assert unchecked > 0.95
    with pytest.raises(OptionError, match="no less than 1"):
        gv.stereo.OpenCVSGBM(left_right=0)


def test_wls_bases_and_edges() -> None:
    """A step in depth at a step in grey stays a step, on either base."""
    background, front = textured(60, 200, 3) // 2, textured(60, 200, 4) // 2 + 128
    left, right = background[:, :160].copy(), background[:, 4:164].copy()
    left[15:45, 60:110] = front[15:45, 60:110]
    right[15:45, 44:94] = front[15:45, 60:110]
    for base in ("bm", "sgbm"):
        px = gv.stereo.OpenCVWLS(base=base, max_disparity=32)(left, right).px
        assert abs(np.nanmedian(px[20:40, 65:105]) - 16) < 0.3
        assert abs(np.nanmedian(px[20:40, 120:150]) - 4) < 0.3
        assert np.isfinite(px).mean() > 0.99


def test_threads_change_nothing_and_are_put_back() -> None:
    left, right = shifted_pair(60, 160, 10)
    before = cv2.getNumThreads()
    for name in PEERS:
        method = gv.stereo.METHODS[name](max_disparity=32)
        expected = method(left, right).px
        for number in (1, 2, 3):
            np.testing.assert_array_equal(method.with_options(num_threads=number)(left, right).px, expected)
        assert cv2.getNumThreads() == before


def test_a_missing_ximgproc_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "ximgproc")
    image = textured(40, 60)
    with pytest.raises(BackendError, match="opencv-contrib-python"):
        gv.stereo.OpenCVWLS(max_disparity=16)(image, image)


@pytest.mark.parametrize("name", PEERS)
def test_an_empty_range_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match="larger than min_disparity"):
        gv.stereo.METHODS[name](min_disparity=8, max_disparity=8)


def test_p2_must_exceed_p1() -> None:
    for name in ("opencv_sgbm", "opencv_wls"):
        with pytest.raises(OptionError, match="larger than p1"):
            gv.stereo.METHODS[name](p1=40, p2=40)


def test_quasi_dense_finds_a_shift_and_its_sign() -> None:
    for shift in (7, -5):
        left, right = shifted_pair(60, 160, shift)
        px = gv.stereo.OpenCVQuasiDense(min_disparity=-12, max_disparity=16)(left, right).px
        seen = px[12:-12, 20:-20]
        assert np.isfinite(seen).mean() > 0.9
        assert (seen[np.isfinite(seen)] == shift).mean() > 0.9
        assert np.isnan(gv.stereo.OpenCVQuasiDense(min_disparity=20, max_disparity=24)(left, right).px).mean() > 0.9


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 70)),
    low=st.integers(-20, 20),
    count=st.integers(1, 40),
    window=st.sampled_from([3, 15]),
    neighbourhood=st.sampled_from([3, 15]),
    gradient=st.sampled_from([0, 8]),
    levels=st.sampled_from([1, 2, 250]),
)
def test_quasi_dense_takes_any_size_and_repeats_itself(
    size: tuple[int, int], low: int, count: int, window: int, neighbourhood: int, gradient: int, levels: int
) -> None:
    left, right = np.random.default_rng(size[0]).integers(0, levels, (2, *size), np.uint8)
    options = {"window": window, "neighbourhood": neighbourhood, "gradient": gradient}
    method = gv.stereo.OpenCVQuasiDense(min_disparity=low, max_disparity=low + count, **options)
    px = method(left, right).px
    assert px.shape == size
    estimates = px[np.isfinite(px)]
    assert ((estimates >= low) & (estimates < low + count)).all()
    np.testing.assert_array_equal(method.with_options(num_threads=2)(left, right).px, px)


def test_a_missing_quasi_dense_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2.stereo, "QuasiDenseStereo")
    image = textured(40, 60)
    with pytest.raises(BackendError, match="opencv-contrib-python"):
        gv.stereo.OpenCVQuasiDense(max_disparity=16)(image, image)
    with pytest.raises(OptionError, match="larger than min_disparity"):
        gv.stereo.OpenCVQuasiDense(min_disparity=8, max_disparity=8)
