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
