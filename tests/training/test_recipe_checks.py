"""What recipes may say: each entry has its own range."""

from __future__ import annotations

import dataclasses
import importlib
from dataclasses import dataclass

import pytest

from geomvision.training._recipe_checks import AT_LEAST_ONE, AT_LEAST_ZERO, SHARE, entry, out_of_range, problems
from geomvision.training.recipe import FOLDER, KINDS, Recipe


@dataclass(frozen=True, kw_only=True)
class Own:
    """Entries whose names stand in other recipes, too, where they mean something else."""

    width: float = entry(SHARE, 0.5)
    told: int = entry(AT_LEAST_ONE)
    batch: int = 3


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"told": 7, "width": 0.25, "batch": 0}, []),
        ({"told": 0}, ["told is 0; it must be at least 1"]),
        ({"told": 1, "width": 2}, ["width is 2; it must be a share from 0 to 1"]),
        ({"told": 1, "batch": -1}, ["batch is -1; it must be at least 0"]),
        ({"width": 1}, ["lacks told"]),
    ],
)
def test_the_range_of_an_entry_is_its_own_whatever_its_name(given, told):
    assert list(problems(Own, given)) == told


@pytest.mark.parametrize("task", KINDS)
def test_defaults_lie_in_their_ranges(task):
    module, name = KINDS[task]
    fields = dataclasses.fields(getattr(importlib.import_module(f"geomvision.training.{module}"), name))
    ranged = [f for f in fields if "range" in f.metadata]
    assert {"steps", "batch"} <= {f.name for f in ranged}
    for field in fields:
        assert out_of_range(field.metadata.get("range", AT_LEAST_ZERO), field.default) == "", field.name


@pytest.mark.parametrize("method", ["raft_s", "refined", "mono_small", "gwcnet", "self_supervised", "refined_sgm"])
def test_a_file_of_one_s_own_that_names_no_task_is_for_that_of_the_method(method, tmp_path):
    shipped = (FOLDER / f"{method}.toml").read_text(encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text("\n".join(line for line in shipped.splitlines() if not line.startswith("task =")), encoding="utf-8")
    assert Recipe.read(method, "tiny", mine) == Recipe.read(method, "tiny")
