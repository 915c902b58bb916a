"""What the pages show is what the examples do, and no header is forgotten."""

import re
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def test_code_in_the_cpp_page_is_taken_from_the_examples():
    examples = "".join(path.read_text() for path in (REPOSITORY / "examples" / "cpp").glob("*.cpp"))
    blocks = re.findall(r"```cpp\n(.*?)```", (REPOSITORY / "docs" / "cpp.md").read_text(), re.DOTALL)
    assert blocks
    assert not [block for block in blocks if block not in examples]


def test_the_ops_page_lists_every_op_once():
    from geomvision import ops

    page = (REPOSITORY / "docs" / "ops.md").read_text()
    names = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted([*names, "Winners"]) == sorted(ops.__all__)  # what winner_takes_all gives
    assert "(docs/ops.md)" in (REPOSITORY / "README.md").read_text()


def test_the_cpp_page_names_every_public_header():
    page = (REPOSITORY / "docs" / "cpp.md").read_text()
    headers = REPOSITORY / "csrc" / "include" / "geomvision"
    names = [path.relative_to(headers).as_posix() for path in headers.rglob("*.hpp")]
    assert not [name for name in names if f"`{name}`" not in page]


def test_the_data_sets_page_lists_every_reader_once():
    from geomvision.datasets import DATASETS

    page = (REPOSITORY / "docs" / "datasets.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(rows) == [(name, DATASETS.class_name(name)) for name in DATASETS]
    assert "(docs/datasets.md)" in (REPOSITORY / "README.md").read_text()


@pytest.mark.parametrize("task", ["stereo", "flow", "depth", "pose"])
def test_the_front_page_names_every_method_of_a_task(task):
    import importlib

    methods = importlib.import_module(f"geomvision.{task}").METHODS
    (row,) = re.findall(rf"^\| {task}\b.*\|$", (REPOSITORY / "README.md").read_text(), re.MULTILINE)
    assert not [name for name in methods if f"`{name}`" not in row]


def rows_of(title):
    """The cells of the table below a title of the C++ page."""
    page = (REPOSITORY / "docs" / "cpp.md").read_text()
    section = page.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip("` ") for cell in row] for row in rows], section


def declares(header, name):
    text = (REPOSITORY / "csrc" / "include" / "geomvision" / header).read_text()
    return re.search(rf"\b(?:class|void) {re.escape(name)}\b", text) is not None


def test_every_op_is_in_cpp():
    from geomvision import ops

    rows, _ = rows_of("Every op in C++")
    assert sorted([*(row[0] for row in rows), "Winners"]) == sorted(ops.__all__)
    assert not [row for row in rows if not declares(row[1], row[2])]


def test_every_method_of_ours_is_in_cpp_or_said_not_to_be():
    import geomvision

    rows, section = rows_of("Every method in C++")
    alone = re.findall(r"`(\w+)`", section.partition("Python alone:")[2])
    tasks = (geomvision.stereo, geomvision.flow, geomvision.depth)
    ours = [name for task in tasks for name in task.METHODS if not name.startswith(("opencv_", "skimage_"))]
    assert sorted([*(row[0] for row in rows), *alone]) == sorted([*ours, "track_points"])
    named = [(row[1], re.match(r"\w+", row[2])[0]) for row in rows]
    assert not [pair for pair in named if not declares(*pair)]


def photographs_of_a_board(folder):
    """left/ and right/ with eight images each: 9x6 inner corners, squares of 25 mm, cameras 60 mm apart."""
    from geomvision import io
    from geomvision.cameras import Camera, pose

    camera = Camera(width=400, height=300, fx=350, fy=350, cx=199, cy=151)
    rays, random = camera.unproject(camera.pixel_grid()), np.random.default_rng(3)
    for n in range(8):
        (x, y), place = random.uniform(-0.5, 0.5, 2), np.array([(-0.1, -0.06)[n % 2], -0.06, random.uniform(0.4, 0.5)])
        about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
        about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
        for side, shift in (("left", 0.0), ("right", -0.06)):
            T = pose(about_y @ about_x, place + np.array([shift, 0, 0]))
            points = rays * ((T[:3, 2] @ T[:3, 3]) / (rays @ T[:3, 2]))[..., None]
            at = ((points - T[:3, 3]) @ T[:3, :2]) / 0.025 + 1
            inside = ((at > 0) & (at < (10, 7))).all(axis=-1)
            grey = 120 - 100 * np.tanh(np.sin(np.pi * at).prod(axis=-1) / 0.15)
            (folder / side).mkdir(exist_ok=True)
            io.write_image(folder / side / f"{n}.png", np.where(inside, grey, 220).astype(np.uint8))


