"""The page on cameras shows what runs, and names every format's functions."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cameras.md").read_text()


def test_the_pages_code_runs():
    torch = pytest.importorskip("torch")
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, names)
    assert names["straight"].shape == (480, 640, 3)
    assert names["valid"].all()
    assert torch.isfinite(names["numbers"].grad).all()


def test_the_page_names_every_model_and_file_function():
    from geomvision import cameras, io

    models = [n for n, v in vars(cameras).items() if isinstance(v, type) and issubclass(v, cameras.CameraModel)]
    for name in set(models) - {"CameraModel"}:
        assert f"`{name}`" in PAGE
    files = re.findall(r"`((?:read|write|kitti|ros|tum)_\w+)`", PAGE)
    assert len(files) > 15
    assert not [name for name in files if not hasattr(io, name)]
