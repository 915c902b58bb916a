"""Every example runs, and says something."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
EXAMPLES = REPOSITORY / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda p: p.name)
def test_example_runs(path, tmp_path):
    command = [sys.executable, path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 2


def test_examples_are_short():
    assert all(len(path.read_text().splitlines()) <= 60 for path in EXAMPLES.rglob("*.*"))


def python_of(page: str) -> str:
    (block,) = re.findall(r"```python\n(.*?)```", (REPOSITORY / page).read_text(), flags=re.DOTALL)
    return block


def test_the_ten_lines_of_the_readme_run(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", python_of("README.md")], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").stat().st_size > 100_000


def test_the_method_of_the_contributing_page_is_a_method(tmp_path):
    code = (
        python_of("CONTRIBUTING.md").replace("from ..", "from geomvision.").replace("._base", "geomvision.stereo._base")
    )
    code += (
        "\nleft = np.random.default_rng(0).integers(0, 255, (20, 60), np.uint8)\n"
        "found = MyMatcher(max_disparity=16)(left, np.roll(left, -5, axis=1))\n"
        "assert (found.px[:, 5:] == 5).mean() > 0.9  # equal grey levels may meet at a smaller disparity\n"
    )
    target = tmp_path / "my_matcher.py"
    target.write_text(code)
    done = subprocess.run([sys.executable, target], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
