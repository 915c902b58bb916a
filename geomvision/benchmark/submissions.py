"""Results in the layouts of benchmark servers, written as one .zip and checked by reading it back."""

from __future__ import annotations

import math
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import checked
from ..io._files import write_bytes
from ..results import Flow
from . import map_free_server
from .servers import READERS, SERVERS, STEPS, WRITERS, Format, Server, Submission, SubmissionError, Values

#: All that estimates can be written for.
NAMES = (*SERVERS, map_free_server.NAME)


@checked
def write_submission(
    server: str,
    estimates: Iterable[tuple[str, Any]],
    path: str | Path,
    *,
    method: str = "METHOD",
    part: str | None = None,
    seconds: Mapping[str, float] | None = None,
    partial: bool = False,
) -> Submission:
    """Write estimates in a server's layout, read every file back and compare it with what was given.

    Args:
        server: one of `NAMES`: "kitti2012_stereo", "kitti2015_flow", "middlebury", "eth3d", "sintel", "map_free", …
        estimates: the samples' names as our readers give them, with a `Disparity`, `Flow`, `Depth`, `SceneFlow` or
            `MetricPose`.
        path: the .zip to write, in one step.
        method: what the method is called; Middlebury's files carry it (letters, digits, "-" and "_").
        part: the folder where the server tells parts apart: "trainingQ" or "testF" of Middlebury (else taken from the
            sample's name), "clean" or "final" of Sintel. Sintel's names may begin with it: "clean/ambush_1/frame_0001".
        seconds: of one estimate by sample, where the server asks for times (Middlebury, ETH3D).
        partial: whether fewer estimates than the server asks for may be written, as for a try.

    Raises:
        SubmissionError: where something is missing, of the wrong type, too many or too few, or reads back otherwise.
        ValueError: for a server that is not known, or values its format cannot hold.
    """
    if server not in NAMES:
        raise ValueError(f"there is no server {server!r}; there are {', '.join(NAMES)}")
    if Path(path).suffix != ".zip":
        raise ValueError(f"{path}: a submission is written as .zip")
    if re.fullmatch(r"[\w-]+", method) is None:
        raise ValueError(f"method is {method!r}; allowed are letters, digits, '-' and '_'")
    if server == map_free_server.NAME:
        return map_free_server.write_poses(estimates, path, partial=partial)
    own = SERVERS[server]
    with tempfile.TemporaryDirectory() as folder:
        writer = _Writer(own, Path(folder), method, part, seconds)
        for sample, estimate in estimates:
            writer.add(sample, estimate)
        notes = writer.finish(partial)
        files = sorted(writer.files)
        write_bytes(path, _zipped(Path(folder), files))
    problems = check_submission(server, path, partial=True)
    if problems:
        raise SubmissionError(f"{path} does not read back: {'; '.join(problems[:5])}")
    density = 100.0 * writer.known / max(1, writer.pixels)
    return Submission(
        server=server, path=Path(path), estimates=writer.count, files=len(files), density=density, notes=notes
    )


@checked
def check_submission(server: str, path: str | Path, *, partial: bool = False) -> list[str]:
    """What a server would not take of a .zip: files out of place, unreadable or empty maps, missing times, samples."""
    if server == map_free_server.NAME:
        return map_free_server.check_poses(path, partial=partial)
    own = SERVERS[server]
    problems: list[str] = []
    found = 0
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        for number, name in enumerate(sorted(archive.namelist())):
            form = _form(own, name)
            if form is None:
                if own.timing is None or not _is_time(own, name, archive.read(name)):
                    problems.append(f"{name} has no place in the layout of {server}")
                continue
            own_file = Path(folder) / f"{number}{Path(name).suffix}"
            own_file.write_bytes(archive.read(name))
            try:
                values = READERS[form](own_file)
            except ValueError as error:
                problems.append(f"{name} cannot be read: {error}")
                continue
            found += 1
            if np.isnan(values).all():
                problems.append(f"{name} holds no estimate")
            elif not own.gaps and np.isnan(values).any():
                problems.append(f"{name} has gaps; {server} takes dense maps alone")
            own_file.unlink()
        wanted = own.count
        if not partial and wanted is not None and found != wanted * len(own.maps):
            problems.append(f"it holds {found} maps; {server} asks for {wanted * len(own.maps)}")
        problems += _untimed(own, archive.namelist())
    return problems


