"""A C++ project elsewhere finds the library: from `cmake --install`, and from the wheel."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import geomvision as gv
from geomvision.images import to_grey

REPOSITORY = Path(__file__).resolve().parents[1]
CONSUMER = REPOSITORY / "tests" / "cpp" / "consumer"
#: The C++ tests have built the core there: `make cpp-tests`.
BUILT = REPOSITORY / "build" / "tests"
#: And the editable install there: a wheel's settings but CUDA are its own, so that little is left to compile.
INSTALLED = REPOSITORY / "build" / "editable"
#: Where they are not, these go on from run to run: only what has changed is compiled again.
OWN_CORE, OWN_WHEEL = REPOSITORY / "build" / "consumer_core", REPOSITORY / "build" / "consumer_wheel"
#: What another checkout or the other test has compiled is taken from there, where ccache is installed.
CACHED = {
    "CMAKE_CXX_COMPILER_LAUNCHER": "ccache",
    "CMAKE_CUDA_COMPILER_LAUNCHER": "ccache",
    "CCACHE_BASEDIR": str(REPOSITORY),
    "CCACHE_NOHASHDIR": "1",
}

#: At first the whole core is compiled, for every instruction set, while other tests run.
pytestmark = pytest.mark.timeout(1500)


def run(*command: object, **environment: str) -> str:
    text = [str(part) for part in command]
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "CMAKE_PREFIX_PATH")}
    cached = CACHED if shutil.which("ccache") else {}
    done = subprocess.run(text, capture_output=True, text=True, env=clean | cached | environment, check=False)
    assert done.returncode == 0, f"{' '.join(text)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def tool(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: pip install {name}")
    return found


def build_and_run(prefix: str, folder: Path) -> None:
    cmake, ninja = tool("cmake"), tool("ninja")
    options = [
        "-G",
        "Ninja",
        f"-DCMAKE_MAKE_PROGRAM={ninja}",
        f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCMAKE_BUILD_TYPE=Release",
    ]
    run(cmake, "-S", CONSUMER, "-B", folder, *options)
    run(cmake, "--build", folder)
    assert run(folder / "consumer").splitlines()[0] == f"geomvision {gv.__version__}"
    frames = ["frame 0: 4.0 px", "frame 1: 5.0 px", "frame 2: 6.0 px"]
    assert run(folder / "capture_loop").splitlines() == frames
    found = [float(word) for word in run(folder / "matcher_per_thread").split()]
    assert found == pytest.approx(range(4, 16), abs=0.25)
    assert re.fullmatch(r"6\.0 px, (9\d|100) % agree\n", run(folder / "matching_by_ops"))
    check_cloud(folder)
    for method in ("sgm", "block_matching"):
        check_same_bytes(method, folder)
    if (folder / "on_a_gpu").exists():
        assert run(folder / "on_a_gpu") in ("no GPU\n", "7 px\n")
    if (folder / "opencv_views").exists():
        assert run(folder / "opencv_views").splitlines() == ["passed"]
        assert run(folder / "opencv_capture_loop").splitlines() == frames


def check_cloud(folder: Path) -> None:
    """The example's wall stands two metres away, and its points span what the camera sees of it."""
    run(folder / "point_cloud", folder / "cloud.ply")
    header, _, body = (folder / "cloud.ply").read_text().partition("end_header\n")
    points = np.loadtxt(body.splitlines())
    assert f"element vertex {len(points)}" in header
    assert np.median(points[:, 2]) == pytest.approx(2.0, abs=0.01)
    assert np.ptp(points[:, 1]) == pytest.approx(239 * 2.0 / 500, rel=0.05)


def check_same_bytes(method: str, folder: Path) -> None:
    """C++ and Python, with the defaults of each, give the same bytes."""
    pair = gv.datasets.Synthetic(seed=4, height=90, width=140)[0]
    left, right = to_grey(pair.left), to_grey(pair.right)
    left.tofile(folder / "left.raw")
    right.tofile(folder / "right.raw")
    run(folder / "match_files", method, 140, 90, folder / "left.raw", folder / "right.raw", folder / "out.raw")
    found = gv.stereo.METHODS[method](backend="cpp")(left, right)
    expected = found.px.tobytes() + found.confidence.tobytes() + found.occluded.tobytes()
    assert (folder / "out.raw").read_bytes() == expected


def test_from_cmake_install(tmp_path):
    cmake, ninja = tool("cmake"), tool("ninja")
    options = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}", "-DGEOMVISION_PYTHON=OFF", "-DGEOMVISION_WERROR=ON"]
    options += ["--no-warn-unused-cli", "-DCMAKE_CUDA_ARCHITECTURES=90"]  # one will do, where nvcc is
    core = BUILT
    if not (BUILT / "csrc" / "libgeomvision.a").exists():
        core = OWN_CORE
        run(cmake, "-S", REPOSITORY, "-B", core, *options)
    run(cmake, "--build", core)
    run(cmake, "--install", core, "--prefix", tmp_path / "prefix")
    build_and_run(str(tmp_path / "prefix"), tmp_path / "consumer")


def test_from_the_wheel(tmp_path):
    build = ("pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check")
    core = INSTALLED if (INSTALLED / "csrc" / "libgeomvision.a").exists() else OWN_WHEEL
    settings = [f"--config-settings={each}" for each in (f"build-dir={core}", "cmake.define.GEOMVISION_CUDA=OFF")]
    run(sys.executable, "-m", *build, *settings, "-w", tmp_path, REPOSITORY)
    (wheel,) = tmp_path.glob("geomvision-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        learnt = sum(each.compress_size for each in archive.infolist() if each.filename.endswith(".safetensors"))
        archive.extractall(tmp_path / "site")
    assert learnt < 6e6
    assert wheel.stat().st_size - learnt < 7.5e6  # code for GPUs would be tens of megabytes
    assert "geomvision/py.typed" in names
    assert {"geomvision/_core.pyi", "geomvision/report/web/page.html"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "benches/", "csrc/")) or "cuda" in Path(name).name]
    # -S leaves this environment's own site-packages, and with them its editable install, out of sight.
    code = (
        "import sys, runpy; sys.argv = ['geomvision', '--cmake-dir']; "
        f"sys.path[:0] = [{str(tmp_path / 'site')!r}]; runpy.run_module('geomvision', run_name='__main__')"
    )
    folder = run(sys.executable, "-S", "-c", code).strip()
    assert Path(folder).is_relative_to(tmp_path / "site")
    build_and_run(folder, tmp_path / "consumer")
