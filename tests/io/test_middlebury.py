from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomvision.io as gio
from geomvision.cameras import Camera, StereoRig

CALIB = """cam0=[3979.911 0 1244.772; 0 3979.911 1019.507; 0 0 1]
cam1=[3979.911 0 1369.115; 0 3979.911 1019.507; 0 0 1]
doffs=124.343
baseline=193.001
width=2964
height=1988
ndisp=280
isint=0
vmin=31
vmax=257
dyavg=0.918
dymax=1.516
"""


def read(folder: Path, text: str, **options: float) -> gio.MiddleburyCalibration:
    (folder / "calib.txt").write_text(text)
    return gio.read_middlebury_calib(folder / "calib.txt", **options)


def test_millimetres_become_metres_and_doffs_stays(tmp_path: Path):
    calibration = read(tmp_path, CALIB)
    rig = calibration.rig
    assert rig.baseline_m == pytest.approx(0.193001)
    assert rig.doffs_px == pytest.approx(124.343)
    assert (rig.left.width, rig.left.height, rig.left.fx, rig.left.cy) == (2964, 1988, 3979.911, 1019.507)
    assert (calibration.ndisp, calibration.vmin, calibration.vmax) == (280, 31.0, 257.0)
    rig.require_rectified()


def test_loose_spacing_and_missing_optional_entries(tmp_path: Path):
    text = "cam0=[ 9 0 2 ; 0 9 3 ; 0 0 1 ] \n cam1=[ 9 0 2.5 ; 0 9 3 ; 0 0 1 ]\nbaseline= 60\n width= 8\nheight=6 \n"
    calibration = read(tmp_path, text)
    assert calibration.ndisp is None
    assert calibration.rig.doffs_px == 0.5
    assert read(tmp_path, text, baseline_unit_m=1.0).rig.baseline_m == 60.0


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("baseline=193.001\n", "", "has no baseline"),
        ("baseline=193.001", "baseline=-1", "baseline is -1"),
        ("baseline=193.001", "baseline=wide", "baseline is 'wide'"),
        ("width=2964", "width=nan", "width is nan"),
        ("width=2964", "width=0", "0x1988"),
        ("doffs=124.343", "doffs=12", "doffs is 12.0 but cx1 − cx0 is 124.343"),
        ("cam0=[3979.911 0", "cam0=[3979.911", "cam0 is"),
        ("cam0=[3979.911 0", "cam0=[3979.911 7", "skew"),
    ],
)
def test_malformed(tmp_path: Path, old: str, new: str, reason: str):
    with pytest.raises(gio.FormatError, match=reason):
        read(tmp_path, CALIB.replace(old, new))


@settings(deadline=None, max_examples=30)
@given(
    f=st.floats(1, 1e5),
    cx=st.floats(-1e4, 1e4),
    doffs=st.floats(-500, 500),
    baseline=st.floats(1e-3, 10),
    ndisp=st.none() | st.integers(1, 900),
)
def test_round_trip(f: float, cx: float, doffs: float, baseline: float, ndisp: int | None):
    import tempfile

    camera = Camera(width=320, height=240, fx=f, fy=f, cx=cx, cy=11.5)
    rig = StereoRig.rectified(camera, baseline, doffs)
    with tempfile.TemporaryDirectory() as folder:
        gio.write_middlebury_calib(Path(folder) / "calib.txt", rig, ndisp=ndisp)
        again = gio.read_middlebury_calib(Path(folder) / "calib.txt")
    assert again.rig.left == rig.left
    assert again.rig.right == rig.right
    assert again.rig.baseline_m == pytest.approx(baseline, rel=1e-12)
    assert again.ndisp == ndisp


@pytest.mark.parametrize(("old", "new"), [("width=", "width=0."), ("ndisp=", "ndisp=-"), ("height=", "height=9.")])
def test_sizes_that_are_no_whole_numbers_are_refused(tmp_path: Path, old: str, new: str):
    with pytest.raises(gio.FormatError, match="expected a whole number of pixels, 1 or more"):
        read(tmp_path, CALIB.replace(f"\n{old}", f"\n{new}"))


def test_a_byte_order_mark_of_an_editor_is_passed_over(tmp_path: Path):
    assert read(tmp_path, "\ufeff" + CALIB).rig.doffs_px == read(tmp_path, CALIB).rig.doffs_px
