"""ONNX files of other programs: NAME.json beside NAME.onnx says what geomvision's own files say of themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .exported import FITS, FileCard
from .weights import WeightsError

#: By task: how many images a net takes, the channels that it must give, and what these may be.
IMAGES = {"stereo": 2, "flow": 2, "depth": 1}
CHANNELS = {"stereo": ("disparity",), "flow": ("x", "y"), "depth": ("depth",)}
KINDS = {
    "stereo": ("disparity_px",),
    "flow": ("flow_px",),
    "depth": ("metric", "disparity_affine", "depth_affine", "depth_scale"),
}
LEVELS = ("0…255", "any")
#: Entries of `FileCard` that such a card may have, by what they hold.
WORDS = ("task", "kind", "output", "levels", "fit", "licence")
LISTS_OF_WORDS = ("inputs", "channels")
LISTS_OF_NUMBERS = ("mean", "deviation", "size")
NUMBERS = ("multiple", "least", "side_px", "focal_px", "scale", "lowest")
ENTRIES = (*WORDS, *LISTS_OF_WORDS, *LISTS_OF_NUMBERS, *NUMBERS, "commercial_use")


def card_beside(path: Path) -> Path:
    """Where the card of a net of others is looked for."""
    return path.with_suffix(".json")


def foreign_card(path: Path, inputs: Mapping[str, tuple[Any, ...]]) -> FileCard:
    """The card of a net of others. What it leaves out follows from its task and the net's inputs, or is `FileCard`'s.

    Args:
        path: of the ONNX file.
        inputs: shapes of the net's inputs by name: a number, a word or None for each side.

    Raises:
        WeightsError: says what the card lacks or has wrong, and what is allowed.
    """
    beside = card_beside(path)
    try:
        said = json.loads(beside.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise WeightsError(f"{beside} is no JSON: {error}") from None
    if not isinstance(said, dict) or said.get("task") not in IMAGES:
        raise WeightsError(f"{beside} must be a JSON object whose task is one of {', '.join(IMAGES)}")
    task = said["task"]
    given = {"inputs": list(inputs), "channels": list(CHANNELS[task]), "size": _size(inputs), **said}
    if len(KINDS[task]) == 1:
        given.setdefault("kind", KINDS[task][0])
    problems = list(_malformed(given)) or list(_wrong(given, inputs))
    if problems:
        raise WeightsError(f"{beside}: {'; '.join(problems)}")
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return FileCard(method=f"{task}/{path.stem}", options={}, version="", weights_sha256=content, **given)


def _size(inputs: Mapping[str, tuple[Any, ...]]) -> list[int] | None:
    """Height and width of a net that has one size."""
    sides = next(iter(inputs.values()), ())[2:]
    return list(sides) if len(sides) == 2 and all(isinstance(side, int) for side in sides) else None


def _malformed(given: Mapping[str, Any]) -> Iterator[str]:
    """Entries that no card has, and those that hold something else than they must."""
    for name, value in given.items():
        every = value if isinstance(value, list) else []
        if name not in ENTRIES:
            yield f"there is no entry {name!r}; there are {', '.join(ENTRIES)}"
        elif name in WORDS and not isinstance(value, str):
            yield f"{name} is {value!r}; it must be a text"
        elif name in LISTS_OF_WORDS and not (every and all(isinstance(each, str) for each in every)):
            yield f"{name} is {value!r}; it must be a list of names"
        elif (
            name in LISTS_OF_NUMBERS and not (every and all(map(_is_number, every))) and (name, value) != ("size", None)
        ):
            yield f"{name} is {value!r}; it must be a list of numbers"
        elif name in NUMBERS and not _is_number(value):
            yield f"{name} is {value!r}; it must be a number"
        elif name == "commercial_use" and not isinstance(value, bool):
            yield f"{name} is {value!r}; it must be true or false"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong(given: Mapping[str, Any], inputs: Mapping[str, tuple[Any, ...]]) -> Iterator[str]:
    """What a card says that cannot be."""
    task = given["task"]
    for name, allowed in (("kind", KINDS[task]), ("levels", LEVELS), ("fit", FITS)):
        if given.get(name, None if name == "kind" else allowed[0]) not in allowed:
            yield f"{name} is {given.get(name)!r}; it must be one of {', '.join(allowed)}"
    if sorted(given["inputs"]) != sorted(inputs) or len(inputs) != IMAGES[task]:
        yield (
            f"inputs are {', '.join(given['inputs'])}; they must be those of the file ({', '.join(inputs)}), "
            f"{IMAGES[task]} for {task}, the left or first image first"
        )
    if not set(CHANNELS[task]) <= set(given["channels"]):
        yield f"channels are {', '.join(given['channels'])}; they must have {', '.join(CHANNELS[task])}"
    for name, lengths in (("mean", (1, 3)), ("deviation", (1, 3)), ("size", (2,))):
        if given.get(name) is not None and len(given[name]) not in lengths:
            yield f"{name} has {len(given[name])} numbers; it must have {' or '.join(map(str, lengths))}"
    if not all(given.get("deviation", [1])):
        yield "deviation has a zero"
    for name in ("multiple", "least", "size"):
        value = given.get(name)
        every = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(each, int) and each >= 1 for each in every):
            yield f"{name} is {value!r}; it must be whole, at least 1"
