import numpy as np
import pytest

from geomvision import images
from geomvision.images import ImageError, as_image, as_mask, as_pair, to_grey


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        ([[1, 2]], TypeError, "builtins.list; it must be a numpy array"),
        (np.ma.masked_array([[1, 2]], [[0, 1]]), TypeError, "MaskedArray; .* fill what its mask hides first"),
        (np.zeros((2, 3, 4)), ImageError, r"shape \(2, 3, 4\); it must be \(H, W\) grey or \(H, W, 3\)"),
        (np.zeros(3), ImageError, "shape"),
        (np.zeros((0, 3)), ImageError, "is empty"),
        (np.zeros((2, 3), bool), ImageError, "dtype bool; allowed are uint8"),
        (np.zeros((2, 3), np.int32), ImageError, "dtype int32"),
        (np.array([[1.0, np.nan, np.inf]]), ImageError, "2 values that are NaN or infinite"),
        (np.array([[1e300]]), ImageError, "beyond the range of float32"),
    ],
)
def test_what_is_no_image_is_refused(array, error, message):
    with pytest.raises(error, match=message):
        as_image(array)


def test_negative_strides_and_foreign_byte_order_become_plain():
    image = np.arange(12, dtype=np.uint16).reshape(3, 4)
    flipped = as_image(image[::-1, ::-1])
    assert flipped.flags.c_contiguous
    assert flipped[0, 0] == 11
    assert as_image(image.astype(">u2")).dtype == np.dtype("=u2")
    assert np.array_equal(as_image(image.astype(">u2")), image)


def test_pixels_off_their_natural_address_are_moved():
    image = np.zeros(49, np.uint8)[1:].view(np.float32).reshape(3, 4)
    assert not image.flags.aligned
    assert as_image(image).flags.aligned


def test_pairs_must_agree():
    grey, colour = np.zeros((2, 3), np.uint8), np.zeros((2, 3, 3), np.uint8)
    assert [image.ndim for image in as_pair(grey, colour)] == [2, 2]
    with pytest.raises(ImageError, match="left and right differ in size: 3x2 and 2x3 pixels"):
        as_pair(grey, np.zeros((3, 2), np.uint8))
    with pytest.raises(ImageError, match="left is uint8, right is uint16"):
        as_pair(grey, np.zeros((2, 3), np.uint16))


def test_grey_is_luma():
    colour = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    assert to_grey(colour).tolist() == [[76, 150, 29, 255]]
    assert to_grey(colour.astype(np.uint16) * 257)[0, 3] == 65535
    assert np.allclose(to_grey(colour.astype(np.float32)), [[76.245, 149.685, 29.07, 255]], atol=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(1, 1), (3, 67), (40, 129), (0, 5)])
def test_grey_of_the_core_is_that_of_numpy(dtype, shape, monkeypatch):
    pytest.importorskip("geomvision._core")
    rng = np.random.default_rng(7)
    largest = np.iinfo(dtype).max if dtype != np.float32 else 1e30
    colour = (rng.random((*shape, 3)) * largest).astype(dtype)
    colour.reshape(-1)[:2] = largest
    expected = images._luma(colour)
    for image in (colour, np.asfortranarray(colour), colour[::-1, ::-1][::-1, ::-1]):
        grey = to_grey(image)
        assert grey.dtype == dtype
        np.testing.assert_array_equal(grey, expected)
    monkeypatch.setattr("geomvision.packages.has_core", lambda: False)
    np.testing.assert_array_equal(to_grey(colour), expected)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_masks_become_bool(dtype):
    assert as_mask(np.array([[0, 1]], dtype)).tolist() == [[False, True]]
    assert as_mask(np.array([[0, 1]], dtype)).dtype == np.bool_


@pytest.mark.parametrize("mask", [[[0.0, np.nan]], [["False", "True"]], np.ma.masked_array([[True, False]], [[0, 1]])])
def test_what_nobody_knows_as_a_mask_is_refused(mask):
    with pytest.raises(TypeError, match=r"occluded .*must be"):
        as_mask(mask, "occluded")
