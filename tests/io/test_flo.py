import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import geomvision.io as gio


def test_golden_bytes(tmp_path: Path):
    data = struct.pack("<fii", 202021.25, 3, 1) + struct.pack("<6f", 1.5, -2.0, 1e10, 0.0, 0.25, 1e9)
    assert data[:4] == b"PIEH"
    (tmp_path / "a.flo").write_bytes(data)
    flow = gio.read_flo(tmp_path / "a.flo")
    np.testing.assert_array_equal(flow, np.array([[[1.5, -2.0], [np.nan, np.nan], [0.25, 1e9]]], np.float32))


def test_written_bytes_are_the_definition(tmp_path: Path):
    gio.write_flo(tmp_path / "a.flo", np.array([[[1.0, 2.0]], [[np.nan, 3.0]]]))
    golden = struct.pack("<fii", 202021.25, 1, 2) + struct.pack("<4f", 1.0, 2.0, 1e10, 1e10)
    assert (tmp_path / "a.flo").read_bytes() == golden


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"HEIP" + bytes(20), "big-endian"),
        (b"PIEH\1\0", "starts with"),
        (struct.pack("<4sii", b"PIEH", 2, 2) + bytes(31), "truncated: 43 bytes"),
        (struct.pack("<4sii", b"PIEH", 2, 2) + bytes(33), "45 bytes"),
        (struct.pack("<4sii", b"PIEH", -2, 2) + bytes(32), "-2x2 pixels"),
        (struct.pack("<4sii", b"PIEH", 2**31 - 1, 2**31 - 1), "2147483647x2147483647 pixels"),
    ],
)
def test_malformed(tmp_path: Path, data: bytes, reason: str):
    (tmp_path / "a.flo").write_bytes(data)
    with pytest.raises(gio.FormatError, match=reason):
        gio.read_flo(tmp_path / "a.flo")


@settings(deadline=None, max_examples=40)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.integers(1, 4), st.just(2)),
        elements=st.floats(-1e9, 1e9, width=32) | st.just(np.nan),
    )
)
def test_round_trip_keeps_known_vectors_and_unknown_ones(flow: np.ndarray):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        gio.write_flo(Path(folder) / "a.flo", flow)
        again = gio.read_flo(Path(folder) / "a.flo")
    known = ~np.isnan(flow).any(axis=2)
    np.testing.assert_array_equal(again[known], flow[known])
    assert np.isnan(again[~known]).all()


def test_flow_that_would_read_as_unknown_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="use NaN"):
        gio.write_flo(tmp_path / "a.flo", np.full((1, 1, 2), 2e9))
    with pytest.raises(ValueError, match=r"\(H, W, 2\)"):
        gio.write_flo(tmp_path / "a.flo", np.zeros((2, 2)))
