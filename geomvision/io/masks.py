"""Masks of objects by class, as annotation tools export them: COCO's JSON, CVAT's XML (for images 1.1), or a PNG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ..images import Image, Mask
from ._files import FormatError, PathLike, check_size, read_json_object
from ._mask_shapes import box, ellipse, polygon, runs, unpacked
from ._xml import read_xml
from .image import read_image, read_png_header, read_png_numbers

_COCO = "a COCO export: a JSON object with images, annotations and categories"
_CVAT = "a CVAT export 'for images 1.1': <annotations> with <image> elements"
_PNG = "a grey PNG: 0 where there is no object; 255, or a number for each class; or the same of a palette"
#: What one image's shapes are found as: class and mask.
_Shapes = Iterator[tuple[str, Mask]]


def read_masks(path: PathLike, image: str | Sequence[str] | None = None) -> dict[str, Mask]:
    """Which pixels belong to each class of objects: class → bool (H, W). Shapes of one class are joined.

    Args:
        path: COCO's .json (polygons, run lengths as list or string; boxes of shapes that have neither), CVAT's .xml
            (polygons, masks, boxes, ellipses), or .png,
            where a class is called by its number, or "object" where there is but 255. Numbers are those of a
            palette, whose first colour must be black then, unless all its colours are grey: these are levels.
        image: name of the image in an export, which must be told where it holds several; folder and ending may be
            left out. Or several by which it may be called: the first that tells one image counts.

    Raises:
        FormatError: for a file that is none of these, or damaged, or does not tell which image is meant.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".json":
        return _joined(path, _COCO, lambda: _coco(path, image))
    if suffix == ".xml":
        return _joined(path, _CVAT, lambda: _cvat(path, image))
    if suffix == ".png":
        return _painted(path)
    raise FormatError(path, f"ends in {suffix!r}", "masks in .json (COCO), .xml (CVAT) or .png")


def masked_images(path: PathLike) -> list[str]:
    """Names of the images in an export of COCO (.json) or CVAT (.xml).

    Raises:
        FormatError: for a file that is none of these, or damaged.
    """
    suffix = Path(path).suffix.lower()
    try:
        if suffix == ".json":
            return [str(each["file_name"]) for each in _entries(path)["images"]]
        if suffix == ".xml":
            return [each.attrib["name"] for each in read_xml(path, _CVAT).iter("image")]
    except (KeyError, TypeError) as error:
        raise FormatError(path, f"an image has no name ({error})", _COCO if suffix == ".json" else _CVAT) from None
    raise FormatError(path, f"ends in {suffix!r}", "an export that names its images: .json (COCO) or .xml (CVAT)")


def _joined(path: PathLike, expected: str, shapes: Callable[[], _Shapes]) -> dict[str, Mask]:
    masks: dict[str, Mask] = {}
    try:
        for label, mask in shapes():
            masks[label] = masks[label] | mask if label in masks else mask
    except FormatError:
        raise
    except KeyError as error:
        raise FormatError(path, f"an entry lacks {error.args[0]!r}", expected) from None
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise FormatError(path, str(error), expected) from None
    return masks


def _painted(path: PathLike) -> dict[str, Mask]:
    header = read_png_header(path)
    values = _of_palette(path) if header.colour == 3 else _of_levels(path, header.bits)
    found = [int(value) for value in np.unique(values) if value]
    if found == [255]:
        return {"object": values == 255}
    return {str(value): values == value for value in found}


def _of_levels(path: PathLike, bits: int) -> Image:
    values = read_image(path)
    if values.ndim != 2 or values.dtype.kind != "u":
        raise FormatError(path, "is coloured", _PNG)
    if bits in (2, 4):  # which the decoder stretches to 8
        values //= 255 // (2**bits - 1)
    return values


def _of_palette(path: PathLike) -> Image:
    """Programs that save room keep a grey image as a palette; those that colour classes begin with black for none."""
    numbers, palette = read_png_numbers(path)
    if (palette == palette[:, :1]).all():
        return np.ascontiguousarray(palette[numbers, 0])
    if palette[0].any():
        colour = ", ".join(map(str, palette[0].tolist()))
        told = f"is coloured by a palette that begins with ({colour}): whether number 0 is no object is not told"
        raise FormatError(path, told, f"{_PNG} that begins with black")
    return numbers


def _entries(path: PathLike) -> dict[str, Any]:
    """What a COCO export holds, which nobody changes: the last one is kept, since each image of many asks for it."""
    known = Path(path)
    written = known.stat().st_mtime_ns if known.is_file() else 0
    return _read_entries(known, written)


@lru_cache(maxsize=1)
def _read_entries(path: Path, _written_ns: int) -> dict[str, Any]:
    return read_json_object(path, _COCO)


def _coco(path: PathLike, image: str | Sequence[str] | None) -> _Shapes:
    entries = _entries(path)
    described = _chosen(path, {str(each["file_name"]): each for each in entries["images"]}, image)
    size = _size(path, described["width"], described["height"], _COCO)
    labels = {each["id"]: str(each["name"]) for each in entries["categories"]}
    for each in entries["annotations"]:
        if each["image_id"] != described["id"]:
            continue
        if each["category_id"] not in labels:
            raise FormatError(path, f"a shape is of category {each['category_id']!r}, which is not listed", _COCO)
        segment = each.get("segmentation", [])
        yield labels[each["category_id"]], _box(each, *size) if segment == [] else _segment(segment, *size)


