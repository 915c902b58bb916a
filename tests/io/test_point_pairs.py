"""Points of which one is further, in the layout of DIW and in that of its NYU points."""

import numpy as np
import pytest

from geomvision.io import FormatError, read_point_pairs


def written(tmp_path, text):
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    return path


def test_diw(tmp_path):
    path = written(tmp_path, "./DIW_test/a.thumb\n10,20,30,40,>,500,335\n./DIW_test/b.thumb\n1,2,3,4,<,500,335\n")
    found = read_point_pairs(path)
    assert list(found) == ["./DIW_test/a.thumb", "./DIW_test/b.thumb"]
    np.testing.assert_array_equal(found["./DIW_test/a.thumb"].first, [[19, 9]])  # y, x from 1 become x, y from 0
    np.testing.assert_array_equal(found["./DIW_test/a.thumb"].second, [[39, 29]])
    assert [pairs.relation.tolist() for pairs in found.values()] == [[1], [-1]]


def test_several_pairs_of_an_image_after_a_heading(tmp_path):
    path = written(tmp_path, "image,depth,n\n1.png,1_depth.h5,3\n1,1,2,2,>\n1,1,2,2,=\n3,1,2,2,<\n2.png,x,0\n")
    found = read_point_pairs(path)
    assert list(found) == ["1.png"]
    assert found["1.png"].relation.tolist() == [1, 0, -1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a.png\n", "holds no pairs"),
        ("1,2,3,4,>\n", "line 1 comes before any image"),
        ("a.png\n0,2,3,4,>\n", "line 2 holds a pixel below 1"),
        ("a.png\n1,x,3,4,>\n", "line 2 holds '1,x,3,4,>'"),
    ],
)
def test_what_is_none_is_told(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read_point_pairs(written(tmp_path, text))
