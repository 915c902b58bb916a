"""What the page of known points shows is what the example does, and it names what there is."""

import re
from pathlib import Path

from geomvision import geometry

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "known_points.md").read_text()


def test_code_is_taken_from_the_example():
    example = (REPOSITORY / "examples" / "09_where_is_the_camera.py").read_text()
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    assert not [block for block in blocks if block not in example]


def test_functions_are_listed_once():
    names = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert len(names) == len(set(names)) == 8
    assert set(names) <= set(geometry.__all__)
    assert all(callable(getattr(geometry, name)) for name in names)
