"""MATLAB's files of level 5: by hand, and by scipy's writer, which is not ours."""

import struct
import zlib

import numpy as np
import pytest
from scipy.io import savemat

from geomvision.io import FormatError
from geomvision.io._mat5 import read_mat

WHAT = "numbers of a test"


def element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + b"\0" * (-len(content) % 8)


def matrix(name: str, kind: int, shape: tuple[int, ...], stored: int, content: bytes) -> bytes:
    flags, sizes = struct.pack("<II", kind, 0), np.array(shape, "<i4").tobytes()
    return element(14, element(6, flags) + element(5, sizes) + element(1, name.encode()) + element(stored, content))


def header(order: bytes = b"IM") -> bytes:
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + order


def test_a_file_by_hand(tmp_path):
    """Doubles may be stored as bytes; columns come first."""
    path = tmp_path / "x.mat"
    body = matrix("other", 6, (1, 1), 9, struct.pack("<d", 7.5)) + matrix("a", 6, (2, 3), 2, bytes(range(6)))
    path.write_bytes(header() + body)
    found = read_mat(path, "a", WHAT)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [[0, 2, 4], [1, 3, 5]])
    packed = header() + struct.pack("<II", 15, len(zlib.compress(body))) + zlib.compress(body)
    path.write_bytes(packed)
    assert read_mat(path, "other", WHAT) == 7.5


@pytest.mark.parametrize("compressed", [False, True])
def test_files_by_scipy(tmp_path, compressed):
    path = tmp_path / "x.mat"
    deep = {"k": np.arange(24, dtype=np.uint16).reshape(2, 3, 4), "f": np.float32([[1.5, -2]]), "n": {"s": 3}}
    savemat(path, {"word": "text", "data": deep, "row": np.array([[5, 6]])}, do_compression=compressed)
    found = read_mat(path, "data", WHAT)
    np.testing.assert_array_equal(found["k"], deep["k"])
    np.testing.assert_array_equal(found["f"], [1.5, -2])
    assert found["n"]["s"] == 3
    np.testing.assert_array_equal(read_mat(path, "row", WHAT), [5, 6])
    with pytest.raises(FormatError, match=r"x.mat: has no numbers or struct called 'word'; expected numbers of a test"):
        read_mat(path, "word", WHAT)


def test_damage_is_told(tmp_path):
    path = tmp_path / "x.mat"
    good = header() + matrix("a", 6, (2, 3), 2, bytes(range(6)))
    for content, told in (
        (b"x" * 200, "is no MATLAB file of level 5"),
        (good[:-12], "is cut off"),
        (header() + matrix("a", 6, (2, 4), 2, bytes(6)), r"an array of \(2, 4\) holds 6 numbers"),
        (header() + matrix("a", 6, (-2, -3), 2, bytes(6)), r"an array of \(-2, -3\) holds"),
        (header() + matrix("a", 6, (2, 3), 99, bytes(6)), "is stored as kind 99"),
        (header() + struct.pack("<II", 15, 8) + b"no zlib!", "is damaged"),
    ):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=rf"x\.mat: .*{told}"):
            read_mat(path, "a", WHAT)
