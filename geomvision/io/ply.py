"""PLY, the Stanford polygon file: coloured points and triangle meshes (G. Turk, 1994).

A text header names elements and their properties; data follow as text or as packed binary. Written are ``vertex`` with
float x, y, z, optionally float nx, ny, nz, float motion_x, motion_y, motion_z and uchar red, green, blue, and ``face``
with a list of three int ``vertex_indices``: what every viewer reads. Read is any order and any number type; other
elements are passed over. Points are doubles where a float would move them by more than 0.1 mm, as it does some km away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import numbers
from ..results import PointCloud
from ._files import FormatError, PathLike, read_bytes, write_bytes

_EXPECTED = "a PLY file"
_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
#: The header's last line, which a comment may speak of before.
_END = re.compile(rb"[\r\n]end_header[ \t]*(?:\r\n|\n|\r)")
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_XYZ, _NORMAL, _RGB = ("x", "y", "z"), ("nx", "ny", "nz"), ("red", "green", "blue")
_MOTION = ("motion_x", "motion_y", "motion_z")
_MOST = 2**31 - 1
_MOVED_M = 1e-4


def write_ply(
    path: PathLike,
    points: ArrayLike | PointCloud,
    *,
    colors: ArrayLike | None = None,
    normals: ArrayLike | None = None,
    triangles: ArrayLike | None = None,
    motion: ArrayLike | None = None,
    binary: bool = True,
) -> None:
    """Write points (N, 3), atomically.

    Args:
        path: the file.
        points: (N, 3) in metres, NaN and infinity are refused; or a cloud with all that it knows.
        colors: (N, 3) RGB, uint8.
        normals: (N, 3).
        triangles: (M, 3) indices of points.
        motion: (N, 3) metres to the next frame; a comment in the header says so.
        binary: False writes text, which is four times as large.

    Raises:
        ValueError: on another shape, number type, or an index beyond the points.
    """
    if isinstance(points, PointCloud):
        colors = points.colors if colors is None else colors
        normals = points.normals if normals is None else normals
        triangles = points.triangles if triangles is None else triangles
        motion = points.motion if motion is None else motion
        points = points.points
    xyz = _as_exact(_rows(path, "points", points))
    if not np.isfinite(xyz).all():
        raise ValueError(f"{path}: points hold {int((~np.isfinite(xyz)).sum())} values that are NaN or infinite")
    names, columns = list(_XYZ), [*xyz.T]
    for name, extra, axes in (("normals", normals, _NORMAL), ("motion", motion, _MOTION)):
        if extra is not None:
            names += axes
            columns += [*_rows(path, name, extra, len(xyz)).T]
    kinds = [xyz.dtype.str[1:]] * 3 + ["f4"] * (len(names) - 3)
    if colors is not None:
        rgb = numbers("", f"{path}: colors", colors)
        if rgb.dtype != np.uint8 or rgb.shape != xyz.shape:
            raise ValueError(f"{path}: colors are {rgb.dtype} {rgb.shape}; they must be uint8 {xyz.shape}")
        names += _RGB
        kinds += ["u1"] * 3
        columns += [*rgb.T]
    table = np.empty(len(xyz), [(name, "<" + kind) for name, kind in zip(names, kinds, strict=True)])
    for name, column in zip(names, columns, strict=True):
        table[name] = column
    faces = None if triangles is None else _faces(path, triangles, len(xyz))
    write_bytes(path, _header(table, faces, binary) + _body(table, faces, binary))


def read_ply(path: PathLike) -> PointCloud:
    """Read points, colours, normals and triangles; polygons of more corners become fans of triangles.

    Raises:
        FormatError: when the file is missing or no PLY, is shorter than its header says, has no x, y, z, or a face
            names a point that there is not.
    """
    data = read_bytes(path, _EXPECTED)
    if not data.startswith(b"ply") or b"end_header" not in data:
        raise FormatError(path, f"starts with the bytes {data[:12]!r}", "PLY: 'ply' and a header up to 'end_header'")
    end = _END.search(data)
    if end is None:
        raise FormatError(path, "ends with its header", _EXPECTED)
    order, elements = _parse(path, data[: end.start()].decode("ascii", "replace"))
    tables = dict(_elements(path, data[end.end() :], order, elements))
    if "vertex" not in tables or not set(_XYZ) <= set(tables["vertex"]):
        raise FormatError(path, f"has the elements {', '.join(tables) or 'none'}", "a vertex element with x, y and z")
    vertex = tables["vertex"]

    def columns(names: tuple[str, ...], dtype: type | None) -> Any:
        if not set(names) <= set(vertex):
            return None
        found = np.stack([np.asarray(vertex[name]) for name in names], axis=1)
        return found if dtype is None else found.astype(dtype)

    points = _as_exact(columns(_XYZ, None))
    lists = next((v for k, v in tables.get("face", {}).items() if k in ("vertex_indices", "vertex_index")), None)
    triangles = None if lists is None else _fans(path, lists)
    if triangles is not None and triangles.size and not 0 <= triangles.min() <= triangles.max() < len(points):
        raise FormatError(path, f"a face names point {triangles.max()}", f"indices 0 to {len(points) - 1}")
    return PointCloud(
        points=points,
        colors=_colours(path, columns(_RGB, None), elements),
        normals=columns(_NORMAL, np.float32),
        triangles=triangles,
        motion=columns(_MOTION, np.float32),
    )


def _as_exact(points: NDArray[Any]) -> NDArray[Any]:
    """As float32, or float64 where that moves a point too far."""
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = points.astype(np.float32)
        moved = np.abs(narrow.astype(np.float64) - points.astype(np.float64))
    return points.astype(np.float64) if (moved > _MOVED_M).any() else narrow


def _rows(path: PathLike, name: str, values: ArrayLike, count: int | None = None) -> NDArray[Any]:
    array = numbers("", f"{path}: {name}", values)
    if array.ndim != 2 or array.shape[1] != 3 or (count is not None and len(array) != count):
        hint = "; transpose it" if array.ndim == 2 and array.shape[0] == 3 else ""
        raise ValueError(
            f"{path}: {name} has shape {array.shape}; it must be ({'N' if count is None else count}, 3){hint}"
        )
    return array


def _colours(path: PathLike, rgb: Any, elements: list[_Element]) -> NDArray[np.uint8] | None:
    """Colours as bytes: 16 bits by their upper 8, floats from 0 … 1. FormatError for numbers outside."""
    if rgb is None:
        return None
    kinds = {kind for each in elements if each.name == "vertex" for name, kind, _ in each.properties if name in _RGB}
    white = 1.0 if any(kind[0] == "f" for kind in kinds) else 65535.0 if "u2" in kinds else 255.0
    values = rgb.astype(np.float64)
    outside = int(np.count_nonzero(~((values >= 0) & (values <= white))))
    if outside:
        raise FormatError(
            path, f"{outside} numbers of its colours are not 0 … {white:g}", "red, green, blue up to that"
        )
    return np.asarray(np.rint(values * (255.0 / white)), np.uint8)


def _faces(path: PathLike, triangles: ArrayLike, count: int) -> NDArray[np.int32]:
    array = numbers("", f"{path}: triangles", triangles)
    if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "ui":
        raise ValueError(f"{path}: triangles are {array.dtype} {array.shape}; they must be whole numbers (M, 3)")
    if array.size and not 0 <= int(array.min()) <= int(array.max()) < count:
        raise ValueError(f"{path}: triangles name points {array.min()} … {array.max()}; there are {count}")
    return array.astype(np.int32)


def _header(table: NDArray[Any], faces: NDArray[np.int32] | None, binary: bool) -> bytes:
    names = {"f4": "float", "f8": "double", "u1": "uchar"}
    assert table.dtype.names is not None
    lines = ["ply", f"format {'binary_little_endian' if binary else 'ascii'} 1.0"]
    if _MOTION[0] in table.dtype.names:
        lines += ["comment x y z in metres, motion in metres to the next frame"]
    lines += [f"element vertex {len(table)}"]
    lines += [f"property {names[table.dtype[name].str[1:]]} {name}" for name in table.dtype.names]
    if faces is not None:
        lines += [f"element face {len(faces)}", "property list uchar int vertex_indices"]
    return "\n".join([*lines, "end_header", ""]).encode("ascii")


def _body(table: NDArray[Any], faces: NDArray[np.int32] | None, binary: bool) -> bytes:
    if binary:
        packed = b""
        if faces is not None:
            rows = np.empty(len(faces), [("n", "u1"), ("at", "<i4", 3)])
            rows["n"], rows["at"] = 3, faces
            packed = rows.tobytes()
        return table.tobytes() + packed
    lines = [" ".join(map(str, row)) for row in table.tolist()]
    lines += [f"3 {a} {b} {c}" for a, b, c in (() if faces is None else faces.tolist())]
    return "".join(line + "\n" for line in lines).encode("ascii")


@dataclass(frozen=True)
class _Element:
    """An element of the header: its name, how many, and its properties: name, type, and the type of a list's length."""

    name: str
    count: int
    properties: list[tuple[str, str, str | None]]


