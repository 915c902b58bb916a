"""Which of two points is further, as "Depth in the Wild" and its kin store it (Chen et al., NeurIPS 2016)."""

from __future__ import annotations

from ..samples import PointPairs
from ._files import FormatError, PathLike, read_text

_EXPECTED = "lines with an image's name, each followed by lines y_A,x_A,y_B,x_B,> (or < or =), pixels from 1 on"
_RELATIONS = {">": 1, "<": -1, "=": 0}


def read_point_pairs(path: PathLike) -> dict[str, PointPairs]:
    """Pairs of points by the name of their image, as it is written there: DIW's ``.csv``, and that of its NYU points.

    Each image's name stands in a line, the first of its fields; after it come its pairs, y and x of A, y and x of B,
    counted from 1, and ">" where A is further, "<" where B is, "=" where they are as far. What else a line has (the
    size of the image, the number of pairs) is skipped.

    Raises FormatError for a file without pairs, and for a pair before the first name or with a pixel below 1.
    """
    rows: dict[str, list[tuple[int, ...]]] = {}
    name: str | None = None
    for number, line in enumerate(read_text(path, _EXPECTED).splitlines(), start=1):
        fields = [field.strip().strip("\"'") for field in line.split(",")]
        if len(fields) >= 5 and fields[4] in _RELATIONS:
            try:
                pixels = [int(float(field)) for field in fields[:4]]
            except (ValueError, OverflowError):
                raise FormatError(path, f"line {number} holds {line!r}", _EXPECTED) from None
            if name is None or min(pixels) < 1:
                wrong = "comes before any image" if name is None else "holds a pixel below 1"
                raise FormatError(path, f"line {number} {wrong}", _EXPECTED)
            rows.setdefault(name, []).append((*pixels, _RELATIONS[fields[4]]))
        elif fields[0]:
            name = fields[0]
    if not rows:
        raise FormatError(path, "holds no pairs of points", _EXPECTED)
    return {
        image: PointPairs(
            first=[(x - 1, y - 1) for y, x, _, _, _ in pairs],  # type: ignore[arg-type]
            second=[(x - 1, y - 1) for _, _, y, x, _ in pairs],  # type: ignore[arg-type]
            relation=[relation for *_, relation in pairs],  # type: ignore[arg-type]
        )
        for image, pairs in rows.items()
    }
