"""PLY: golden bytes, round trips, what others write, and damage."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomvision import io

POINTS = np.array([[0.0, 1.5, -2.0], [1e-3, 3.0, 4.0], [5.0, 6.0, 7.25], [-1.0, 0.0, 2.0]])
COLORS = np.array([[255, 0, 1], [2, 3, 4], [50, 60, 70], [9, 8, 7]], np.uint8)
NORMALS = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0], [0.6, 0.8, 0]], np.float32)
TRIANGLES = np.array([[0, 1, 2], [2, 1, 3]])


def test_the_bytes_are_what_the_format_says(tmp_path: Path) -> None:
    path = tmp_path / "a.ply"
    io.write_ply(path, POINTS[:2], colors=COLORS[:2])
    header = (
        b"ply\nformat binary_little_endian 1.0\nelement vertex 2\n"
        b"property float x\nproperty float y\nproperty float z\n"
        b"property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n"
    )
    assert path.read_bytes() == header + struct.pack("<3f3B3f3B", 0, 1.5, -2, 255, 0, 1, 1e-3, 3, 4, 2, 3, 4)


@pytest.mark.parametrize("binary", [True, False])
def test_everything_comes_back(tmp_path: Path, binary: bool) -> None:
    path = tmp_path / "a.ply"
    io.write_ply(path, POINTS, colors=COLORS, normals=NORMALS, triangles=TRIANGLES, motion=-2 * NORMALS, binary=binary)
    assert b"comment x y z in metres, motion in metres" in path.read_bytes()
    cloud = io.read_ply(path)
    np.testing.assert_array_equal(cloud.points, POINTS.astype(np.float32))
    np.testing.assert_array_equal(cloud.colors, COLORS)
    np.testing.assert_array_equal(cloud.normals, NORMALS)
    np.testing.assert_array_equal(cloud.triangles, TRIANGLES)
    np.testing.assert_array_equal(cloud.motion, -2 * NORMALS)
    io.write_ply(path, np.zeros((0, 3)), triangles=np.zeros((0, 3), int), binary=binary)
    empty = io.read_ply(path)
    assert empty.points.shape == (0, 3)
    assert empty.colors is None
    assert empty.normals is None


def test_open3d_reads_it(tmp_path: Path) -> None:
    open3d = pytest.importorskip("open3d")
    io.write_ply(tmp_path / "a.ply", POINTS, colors=COLORS, triangles=TRIANGLES)
    mesh = open3d.io.read_triangle_mesh(str(tmp_path / "a.ply"))
    np.testing.assert_allclose(np.asarray(mesh.vertices), POINTS, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(mesh.triangles), TRIANGLES)
    np.testing.assert_allclose(np.asarray(mesh.vertex_colors) * 255, COLORS, atol=1e-6)
    open3d.io.write_triangle_mesh(str(tmp_path / "b.ply"), mesh)
    theirs = io.read_ply(tmp_path / "b.ply")
    np.testing.assert_allclose(theirs.points, POINTS, atol=1e-6)
    np.testing.assert_array_equal(theirs.triangles, TRIANGLES)


@pytest.mark.parametrize("order", ["little", "big"])
def test_what_others_write(tmp_path: Path, order: str) -> None:
    """Other elements, other types and orders of properties, comments, and polygons of several lengths."""
    header = (
        f"ply\r\nformat binary_{order}_endian 1.0\r\ncomment by someone\r\nelement camera 1\r\nproperty short view\r\n"
        "element vertex 5\r\nproperty uchar blue\r\nproperty double z\r\nproperty double x\r\nproperty double y\r\n"
        "element face 2\r\nproperty list uint8 uint32 vertex_index\r\nproperty uchar flag\r\nend_header\r\n"
    )
    sign = "<" if order == "little" else ">"
    body = struct.pack(sign + "h", 7)
    body += b"".join(struct.pack(sign + "B3d", 9, 3.0 * k, 1.0 * k, 2.0 * k) for k in range(5))
    body += struct.pack(sign + "B3IB", 3, 0, 1, 2, 1) + struct.pack(sign + "B4IB", 4, 1, 2, 3, 4, 0)
    (tmp_path / "a.ply").write_bytes(header.encode() + body)
    cloud = io.read_ply(tmp_path / "a.ply")
    np.testing.assert_array_equal(cloud.points, np.arange(5.0)[:, None] * (1, 2, 3))
    np.testing.assert_array_equal(cloud.triangles, [[0, 1, 2], [1, 2, 3], [1, 3, 4]])
    assert cloud.colors is None


@pytest.mark.parametrize("binary", [True, False])
def test_points_far_away_stay_where_they_are(tmp_path: Path, binary: bool) -> None:
    path = tmp_path / "a.ply"
    far = np.array([[4_500_000.125, 500_000.25, 312.5], [4_500_000.375, 500_001.75, 313.0]])  # metres, as on maps
    io.write_ply(path, far, colors=COLORS[:2], normals=NORMALS[:2], binary=binary)
    assert path.read_bytes().count(b"property double") == 3
    cloud = io.read_ply(path)
    np.testing.assert_array_equal(cloud.points, far)
    assert cloud.normals.dtype == np.float32
    io.write_ply(path, cloud, binary=binary)
    np.testing.assert_array_equal(io.read_ply(path).points, far)
    io.write_ply(path, far - far[0], binary=binary)
    assert io.read_ply(path).points.dtype == np.float32


def test_what_is_no_cloud_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ply"
    with pytest.raises(ValueError, match="transpose"):
        io.write_ply(path, POINTS.T)
    with pytest.raises(ValueError, match="NaN or infinite"):
        io.write_ply(path, np.array([[np.nan, 0, 0]]))
    with pytest.raises(ValueError, match="must be uint8"):
        io.write_ply(path, POINTS, colors=COLORS / 255)
    with pytest.raises(ValueError, match="there are 4"):
        io.write_ply(path, POINTS, triangles=TRIANGLES + 1)
    with pytest.raises(ValueError, match="normals"):
        io.write_ply(path, POINTS, normals=NORMALS[:2])
    assert not path.exists()
    for text, message in (
        ("no", "PLY"),
        ("ply\nformat ascii 1.0\nend_header\n", "vertex element"),
        ("ply\nelement vertex 0\nend_header\n", "names no format"),
        ("ply\nformat ascii 1.0\nelement vertex many\nend_header\n", "its header says"),
        ("ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nend_header\n1.0\n", "truncated"),
        ("ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\none\n", "truncated or damaged"),
    ):
        path.write_text(text)
        with pytest.raises(io.FormatError, match=message):
            io.read_ply(path)


@given(st.integers(0, 400), st.integers(0, 255))
def test_damage_is_an_error_or_a_cloud(tmp_path_factory: pytest.TempPathFactory, at: int, value: int) -> None:
    path = tmp_path_factory.mktemp("ply") / "a.ply"
    io.write_ply(path, POINTS, colors=COLORS, triangles=TRIANGLES)
    data = bytearray(path.read_bytes())
    data[at % len(data)] = value
    for damaged in (data, data[: at % len(data)]):
        path.write_bytes(bytes(damaged) or b"x")
        try:
            cloud = io.read_ply(path)
        except io.FormatError:
            continue
        assert cloud.points.shape[1] == 3


def written(path: Path, kind: str, colours: str, faces: str = "") -> Path:
    """A cloud of two points in text, by hand."""
    path.write_text(
        "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\nproperty float z\n"
        + "".join(f"property {kind} {name}\n" for name in ("red", "green", "blue"))
        + ("element face 1\nproperty list char float vertex_indices\n" if faces else "")
        + "end_header\n"
        + "".join(f"0 0 1 {colour}\n" for colour in colours.split(","))
        + faces
    )
    return path


@pytest.mark.parametrize(
    ("kind", "colours", "expected"),
    [
        ("float", "0 0.2 1,1 0.6 0.4", [[0, 51, 255], [255, 153, 102]]),
        ("double", "0 0.2 1,1 0.6 0.4", [[0, 51, 255], [255, 153, 102]]),
        ("ushort", "0 257 65535,32896 514 1", [[0, 1, 255], [128, 2, 0]]),
        ("int", "0 7 255,1 2 3", [[0, 7, 255], [1, 2, 3]]),
    ],
)
def test_colours_of_other_types_are_brought_to_bytes(tmp_path: Path, kind: str, colours: str, expected) -> None:
    assert io.read_ply(written(tmp_path / "a.ply", kind, colours)).colors.tolist() == expected


@pytest.mark.parametrize(
    ("kind", "colours"), [("float", "0 0 255,0 0 0"), ("int", "0 300 0,0 0 -1"), ("double", "nan 0 0,0 0 0")]
)
def test_colours_that_no_byte_holds_are_refused(tmp_path: Path, kind: str, colours: str) -> None:
    with pytest.raises(io.FormatError, match="numbers of its colours are not 0 … "):
        io.read_ply(written(tmp_path / "a.ply", kind, colours))


@pytest.mark.parametrize("faces", ["3 0 1 0.7\n", "-1 0 1 1\n", "3 0 1 1e20\n", "3 0 1 nan\n"])
def test_faces_that_name_no_point_are_refused(tmp_path: Path, faces: str) -> None:
    with pytest.raises(io.FormatError, match=r"no whole number|damaged in its faces"):
        io.read_ply(written(tmp_path / "a.ply", "uchar", "1 2 3,4 5 6", faces))


@pytest.mark.parametrize("line", [b"\n", b"\r\n", b"\r"], ids=["Unix", "Windows", "old Macs"])
def test_a_header_ends_where_its_last_line_does(tmp_path, line):
    lines = [
        b"ply", b"format ascii 1.0", b"comment what follows end_header is text", b"element vertex 2",
        b"property float x", b"property float y", b"property float z", b"end_header", b"1 2 3", b"4 5 6", b"",
    ]  # fmt: skip
    (tmp_path / "a.ply").write_bytes(line.join(lines))
    assert io.read_ply(tmp_path / "a.ply").points.tolist() == [[1, 2, 3], [4, 5, 6]]
