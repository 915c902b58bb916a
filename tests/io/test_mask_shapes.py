"""Boxes and ellipses of annotation tools, pixel by pixel."""

import json

import numpy as np
import pytest

import geomvision.io as gio


def cvat(shape, size):
    start = f'<annotations><image id="0" name="left.png" width="{size[1]}" height="{size[0]}">'
    return f"{start}{shape}</image></annotations>"


def test_an_ellipse_of_cvat_holds_the_pixels_whose_middle_lies_in_it(tmp_path):
    """A circle of 2.2 about a corner of pixels; 4 by 1 lying, which a quarter turn makes stand, an eighth lean down."""

    def read(cx, cy, rx, ry, rotation=None):
        turned = "" if rotation is None else f' rotation="{rotation}"'
        (tmp_path / "a.xml").write_text(
            cvat(f'<ellipse label="a" cx="{cx}" cy="{cy}" rx="{rx}" ry="{ry}"{turned}/>', (10, 12))
        )
        return gio.read_masks(tmp_path / "a.xml")["a"]

    round_ = read(6, 5, 2.2, 2.2)
    assert [int(row.sum()) for row in round_] == [0, 0, 0, 4, 4, 4, 4, 0, 0, 0]  # 1.5² + 1.5² < 2.2² < 2.5² + 0.5²
    assert round_[:, 4:8].sum() == 16
    lying = read(6, 4.5, 4, 1)
    assert np.argwhere(lying).tolist() == [[4, x] for x in range(2, 10)]
    assert np.argwhere(read(6.5, 5, 4, 1, 90)).tolist() == [[y, 6] for y in range(1, 9)]
    y, x = np.nonzero(read(6, 5, 4, 1, 45))
    assert np.polyfit(x, y, 1)[0] == pytest.approx(15 / 17, abs=0.1)  # (a² − b²) / (a² + b²): clockwise, y goes down
    (tmp_path / "a.xml").write_text(cvat('<ellipse label="a" cx="1" cy="1" rx="0" ry="2"/>', (8, 10)))
    with pytest.raises(gio.FormatError, match="an ellipse is not a finite middle and two radii above 0"):
        gio.read_masks(tmp_path / "a.xml")


@pytest.mark.parametrize("segments", [{}, {"segmentation": []}])
def test_a_coco_shape_without_polygons_is_its_box(tmp_path, segments):
    path = tmp_path / "a.json"
    export = {
        "images": [{"id": 7, "file_name": "left.png", "width": 10, "height": 8}],
        "categories": [{"id": 0, "name": "glass"}],
    }
    shape = {"image_id": 7, "category_id": 0, "bbox": [2, 1, 3, 4.0], **segments}
    path.write_text(json.dumps(export | {"annotations": [shape]}))
    expected = np.zeros((8, 10), bool)
    expected[1:5, 2:5] = True
    np.testing.assert_array_equal(gio.read_masks(path)["glass"], expected)
    path.write_text(json.dumps(export | {"annotations": [shape | {"attributes": {"rotation": 0.0}}]}))
    np.testing.assert_array_equal(gio.read_masks(path)["glass"], expected)
    for wrong, told in (
        ({"attributes": {"rotation": 30}}, "a box is turned by 30 degrees; COCO does not say about what"),
        ({"bbox": [2, 1, 3]}, r"a box is \[2, 1, 3\]; it must be x, y, width and height"),
        ({"bbox": [2, 1, 0, 4]}, r"a box is \[2, 1, 0, 4\]; it must be x, y, width and height"),
    ):
        path.write_text(json.dumps(export | {"annotations": [shape | wrong]}))
        with pytest.raises(gio.FormatError, match=told):
            gio.read_masks(path)