def _parse(path: PathLike, header: str) -> tuple[str, list[_Element]]:
    order, elements = None, []
    for line in header.splitlines()[1:]:
        match line.split():
            case ["format", kind, _] if kind in _ORDERS:
                order = kind
            case ["element", name, count] if count.isdigit() and int(count) <= _MOST:
                elements.append(_Element(name, int(count), []))
            case ["property", "list", length, kind, name] if elements and {length, kind} <= set(_TYPES):
                elements[-1].properties.append((name, _TYPES[kind], _TYPES[length]))
            case ["property", kind, name] if elements and kind in _TYPES:
                elements[-1].properties.append((name, _TYPES[kind], None))
            case [] | ["comment" | "obj_info", *_]:
                pass
            case _:
                raise FormatError(path, f"its header says {line[:60]!r}", "format, element, property or comment")
    if order is None:
        raise FormatError(path, "its header names no format", " or ".join(_ORDERS))
    return order, elements


def _elements(
    path: PathLike, data: bytes, order: str, elements: list[_Element]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each element's columns; a list property is a list of arrays."""
    from . import _ply_data

    reader = _ply_data.TextReader(data) if order == "ascii" else _ply_data.BinaryReader(data, _ORDERS[order])
    for element in elements:
        try:
            yield element.name, reader.columns(element.count, element.properties)
        except (ValueError, IndexError) as error:
            raise FormatError(
                path, f"is truncated or damaged in its {element.name}s", f"{element.count} of them"
            ) from error


def _fans(path: PathLike, polygons: Any) -> NDArray[np.int32]:
    """Triangles of polygons, each a fan from its first corner."""
    if isinstance(polygons, np.ndarray):  # all of one length
        corners = polygons
        fans = [corners[:, [0, k, k + 1]] for k in range(1, corners.shape[1] - 1)]
        joined = np.stack(fans, axis=1).reshape(-1, 3) if fans else np.zeros((0, 3))
    else:
        rows = [(p[0], p[k], p[k + 1]) for p in polygons for k in range(1, len(p) - 1)]
        joined = np.array(rows).reshape(-1, 3)
    if not (np.abs(joined) <= _MOST).all() or (joined != np.rint(joined)).any():
        raise FormatError(path, "a face names a point by what is no whole number", "indices of points")
    return joined.astype(np.int32)
