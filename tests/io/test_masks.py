"""Masks of objects: shapes with known areas, encoders written here from the formats' definitions, damaged files."""

import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import geomvision.io as gio

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9))
FEW = settings(max_examples=20, deadline=None)


def run_lengths(values):
    """0s, 1s, 0s, … in turn, by walking along them."""
    counts, now = [0], False
    for value in values:
        if value != now:
            counts.append(0)
            now = value
        counts[-1] += 1
    return counts


def packed(counts):
    """COCO's string, as its definition says: differences from the third number on, five bits a character."""
    text = ""
    for index, count in enumerate(counts):
        value = count - (counts[index - 2] if index > 2 else 0)
        more = True
        while more:
            bits, value = value & 31, value >> 5
            more = value not in (0, -1) or (bits & 16 > 0) != (value == -1)
            text += chr(48 + bits + 32 * more)
    return text


def coco(*segments, size=(8, 10), labels=("glass", "mirror")):
    height, width = size
    return {
        "images": [{"id": 7, "file_name": "room/left.png", "width": width, "height": height}],
        "categories": [{"id": k, "name": name} for k, name in enumerate(labels)],
        "annotations": [
            {"image_id": 7, "category_id": k % len(labels), "segmentation": each} for k, each in enumerate(segments)
        ],
    }


def cvat(shapes, size=(8, 10)):
    start = f'<annotations><version>1.1</version><image id="0" name="left.png" width="{size[1]}" height="{size[0]}">'
    return start + shapes + "</image></annotations>"


@FEW
@given(MASKS, st.booleans())
def test_run_lengths_of_coco_come_back(tmp_path_factory, mask, as_text):
    counts = run_lengths(mask.ravel(order="F"))
    segment = {"counts": packed(counts) if as_text else counts, "size": list(mask.shape)}
    path = tmp_path_factory.mktemp("m") / "a.json"
    path.write_text(json.dumps(coco(segment, size=mask.shape)))
    np.testing.assert_array_equal(gio.read_masks(path)["glass"], mask)


def test_coco_s_string_of_a_known_mask(tmp_path):
    # 3 zeros, 70 ones, 7 zeros: 3; 70 = 6 + 2·32 + … lowest five bits first; 7.
    path = tmp_path / "a.json"
    path.write_text(json.dumps(coco({"counts": "3V27", "size": [8, 10]})))
    found = gio.read_masks(path)["glass"].ravel(order="F")
    assert found.tolist() == [False] * 3 + [True] * 70 + [False] * 7


@FEW
@given(MASKS, st.integers(0, 3), st.integers(0, 3))
def test_masks_of_cvat_come_back(tmp_path_factory, mask, top, left):
    rows, columns = mask.shape
    rle = ", ".join(map(str, run_lengths(mask.ravel())))
    shape = f'<mask label="mirror" rle="{rle}" left="{left}" top="{top}" width="{columns}" height="{rows}"/>'
    path = tmp_path_factory.mktemp("m") / "a.xml"
    path.write_text(cvat(shape, size=(12, 12)))
    found = gio.read_masks(path)["mirror"]
    assert found.sum() == mask.sum()
    np.testing.assert_array_equal(found[top : top + rows, left : left + columns], mask)


@FEW
@given(hnp.arrays(np.uint8, (4, 5), elements=st.sampled_from([0, 1, 2, 255])))
def test_numbers_of_a_png_are_classes(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("m") / "a.png"
    gio.write_image(path, values)
    masks = gio.read_masks(path)
    if set(np.unique(values)) - {0} == {255}:
        assert list(masks) == ["object"]
    assert sum(mask.sum() for mask in masks.values()) == (values > 0).sum()
    for name, mask in masks.items():
        np.testing.assert_array_equal(mask, values == (255 if name == "object" else int(name)))


def test_a_box_of_cvat_that_is_turned_is_turned_clockwise(tmp_path):
    """By a quarter, about its middle: 2 columns of 6 rows become 6 columns of 2. By an eighth it leans to the right."""
    for rotation, expected in ((90, "2,4;8,4;8,6;2,6"), (0, "4,2;6,2;6,8;4,8")):
        box = f'<box label="a" xtl="4" ytl="2" xbr="6" ybr="8" rotation="{rotation}"/>'
        (tmp_path / "a.xml").write_text(cvat(f'{box}<polygon label="b" points="{expected}"/>', (10, 12)))
        masks = gio.read_masks(tmp_path / "a.xml")
        np.testing.assert_array_equal(masks["a"], masks["b"])
        assert masks["a"].sum() == 12
    box = '<box label="a" xtl="4" ytl="0" xbr="6" ybr="10" rotation="45"/>'
    (tmp_path / "a.xml").write_text(cvat(box, (10, 12)))
    y, x = np.nonzero(gio.read_masks(tmp_path / "a.xml")["a"])
    slope = -(10**2 - 2**2) / (10**2 + 2**2)  # of x by y: its upper end is the right one
    assert np.polyfit(y, x, 1)[0] == pytest.approx(slope, abs=0.1)


@pytest.mark.parametrize(("bits", "row"), [(2, [0b00011011]), (4, [0x01, 0x23])])
def test_numbers_of_a_png_of_few_bits_are_those_that_it_holds(tmp_path, png, bits, row):
    (tmp_path / "a.png").write_bytes(png(4, 1, bits, 0, [bytes(row)]))
    masks = gio.read_masks(tmp_path / "a.png")
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "1": [[False, True, False, False]],
        "2": [[False, False, True, False]],
        "3": [[False, False, False, True]],
    }


