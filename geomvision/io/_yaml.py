"""YAML whose every complaint names file and line: a tree of entries that know where they stand."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..packages import needed_by
from ._files import FormatError, PathLike, read_text

#: Entries of a file where its aliases are unfolded; calibrations have hundreds.
_MOST_ENTRIES = 1_000_000


class Entry:
    """One value of a YAML file: a mapping, a list or a scalar, with its line.

    The values are not constructed: tags such as ``!!opencv-matrix`` mean nothing and run nothing.
    """

    def __init__(self, path: PathLike, node: Any) -> None:
        self.path = path
        self._node = node
        self._children: dict[str, Entry] = {}
        if node.id == "mapping":
            for key, value in node.value:
                name = str(key.value)
                if name in self._children:
                    raise FormatError(path, f"line {key.start_mark.line + 1}: {name!r} again", "each name once")
                self._children[name] = Entry(path, value)

    def wrong(self, found: str, expected: str) -> FormatError:
        """The error to raise about this value."""
        return FormatError(self.path, f"line {self._node.start_mark.line + 1}: {found}", expected)

    @property
    def names(self) -> list[str]:
        """The names in a mapping, in the file's order."""
        return list(self._children)

    def __contains__(self, name: str) -> bool:
        return name in self._children

    def __getitem__(self, name: str) -> Entry:
        if name not in self._children:
            names = ", ".join(self.names) or "nothing"
            raise self.wrong(f"there is no {name!r}, only {names}", f"an entry {name!r}")
        return self._children[name]

    def first(self, names: Iterable[str]) -> Entry:
        """The entry under the first of these names that there is."""
        wanted = list(names)
        for name in wanted:
            if name in self:
                return self[name]
        raise self.wrong(f"has none of {', '.join(wanted)}", "one of these entries")

    @property
    def text(self) -> str:
        """A scalar as it is written, without quotes."""
        if self._node.id != "scalar":
            raise self.wrong(f"is a {self._node.id}", "a word or a number")
        return str(self._node.value)

    @property
    def number(self) -> float:
        """A finite number."""
        try:
            value = float(self.text)
        except ValueError as error:
            raise self.wrong(f"is {self.text!r}", "a number") from error
        if not np.isfinite(value):
            raise self.wrong(f"is {value}", "a finite number")
        return value

    @property
    def whole(self) -> int:
        """A whole number of at least 1: a size."""
        if self.number < 1 or self.number != int(self.number):
            raise self.wrong(f"is {self.text}", "a whole number of at least 1")
        return int(self.number)

    def numbers(self, *counts: int) -> NDArray[np.float64]:
        """A list of finite numbers, nested lists flattened; one of `counts` where given."""
        values = np.array([entry.number for entry in self._scalars()], dtype=float)
        if counts and values.size not in counts:
            raise self.wrong(f"has {values.size} numbers", " or ".join(map(str, counts)))
        return values

    def wholes(self, count: int) -> tuple[int, ...]:
        """A list of whole numbers of at least 1."""
        values = self.numbers(count)
        if (values < 1).any() or (values != np.rint(values)).any():
            raise self.wrong(f"is {values.tolist()}", "whole numbers of at least 1")
        return tuple(int(value) for value in values)

    def matrix(self, rows: int, columns: int) -> NDArray[np.float64]:
        """rows x columns numbers: nested lists, or a mapping with ``data`` (and rows, cols) as OpenCV and ROS write."""
        data = self
        if "data" in self:
            data = self["data"]
            if "rows" in self and (self["rows"].number, self["cols"].number) != (rows, columns):
                raise self.wrong(f"is {self['rows'].text}x{self['cols'].text}", f"a {rows}x{columns} matrix")
        return data.numbers(rows * columns).reshape(rows, columns)

    def vector(self, *counts: int) -> NDArray[np.float64]:
        """Numbers of a list, or of a one-row or one-column matrix with ``data``."""
        return self._children.get("data", self).numbers(*counts)

    def _scalars(self) -> Iterable[Entry]:
        if self._node.id == "sequence":
            for node in self._node.value:
                yield from Entry(self.path, node)._scalars()
        else:
            yield self


def read_yaml(path: PathLike, expected: str) -> Entry:
    """The mapping in a YAML file, OpenCV's header included. Raises FormatError naming file and line."""
    with needed_by("reading YAML"):
        import yaml

    text = read_text(path, expected)
    if text.startswith("%YAML:"):  # OpenCV writes its directive so
        text = "%YAML 1.1" + text[text.find("\n") if "\n" in text else len(text) :]
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        entries = 0 if node is None else _unfolded(node, {})
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise FormatError(path, f"{where}is no YAML ({error.problem})", expected) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FormatError(path, f"is no YAML ({error})", expected) from error
    if entries > _MOST_ENTRIES:
        raise FormatError(path, f"its aliases unfold to more than {_MOST_ENTRIES} entries", expected)
    if node is None or node.id != "mapping":
        raise FormatError(path, "holds no mapping of names to values", expected)
    return Entry(path, node)


def _unfolded(node: Any, known: dict[int, float]) -> float:
    """How many entries there are where each alias is what it stands for; infinity for what holds itself."""
    if node.id == "scalar":
        return 1
    if id(node) not in known:
        known[id(node)] = math.inf  # while it is counted: then it holds itself
        inner = node.value if node.id == "sequence" else [each for pair in node.value for each in pair]
        known[id(node)] = 1 + sum(_unfolded(each, known) for each in inner)
    return known[id(node)]


def word(text: str) -> str:
    """A text as a YAML scalar that reads back as it is."""
    if re.fullmatch(r"[A-Za-z_/][\w/.\-]*", text, re.ASCII):
        return text
    plain = (c if " " <= c <= "~" and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'"{"".join(plain)}"'


def number_list(values: Any) -> str:
    """Numbers as a YAML list that reads back exactly."""
    return "[" + ", ".join(repr(float(v)) for v in np.ravel(values)) + "]"
