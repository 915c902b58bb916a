"""The one process that writes a run: looks, records, times and maps as they come, and the tables when all is done."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Self

from ...packages import needed_by
from ..records import TimeRecord
from . import journal, store
from .journal import Journal, StoreError, replace_file
from .keys import digest_of
from .plan import Plan
from .settling import settle_records
from .work import Done, Look


class Writer:
    """A run's folder, open for writing. Only one process at a time has it, others are told so.

    Args:
        folder: made where it is absent; must be empty or a run's.

    Raises:
        StoreError: when the folder holds something else, or another process has it.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = folder = Path(folder)
        known = folder / store.PLAN
        if folder.exists() and not known.exists() and _foreign(folder):
            raise StoreError(f"{folder} holds other files; give a new folder, or one that holds a run")
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / store.LOCK).open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise StoreError(f"another process is at work on {folder}; wait for it, or stop it") from None
        self.looks, self.records, self.times = (
            Journal(folder / name) for name in (store.SAMPLES, store.RECORDS, store.TIMES)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self.looks, self.records, self.times):
            each.close()
        self._lock.close()

    @property
    def damaged(self) -> int:
        """Lines that were set aside since their checksums were wrong."""
        return self.looks.damaged + self.records.damaged + self.times.damaged

    def estimates(self) -> set[str]:
        """Keys of the units that gave an estimate."""
        return {key for key, line in journal.read(self.records.path) if not store.is_failed(line)}

    def write_plan(self, plan: Plan) -> None:
        """Put the plan in place of the one before."""
        text = json.dumps(plan.to_dict(), indent=1, ensure_ascii=False).encode() + b"\n"
        replace_file(self.folder / store.PLAN, lambda file: journal.write_whole(file, text))

    def known_looks(self) -> dict[str, Look]:
        """Looks by their key."""
        return {key: Look(**journal.value_of(line)["look"]) for key, line in journal.read(self.looks.path)}

    def put_look(self, key: str, dataset: str, sample: str, look: Look) -> None:
        """Keep a look at a sample."""
        self._not_finished()
        self.looks.append(key, {"dataset": dataset, "sample": sample, "look": asdict(look)})

    def put(self, done: Done) -> None:
        """Keep a record, and its map before it: a record's map is there."""
        self._not_finished()
        content = done.map
        if content is not None and done.record.map is not None:
            path = self.folder / done.record.map
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, lambda file: journal.write_whole(file, content))
        self.records.append(done.record.key, done.record.to_dict())

    def put_time(self, time: TimeRecord) -> None:
        """Keep a time; one for each machine and number of threads."""
        self.times.append(time_key(time.key, time.machine, time.num_threads), time.to_dict())

    def forget_failed(self) -> int:
        """Take out records with an error and looks at samples with a problem, to do them again; how many records."""
        failed = {key for key, line in journal.read(self.records.path) if store.is_failed(line)}
        unclear = {key for key, look in self.known_looks().items() if look.problem is not None}
        for kept, without in ((self.records, failed), (self.looks, unclear)):
            if without:
                self._not_finished()
                kept.rewrite([line for key, line in journal.read(kept.path) if key not in without])
        return len(failed)

    def settle(self, labels: Mapping[str, str], looks: Sequence[str]) -> None:
        """Records and looks in the order of the plan, with the labels that it gives.

        Records of other units go to ``superseded.jsonl``, and come back where a later plan asks for them again.

        Args:
            labels: by the key of every unit of the plan, in its order.
            looks: keys of the looks at all samples, in order.
        """
        seen = dict(journal.read(self.looks.path))
        _rewrite(self.looks, [seen[key] for key in looks if key in seen])
        settle_records(self.records, self.folder / store.SUPERSEDED, labels)

    def has_others(self, labels: Mapping[str, str]) -> bool:
        """Whether there are records of other units than these, here or set aside."""
        return (self.folder / store.SUPERSEDED).exists() or not self.records.keys <= labels.keys()

    def is_finished(self, content: str) -> bool:
        """Whether the store was finished for this content, and nothing was written since."""
        path = self.folder / store.FINISHED
        return path.exists() and path.read_text() == self._finished(content)

    def _not_finished(self) -> None:
        (self.folder / store.FINISHED).unlink(missing_ok=True)

    def _finished(self, content: str) -> str:
        sizes = [each.path.stat().st_size for each in (self.looks, self.records)]
        return json.dumps({"content": content, "sizes": sizes}) + "\n"

    def finish(self, content: str) -> str | None:
        """Write ``records.parquet``, and that all is done. Why the table was not written, or None."""
        if self.is_finished(content):
            return None
        missing = self._tables()
        if missing is None:
            text = self._finished(content).encode()
            replace_file(self.folder / store.FINISHED, lambda file: journal.write_whole(file, text))
        return missing

    def _tables(self) -> str | None:
        try:
            with needed_by("records.parquet"):
                from .tables import write_parquet
        except ModuleNotFoundError as error:
            return str(error)
        write_parquet(self.folder)
        return None


def time_key(unit: str, machine: str, num_threads: int) -> str:
    """The key of a time."""
    return digest_of([unit, machine, num_threads])


def _rewrite(kept: Journal, lines: list[bytes]) -> None:
    """Where lines or their order differ."""
    if kept.path.read_bytes() != b"".join(line + b"\n" for line in lines):
        kept.rewrite(lines)


def _foreign(folder: Path) -> list[Path]:
    own = (store.LOCK, store.SAMPLES, store.RECORDS, store.TIMES)
    return [path for path in folder.iterdir() if path.name not in own and not path.name.endswith(".tmp")]
