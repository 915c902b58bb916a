"""Records with chosen figures, for tests of what is made from records."""

from collections.abc import Mapping, Sequence

from geomvision.benchmark.records import Record, TimeRecord
from geomvision.metrics._base import Ratio

PROTOCOL, FIGURE = "kitti2015", "D1-all all"


def record(label: str, sample: str, wrong: float | None = 1.0, pixels: float = 100.0, **changes) -> Record:
    """`wrong` of `pixels` pixels by KITTI 2015; None fails."""
    scores = {} if wrong is None else {PROTOCOL: {FIGURE: Ratio(wrong, pixels, "percent")}}
    given = {
        "key": f"{label}-{sample}",
        "task": "stereo",
        "dataset": "kitti2015",
        "sample": sample,
        "label": label,
        "method": f"stereo/{label}",
        "backend": "cpp",
        "scores": scores,
        "density": 1.0,
        "error": "RuntimeError: no light" if wrong is None else None,
    }
    return Record(**{**given, **changes})


def table(figures: Mapping[str, Sequence[float | None]], **changes) -> list[Record]:
    """One record for each method and scene "00", "01", …, with so many of 100 pixels wrong."""
    return [
        record(label, f"{scene:02d}", wrong, **changes)
        for label, row in figures.items()
        for scene, wrong in enumerate(row)
    ]


def time(key: str, *seconds: float, machine: str = "a machine", **changes) -> TimeRecord:
    given = {"peak_memory_bytes": 2**20, "num_threads": 4}
    return TimeRecord(key=key, seconds=seconds, machine=machine, **{**given, **changes})