#: What a page's last names hold, and packages that it may ask for.
SHOWN = {
    "bench": lambda names: (
        names["summary"].units == 4
        and len(names["bad"]) == 2
        and max(names["bad"]) < 100
        and len(names["turned"]) == 4
        and max(names["turned"]) < 10
    ),
    "calibration": lambda names: abs(names["result"].rig.baseline_m - 0.06) < 6e-4,
    "cameras": lambda names: names["valid"].all() and names["numbers"].grad.isfinite().all(),
    "cues": lambda names: names["told"].on(names["scene"]).density > 0.9 and abs(names["response"].share) < 0.1,
    "datasets": lambda names: (
        "00001_flow.flo: its header says" in names["told"]
        and (names["by_class"]["AbsRel glass"].value, names["by_class"]["AbsRel other"].value) == (0.5, 0.0)
        and names["layout_told"].endswith("FlyingChairs_release holds data/; expected photos/NAME.png")
    ),
    "depth": lambda names: all(
        np.nanmean(np.abs(names[found].m / names["held"].m - 1)) < bound
        for found, bound in (("metres", 0.25), ("told", 0.1))
    ),
    "depth_looks": lambda names: (
        abs(names["tiles"].m[-1] / names["whole"].m[-1] - 1).max() < 1e-4
        and abs(np.nanmedian(names["looks"].m / names["whole"].m) - 1) < 0.05
        and 0 < names["unsure"].mean() < 1
    ),
    "depth_scores": lambda names: (
        abs(names["figures"]["AbsRel"].value - 0.1) < 1e-5
        and names["by_order"] < 1e-4
        and "disparity_affine" in names["reason"]
    ),
    "export": lambda names: names["done"].largest < 1e-3 and names["apart_px"] < 1e-2,
    "flow": lambda names: names["both"].occluded.any() and names["rigid"].density > 0.6,
    "known_points": lambda names: (names["found"].inliers.sum() > 190) & (names["deviation"] < 0.01).all(),
    "learned_flow": lambda names: names["flow"].valid.all() and 0 < names["hidden"].mean() < 0.5,
    "leaderboard": lambda names: (
        names["best"].rank == 1 and names["best"].scenes == 6 and names["page"].stat().st_size > 5e4
    ),
    "learned_stereo": lambda names: names["disparity"].valid.all() and len(names["trace"]) == 8,
    "losses": lambda names: names["loss"] < 0.6 * names["still"] and names["slope"].isfinite().all(),
    "metric_depth": lambda names: (
        abs(names["metric"].alignment.scale - 2.5) < 0.01
        and np.nanmean(np.abs(names["dense"].m - names["held"].m) / names["held"].m) < 0.05
    ),
    "motion": lambda names: len(names["mesh"].triangles) > 1000 and Path("mesh.html").stat().st_size > 1e5,
    "performance": lambda names: (
        names["timing"].repeats == 9
        and 0 < names["timing"].minimum_s <= names["timing"].median_s <= names["timing"].maximum_s
        and names["disparity"].density > 0.7
    ),
    "points": lambda names: names["points"].counts() == {"valid": 2, "small_angle": 1},
    "published_depth": lambda names: names["kind"] == "disparity_affine" and names["licence"].spdx == "CC-BY-NC-4.0",
    "rectify": lambda names: (
        abs(next(c.value for c in names["mended"].corrections if c.name == "roll_deg") - 0.5) < 0.05
    ),
    "scene_flow": lambda names: (
        names["figures"]["epe3d"]["EPE3D noc"].value < 0.1 and len(names["report"].rows) == 2 and names["alone"].pose
    ),
    "two_view": lambda names: names["result"].inliers.sum() > 50 and not names["result"].degeneracies,
}
NEEDED = {"cameras": "torch", "depth": "torch", "learned_stereo": "torch", "losses": "torch", "motion": "open3d"}
NEEDED |= {"bench": "pyarrow", "export": "onnxscript", "published_depth": "huggingface_hub"}
PAGES = sorted(path for path in (REPOSITORY / "docs").glob("*.md") if "```python" in path.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_of_every_page_runs_in_order(page, tmp_path, monkeypatch):
    if page.stem in NEEDED:
        pytest.importorskip(NEEDED[page.stem])
    monkeypatch.chdir(tmp_path)
    if page.stem == "calibration":
        photographs_of_a_board(tmp_path)
    names = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        exec(compile(block, page.name, "exec"), names)
    assert SHOWN[page.stem](names)


EVERY_PAGE = [*sorted((REPOSITORY / "docs").glob("*.md")), REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"]


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.stem)
def test_every_command_of_a_page_is_one(page):
    import typer

    from geomvision.cli.app import app

    text, verbs = page.read_text(), typer.main.get_command(app)
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"`(geomvision [^`]*)`", text))
    for line in re.findall(r"^(?:\S*/)?geomvision ([a-z].*)", shell, re.MULTILINE):
        words, verb = line.partition("#")[0].split(), verbs
        while words and words[0] in getattr(verb, "commands", {}):
            verb = verb.commands[words.pop(0)]
        assert verb is not verbs, f"{page.name}: geomvision {line}"
        known = {flag for parameter in verb.params for flag in (*parameter.opts, *parameter.secondary_opts)}
        assert not [word for word in words if word.startswith("--") and word not in known], f"{page.name}: {line}"


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.stem)
def test_every_name_of_a_page_is_there(page):
    import geomvision as gv

    rooms = "geometry|io|cameras|datasets|metrics|report"
    text = page.read_text().replace("gv.stereo.MyMatcher", "")  # the reader's own
    named = re.findall(rf"\b((?:{rooms})\.(?!html|py)[a-zA-Z]\w+)\b(?!\.)", " ".join(re.findall(r"`([^`\n]+)`", text)))
    for path in named + re.findall(r"\bgv\.((?:\w+\.)*[a-zA-Z]\w+)", text):
        found = gv
        for name in path.split("."):
            assert hasattr(found, name), f"{page.name}: {path}"
            found = getattr(found, name)
