"""Encoding: decoded here by the definition in the file's docstring, not by the code that encodes."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from geomvision.report.maps import color_table, eight_bit, encode_image, encode_map, encode_mask


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)


def decoded(encoded: dict, height: int, width: int) -> np.ndarray:
    high, low = unpacked(encoded["data"]).reshape(2, encoded["planes"], height, width).astype(np.uint16)
    codes = np.cumsum((high << 8) + low, axis=2, dtype=np.uint16)
    values = encoded["low"] + (codes.astype(float) - 1) * encoded["step"]
    return np.where(codes == 0, np.nan, values)


floats = st.floats(-1e6, 1e6, width=32) | st.just(np.nan)


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=floats))
def test_a_map_comes_back_to_half_a_step(values):
    encoded = encode_map(values, "px")
    back = decoded(encoded, *values.shape)[0]
    np.testing.assert_array_equal(np.isnan(back), np.isnan(values))
    known = ~np.isnan(values)
    assert np.all(np.abs(back[known] - values[known]) <= 0.5 * encoded["step"] * (1 + 1e-6))


def test_disparities_of_everyday_are_exact_to_less_than_a_hundredth():
    values = np.random.default_rng(0).uniform(0, 400, (31, 57))
    assert encode_map(values, "px")["step"] <= 1 / 100


def test_flow_has_two_planes():
    flow = np.stack(np.meshgrid(np.arange(7.0), np.arange(5.0)), axis=-1) - 3
    flow[2, 3] = np.nan
    back = decoded(encode_map(flow, "px"), 5, 7)
    np.testing.assert_allclose(np.moveaxis(back, 0, -1), flow, atol=0.01)


def test_a_map_without_estimates_is_all_gaps():
    encoded = encode_map(np.full((3, 4), np.nan), "m")
    assert np.isnan(decoded(encoded, 3, 4)).all()


def test_masks_are_bits_in_reading_order():
    mask = np.zeros((3, 5), bool)
    mask[0, 0] = mask[1, 3] = True  # bits 0 and 8
    np.testing.assert_array_equal(unpacked(encode_mask(mask)), [0b10000000, 0b10000000])


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.array([[0, 257, 65535]], np.uint16), [[0, 1, 255]]),
        (np.array([[0, 100, 200]], np.uint16), [[0, 128, 255]]),
        (np.array([[0.0, 0.2, 1.0]], np.float32), [[0, 51, 255]]),
        (np.array([[-1.0, 0.0, 3.0]], np.float32), [[0, 64, 255]]),
        (np.array([[7, 7]], np.uint8), [[7, 7]]),
    ],
)
def test_any_image_becomes_eight_bit(image, expected):
    np.testing.assert_array_equal(eight_bit(image), expected)


def test_images_and_colours_are_data():
    assert encode_image(np.zeros((4, 5, 3), np.uint8)).startswith("data:image/jpeg;base64,")
    table = np.frombuffer(base64.b64decode(color_table("MAGMA")), np.uint8).reshape(256, 3)
    assert table[0].max() < 10  # black to nearly white
    assert table[-1].min() > 180