def with_palette(grey, colours):
    """A PNG of numbers with these colours: the header's colour type 3, and a chunk PLTE before the pixels."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    start, rest = grey[:8], grey[33:]
    header = grey[16:25] + b"\3" + grey[26:29]
    return start + chunk(b"IHDR", header) + chunk(b"PLTE", bytes(np.uint8(colours).ravel())) + rest


VOC = [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0)]


@pytest.mark.parametrize(
    ("bits", "row", "colours", "classes"),
    [
        (8, [0, 1, 3, 1], VOC, {"1": [1, 3], "3": [2]}),
        (2, [0b00011101], VOC, {"1": [1, 3], "3": [2]}),
        (1, [0b01010000], VOC[:2], {"1": [1, 3]}),
        (8, [0, 255, 7, 255], [(0, 0, 0)] + [(k, 0, 9) for k in range(255)], {"7": [2], "255": [1, 3]}),
        (1, [0b01010000], [(0, 0, 0), (255, 255, 255)], {"object": [1, 3]}),
        (1, [0b01010000], [(255, 255, 255), (0, 0, 0)], {"object": [0, 2]}),
        (8, [0, 1, 2, 1], [(0, 0, 0), (5, 5, 5), (9, 9, 9)], {"5": [1, 3], "9": [2]}),
    ],
)
def test_numbers_of_a_palette_are_classes_and_grey_ones_are_levels(tmp_path, png, bits, row, colours, classes):
    """Pascal VOC's way, and that of programs that keep a grey image small."""
    (tmp_path / "a.png").write_bytes(with_palette(png(4, 1, bits, 0, [bytes(row)]), colours))
    masks = gio.read_masks(tmp_path / "a.png")
    assert {name: np.flatnonzero(mask).tolist() for name, mask in masks.items()} == classes


@pytest.mark.parametrize(
    ("row", "colours", "reason"),
    [
        ([0, 1], [(255, 255, 255), (128, 0, 0)], r"begins with \(255, 255, 255\): whether number 0 is no object"),
        ([0, 4], VOC, "has pixels of colour 4; its palette has 4"),
    ],
)
def test_a_palette_that_does_not_tell_what_is_no_object_is_refused(tmp_path, png, row, colours, reason):
    (tmp_path / "a.png").write_bytes(with_palette(png(2, 1, 8, 0, [bytes(row)]), colours))
    with pytest.raises(gio.FormatError, match=reason):
        gio.read_masks(tmp_path / "a.png")


def test_polygons_hold_the_pixels_whose_centre_they_hold_and_shapes_of_a_class_are_joined(tmp_path):
    rectangle = [2, 1, 5, 1, 5, 4, 2, 4]  # 3 x 3 pixels
    triangle = [0, 0, 8, 8, 0, 8]  # below a diagonal; centres on it count on one side
    speck = [6.4, 6.4, 6.6, 6.4, 6.6, 6.6, 6.4, 6.6]  # around the centre of (6, 6)
    expected = np.zeros((8, 10), bool)
    expected[1:4, 2:5] = True
    (tmp_path / "a.json").write_text(json.dumps(coco([rectangle], [triangle], [speck])))
    masks = gio.read_masks(tmp_path / "a.json", "left")
    y, x = np.mgrid[:8, :10]
    np.testing.assert_array_equal(masks["mirror"] & (x != y), (x < y))
    np.testing.assert_array_equal(masks["glass"], expected | ((x == 6) & (y == 6)))
    box = (
        '<box label="a" xtl="2" ytl="1" xbr="5" ybr="4"/><polygon label="b" points="2,1;5,1;5,4;2,4"/><tag label="c"/>'
    )
    (tmp_path / "a.xml").write_text(cvat(box))
    found = gio.read_masks(tmp_path / "a.xml")
    assert list(found) == ["a", "b"]
    np.testing.assert_array_equal(found["a"], expected)
    np.testing.assert_array_equal(found["b"], expected)


