import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import geomvision.io as gio


@pytest.mark.parametrize(("scale", "order"), [(b"-1.0", "<"), (b"1", ">"), (b"-0.003922", "<"), (b"255.0", ">")])
def test_the_sign_tells_the_byte_order_and_rows_run_upwards(tmp_path: Path, scale: bytes, order: str):
    bottom, top = (1.5, 2.5, float("inf")), (-4.0, 0.0, 1e-3)
    data = b"Pf\n3 2\n" + scale + b"\n" + struct.pack(f"{order}6f", *bottom, *top)
    (tmp_path / "a.pfm").write_bytes(data)
    values = gio.read_pfm(tmp_path / "a.pfm")
    assert values.dtype == np.float32
    assert values.dtype.isnative
    np.testing.assert_array_equal(values, np.array([top, (1.5, 2.5, np.nan)], np.float32))


def test_written_bytes_are_the_definition(tmp_path: Path):
    gio.write_pfm(tmp_path / "a.pfm", np.array([[1.0, np.nan], [2.0, -3.0]]))
    golden = b"Pf\n2 2\n-1.0\n" + struct.pack("<4f", 2.0, -3.0, 1.0, float("inf"))
    assert (tmp_path / "a.pfm").read_bytes() == golden


def test_three_channels(tmp_path: Path):
    (tmp_path / "a.pfm").write_bytes(b"PF 1 2 -1\n" + struct.pack("<6f", 1, 2, 3, 4, 5, 6))
    assert gio.read_pfm(tmp_path / "a.pfm").tolist() == [[[4, 5, 6]], [[1, 2, 3]]]


def test_windows_line_ends(tmp_path: Path):
    (tmp_path / "a.pfm").write_bytes(b"Pf\r\n1 1\r\n-1.0\r\n" + struct.pack("<f", 7.5))
    assert gio.read_pfm(tmp_path / "a.pfm").tolist() == [[7.5]]


def test_a_first_byte_that_is_a_line_feed_is_data(tmp_path: Path):
    (tmp_path / "a.pfm").write_bytes(b"Pf\n1 1\n-1.0\n" + b"\n\0\0\x40")
    assert gio.read_pfm(tmp_path / "a.pfm")[0, 0] == struct.unpack("<f", b"\n\0\0\x40")[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Pf\n2 2\n-1.0\n" + bytes(15), "truncated: 15 bytes"),
        (b"Pf\n2 2\n-1.0\n", "truncated: 0 bytes"),
        (b"Pf\n2 2\n-1.0\n" + bytes(17), "17 bytes follow"),
        (b"P5\n2 2\n255\n" + bytes(4), "starts with the bytes b'P5"),
        (b"Pf\n2 2\n0\n" + bytes(16), "its scale is '0'"),
        (b"Pf\n2 2\n-e.\n" + bytes(16), "its scale is '-e.'"),
        (b"Pf\n0 2\n-1.0\n", "0x2 pixels"),
        (b"Pf\n-2 2\n-1.0\n" + bytes(16), "starts with"),
        (b"Pf\n999999999 999999999\n-1.0\n" + bytes(16), "999999999x999999999 pixels"),
        (b"Pf\n2 2\n-1.0", "starts with"),
    ],
)
def test_malformed(tmp_path: Path, data: bytes, reason: str):
    (tmp_path / "a.pfm").write_bytes(data)
    with pytest.raises(gio.FormatError) as caught:
        gio.read_pfm(tmp_path / "a.pfm")
    assert reason in str(caught.value)
    assert "a.pfm" in str(caught.value)


FLOATS = st.floats(allow_infinity=False, width=32)


@settings(deadline=None, max_examples=40)
@given(hnp.arrays(np.float32, st.sampled_from([(1, 1), (3, 4), (5, 1), (2, 3, 3)]), elements=FLOATS))
def test_round_trip(values: np.ndarray):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        gio.write_pfm(Path(folder) / "a.pfm", values[:, ::-1])
        np.testing.assert_array_equal(gio.read_pfm(Path(folder) / "a.pfm"), values[:, ::-1])


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((2, 2, 2)), np.zeros((0, 2)), np.zeros((2, 2), bool)])
def test_writing_what_it_cannot_hold(tmp_path: Path, bad: np.ndarray):
    with pytest.raises(ValueError, match="PFM holds"):
        gio.write_pfm(tmp_path / "a.pfm", bad)
    assert not list(tmp_path.iterdir())
