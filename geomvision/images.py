"""Images at the door: one place that says what an image may be, and says so when it is not.

An image is a numpy array, ``(height, width)`` grey or ``(height, width, 3)`` RGB, of uint8, uint16, float32
or float64. Pixel centres lie at integer coordinates, x to the right, y down.
"""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from . import packages

Image = NDArray[Any]
Float32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

DTYPES = ("uint8", "uint16", "float32", "float64")
#: Of red, green and blue in luma.
WEIGHTS = (0.299, 0.587, 0.114)
#: The largest grey level.
WHITE = 255.0


class ImageError(ValueError):
    """An array that cannot be taken as an image; the message says what was given and what is allowed."""


def as_image(array: Any, name: str = "image") -> Image:
    """Check an image and return it contiguous and aligned, float64 as float32.

    Raises:
        TypeError: when it is no plain numpy array.
        ImageError: on another shape or dtype, on an empty image, on NaN or infinity.
    """
    if not isinstance(array, np.ndarray):
        kind = f"{type(array).__module__}.{type(array).__qualname__}"
        raise TypeError(f"{name} is a {kind}; it must be a numpy array (H, W) or (H, W, 3)")
    if isinstance(array, np.ma.MaskedArray | np.matrix):
        hint = "fill what its mask hides first" if isinstance(array, np.ma.MaskedArray) else "np.asarray makes one"
        raise TypeError(f"{name} is a {type(array).__name__}; it must be a plain numpy array: {hint}")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise ImageError(f"{name} has shape {array.shape}; it must be (H, W) grey or (H, W, 3) RGB")
    if array.dtype.name not in DTYPES:
        raise ImageError(f"{name} has dtype {array.dtype}; allowed are {', '.join(DTYPES)}")
    if array.size == 0:
        raise ImageError(f"{name} is empty: shape {array.shape}; it must have pixels")
    if array.dtype.kind == "f":
        bad = array.size - int(np.count_nonzero(np.isfinite(array)))
        if bad:
            raise ImageError(f"{name} holds {bad} values that are NaN or infinite; fill or mask them first")
        with np.errstate(over="ignore"):
            array = array.astype(np.float32, copy=False)
        if not np.isfinite(array).all():
            raise ImageError(f"{name} holds values beyond the range of float32; they must be smaller")
    return np.require(array, array.dtype.newbyteorder("="), ["C_CONTIGUOUS", "ALIGNED"])


def as_pair(image0: Any, image1: Any, names: tuple[str, str] = ("left", "right")) -> tuple[Image, Image]:
    """Check two images that belong together: equal size and dtype; grey where either is grey."""
    first, second = as_image(image0, names[0]), as_image(image1, names[1])
    if first.shape[:2] != second.shape[:2]:
        sizes = f"{first.shape[1]}x{first.shape[0]} and {second.shape[1]}x{second.shape[0]}"
        raise ImageError(f"{names[0]} and {names[1]} differ in size: {sizes} pixels; they must be equal")
    if first.dtype != second.dtype:
        raise ImageError(f"{names[0]} is {first.dtype}, {names[1]} is {second.dtype}; they must be equal")
    if first.ndim != second.ndim:
        return to_grey(first), to_grey(second)
    return first, second


def as_mask(array: Any, name: str = "mask") -> Mask:
    """A mask as bool, of the shape it has: whole numbers are true where they are not 0, as in files of masks.

    Raises TypeError for anything else: of floats and NaN, text or a masked array nobody knows what they mean.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; it must be a plain one of bool: fill what its mask hides")
    given = np.asarray(array)
    if given.dtype.kind not in "biu":
        raise TypeError(f"{name} has dtype {given.dtype}; it must be bool, or whole numbers, 0 where it is not set")
    return given.astype(np.bool_, copy=False)


def to_grey(image: Image) -> Image:
    """Luma of an RGB image (ITU-R BT.601), in the same dtype; integer images use exact integer arithmetic.

    By the C++ core; where it is not there numpy gives the same, to the bit.
    """
    if image.ndim == 2:
        return image
    dtype = np.float32 if image.dtype.kind == "f" else image.dtype.newbyteorder("=")
    image = np.require(image, dtype, ["C_CONTIGUOUS", "ALIGNED"])
    return packages.core().luma(image) if packages.has_core() else _luma(image)


def _luma(image: Image) -> Image:
    """What `to_grey` makes of (H, W, 3), by numpy alone."""
    if image.dtype.kind == "u":
        red, green, blue = (image[..., channel].astype(np.uint32) for channel in range(3))
        grey: Image = ((4899 * red + 9617 * green + 1868 * blue + 8192) >> 14).astype(image.dtype)
        return grey
    weighted = [np.float32(weight) * image[..., channel] for channel, weight in enumerate(WEIGHTS)]
    return (weighted[0] + weighted[1]) + weighted[2]


@overload
def levels(image0: Image, image1: Image, /) -> tuple[Float32, Float32]: ...


@overload
def levels(*images: Image) -> tuple[Float32, ...]: ...


def levels(*images: Image) -> tuple[Float32, ...]:
    """Images of one dtype as float32, 0…255, grey or colour as they are.

    uint8 is taken as it is and uint16 is divided by 257, so white is 255. Floats have no white of their own: the
    joint range of all images is mapped to 0…255, and images without any contrast to 0.
    """
    if images[0].dtype == np.uint8:
        return tuple(image.astype(np.float32) for image in images)
    if images[0].dtype == np.uint16:
        return tuple((image / 257.0).astype(np.float32) for image in images)
    low = min(float(image.min()) for image in images)
    contrast = max(float(image.max()) for image in images) - low
    scale = WHITE / contrast if contrast > 0 else 0.0
    return tuple(((image.astype(np.float64) - low) * scale).astype(np.float32) for image in images)
