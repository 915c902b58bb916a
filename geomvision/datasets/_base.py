"""What every data set on disk shares: names, lazy reading, and an error that says which layout was expected."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Generic, TypeVar, overload

from ..samples import Sample

AnySample = TypeVar("AnySample", bound=Sample)
Entry = TypeVar("Entry")


class DatasetError(ValueError):
    """A folder that does not hold what a data set needs; the message says what was found and expected."""


class Dataset(Sequence[AnySample], ABC, Generic[AnySample]):
    """Samples by position or by name; nothing but names is read before a sample is asked for."""

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """The samples' names, in order."""

    @abstractmethod
    def read(self, name: str) -> AnySample:
        """Read one sample. Raises FormatError for a damaged file, KeyError for an unknown name."""

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int | str) -> AnySample: ...
    @overload
    def __getitem__(self, index: slice) -> list[AnySample]: ...
    def __getitem__(self, index: int | str | slice) -> AnySample | list[AnySample]:
        if isinstance(index, slice):
            return [self.read(name) for name in self.names[index]]
        if isinstance(index, str):
            if index not in self.names:
                raise KeyError(f"there is no sample {index!r}; there are {few(self.names)}")
            return self.read(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        return self.read(self.names[index])

    def __iter__(self) -> Iterator[AnySample]:
        return (self.read(name) for name in self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} samples)"


class Listed(Dataset[AnySample], Generic[AnySample, Entry]):
    """A data set that finds all its names in a folder, and with each what `read` needs, when it is made.

    Raises:
        DatasetError: when the folder does not exist or holds no sample; the message tells the layout.
    """

    #: The expected layout in one sentence.
    layout: ClassVar[str]

    def __init__(self, path: str | Path) -> None:
        self.path = existing_folder(path, self.layout)
        if not self._entries:
            raise empty(self.path, self.layout)

    @abstractmethod
    def _found(self) -> Mapping[str, Entry]:
        """Names in order, and what tells the files of each."""

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        return dict(self._found())

    @property
    def names(self) -> list[str]:
        """The samples' names, in order."""
        return list(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def _of(self, name: str) -> Entry:
        """What is known of one name. KeyError where there is none."""
        if name not in self._entries:
            raise KeyError(f"there is no sample {name!r}; there are {few(self.names)}")
        return self._entries[name]


def few(names: Sequence[str], most: int = 8) -> str:
    """The first few of many names."""
    return ", ".join(names[:most]) + (f", … ({len(names)})" if len(names) > most else "")


def existing_folder(path: str | Path, layout: str) -> Path:
    """`path` as a folder, or a DatasetError that tells the expected layout."""
    folder = Path(path)
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise DatasetError(f"{folder} {found}; expected a folder with {layout}")
    return folder


def empty(folder: Path, layout: str) -> DatasetError:
    """The error for a folder without samples: a few of the names it does hold, and what was expected."""
    present = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in folder.iterdir())
    shown = ", ".join(present[:8]) + (", …" if len(present) > 8 else "")
    return DatasetError(f"{folder} holds {shown or 'nothing'}; expected {layout}")
