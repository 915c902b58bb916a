"""Estimates as files: they come back, and equal estimates are equal bytes."""

import io

import numpy as np
import pytest

from geomvision.benchmark.runs.maps import encoded
from geomvision.io import read_kitti_depth, read_kitti_disparity, read_kitti_flow
from geomvision.results import Depth, Disparity, Flow, RelativeDepth

PX = np.array([[1.5, np.nan, 200.25]], np.float32)


@pytest.mark.parametrize(
    ("estimate", "values", "read"),
    [
        (Disparity(px=PX), PX, read_kitti_disparity),
        (Depth(m=PX), PX, read_kitti_depth),
        (Flow(px=np.stack([PX, -PX], axis=2)), np.stack([PX, -PX], axis=2), read_kitti_flow),
    ],
)
def test_pictures_hold_what_their_format_does(estimate, values, read, tmp_path):
    content, ending = encoded(estimate, "png")
    (tmp_path / "map.png").write_bytes(content)
    assert ending == ".png"
    np.testing.assert_array_equal(read(tmp_path / "map.png"), values)


@pytest.mark.parametrize(
    "estimate",
    [Disparity(px=-PX), Disparity(px=PX * 9), RelativeDepth(values=PX, kind="disparity_affine")],
)
def test_what_no_picture_holds_comes_as_arrays(estimate):
    content, ending = encoded(estimate, "png")
    assert ending == ".npz"
    assert encoded(estimate, "npz") == (content, ".npz")
    arrays = np.load(io.BytesIO(content))
    name = "values" if isinstance(estimate, RelativeDepth) else "px"
    np.testing.assert_array_equal(arrays[name], getattr(estimate, name))
