"""What a run keeps in its folder, and how it is read: the plan, a line for each sample, record and time, and maps.

``run.json`` is the plan; ``samples.jsonl``, ``records.jsonl`` and ``times.jsonl`` are journals (`journal.py`), written
by one process at a time; ``superseded.jsonl`` holds records that are no longer asked for; ``records.parquet`` is
written when all is done; ``maps/`` holds estimates where they were asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..records import Record, TimeRecord
from . import journal
from .journal import StoreError
from .plan import Plan

PLAN, SAMPLES, RECORDS, TIMES = "run.json", "samples.jsonl", "records.jsonl", "times.jsonl"
SUPERSEDED, PARQUET, FINISHED = "superseded.jsonl", "records.parquet", "finished.json"
MAPS, LOCK = "maps", "lock"
#: Fields of a record that a reader may ask for.
TEXTS = ("task", "dataset", "sample", "label", "method", "code")


class Run:
    """A run's folder, for reading: also while the run goes on, and whether it was finished or stopped.

    Args:
        folder: what ``geomvision bench`` was given as ``--out``.

    Raises:
        StoreError: when there is no run, or its plan cannot be read.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        path = self.folder / PLAN
        try:
            self.plan = Plan.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise StoreError(f"{self.folder} is no run: {PLAN} is missing; geomvision bench --out makes one") from None
        except ValueError as error:
            raise StoreError(f"{path} cannot be read: {error}") from None

    def records(self, **wanted: str) -> Iterator[Record]:
        """One for each unit that was done, failed ones with their error; in the plan's order once the run is finished.

        Args:
            wanted: fields of `Record` with the text they must have, as ``label="sgm"`` or ``dataset="kitti"``. Lines of
                others are not looked into, which takes a fraction of the time.

        Raises:
            TypeError: for a field that no record has, or that holds no text.
            StoreError: where a line is damaged, and is no torn end of a run that was stopped.
        """
        odd = sorted(set(wanted) - set(TEXTS))
        if odd:
            raise TypeError(f"records have no text called {', '.join(odd)}; there are {', '.join(TEXTS)}")
        marks = [
            b'"%s":%s,' % (name.encode(), json.dumps(text, ensure_ascii=False).encode())
            for name, text in wanted.items()
        ]
        for _, line in journal.read(self.folder / RECORDS):
            if all(mark in line for mark in marks):
                record = Record.from_dict(journal.value_of(line))
                if all(getattr(record, name) == text for name, text in wanted.items()):
                    yield record

    def failed(self) -> Iterator[Record]:
        """Those of `records` that have an error; others are not looked into, which takes a tenth of the time."""
        for _, line in journal.read(self.folder / RECORDS):
            if is_failed(line):
                yield Record.from_dict(journal.value_of(line))

    def times(self) -> Iterator[TimeRecord]:
        """One for each unit that was timed on a machine."""
        for _, line in journal.read(self.folder / TIMES):
            yield TimeRecord.from_dict(journal.value_of(line))

    def map_file(self, record: Record) -> Path | None:
        """Where the estimate of a record lies; None where the run kept none."""
        return None if record.map is None else self.folder / record.map


def is_failed(line: bytes) -> bool:
    """Whether a line's record has an error: the last of its entries, so that most need not be looked into."""
    return not line.endswith(b'"error":null}}') and journal.value_of(line)["error"] is not None
