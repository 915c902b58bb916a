"""Bad input: one message on standard error, exit code 2, and not a byte left behind."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from geomvision import io
from geomvision.cli import main

METHODS = ("--methods", "opencv_bm", "--repeats", "1")


def write_bad_files(folder):
    """Everything that can be wrong with a file, by name."""
    (folder / "cut.pfm").write_bytes((folder / "disp.pfm").read_bytes()[:-100])
    (folder / "cut.png").write_bytes((folder / "left.png").read_bytes()[:-200])
    (folder / "text.png").write_text("no image")
    (folder / "empty.png").write_bytes(b"")
    (folder / "nothing").mkdir()
    small = np.random.default_rng(0).integers(0, 255, (60, 100), dtype=np.uint8)
    io.write_image(folder / "small.png", small)
    io.write_pfm(folder / "small.pfm", np.ones((60, 100), np.float32))
    for name in ("dot0", "dot1"):
        io.write_image(folder / f"{name}.png", np.full((1, 1), 9, np.uint8))
    hole = np.random.default_rng(1).random((40, 60)).astype(np.float32)
    hole[3, 4] = np.nan
    import cv2

    for name in ("hole0", "hole1"):
        assert cv2.imwrite(str(folder / f"{name}.tiff"), hole)
    io.write_image(folder / "black.png", np.zeros((120, 200), np.uint8))
    (folder / "calib.txt").write_text("cam0=[100 0 50; 0 100 30; 0 0 1]\ncam1=[100 0 50; 0 100 30; 0 0 1]\n"
                                      "doffs=0\nbaseline=100\nwidth=100\nheight=60\nndisp=20\n")  # fmt: skip


PAIR = ("left.png", "right.png")
BAD = {
    "missing file": ("stereo", ("left.png", "absent.png"), (), "absent.png: does not exist"),
    "missing folder": ("stereo", ("absent",), (), "absent does not exist"),
    "truncated truth": ("stereo", PAIR, ("--truth", "cut.pfm"), "cut.pfm"),
    "truncated image": ("stereo", ("cut.png", "right.png"), (), "cut.png"),
    "no image": ("stereo", ("text.png", "right.png"), (), "text.png"),
    "empty file": ("stereo", ("empty.png", "right.png"), (), "empty.png: is empty"),
    "8-bit truth without a scale": ("stereo", PAIR, ("--truth", "left.png"), "scale"),
    "flow in a PNG of the wrong depth": ("flow", PAIR, ("--truth", "left.png"), "16 bits"),
    "images of different size": ("stereo", ("left.png", "small.png"), (), "differ in size"),
    "frames of different size": ("flow", ("left.png", "small.png"), (), "differ in size"),
    "truth of another size": ("stereo", PAIR, ("--truth", "small.pfm"), "small.pfm is 100x60 pixels"),
    "calibration of another size": ("stereo", PAIR, ("--calib", "calib.txt"), "100x60 pixels, but the image"),
    "no calibration": ("stereo", PAIR, ("--calib", "disp.pfm"), "disp.pfm"),
    "one pixel": ("stereo", ("dot0.png", "dot1.png"), (), "constant: 1x1 pixels"),
    "one pixel of flow": ("flow", ("dot0.png", "dot1.png"), (), "constant: 1x1 pixels"),
    "empty folder": ("stereo", ("nothing",), (), "holds nothing; expected"),
    "one file": ("stereo", ("left.png",), (), "one file: give two images, or a scene folder"),
    "folder with truth": ("stereo", (".",), ("--truth", "disp.pfm"), "leave out --truth"),
    "NaN in a float image": ("stereo", ("hole0.tiff", "hole1.tiff"), (), "NaN"),
    "swapped": ("stereo", ("right.png", "left.png"), (), "swapped"),
    "the same image": ("stereo", ("left.png", "left.png"), (), "same image"),
    "range wider than the image": ("stereo", PAIR, ("--set", "max_disparity=208"), "only 200 pixels wide"),
    "unknown option": ("stereo", PAIR, ("--set", "opencv_bm.max_disparty=3"), "did you mean 'max_disparity'?"),
    "option of another method": ("stereo", PAIR, ("--set", "sgm.p1=3"), "'sgm' is not among the methods"),
    "no setting": ("stereo", PAIR, ("--set", "max_disparity"), "METHOD.OPTION=VALUE"),
    "no number": ("stereo", PAIR, ("--set", "max_disparity=many"), "max_disparity is 'many'; it must be int"),
    "value out of range": ("stereo", PAIR, ("--set", "max_disparity=-99999"), "-99999"),
    "unknown protocol": ("stereo", PAIR, ("--truth", "disp.pfm", "--protocol", "kiti"), "no stereo protocol 'kiti'"),
    "protocol without truth": ("stereo", PAIR, ("--protocol", "eth3d"), "no sample has truth"),
    "objects without truth": ("stereo", PAIR, ("--objects", "left.png"), "--objects are scored against truth: give"),
    "objects of another size": (
        "stereo",
        PAIR,
        ("--truth", "disp.pfm", "--objects", "small.png"),
        "small.png: holds masks of 100x60 pixels; expected masks of 200x120 pixels, as the left image",
    ),
    "no object": ("stereo", PAIR, ("--truth", "disp.pfm", "--objects", "black.png"), "black.png has no object in "),
    "depth without camera": ("depth", ("left.png",), (), "--calib"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_and_leaves_nothing(geomvision, pair, out, case, monkeypatch):
    task, files, flags, message = BAD[case]
    write_bad_files(pair)
    monkeypatch.chdir(pair)
    methods = METHODS if task == "stereo" else ("--repeats", "1")
    ended = geomvision("compare", task, *files, *flags, *methods, "--out", out / "report.html")
    assert ended.code == 2
    assert message in ended.err
    assert ended.err.startswith("geomvision: ")
    assert len(ended.err.strip().splitlines()) == 1
    assert ended.out == ""
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("compare", "stereo", "a", "b", "--methods", "smg"), "a: does not exist"),
        (("methods", "stero"), "did you mean 'stereo'?"),
        (("methods", "stereo", "sgmm"), "did you mean 'sgm'?"),
        (("demo", "--out", "report.pdf"), ".html or .json"),
        (("train", "stereo/nothing"), "nothing"),
    ],
)
def test_other_verbs_tell_too(geomvision, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = geomvision(*arguments)
    assert ended.code == 2
    assert message in ended.err
    assert not list(tmp_path.iterdir())


def test_an_unknown_method_suggests_the_nearest(geomvision, pair):
    ended = geomvision("compare", "stereo", pair / "left.png", pair / "right.png", "--methods", "opencv_sgmb")
    assert ended.code == 2
    assert "did you mean 'opencv_sgbm'?" in ended.err


def test_weights_that_may_not_be_used_commercially_are_refused_where_that_is_asked(geomvision, pair):
    """A checkpoint without a card has a licence that nobody knows."""
    chosen = ("--methods", "mccnn_sgm", "--set", f"weights={pair / 'left.png'}", "--repeats", "1")
    ended = geomvision("compare", "stereo", pair / "left.png", pair / "right.png", *chosen, "--commercial")
    assert ended.code == 2
    assert "left.png' of unknown licence: no commercial use until it is known" in ended.err


def test_where_a_report_cannot_be_written_is_told_before_the_work(geomvision, pair, out):
    ended = geomvision("compare", "stereo", pair / "left.png", pair / "right.png", "--out", out, *METHODS)
    assert ended.code == 2
    assert "--out" in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("folder", ["left.png", "/proc"])
def test_a_folder_that_takes_no_files_is_told_before_the_work(geomvision, pair, folder):
    report = pair / folder / "report.html"
    ended = geomvision("compare", "stereo", pair / "left.png", pair / "right.png", "--out", report, *METHODS)
    assert ended.code == 2
    assert f"--out {report}: nothing can be written to" in ended.err
    assert ended.out == ""


def test_usage_errors_end_with_2(geomvision):
    assert geomvision("compare", "stereo").code == 2
    assert geomvision("nonsense").code == 2
    assert geomvision("compare", "stereo", "a", "b", "--repeats", "0").code == 2


def test_a_traceback_is_there_for_who_wants_it(pair):
    with pytest.raises(ValueError, match="absent"):
        main(["--traceback", "compare", "stereo", str(pair / "left.png"), str(pair / "absent.png")])


def test_the_module_is_the_command_line():
    done = subprocess.run(
        [sys.executable, "-m", "geomvision", "methods", "stereo", "nothing"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("geomvision: there is no stereo method 'nothing'")
    assert "Traceback" not in done.stderr


def test_an_interrupt_while_packages_load_ends_without_a_traceback(monkeypatch):
    class Interrupted:
        def find_spec(self, name, path=None, target=None):
            if name == "geomvision.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "geomvision.cli.app", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 130


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are Linux's")
@pytest.mark.parametrize("report", ["report.html", "report.json"])
def test_names_that_are_no_text_are_read_and_reported(geomvision, pair, out, report):
    """A name is bytes: one of an old archive in Latin-1 is legal, and must not cost the report."""
    names = [Path(os.fsdecode(os.fsencode(pair) + name)) for name in (b"/gr\xfcn.png", b"/gr\xfcn2.png")]
    for name, source in zip(names, PAIR, strict=True):
        name.write_bytes((pair / source).read_bytes())
    with pytest.raises(SystemExit) as ended:
        main(["compare", "stereo", *map(str, names), *METHODS, "--out", str(out / report)])
    assert not ended.value.code
    assert "gr" in (out / report).read_text("utf-8")
