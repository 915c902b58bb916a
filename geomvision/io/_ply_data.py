"""The data of PLY files after the header, as columns."""

from __future__ import annotations

from typing import Any

import numpy as np

Properties = list[tuple[str, str, str | None]]


class BinaryReader:
    """Packed numbers in one byte order. Raises ValueError where they end too early."""

    def __init__(self, data: bytes, order: str) -> None:
        self._data, self._order, self._at = data, order, 0

    def columns(self, count: int, properties: Properties) -> dict[str, Any]:
        """The next `count` rows. Rows with lists are read at once where all lists are as long as the first row's."""
        if all(length is None for _, _, length in properties):
            rows = self._rows(count, np.dtype([(name, self._order + kind) for name, kind, _ in properties]))
            return {name: rows[name] for name, _, _ in properties}
        start = self._at
        if count == 0:
            return {name: [] for name, _, _ in properties}
        lengths = [None if length is None else len(self._row(properties)[name]) for name, _, length in properties[:1]]
        self._at = start
        if len(properties) == 1 and lengths[0]:
            name, kind, length = properties[0]
            even = np.dtype([("n", f"{self._order}{length}"), ("at", self._order + kind, (lengths[0],))])
            if start + count * even.itemsize <= len(self._data):
                rows = self._rows(count, even)
                if (rows["n"] == lengths[0]).all():
                    return {name: rows["at"]}
                self._at = start
        rows_ = [self._row(properties) for _ in range(count)]
        return {name: [row[name] for row in rows_] for name, _, _ in properties}

    def _row(self, properties: Properties) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name, kind, length in properties:
            number = 1 if length is None else int(self._rows(1, np.dtype(self._order + length))[0])
            if number < 0:
                raise ValueError("a list of negative length")
            values = self._rows(number, np.dtype(self._order + kind))
            row[name] = values if length is not None else values[0]
        return row

    def _rows(self, count: int, dtype: Any) -> Any:
        size = count * dtype.itemsize
        if self._at + size > len(self._data):
            raise ValueError("too short")
        rows = np.frombuffer(self._data, dtype, count, self._at)
        self._at += size
        return rows


class TextReader:
    """Numbers as words. Raises ValueError or IndexError where there are too few, or a word is no number."""

    def __init__(self, data: bytes) -> None:
        self._words, self._at = data.split(), 0

    def columns(self, count: int, properties: Properties) -> dict[str, Any]:
        """The next `count` rows."""
        if all(length is None for _, _, length in properties):
            words = self._words[self._at : self._at + count * len(properties)]
            if len(words) < count * len(properties):
                raise ValueError("too short")
            self._at += len(words)
            table = np.array(words, dtype="S").astype(np.float64).reshape(count, len(properties))
            return {name: table[:, k] for k, (name, _, _) in enumerate(properties)}
        rows: dict[str, list[Any]] = {name: [] for name, _, _ in properties}
        for _ in range(count):
            for name, _, length in properties:
                number = 1 if length is None else int(self._next())
                if number < 0:
                    raise ValueError("a list of negative length")
                values = [float(self._next()) for _ in range(number)]
                rows[name].append(np.array(values) if length is not None else values[0])
        return rows

    def _next(self) -> bytes:
        self._at += 1
        return self._words[self._at - 1]
