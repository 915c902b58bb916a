"""Every data set in its real layout: what was written is read back to the exact value, lazily."""

import numpy as np
import pytest

from geomvision import io
from geomvision.datasets import DATASETS
from geomvision.datasets._base import Dataset, DatasetError


def test_truth_is_read_back_to_the_exact_value(case, tmp_path):
    written = case.write(tmp_path)
    data = written.open()
    assert isinstance(data, Dataset)
    written.check(data)


def test_nothing_but_names_is_read_before_a_sample_is_asked_for(case, tmp_path, monkeypatch):
    """With images that cannot be read the data set still opens, and only reading fails."""
    written = case.write(tmp_path)
    names = written.open().names
    broken = [
        file for file in tmp_path.rglob("*") if file.suffix in (".png", ".jpg", ".JPG", ".ppm", ".webp", ".thumb")
    ]
    for file in broken:
        file.write_bytes(b"no image")
    data = written.open()
    assert data.names == names
    assert len(data) == len(names)
    if broken:
        with pytest.raises(io.FormatError):
            data[0]


def test_unknown_names_are_told(case, tmp_path):
    data = case.write(tmp_path).open()
    with pytest.raises(KeyError, match="there is no sample 'nowhere'; there are"):
        data["nowhere"]
    with pytest.raises(IndexError):
        data[len(data)]


def test_an_empty_folder_is_told_with_the_layout(case, tmp_path):
    for name in ("whole", "empty"):
        (tmp_path / name).mkdir()
    kind = type(case.write(tmp_path / "whole").open())
    with pytest.raises((DatasetError, TypeError), match=r"expected|missing"):
        kind(tmp_path / "empty")
    with pytest.raises((DatasetError, TypeError), match=r"expected|missing"):
        kind(tmp_path / "gone")


def test_every_reader_has_a_layout(request):
    """A new reader comes with a tiny data set."""
    from dataset_layouts import CASES

    covered = {name for name in DATASETS if any(case.startswith(name) for case in CASES)}
    assert set(DATASETS) - covered == {"synthetic", "layered"}  # these are rendered


def test_iterating_gives_what_names_give(case, tmp_path):
    data = case.write(tmp_path).open()
    images = [getattr(s, k) for s in data for k in ("image", "left", "frame0", "left0", "image0") if hasattr(s, k)]
    again = [getattr(data[n], k) for n in data.names for k in ("image", "left", "frame0", "left0", "image0")
             if hasattr(data[n], k)]  # fmt: skip
    assert len(images) == len(data)
    for one, other in zip(images, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_runs_know_the_options_of_every_reader(tmp_path):
    """`geomvision bench --dataset NAME:PATH` resolves what each reader's options are."""
    from geomvision.benchmark.runs.data import parsed

    for name in sorted(set(DATASETS) - {"synthetic", "layered"}):
        assert parsed(f"{name}:{tmp_path}").dataset == name
    assert parsed(f"monkaa:{tmp_path}?render=final").options == {"render": "final"}
    with pytest.raises(ValueError, match=r"'pass=final' is no option of 'monkaa'; options are objects, render, task"):
        parsed(f"monkaa:{tmp_path}?pass=final")