def _box(shape: dict[str, Any], height: int, width: int) -> Mask:
    """Of a shape that is a box alone, as detectors have them."""
    if "bbox" not in shape:
        raise ValueError("a shape has no polygon, and no box")
    turned = shape.get("attributes", {}).get("rotation", 0)
    if turned:
        raise ValueError(f"a box is turned by {turned} degrees; COCO does not say about what: export polygons")
    return box(shape["bbox"], height, width)


def _segment(segment: Any, height: int, width: int) -> Mask:
    """A list of polygons, or run lengths by columns."""
    if isinstance(segment, list):
        return np.asarray(np.any([polygon(points, height, width) for points in segment], axis=0))
    if list(segment["size"]) != [height, width]:
        raise ValueError(f"run lengths are of size {segment['size']}; the image is {[height, width]} (height, width)")
    counts = segment["counts"]
    return runs(unpacked(counts) if isinstance(counts, str) else counts, height, width, by_columns=True)


def _cvat(path: PathLike, image: str | Sequence[str] | None) -> _Shapes:
    root = read_xml(path, _CVAT)
    if root.tag != "annotations":
        raise FormatError(path, f"holds <{root.tag}>", _CVAT)
    described = _chosen(path, {each.attrib["name"]: each for each in root.iter("image")}, image)
    size = _size(path, int(described.attrib["width"]), int(described.attrib["height"]), _CVAT)
    for shape in described:
        if shape.tag == "tag":
            continue
        if shape.tag not in _AREAS:
            raise FormatError(path, f"has a <{shape.tag}>", f"areas alone: {', '.join(_AREAS)}")
        yield shape.attrib["label"], _AREAS[shape.tag](shape.attrib, *size)


def _outlined(given: dict[str, str], height: int, width: int) -> Mask:
    return polygon([float(v) for point in given["points"].split(";") for v in point.split(",")], height, width)


def _boxed(given: dict[str, str], height: int, width: int) -> Mask:
    """A rectangle, turned about its middle by `rotation` degrees, clockwise as one sees it, where that is told."""
    left, top, right, bottom = (float(given[name]) for name in ("xtl", "ytl", "xbr", "ybr"))
    angle = math.radians(float(given.get("rotation", 0)))
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    if angle:
        middle = corners.mean(axis=0)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        corners = (corners - middle) @ turn.T + middle
    return polygon(corners.ravel().tolist(), height, width)


def _elliptic(given: dict[str, str], height: int, width: int) -> Mask:
    cx, cy, rx, ry = (float(given[name]) for name in ("cx", "cy", "rx", "ry"))
    return ellipse((cx, cy), (rx, ry), float(given.get("rotation", 0)), height, width)


def _brushed(given: dict[str, str], height: int, width: int) -> Mask:
    """Run lengths by rows of a part of the image, which starts at (left, top)."""
    left, top, columns, rows = (int(given[name]) for name in ("left", "top", "width", "height"))
    if min(left, top) < 0 or min(rows, columns) < 1 or top + rows > height or left + columns > width:
        part = f"a mask of {columns}x{rows} pixels at {left}, {top}"
        raise ValueError(f"{part} does not lie in the image of {width}x{height}")
    mask = np.zeros((height, width), bool)
    counts = [int(count) for count in given["rle"].split(",")]
    mask[top : top + rows, left : left + columns] = runs(counts, rows, columns, by_columns=False)
    return mask


_AREAS: dict[str, Callable[[dict[str, str], int, int], Mask]] = {
    "polygon": _outlined,
    "box": _boxed,
    "ellipse": _elliptic,
    "mask": _brushed,
}


def _chosen(path: PathLike, images: dict[str, Any], image: str | Sequence[str] | None) -> Any:
    if image is None and len(images) == 1:
        return next(iter(images.values()))
    asked = [image] if isinstance(image, str) else image or []
    found = [[each] if each in images else [name for name in images if _same(name, each)] for each in asked]
    only = next((names[0] for names in found if len(names) == 1), None)
    if only is None:
        called = f"{sum(map(len, found))} of its images are called {' or '.join(map(repr, asked))}"
        listed = ", ".join(list(images)[:5]) or "none"
        told = f"describes {len(images)} images, and {called if asked else 'no image is named'}"
        raise FormatError(path, told, f"the name of one of: {listed}")
    return images[only]


def _same(name: str, asked: str) -> bool:
    path, parts = PurePosixPath(name), PurePosixPath(asked).parts
    endings = (each.parts[-len(parts) :] for each in (path, path.parent / path.stem))
    return name == asked or (bool(parts) and parts in endings)


def _size(path: PathLike, width: Any, height: Any, expected: str) -> tuple[int, int]:
    if any(isinstance(side, bool) or not isinstance(side, int) for side in (width, height)):
        raise FormatError(path, f"an image's size is {width!r} by {height!r}", expected)
    check_size(path, width, height, expected)
    return height, width
