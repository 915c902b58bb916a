"""The records of a run as one table, for other programs: ``records.parquet``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...metrics._base import Ratio
from . import journal, store

#: Records that are held at a time.
BATCH = 4096
_FIGURE = pa.struct(
    [
        ("protocol", pa.string()),
        ("figure", pa.string()),
        ("value", pa.float64()),
        ("total", pa.float64()),
        ("count", pa.float64()),
        ("form", pa.string()),
    ]
)
#: One row for each record; options and unscored are JSON, scores a list of figures.
SCHEMA = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("key", "task", "dataset", "sample", "label", "method", "options", "weights")
        ),
        ("parameters", pa.int64()),
        *((name, pa.string()) for name in ("code", "backend")),
        ("scores", pa.list_(_FIGURE)),
        ("unscored", pa.string()),
        ("density", pa.float64()),
        *((name, pa.string()) for name in ("kind", "aligned", "map", "error")),
    ]
)


def write_parquet(folder: Path) -> None:
    """Write the table of a run's records. StoreError where it cannot be written."""
    journal.replace_file(folder / store.PARQUET, lambda file: _write(file, folder / store.RECORDS))


def _write(file: int, records: Path) -> None:
    with os.fdopen(file, "wb", closefd=False) as sink, pq.ParquetWriter(sink, SCHEMA) as writer:
        for rows in _batches(_row(journal.value_of(line)) for _, line in journal.read(records)):
            writer.write_table(pa.Table.from_pylist(rows, SCHEMA))


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _row(entries: dict[str, Any]) -> dict[str, Any]:
    """A record's entries as columns."""
    figures = [
        {
            "protocol": protocol,
            "figure": figure,
            "value": Ratio(*ratio).value if ratio[1] else None,
            "total": ratio[0],
            "count": ratio[1],
            "form": ratio[2],
        }
        for protocol, score in entries["scores"].items()
        for figure, ratio in score.items()
    ]
    told = {name: json.dumps(entries[name], sort_keys=True) for name in ("options", "unscored")}
    return {**entries, **told, "scores": figures}
