"""Arrays in numpy's files and in HDF5, with errors that name the file. Nothing in them is run."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..packages import needed_by
from ._files import MAX_PIXELS, FormatError, PathLike, read_bytes

#: Samples of a map have at most so many numbers.
_MOST = 4 * MAX_PIXELS


def read_npy(path: PathLike, expected: str) -> NDArray[Any]:
    """The numbers of a .npy file. FormatError for what is none, holds objects or has another length than it says."""
    return _npy(path, read_bytes(path, expected), expected)


def read_npz(path: PathLike, name: str, expected: str) -> NDArray[Any]:
    """One array of a .npz file. FormatError for what is none, lacks it, or holds objects."""
    data = read_bytes(path, expected)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo(f"{name}.npy").file_size > 8 * _MOST:
                raise FormatError(path, f"its {name!r} is larger than any such array", expected)
            content = archive.read(f"{name}.npy")
    except FormatError:
        raise
    except Exception as error:  # zipfile raises a dozen kinds for damage
        raise FormatError(path, f"is no archive with {name!r} ({error})", expected) from error
    return _npy(path, content, expected)


def _npy(path: PathLike, data: bytes, expected: str) -> NDArray[Any]:
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, turned, dtype = header(stream)
    except Exception as error:  # what is in the header is read as Python's literals, which fail in many ways
        raise FormatError(path, f"is no .npy file ({error})", expected) from error
    if dtype.kind not in "biuf":
        raise FormatError(path, f"holds {dtype}", f"{expected}, in numbers")
    rest = len(data) - stream.tell()
    if min(shape, default=0) < 0 or rest != math.prod(shape) * dtype.itemsize:
        raise FormatError(path, f"{rest} bytes follow its header", f"{expected}, as many as {shape} of {dtype} have")
    flat = np.frombuffer(data, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if turned else "C").astype(dtype.newbyteorder("="))


@contextmanager
def hdf5(path: PathLike, expected: str) -> Iterator[Any]:
    """An open HDF5 file, also MATLAB's from 7.3 on; damage met in the block is a FormatError. Needs h5py."""
    with needed_by("reading HDF5"):
        import h5py

    read_head(path, expected)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except FormatError:
        raise
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, MemoryError) as error:
        raise FormatError(path, f"is damaged, or no such file ({error})", expected) from error


def read_head(path: PathLike, expected: str, count: int = 1024) -> bytes:
    """The first bytes of a file of any size. FormatError where it is missing, empty or no file."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 — any PathLike
            head = file.read(count)
    except OSError as error:
        raise FormatError(path, f"cannot be read ({error.strerror})", expected) from error
    if not head:
        raise FormatError(path, "is empty", expected)
    return head


def part_of(path: PathLike, file: Any, name: str, expected: str, index: int | None = None) -> NDArray[Any]:
    """A data set of an open HDF5 file as an array of numbers, or one of its items. FormatError where there is none."""
    found = file.get(name)
    if found is None or not hasattr(found, "dtype") or found.dtype.kind not in "biuf":
        raise FormatError(path, f"has no numbers called {name!r}", expected)
    if index is not None and not (found.ndim and index < found.shape[0]):
        raise FormatError(path, f"its {name!r} has the shape {found.shape}", f"{expected}, {index + 1} or more")
    shape = found.shape if index is None else found.shape[1:]
    if math.prod(shape) > _MOST:
        raise FormatError(path, f"its {name!r} has the shape {shape}", expected)
    return np.asarray(found[()] if index is None else found[index])


def read_hdf5(path: PathLike, name: str, expected: str) -> NDArray[Any]:
    """One array of numbers of an HDF5 file."""
    with hdf5(path, expected) as file:
        return part_of(path, file, name, expected)
