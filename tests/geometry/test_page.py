"""What docs/points.md shows is what happens."""

import re
from pathlib import Path

import numpy as np

PAGE = Path(__file__).resolve().parents[2] / "docs" / "points.md"


def test_the_example_gives_what_the_page_says():
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict = {}
    exec(example, names)
    points = names["points"]
    assert points.counts() == {"valid": 2, "small_angle": 1}
    np.testing.assert_allclose(points.m[0], names["scene"][0], rtol=1e-9)
    assert points.errors_px[1].max() > 0.1
    assert points.sigma_m[1] > points.sigma_m[0]
