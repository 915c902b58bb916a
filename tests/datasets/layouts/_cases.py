"""What a case is, and how files are written."""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

NAN = np.nan
SIZE = (3, 4)


@dataclass(frozen=True)
class Written:
    """A data set on disk."""

    open: Callable[[], Any]
    check: Callable[[Any], None]


@dataclass(frozen=True)
class Case:
    """One data set and task; `write` makes it in an empty folder."""

    name: str
    write: Callable[[Path], Written]


CASES: dict[str, Case] = {}


def case(write: Callable[[Path], Written]) -> Callable[[Path], Written]:
    name = write.__name__
    CASES[name] = Case(name, write)
    return write


def ramp(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """RGB whose every pixel differs, and differs by seed."""
    values = np.arange(size[0] * size[1] * 3).reshape(*size, 3)
    return ((values * 7 + 31 * seed) % 251).astype(np.uint8)


def grey(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.ascontiguousarray(ramp(seed, size)[..., 0])


def real(seed: int, size: tuple[int, int] = SIZE, holes: int = 1) -> np.ndarray:
    """Positive float32 in steps of 1/64, NaN at the first `holes` pixels."""
    values = (1 + seed + np.arange(size[0] * size[1]) / 64).astype(np.float32)
    values[:holes] = NAN
    return values.reshape(size)


def motion(seed: int, size: tuple[int, int] = SIZE, holes: int = 1) -> np.ndarray:
    """Flow (H, W, 2) in steps of 1/64 of both signs, NaN at the first `holes` pixels."""
    count = size[0] * size[1]
    values = np.stack([seed + np.arange(count) / 64, -np.arange(count) / 32], axis=1).astype(np.float32)
    values[:holes] = NAN
    return values.reshape(*size, 2)


def put(path: Path, content: bytes | str | dict | list) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def picture(path: Path, image: np.ndarray) -> Path:
    """PNG, PPM, WebP (these lossless) or JPEG of grey or RGB, 8 or 16 bits; JPEG for other names."""
    ending = path.suffix if path.suffix in (".png", ".ppm", ".jpg", ".webp") else ".jpg"
    shown = image[..., ::-1] if image.ndim == 3 else image
    quality = [cv2.IMWRITE_WEBP_QUALITY, 101] if ending == ".webp" else []
    return put(path, cv2.imencode(ending, np.ascontiguousarray(shown), quality)[1].tobytes())


def bilevel(path: Path, mask: np.ndarray) -> Path:
    """A PNG of one bit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), mask.astype(np.uint8) * 255, [cv2.IMWRITE_PNG_BILEVEL, 1])
    return path


def scaled(path: Path, values: np.ndarray, scale: float, bits: int = 16) -> Path:
    """Grey PNG of values · scale, 0 for NaN."""
    stored = np.rint(np.where(np.isnan(values), 0, values) * scale)
    return picture(path, stored.astype(np.uint16 if bits == 16 else np.uint8))


def pfm(path: Path, values: np.ndarray) -> Path:
    """Little-endian PFM with rows from the bottom; NaN as infinity; flow with a third channel of zeros."""
    values = np.where(np.isnan(values), np.inf, values)
    if values.ndim == 3:
        values = np.concatenate([values, np.zeros_like(values[..., :1])], axis=2)
    kind = "PF" if values.ndim == 3 else "Pf"
    header = f"{kind}\n{values.shape[1]} {values.shape[0]}\n-1\n".encode()
    return put(path, header + np.ascontiguousarray(values[::-1]).astype("<f4").tobytes())


def flo(path: Path, values: np.ndarray) -> Path:
    values = np.where(np.isnan(values), 1e10, values).astype("<f4")
    return put(path, b"PIEH" + struct.pack("<ii", values.shape[1], values.shape[0]) + values.tobytes())


def kitti_flow(path: Path, values: np.ndarray) -> Path:
    known = ~np.isnan(values).any(axis=2, keepdims=True)
    stored = np.where(known, np.where(known, values, 0) * 64 + 32768, 0)
    return picture(path, np.concatenate([stored, known], axis=2).astype(np.uint16))


def npy(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)
    return path


def hdf5(path: Path, **arrays: np.ndarray) -> Path:
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name, data=values)
    return path


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_array_equal(found, wanted)


def near(found: Any, wanted: Any, by: float = 1e-6) -> None:
    np.testing.assert_allclose(found, wanted, rtol=by, atol=by)