def changed(**entries):
    return json.dumps(coco([[0, 0, 4, 0, 4, 4]]) | entries)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", "{", "is no JSON"),
        ("a.json", "[" * 100_000, "is no JSON"),
        ("a.json", "[]", "holds a list"),
        ("a.json", "{}", "an entry lacks 'images'"),
        ("a.json", changed(images=[]), "describes 0 images, and no image is named"),
        ("a.json", changed(images=4), "not iterable"),
        ("a.json", changed(categories=[]), "category 0, which is not listed"),
        ("a.json", changed(images=[{"id": 7, "file_name": "a", "width": 1.5, "height": 2}]), "size is 1.5 by 2"),
        ("a.json", changed(images=[{"id": 7, "file_name": "a", "width": 10**9, "height": 10**9}]), "pixels"),
        ("a.json", json.dumps(coco([])), "a shape has no polygon, and no box"),
        ("a.json", json.dumps(coco([[0, 0, 1, 1]])), "not three or more finite points"),
        ("a.json", json.dumps(coco([[0, 0, 1, 1, "x", 2]])), "could not convert"),
        ("a.json", json.dumps(coco({"counts": [5], "size": [8, 10]})), "fill 5 pixels; the mask has 10x8"),
        ("a.json", json.dumps(coco({"counts": [-1, 81], "size": [8, 10]})), "whole numbers of at least 0"),
        (
            "a.json",
            json.dumps(coco({"counts": [80], "size": [10, 8]})),
            r"are of size \[10, 8\]; the image is \[8, 10\]",
        ),
        ("a.json", json.dumps(coco({"counts": "P", "size": [8, 10]})), "end in the middle of a number"),
        ("a.json", json.dumps(coco({"counts": " ", "size": [8, 10]})), "hold the character ' '"),
        ("a.xml", "<annotations>", "is no XML"),
        ("a.xml", "<other/>", "holds <other>"),
        ("a.xml", '<!DOCTYPE a [<!ENTITY b "b">]><annotations/>', "declares a document type"),
        ("a.xml", cvat('<points label="a" points="1,2"/>'), "has a <points>"),
        ("a.xml", cvat('<box xtl="0"/>'), "an entry lacks 'label'"),
        ("a.xml", cvat('<polygon label="a" points="1,2;3"/>'), "not three or more finite points"),
        ("a.xml", cvat('<mask label="a" rle="4" left="8" top="0" width="4" height="1"/>'), "does not lie in the image"),
        ("a.txt", "", "ends in '.txt'"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, name, text, reason):
    (tmp_path / name).write_text(text)
    with pytest.raises(gio.FormatError, match=reason):
        gio.read_masks(tmp_path / name)


def test_an_export_of_several_images_needs_a_name(tmp_path):
    entries = coco([[0, 0, 4, 0, 4, 4]])
    entries["images"].append({"id": 8, "file_name": "room/right.png", "width": 3, "height": 2})
    (tmp_path / "a.json").write_text(json.dumps(entries))
    with pytest.raises(gio.FormatError, match=r"2 images, and no image is named; expected .*room/left.png, room/right"):
        gio.read_masks(tmp_path / "a.json")
    with pytest.raises(gio.FormatError, match="0 of its images are called 'top'"):
        gio.read_masks(tmp_path / "a.json", "top")
    assert gio.read_masks(tmp_path / "a.json", "right.png") == {}
    assert gio.read_masks(tmp_path / "a.json", "left")["glass"].sum() > 0
    assert gio.read_masks(tmp_path / "a.json", ["hall/left", "room/left"])["glass"].sum() > 0
    with pytest.raises(gio.FormatError, match="0 of its images are called 'hall/left' or 'oom/left'"):
        gio.read_masks(tmp_path / "a.json", ["hall/left", "oom/left"])


@FEW
@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_read(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("m")
    for name in ("a.json", "a.xml", "a.png"):
        (folder / name).write_bytes(data)
        with pytest.raises(gio.FormatError):
            gio.read_masks(folder / name)
