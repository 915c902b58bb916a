"""The records of a run as one table, for other programs: ``records.parquet``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

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
_KINDS = (pa.string(), pa.string(), pa.float64(), pa.float64(), pa.string())
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


@journal.uncollected()
def write_parquet(folder: Path) -> None:
    """Write the table of a run's records. StoreError where it cannot be written."""
    journal.replace_file(folder / store.PARQUET, lambda file: _write(file, folder / store.RECORDS))


def _write(file: int, records: Path) -> None:
    with os.fdopen(file, "wb", closefd=False) as sink, pq.ParquetWriter(sink, SCHEMA) as writer:
        for rows in _batches(journal.value_of(line) for _, line in journal.read(records)):
            writer.write_batch(_batch(rows))


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Records' entries as columns. Figures are many: they are put in one column each, and cut into lists."""
    ends = [0]
    columns: list[list[Any]] = [[] for _ in _KINDS]
    for row in rows:
        for protocol, score in row["scores"].items():
            columns[0] += [protocol] * len(score)
            columns[1] += score
            for column, values in zip(columns[2:], zip(*score.values(), strict=True), strict=bool(score)):
                column.extend(values)
        ends.append(len(columns[0]))
    protocols, names, totals, counts, forms = (pa.array(c, t) for c, t in zip(columns, _KINDS, strict=True))
    fields = {"protocol": protocols, "figure": names, "value": _values(columns), "total": totals, "count": counts}
    arrays = [fields.get(field.name, forms) for field in _FIGURE]
    scores = pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), pa.StructArray.from_arrays(arrays, fields=list(_FIGURE))
    )
    told = {name: [json.dumps(row[name], sort_keys=True) for row in rows] for name in ("options", "unscored")}
    others = {field.name: told.get(field.name) or [row[field.name] for row in rows] for field in SCHEMA}
    made = [scores if f.name == "scores" else pa.array(others[f.name], f.type) for f in SCHEMA]
    return pa.RecordBatch.from_arrays(made, schema=SCHEMA)


def _values(columns: list[list[Any]]) -> pa.Array:
    """The figures to print, as `Ratio.value` has them; null where nothing was counted."""
    totals, counts = (np.array(column, np.float64) for column in columns[2:4])
    forms = np.array(columns[4], "U8")
    means = np.divide(totals, counts, out=np.full(totals.shape, np.nan), where=counts != 0)
    means = np.where(forms == "percent", 100.0 * means, means)
    means = np.where(forms == "root", np.sqrt(np.maximum(means, 0.0)), means)
    return pa.array(means, pa.float64(), from_pandas=True)
