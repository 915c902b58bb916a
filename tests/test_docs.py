"""What the pages show is what the examples do, and no header is forgotten."""

import re
from pathlib import Path

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
    ours = [name for task in tasks for name in task.METHODS if not name.startswith("opencv_")]
    assert sorted([*(row[0] for row in rows), *alone]) == sorted([*ours, "track_points"])
    named = [(row[1], re.match(r"\w+", row[2])[0]) for row in rows]
    assert not [pair for pair in named if not declares(*pair)]


def test_the_code_of_the_rectify_page_runs(capsys):
    page = (REPOSITORY / "docs" / "rectify.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(block, "rectify.md", "exec"), {})
    assert "roll_deg +0.5" in capsys.readouterr().out
