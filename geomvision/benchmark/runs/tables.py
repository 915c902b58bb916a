"""The records of a run as one table, for other programs: ``records.parquet``."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

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
        *((name, pa.string()) for name in ("kind", "aligned", "map")),
        ("flags", pa.list_(pa.string())),
        ("error", pa.string()),
    ]
)
_TOLD = ("options", "unscored")
_PLAIN = tuple(name for name in SCHEMA.names if name not in (*_TOLD, "scores"))
Row = dict[str, Any]


@journal.uncollected()
def write_parquet(folder: Path) -> None:
    """Write the table of a run's records. StoreError where it cannot be written."""
    journal.replace_file(folder / store.PARQUET, lambda file: _write(file, folder / store.RECORDS))


def _write(file: int, records: Path) -> None:
    with os.fdopen(file, "wb", closefd=False) as sink, pq.ParquetWriter(sink, SCHEMA) as writer:
        for batch in _batches(journal.value_of(line) for _, line in journal.read(records)):
            writer.write_batch(batch)


def _batches(rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    columns = _Columns()
    for row in rows:
        columns.add(row)
        if columns.count == BATCH:
            yield columns.batch()
            columns = _Columns()
    if columns.count:
        yield columns.batch()


class _Columns:
    """Records taken apart one by one, so that none of the many small objects that JSON becomes is held.

    Figures have few names and forms in many records: those are told by numbers, and once for all figures of a protocol
    where a record has the same as one before.
    """

    def __init__(self) -> None:
        self.count = 0
        self._plain: dict[str, list[Any]] = {name: [] for name in _PLAIN}
        self._told: dict[str, list[str]] = {name: [] for name in _TOLD}
        self._texts: dict[str, str] = {}
        self._ends = [0]
        self._words: dict[str, int] = {}
        self._named: dict[tuple[str, ...], bytes] = {}
        #: Numbers of protocol, figure and form; total and count.
        self._names = bytearray()
        self._totals, self._counts = array("d"), array("d")

    def add(self, row: Row) -> None:
        """Take one record's entries."""
        self.count += 1
        for name, column in self._plain.items():
            column.append(row.get(name, []) if name == "flags" else row[name])
        for name, texts in self._told.items():
            texts.append(self._json(row[name]))
        for protocol, score in row["scores"].items():
            if score:
                totals, counts, forms = zip(*score.values(), strict=True)
                self._totals.extend(totals)
                self._counts.extend(counts)
                names = (protocol, *score, *forms)
                self._names += self._named.get(names) or self._numbered(names, protocol, score, forms)
        self._ends.append(len(self._totals))

    def _json(self, value: Mapping[str, Any]) -> str:
        """As text with its keys sorted; most records have options that others had."""
        known = repr(value)
        if known not in self._texts:
            self._texts[known] = json.dumps(value, sort_keys=True)
        return self._texts[known]

    def _numbered(self, names: tuple[str, ...], protocol: str, score: Iterable[str], forms: Iterable[str]) -> bytes:
        words = chain.from_iterable((protocol, figure, form) for figure, form in zip(score, forms, strict=True))
        numbers = array("i", [self._words.setdefault(word, len(self._words)) for word in words]).tobytes()
        self._named[names] = numbers
        return numbers

    def batch(self) -> pa.RecordBatch:
        """All that was taken."""
        numbers = np.frombuffer(self._names, np.int32).reshape(-1, 3)
        words = pa.array(list(self._words), pa.string())
        texts = [
            pa.DictionaryArray.from_arrays(np.ascontiguousarray(own), words).cast(pa.string()) for own in numbers.T
        ]
        totals, counts = np.frombuffer(self._totals), np.frombuffer(self._counts)
        shown = _values(totals, counts, numbers[:, 2], self._words)
        figures = [texts[0], texts[1], shown, pa.array(totals), pa.array(counts), texts[2]]
        scores = pa.ListArray.from_arrays(
            pa.array(self._ends, pa.int32()), pa.StructArray.from_arrays(figures, fields=list(_FIGURE))
        )
        others = {**self._plain, **self._told}
        made = [scores if f.name == "scores" else pa.array(others[f.name], f.type) for f in SCHEMA]
        return pa.RecordBatch.from_arrays(made, schema=SCHEMA)


def _values(
    totals: NDArray[np.float64], counts: NDArray[np.float64], forms: NDArray[np.int32], words: Mapping[str, int]
) -> pa.Array:
    """The figures to print, as `Ratio.value` has them; null where nothing was counted."""
    means = np.divide(totals, counts, out=np.full(totals.shape, np.nan), where=counts != 0)
    percent, root = (forms == words.get(form, -1) for form in ("percent", "root"))
    means[percent] *= 100.0
    means[root] = np.sqrt(np.maximum(means[root], 0.0))
    return pa.array(means, pa.float64(), from_pandas=True)
