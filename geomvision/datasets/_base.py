"""What every data set on disk shares: names, lazy reading, and an error that says which layout was expected."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar, overload

from ..samples import Sample

AnySample = TypeVar("AnySample", bound=Sample)


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
                raise KeyError(f"there is no sample {index!r}; there are {', '.join(self.names)}")
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
    few = ", ".join(present[:8]) + (", …" if len(present) > 8 else "")
    return DatasetError(f"{folder} holds {few or 'nothing'}; expected {layout}")
