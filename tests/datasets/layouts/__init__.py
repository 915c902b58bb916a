"""Tiny data sets in the layouts that they are downloaded in, each with what a reader must find in it.

A writer makes the files in an empty folder, by hand or by writers that have tests of their own, and gives the data
set's `open` and a `check` of its samples against the numbers that were written.
"""

import importlib
from pathlib import Path

from ._cases import CASES, Case, Written

__all__ = ["CASES", "Case", "Written"]

for _file in sorted(Path(__file__).parent.glob("[!_]*.py")):
    importlib.import_module(f"{__name__}.{_file.stem}")
