"""Poses in the layout of the server of map-free relocalisation (Arnold et al., ECCV 2022), read back and compared.

One text for each place, ``pose_s00525.txt``, at the root of a .zip. In it, a line for each query view with an estimate,
``seq1/frame_00000.jpg qw qx qy qz tx ty tz confidence``: what takes the reference view's frame to the query's, metres.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..cameras import Array
from ..io._files import write_bytes
from ..io._rotations import quaternion_of, rotation_of
from ..results import MetricPose
from .servers import Submission, SubmissionError

NAME = "map_free"
#: The places of the test part.
PLACES = tuple(f"s{number:05d}" for number in range(525, 655))
#: A .zip may not say when it was made: equal results make equal files.
EPOCH = (1980, 1, 1, 0, 0, 0)
#: How far what is read back may be from what was written, in any entry of the pose.
STEP = 1e-9
_SAMPLE = re.compile(r"(?:.*/)?(s\d{5})/(seq1/frame_\d{5}\.jpg)")
THEN = "upload the .zip; the single-frame track counts every 5th view (map_free:PATH?every=5)"


def write_poses(estimates: Iterable[tuple[str, Any]], path: str | Path, *, partial: bool = False) -> Submission:
    """Write poses by sample, as `geomvision.datasets.MapFree` calls these; None, and one not known, gets no line.

    SubmissionError for poses without a scale, samples that are none of the benchmark, given twice, places that are
    missing unless a part is meant, and where no pose is known.
    """
    lines: dict[str, dict[str, str]] = {}
    count = known = 0
    for sample, estimate in estimates:
        place, view = _place(sample)
        if not isinstance(estimate, MetricPose | None):
            raise SubmissionError(f"{sample}: a {type(estimate).__name__} was given; {NAME} takes poses in metres")
        own = lines.setdefault(place, {})
        if view in own:
            raise SubmissionError(f"two estimates are of {place}/{view}")
        there = estimate is not None and estimate.is_known
        own[view] = _line(view, estimate) if estimate is not None and there else ""
        count, known = count + 1, known + there
    if known == 0:
        raise SubmissionError("there is no pose to submit")
    if not partial and set(lines) != set(PLACES):
        raise SubmissionError(
            f"poses of {len(set(lines) & set(PLACES))} of the {len(PLACES)} test places were given; "
            "give all of them, or say that a part is meant (partial)"
        )
    texts = {place: "".join(own[view] for view in sorted(own)) for place, own in sorted(lines.items())}
    write_bytes(path, _zipped({f"pose_{place}.txt": text for place, text in texts.items()}))
    problems = check_poses(path, partial=True)
    if problems:
        raise SubmissionError(f"{path} does not read back: {'; '.join(problems[:5])}")
    notes = (THEN, f"{count - known} of {count} views have no pose") if known < count else (THEN,)
    density = 100.0 * known / count
    return Submission(
        server=NAME, path=Path(path), estimates=count, files=len(texts), density=density, notes=notes, of="views"
    )


def check_poses(path: str | Path, *, partial: bool = False) -> list[str]:
    """What the server would not take of a .zip: files out of place, lines that are no pose, places that are missing."""
    problems, places = [], set()
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            match = re.fullmatch(r"pose_(s\d{5})\.txt", name)
            if match is None:
                problems.append(f"{name} has no place in the layout of {NAME}")
                continue
            places.add(match[1])
            views = set[str]()
            for number, line in enumerate(archive.read(name).decode("utf-8", "replace").splitlines(), 1):
                view, wrong = _read(line)
                if wrong or view in views:
                    problems.append(f"{name}, line {number}: {wrong or f'{view} stands there twice'}")
                views.add(view)
    missing = sorted(set(PLACES) - places)
    if missing and not partial:
        problems.append(f"{len(missing)} of the {len(PLACES)} test places are missing: {', '.join(missing[:3])}, …")
    return problems


def _place(sample: str) -> tuple[str, str]:
    match = _SAMPLE.fullmatch(sample)
    if match is None:
        raise SubmissionError(f"{NAME} has no sample {sample!r}; names are like s00525/seq1/frame_00000.jpg")
    return match[1], match[2]


def _line(view: str, estimate: MetricPose) -> str:
    T = estimate.T_1_0
    numbers = (*quaternion_of(T[:3, :3]), *T[:3, 3], estimate.confidence)
    line = " ".join([view, *(f"{float(value):.12g}" for value in numbers)])
    back = pose_of(line)
    if not np.abs(back - T).max() <= STEP * max(1.0, float(np.abs(T).max())):
        raise SubmissionError(f"{view} reads back otherwise than it was written")
    return line + "\n"


def pose_of(line: str) -> Array:
    """The 4x4 pose of a line. ValueError where it holds none."""
    numbers = np.array([float(word) for word in line.split(" ")[1:]])
    if numbers.size != 8 or not np.isfinite(numbers).all():
        raise ValueError(f"{numbers.size} numbers; there must be 8 that are finite")
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation_of(numbers[:4]), numbers[4:7]
    return T


def _read(line: str) -> tuple[str, str]:
    """The view of a line, and what is wrong with it."""
    view = line.split(" ", 1)[0]
    if re.fullmatch(r"seq1/frame_\d{5}\.jpg", view) is None:
        return view, f"{view!r} is no query view"
    try:
        pose_of(line)
    except ValueError as error:
        return view, str(error)
    return view, ""


def _zipped(texts: dict[str, str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text.encode(), zipfile.ZIP_DEFLATED)
    return data.getvalue()