class _Writer:
    """Writes one estimate after the other, each checked by reading it back."""

    def __init__(
        self, server: Server, folder: Path, method: str, part: str | None, seconds: Mapping[str, float] | None
    ) -> None:
        self.server, self.folder, self.method, self.part, self.seconds = server, folder, method, part, seconds
        self.files: set[str] = set()
        self.count = self.pixels = self.known = self.sparse = 0

    def add(self, sample: str, estimate: Any) -> None:
        server = self.server
        if not isinstance(estimate, server.kind):
            raise SubmissionError(
                f"{sample}: a {type(estimate).__name__} was given; {server.name} takes a {server.kind.__name__}"
            )
        name, part = self._split(sample)
        maps = {field: _plane(estimate, field, sample) for field in server.maps}
        gaps = any(bool(np.isnan(values).any()) for values, _ in maps.values())
        if gaps and not server.gaps:
            raise SubmissionError(f"{sample} has gaps; {server.name} takes dense maps alone: fill them first")
        self.sparse += gaps
        for field, place in server.places(name, self.method, part, sparse=gaps).items():
            values, form = maps[field]
            if np.isnan(values).all():
                raise SubmissionError(f"{sample} has no estimate at any pixel")
            self._write(place, values, form or server.form)
        self._time(sample, name, part)
        self.count += 1

    def finish(self, partial: bool) -> tuple[str, ...]:
        server = self.server
        if self.count == 0:
            raise SubmissionError("there is no estimate to submit")
        if not partial and server.count is not None and self.count != server.count:
            raise SubmissionError(
                f"{self.count} estimates were given; {server.name} asks for {server.count}: "
                "give all of them, or say that a part is meant (partial)"
            )
        notes = [server.then]
        if self.sparse:
            how = "the server fills them" if server.name.startswith("kitti") else "they are ranked as sparse"
            notes.append(f"{self.sparse} of {self.count} estimates have gaps; {how}")
        return tuple(notes)

    def _split(self, sample: str) -> tuple[str, str]:
        """A sample's name and part: the part given, else the first of a name that has one."""
        head, _, rest = sample.partition("/")
        if self.server.name == "sintel":
            if head in ("clean", "final"):
                return rest, head
            if self.part in ("clean", "final"):
                return sample, self.part
            raise SubmissionError(f"{sample}: say which part of Sintel it is, 'clean' or 'final'")
        if self.server.name == "middlebury":
            part = self.part or (head if rest else "")
            if re.fullmatch(r"(training|test)[FHQ]", part) is None:
                raise SubmissionError(
                    f"{sample}: the part is {part!r}; Middlebury's are trainingF, H, Q and testF, H, Q"
                )
            return sample.rpartition("/")[2], part
        return sample, self.part or ""

    def _write(self, place: str, values: Values, form: Format) -> None:
        if place in self.files:
            raise SubmissionError(f"two estimates have the place {place}")
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[form](target, values)
        back = READERS[form](target)
        lost = np.isnan(back) != np.isnan(values)
        error = float(np.nanmax(np.abs(back - values), initial=0.0))
        allowed = STEPS[form] + 1e-4 if form in STEPS else 0.0
        if back.shape != values.shape or lost.any() or error > allowed:
            raise SubmissionError(f"{place} reads back otherwise than it was written: {error:.4g} off")
        self.files.add(place)
        known = ~np.isnan(values if values.ndim == 2 else values[..., 0])
        self.pixels += known.size
        self.known += int(known.sum())

    def _time(self, sample: str, name: str, part: str) -> None:
        place = self.server.timing_place(name, self.method, part)
        if place is None:
            return
        taken = (self.seconds or {}).get(sample, math.nan)
        if not taken > 0:
            raise SubmissionError(
                f"{sample}: {self.server.name} asks for the seconds of each estimate; none were given"
            )
        assert self.server.timing is not None
        (self.folder / place).write_text(f"{self.server.timing[1]}{taken:.6g}\n")
        self.files.add(place)


def _plane(estimate: Any, field: str, sample: str) -> tuple[Values, Format | None]:
    """The values of one of the estimate's maps, and their format where it is another than the server's first."""
    found = getattr(estimate, field)
    if found is None:
        raise SubmissionError(f"{sample} has no {field}")
    if isinstance(found, np.ndarray):
        return found, None
    return found.px, "kitti_flow" if isinstance(found, Flow) else None


def _zipped(folder: Path, files: list[str]) -> bytes:
    import io

    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in files:
            archive.writestr(
                zipfile.ZipInfo(name, map_free_server.EPOCH), (folder / name).read_bytes(), zipfile.ZIP_DEFLATED
            )
    return data.getvalue()


def _pattern(place: str, server: Server) -> str:
    """A regular expression for paths that a place describes."""
    holes = {"{scene}": "SCENE", "{sample}": "SAMPLE", "{method}": "METHOD", "{part}": "PART"}
    text = place
    for hole, word in holes.items():
        text = text.replace(hole, f"\0{word}\0")
    text = re.escape(text).replace("\\\0", "\0")
    parts = "(clean|final)" if server.name == "sintel" else "(training|test)[FHQ]"
    known = {"SCENE": f"({server.names})", "SAMPLE": f"({server.names})", "METHOD": r"[\w-]+", "PART": parts}
    for word, meant in known.items():
        text = text.replace(f"\0{word}\0", meant)
    return text


def _form(server: Server, name: str) -> Format | None:
    """The format of a file by its place; None where it has none."""
    places = {**server.maps, **({"sparse": server.sparse} if server.sparse else {})}
    for field, place in places.items():
        if re.fullmatch(_pattern(place, server), name):
            return "kitti_flow" if field == "flow" else server.form
    return None


def _is_time(server: Server, name: str, data: bytes) -> bool:
    assert server.timing is not None
    place, before = server.timing
    number = rf"{before}\d+(\.\d+)?(e[-+]\d+)?\s*"
    return bool(re.fullmatch(_pattern(place, server), name) and re.fullmatch(number, data.decode("ascii", "replace")))


def _untimed(server: Server, names: list[str]) -> list[str]:
    """Maps without the time that the server wants beside them."""
    if server.timing is None:
        return []
    folder_wise = server.name == "middlebury"
    times = {
        name.rpartition("/")[0] if folder_wise else name.removesuffix(".txt") for name in names if name.endswith(".txt")
    }
    maps = [name for name in names if name.endswith(".pfm")]
    return [
        f"{name} has no time beside it"
        for name in maps
        if (name.rpartition("/")[0] if folder_wise else name.removesuffix(".pfm")) not in times
    ]
