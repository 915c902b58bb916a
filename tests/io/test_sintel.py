"""Sintel's and Spring's files, written byte by byte or by HDF5's own writer."""

import struct

import numpy as np
import pytest

from geomvision import io
from geomvision.io import FormatError

NAN = np.nan


def test_depth(tmp_path):
    path = tmp_path / "x.dpt"
    head = b"PIEH" + struct.pack("<ii", 3, 1)
    path.write_bytes(head + np.array([1.5, 0, np.inf], "<f4").tobytes())
    np.testing.assert_array_equal(io.read_dpt(path), np.array([[1.5, NAN, NAN]], np.float32))
    np.testing.assert_array_equal(io.read_depth(path).m, np.array([[1.5, NAN, NAN]], np.float32))
    for content, told in ((b"PIEX" + head[4:], "starts with the bytes"), (head, "has 12 bytes; expected 24")):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=rf"x\.dpt: {told}"):
            io.read_dpt(path)


def test_camera(tmp_path):
    path, numbers = tmp_path / "x.cam", np.arange(21.0)
    path.write_bytes(b"PIEH" + numbers.astype("<f8").tobytes())
    K, T = io.read_sintel_camera(path)
    np.testing.assert_array_equal(K, numbers[:9].reshape(3, 3))
    np.testing.assert_array_equal(T, [*numbers[9:].reshape(3, 4), [0, 0, 0, 1]])
    path.write_bytes(b"PIEH" + np.full(21, NAN).tobytes())
    with pytest.raises(FormatError, match="not finite"):
        io.read_sintel_camera(path)
    path.write_bytes(b"PIEH" + numbers.astype("<f4").tobytes())
    with pytest.raises(FormatError, match="has 88 bytes"):
        io.read_sintel_camera(path)


def test_disparity(tmp_path, png):
    path = tmp_path / "x.png"
    path.write_bytes(png(2, 1, 8, 2, [bytes([10, 32, 0, 255, 63, 128])]))
    np.testing.assert_array_equal(io.read_sintel_disparity(path), np.float32([[40.5, 1020 + 63 / 64 + 128 / 16384]]))
    path.write_bytes(png(2, 1, 8, 0, [bytes([10, 32])]))
    with pytest.raises(FormatError, match="expected a disparity of Sintel"):
        io.read_sintel_disparity(path)


def test_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    for name, key, values in (("x.flo5", "flow", np.ones((2, 3, 2))), ("x.dsp5", "disparity", np.ones((2, 3)))):
        values[0, 0] = np.inf
        with h5py.File(tmp_path / name, "w") as file:
            file[key] = values
    flow, disparity = io.read_flow(tmp_path / "x.flo5").px, io.read_disparity(tmp_path / "x.dsp5").px
    assert np.isnan(flow[0, 0]).all()
    assert np.isnan(disparity[0, 0])
    assert (flow[1], disparity[1, 1]) == (pytest.approx(np.ones((3, 2))), 1)
    with h5py.File(tmp_path / "x.flo5", "w") as file:
        file["flow"] = np.ones((2, 3))
    with pytest.raises(FormatError, match=r"x.flo5: its flow has the shape \(2, 3\); expected \(H, W, 2\)"):
        io.read_flo5(tmp_path / "x.flo5")
    with h5py.File(tmp_path / "x.flo5", "w") as file:
        file["else"] = np.ones((2, 3))
    with pytest.raises(FormatError, match="has no numbers called 'flow'"):
        io.read_flo5(tmp_path / "x.flo5")
    (tmp_path / "x.dsp5").write_bytes(b"no HDF5")
    with pytest.raises(FormatError, match="is damaged, or no such file"):
        io.read_dsp5(tmp_path / "x.dsp5")
