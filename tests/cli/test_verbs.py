"""The other verbs: methods, doctor, demo, and the CMake folder."""

import re
from pathlib import Path

import pytest

import geomvision as gv
from geomvision.__main__ import cmake_dir
from geomvision.cli.doctoring import clashes
from geomvision.cli.settings import build, parse


def test_the_version_is_that_of_the_package(geomvision):
    ended = geomvision("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"geomvision {gv.__version__}\n", "")


def test_methods_lists_everything(geomvision):
    ended = geomvision("methods")
    assert ended.code == 0
    for task in ("stereo", "flow", "depth"):
        for name in getattr(gv, task).METHODS:
            assert name in ended.out


def test_a_methods_options_come_with_unit_and_range(geomvision):
    ended = geomvision("methods", "stereo", "sgm")
    text = " ".join(ended.out.split())
    for option in gv.stereo.SGM.option_limits():
        if option not in ("backend", "num_threads"):
            assert option in text
    assert "between" in text
    assert "Hirschmüller" in text


def test_doctor_names_versions_methods_and_core(geomvision):
    ended = geomvision("doctor")
    assert ended.code == 0
    assert "stereo/sgm: cpp" in ended.out
    assert "instruction sets baseline" in ended.out
    assert re.search(r"numpy +numpy \d", ended.out)


@pytest.mark.parametrize(
    ("installed", "found"),
    [
        (["opencv-contrib-python"], []),
        (["opencv-contrib-python", "opencv-python"], ["write the same folder cv2"]),
        (["opencv-python-headless"], ["lacks ximgproc"]),
        (["opencv-python", "opencv-contrib-python-headless"], ["write the same folder cv2"]),
    ],
)
def test_clashes_of_opencv_are_seen(installed, found):
    told = clashes(installed)
    assert len(told) == len(found)
    assert all(part in line for part, line in zip(found, told, strict=True))
    assert all("pip uninstall" in line for line in told)


def test_demo_compares_three_tasks_offline(geomvision, tmp_path, monkeypatch):
    def small(seed, task="stereo", layout="mixed"):
        return original(seed=seed, task=task, layout=layout, width=160, height=120, max_disparity=32)

    original = gv.datasets.Synthetic
    monkeypatch.setattr("geomvision.cli.demonstration.Synthetic", small)
    monkeypatch.setattr("geomvision.cli.demonstration.FLOW", ("opencv_dis",))
    ended = geomvision("demo", "--out", tmp_path / "deep" / "demo.html")
    assert ended.code == 0, ended.err
    for title in ("stereo · 2 samples", "flow · moving things", "depth · street with a horizon"):
        assert title in ended.out
    page = (tmp_path / "deep" / "demo.html").read_text()
    assert page.count('class="viewer"') == 4
    assert page.count("<section>") == 3


def test_values_are_read_by_the_type_of_the_default():
    assert parse(gv.stereo.SGM, "adaptive_p2", "No") is False
    assert parse(gv.stereo.SGM, "speckle_range", "2") == 2.0
    assert parse(gv.stereo.SGM, "census", "5x5") == "5x5"
    with pytest.raises(ValueError, match="true or false"):
        parse(gv.stereo.SGM, "adaptive_p2", "maybe")


def test_a_setting_without_a_method_reaches_all_that_have_it():
    methods = build("stereo", "sgm,opencv_bm,sgm", ["max_disparity=48", "p1=7"])
    assert [(method.name(), method.max_disparity) for method in methods] == [("sgm", 48), ("opencv_bm", 48)]
    assert methods[0].p1 == 7


def test_the_cmake_folder_is_found_or_explained(capsys, monkeypatch):
    from geomvision.__main__ import main

    installed = (Path(gv.__file__).parent / "lib" / "cmake" / "geomvision" / "geomvisionConfig.cmake").is_file()
    monkeypatch.setattr("sys.argv", ["geomvision", "--cmake-dir"])
    if installed:
        main()
        assert Path(capsys.readouterr().out.strip()) == cmake_dir()
        return
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "install the wheel" in capsys.readouterr().err
