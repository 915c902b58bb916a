"""Tables of rays in JSON: the only file that holds them."""

import json

import numpy as np
import pytest

from geomvision import io
from geomvision.cameras import KannalaBrandt, RayTable, StereoRig, UnifiedCamera, pose

FISHEYE = KannalaBrandt(width=64, height=48, fx=20.0, fy=21.0, cx=31.0, cy=23.5, distortion=(-0.02, 0.004, 0.0, 0.0))
#: Its image is round: nodes beyond have no direction.
ROUND = RayTable.from_camera(UnifiedCamera(width=64, height=48, fx=8.0, fy=8.0, cx=31.0, cy=23.5, alpha=0.8), 4)


def test_a_table_comes_back_with_all_its_rays(tmp_path):
    assert np.isnan(ROUND.table).any()
    io.write_camera(tmp_path / "camera.json", ROUND)
    assert "NaN" not in (tmp_path / "camera.json").read_text()  # which is no JSON
    found = io.read_camera(tmp_path / "camera.json", image=np.zeros((48, 64), np.uint8))
    assert isinstance(found, RayTable)
    np.testing.assert_array_equal(found.parameters, ROUND.parameters)
    np.testing.assert_allclose(found.table, ROUND.table, atol=1e-15)
    np.testing.assert_allclose(found.rays(found.pixel_grid()), ROUND.rays(ROUND.pixel_grid()), atol=1e-14)
    rig = StereoRig(left=ROUND, right=FISHEYE, T_right_left=pose(translation=(-0.1, 0.0, 0.0)))
    io.write_rig(tmp_path / "rig.json", rig)
    back = io.read_rig(tmp_path / "rig.json")
    np.testing.assert_allclose(back.left.table, ROUND.table, atol=1e-15)
    assert back.right == FISHEYE


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"table": None}, "camera: 'NoneType' object is not iterable"),
        ({"table": [[1, 2]]}, r"camera: table has shape \(1, 2\)"),
        ({"table": [[[0, 0, 1]] * 4] * 3}, "at least 4 by 4"),
        ({"table": [[None] * 4] * 4}, "table has no direction"),
        ({"step_x": 0.0}, "steps must be finite and > 0"),
        ({"fx": 3.0}, "unexpected keyword argument 'fx'"),
    ],
)
def test_damaged_tables_are_told(tmp_path, change, said):
    io.write_camera(tmp_path / "camera.json", ROUND)
    entry = json.loads((tmp_path / "camera.json").read_text())["camera"] | change
    (tmp_path / "camera.json").write_text(json.dumps(entry))
    with pytest.raises(io.FormatError, match=rf"camera\.json: .*{said}.*expected table, rows of columns"):
        io.read_camera(tmp_path / "camera.json")
    del entry["table"]
    (tmp_path / "camera.json").write_text(json.dumps(entry))
    with pytest.raises(io.FormatError, match="camera has no table; expected table"):
        io.read_camera(tmp_path / "camera.json")
