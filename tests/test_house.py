"""The rules of the house, measured: sizes of rooms, floors, what an import costs, the public surface."""

import ast
import importlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import geomvision

PACKAGE = Path(geomvision.__file__).parent
REPOSITORY = Path(__file__).resolve().parents[1]
PYTHON = sorted(
    p for folder in ("geomvision", "tests", "benches", "examples") for p in (REPOSITORY / folder).rglob("*.py")
)
SURFACE = REPOSITORY / "tests" / "api_surface.json"

#: A file may import from its own floor or a lower one.
FLOORS = [
    ("_core", "packages"),
    ("arguments", "images", "cameras", "weights", "licences", "ops"),
    ("results", "samples", "geometry", "nets"),
    (
        "catalogue",
        "exported",
        "learned",
        "method",
        "onnx_runtime",
        "foreign_nets",
        "registry",
        "trace",
        "timing",
        "tiling",
        "metrics",
        "losses",
        "io",
    ),
    ("stereo", "flow", "depth", "pose", "scene_flow", "datasets"),
    ("benchmark", "export", "training"),
    ("report",),
    ("cli", "__main__"),
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
LINE_LIMITS = {
    ".py": 300,
    ".hpp": 150,
    ".cpp": 350,
    ".cu": 350,
    ".cuh": 150,
    ".h": 150,
    ".js": 300,
    ".css": 300,
    ".html": 300,
}


def relative(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def source_files() -> list[Path]:
    folders = ("geomvision", "csrc", "tests", "benches", "examples")
    files = (p for folder in folders for p in (REPOSITORY / folder).rglob("*"))
    return sorted(p for p in files if p.suffix in LINE_LIMITS)


def test_files_are_short():
    limits = {p: 80 if "bindings" in p.parts and p.suffix == ".cpp" else LINE_LIMITS[p.suffix] for p in source_files()}
    long = {relative(p): n for p, limit in limits.items() if (n := len(p.read_text().splitlines())) > limit}
    assert not long


def test_readers_of_data_sets_are_short():
    """What renders scenes, and what knows any folder, is more than a reader."""
    more = {"folder", "synthetic"}
    readers = [p for p in (PACKAGE / "datasets").glob("[!_]*.py") if p.stem not in more]
    assert not {relative(p): n for p in readers if (n := len(p.read_text().splitlines())) > 120}


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_functions_are_short(path):
    functions = [
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert not {f.name: n for f in functions if (n := (f.end_lineno or f.lineno) - f.lineno + 1) > 60}


def imported_rooms(path: Path) -> set[str]:
    """First part below `geomvision` of everything the file imports, wherever in the file."""
    inside = path.relative_to(PACKAGE).with_suffix("").parts
    package = ("geomvision", *inside[:-1])
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            names = [f"{origin}.{alias.name}" for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("geomvision.")}
    return rooms


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=relative)
def test_imports_run_downwards(path):
    room = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if room == "__init__":
        return
    assert room in FLOOR_OF, f"{room} has no floor: add it to FLOORS and to docs/architecture.md"
    upward = {other for other in imported_rooms(path) if FLOOR_OF.get(other, 0) > FLOOR_OF[room]}
    assert not upward


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_is_light():
    heavy = ("torch", "cv2", "numba", "open3d", "scipy", "rich", "typer", "jinja2", "geomvision._core")
    code = f"import sys, geomvision as gv; list(gv.stereo.METHODS); print([m for m in {heavy!r} if m in sys.modules])"
    assert run(code).strip() == "[]"


def test_listing_methods_imports_none_of_them():
    code = (
        "import sys, geomvision as gv\n"
        "for t in (gv.stereo, gv.flow, gv.depth, gv.pose): list(t.METHODS); len(t.METHODS); 'sgm' in t.METHODS\n"
        "names = [f'geomvision.{t}.{m}' for t in ('stereo', 'flow', 'depth', 'pose') for m in getattr(gv, t).METHODS]\n"
        "print(len(names) > 0, [n for n in names if n in sys.modules])"
    )
    assert run(code).strip() == "True []"


def test_the_core_says_nothing():
    spoken = re.compile(r"\b(printf|fprintf|puts|iostream|cout|cerr|clog)\b")
    sources = [
        path for path in (REPOSITORY / "csrc" / "src").rglob("*") if path.suffix in (".cpp", ".hpp", ".cu", ".cuh")
    ]
    assert len(sources) > 100
    assert [path.name for path in sources if spoken.search(path.read_text())] == []


def test_the_core_is_really_built():
    core = importlib.import_module("geomvision._core")
    assert Path(core.__file__ or "").suffix in (".so", ".pyd")
    assert core.available_isas()[0] == "baseline"
    cmake = (REPOSITORY / "CMakeLists.txt").read_text()
    assert f"project(geomvision VERSION {core.version} " in cmake
    assert geomvision.__version__ == core.version


def test_the_version_is_written_once():
    text = (REPOSITORY / "pyproject.toml").read_text()
    assert 'dynamic = ["version"]' in text
    assert not re.search(r"(?m)^version\s*=", text)


def surface() -> dict[str, list[str]]:
    """Public names: of the package, of each module it offers, and of each method with its options."""
    import geomvision as gv

    found = {"geomvision": sorted(gv.__all__)}
    rooms = ("catalogue", "images", "licences", "method", "registry", "samples", "timing", "trace", "weights")
    for room in rooms:
        if importlib.util.find_spec(f"geomvision.{room}") is None:
            continue
        module = importlib.import_module(f"geomvision.{room}")
        own = [n for n, v in vars(module).items() if getattr(v, "__module__", None) == module.__name__]
        found[room] = sorted(n for n in own if not n.startswith("_"))
    packages = ("cameras", "results", "geometry", "ops", "io", "metrics", "datasets", "losses")
    for room in (*packages, "benchmark", "report", "training"):
        module = importlib.import_module(f"geomvision.{room}")
        found[room] = sorted(getattr(module, "__all__", []))
    for task in ("stereo", "flow", "depth", "pose", "scene_flow"):
        methods = getattr(gv, task).METHODS
        found |= {f"{task}/{name}": sorted(methods[name].option_limits()) for name in methods}
    return found


def test_public_surface_is_the_recorded_one():
    """Names vanish only on purpose. Record a wanted change: python tests/test_house.py"""
    assert surface() == json.loads(SURFACE.read_text())


def test_no_forbidden_words():
    names = re.compile(r"(^|[^A-Za-z0-9_.])/(work|home|root|tmp/bash)[/\s]|class \w*Manager|def (get|compute)_")
    found = {}
    for path in source_files():
        hits = [line.strip() for line in path.read_text().splitlines() if names.search(line)]
        if hits and path != Path(__file__).resolve():
            found[relative(path)] = hits
    assert not found
    assert not [relative(p) for p in PYTHON if p.stem == "utils"]


if __name__ == "__main__":
    SURFACE.write_text(json.dumps(surface(), indent=1) + "\n")
