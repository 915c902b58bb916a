import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import geomvision.io as gio
from geomvision.io._files import write_bytes, write_json

READERS = (
    gio.read_image,
    gio.read_pfm,
    gio.read_flo,
    gio.read_kitti_disparity,
    gio.read_kitti_depth,
    gio.read_kitti_flow,
    gio.read_kitti_calib,
    gio.read_middlebury_calib,
)


@pytest.mark.parametrize("read", READERS)
def test_a_file_that_cannot_be_one_is_named_with_the_reason(read, tmp_path: Path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 4)
    for name, reason in (("gone", "does not exist"), ("folder", "is a folder"), ("empty", "is empty"), ("noise", "")):
        with pytest.raises(gio.FormatError, match="expected") as caught:
            read(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
        assert reason in str(caught.value)


def test_a_device_is_no_file():
    with pytest.raises(gio.FormatError, match="no regular file"):
        gio.read_pfm("/dev/zero")


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    target = tmp_path / "map.pfm"
    target.write_bytes(b"old")

    def full_disk(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space"):
        gio.write_pfm(target, np.zeros((2, 2), np.float32))
    assert [file.name for file in tmp_path.iterdir()] == ["map.pfm"]
    assert target.read_bytes() == b"old"


def test_writing_needs_a_folder_that_exists(tmp_path: Path):
    with pytest.raises(gio.FormatError, match="does not exist"):
        write_bytes(tmp_path / "gone" / "a.pfm", b"")
    with pytest.raises(gio.FormatError, match="is a folder"):
        write_bytes(tmp_path, b"")


def test_importing_io_imports_no_opencv():
    import subprocess

    code = "import sys, geomvision.io; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_link_stays_a_link_and_what_it_leads_to_is_written(tmp_path: Path):
    (tmp_path / "kept").mkdir()
    link = tmp_path / "latest.pfm"
    link.symlink_to(Path("kept") / "ü 1.pfm")
    gio.write_pfm(link, np.ones((1, 2)))
    assert link.is_symlink()
    assert gio.read_pfm(tmp_path / "kept" / "ü 1.pfm").tolist() == [[1, 1]]
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["ü 1.pfm"]


def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path):
    """A rename would put a file in the place of a device, too: /dev/null is one."""
    pipe = tmp_path / "pipe.pfm"
    os.mkfifo(pipe)
    with pytest.raises(gio.FormatError, match="is no regular file"):
        gio.write_pfm(pipe, np.ones((1, 2)))
    assert pipe.is_fifo()


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path: Path):
    target = tmp_path / f"{'x' * 251}.pfm"
    gio.write_pfm(target, np.ones((1, 2)))
    assert gio.read_pfm(target).tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ("write", "name", "shape"),
    [
        (gio.write_pfm, "a.pfm", (2, 3)),
        (gio.write_flo, "a.flo", (2, 3, 2)),
        (gio.write_kitti_disparity, "a.png", (2, 3)),
        (gio.write_kitti_depth, "a.png", (2, 3)),
        (gio.write_kitti_flow, "a.png", (2, 3, 2)),
        (gio.write_ply, "a.ply", (2, 3)),
    ],
)
def test_what_a_mask_hides_is_not_written(tmp_path: Path, write, name: str, shape: tuple[int, ...]):
    hidden = np.zeros(shape, bool)
    hidden[0, 1] = True
    with pytest.raises(TypeError, match=r"a\.\w+: .*masked array; it must be a plain one"):
        write(tmp_path / name, np.ma.masked_array(np.ones(shape), hidden))
    assert not list(tmp_path.iterdir())


def test_numbers_beyond_float32_are_not_written_as_unknown(tmp_path: Path):
    with pytest.raises(ValueError, match="1 numbers are beyond float32"):
        gio.write_pfm(tmp_path / "a.pfm", [[1e39, 1.0, np.inf]])
    with pytest.raises(ValueError, match="use NaN for unknown"):
        gio.write_flo(tmp_path / "a.flo", np.full((1, 1, 2), np.iinfo(np.int64).min))
    gio.write_flo(tmp_path / "a.flo", np.full((1, 1, 2), np.nan, np.float16))
    assert np.isnan(gio.read_flo(tmp_path / "a.flo")).all()


def test_json_has_no_nan(tmp_path):
    """Nor infinity: readers of other languages refuse a file with either."""
    write_json(tmp_path / "a.json", {"known": 0.5, "unknown": [float("nan"), (float("-inf"), 2)], "words": "NaN"})
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == {"known": 0.5, "unknown": [None, [None, 2]], "words": "NaN"}
    assert text.endswith("}\n")
