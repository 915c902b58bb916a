import sys
from pathlib import Path

import numpy as np
import pytest

import geomvision.io as gio
from geomvision.io._files import write_bytes

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
