"""Packages that are missing are named, with the extra that brings them and pip's command."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import geomvision
from geomvision.packages import EXTRAS, how_to_get, needed_by

PACKAGE = Path(geomvision.__file__).parent
#: What needs a package, as somebody would call it, and what must be said when it is not there.
MISSING = {
    "open3d": (
        "gv.geometry.fuse([gv.Depth(m=np.full((8, 8), 2.0))], [np.zeros((8, 8), np.uint8)], camera, np.eye(4)[None])",
        "fuse needs open3d: it comes with the extra 'viewer': pip install 'geomvision[viewer]'",
    ),
    "poselib": (
        "gv.pose.PoseLib()(np.zeros((9, 2)), np.zeros((9, 2)), camera, camera)",
        "poselib needs poselib: pip install 'geomvision[pose]'",
    ),
    "yaml": ("gv.io.read_kalibr('camchain.yaml')", "reading YAML needs yaml: it comes with geomvision and was removed"),
    "cv2": (
        "gv.geometry.match_features(*[np.zeros((9, 9), np.uint8)] * 2)",
        "match_features needs cv2: it comes with geomvision and was removed: pip install opencv-contrib-python",
    ),
    "cv2.find": (
        "gv.geometry.find_corners(np.zeros((99, 99), np.uint8), gv.geometry.Board(columns=5, rows=4, square_m=1.0))",
        "find_corners needs cv2",
    ),
    "cv2.motion": (
        "gv.depth.FromMotion()([np.zeros((8, 8), np.uint8)] * 2, camera)",
        "depth from motion needs cv2: it comes with geomvision and was removed",
    ),
    "cv2.report": (
        "import geomvision.report.maps as maps; maps.colored(np.eye(9, dtype=np.float32))",
        "the report needs cv2: it comes with geomvision and was removed",
    ),
    "cv2.read": ("gv.io.read_image('image.png')", "reading and writing images needs cv2"),
}


@pytest.mark.parametrize("what", MISSING)
def test_a_missing_package_is_named(tmp_path, what):
    call, said = MISSING[what]
    (tmp_path / "camchain.yaml").write_text("cam0: {}")
    (tmp_path / "image.png").write_bytes(b"\x89PNG")
    package = what.partition(".")[0]
    code = (
        "import importlib.util, sys\n"
        f"hidden = {package!r}\n"
        "class Hides:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == hidden: raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Hides())\n"
        "import numpy as np, geomvision as gv\n"
        "camera = gv.Camera(width=8, height=8, fx=8, fy=8, cx=3.5, cy=3.5)\n"
        f"{call}\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert said in last, done.stderr


def test_every_extra_is_one_that_the_package_has():
    tomllib = pytest.importorskip("tomllib")
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    for package, extra in EXTRAS.items():
        assert any(need.startswith(package) for need in project["optional-dependencies"][extra])
        assert f"pip install 'geomvision[{extra}]'" in how_to_get(package)
    for name in ("opencv-contrib-python", "pyyaml", "scipy"):
        assert any(need.startswith(name) for need in project["dependencies"])


def test_a_library_of_the_system_that_is_missing_is_told():
    with pytest.raises(ImportError, match=r"fuse needs a package that cannot be loaded here: libGL"), needed_by("fuse"):
        raise OSError("libGL.so.1: cannot open shared object file")


def unguarded(node, inside=False):
    """Imports of cv2 below `node`, by line, that are in no block of `needed_by`."""
    if isinstance(node, ast.With):
        inside = inside or any("needed_by" in ast.unparse(item.context_expr) for item in node.items)
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None)]
    if "cv2" in names and not inside:
        yield node.lineno
    for child in ast.iter_child_nodes(node):
        yield from unguarded(child, inside)


def test_opencv_is_only_imported_where_its_absence_is_told():
    """By `needed_by`, or by a backend that requires it and the helpers of those."""
    bare = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        if path.name != "_opencv.py" and 'requires="cv2"' not in text:
            bare += [f"{path.relative_to(PACKAGE)}:{line}" for line in unguarded(ast.parse(text))]
    assert bare == []
