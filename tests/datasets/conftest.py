"""Tiny data sets in their real layouts (`layouts/`), for tests that take them all: `case` is each of them in turn."""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "layouts"


def _package():
    if "dataset_layouts" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "dataset_layouts", FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
        )
        sys.modules["dataset_layouts"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["dataset_layouts"]


@pytest.fixture
def layouts():
    """Every case by its name."""
    return _package().CASES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        cases = _package().CASES
        metafunc.parametrize("case", list(cases.values()), ids=list(cases))
