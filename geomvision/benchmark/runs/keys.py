"""Keys by content: of code, weights, samples, and of a unit of work that is made of all of them."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import inspect
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ... import weights as files
from ...method import Method
from ..machine import installed

PACKAGE = Path(__file__).parents[2]
#: Rooms whose code no result depends on; of `benchmark`, the files that one does depend on.
WITHOUT = ("cli", "report", "training", "weights_data")
WITH = ("_range", "aligned", "comparison", "failures", "fitting", "inspection", "protocols")
#: Distributions whose versions can change a result.
PACKAGES = (
    "numpy", "scipy", "opencv-contrib-python", "numba", "torch", "onnxruntime", "scikit-image", "open3d",
    "transformers", "diffusers", "torchvision", "ptlflow", "poselib",
)  # fmt: skip

#: Options that name files and folders on which results depend; methods with others have ``depends_on()``.
PLACES = ("weights", "cost")


def digest_of(value: Any) -> str:
    """32 hexadecimal digits of a value that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=list).encode()).hexdigest()[:32]


def digests_of(shared: list[Any], last: list[str]) -> tuple[str, ...]:
    """``digest_of([*shared, each])`` for each of `last`: what they share is read once."""
    text = json.dumps([*shared, ""], sort_keys=True, default=list)
    begun = hashlib.sha256(text.removesuffix('""]').encode())
    found = []
    for each in last:
        own = begun.copy()
        own.update(f"{json.dumps(each)}]".encode())
        found.append(own.hexdigest()[:32])
    return tuple(found)


@cache
def code_version() -> str:
    """The version and twelve digits of all code that a result depends on, compiled code and packages included."""
    digest = hashlib.sha256()
    for path in sorted((*PACKAGE.rglob("*.py"), *PACKAGE.glob("_c*.so"), *PACKAGE.glob("_c*.pyd"))):
        inside = path.relative_to(PACKAGE)
        room = inside.parts[0]
        if room not in WITHOUT and (room != "benchmark" or inside.as_posix() in _OF_BENCHMARK):
            digest.update(f"{inside.as_posix()}\0".encode() + path.read_bytes())
    for package in PACKAGES:
        digest.update(f"{package} {installed(package)}\n".encode())
    return f"{importlib.import_module('geomvision').__version__}+{digest.hexdigest()[:12]}"


_OF_BENCHMARK = {
    *(f"benchmark/{name}.py" for name in WITH),
    *(f"benchmark/runs/{name}.py" for name in ("annotations", "data", "work")),
}


def weights_of(method: Method) -> tuple[str | None, int | None]:
    """What names a method's weights by their content, those of methods that it asks included, and how many parameters.

    The number is None where no card tells it. (None, None) for a method without weights.
    """
    found = dict(_weights(method))
    counts = list(found.values())
    name = ", ".join(f"{name} sha256:{digest}" for name, digest in sorted(found))
    return name or None, sum(c for c in counts if c is not None) if found and None not in counts else None


def _weights(method: Method) -> Iterator[tuple[tuple[str, str], int | None]]:
    """Name, digest and number of parameters of each file or folder that a method's result depends on."""
    own = getattr(method, "depends_on", None)
    named = [_place(method, name, value) for name, value in method.options().items() if isinstance(value, str)]
    for place in own() if callable(own) else named:
        if place is not None:
            digest, count = _content(place)
            yield (place.name, digest), count
    for each in method.asked():
        yield from _weights(each)


def _place(method: Method, option: str, value: str) -> Path | None:
    """The file or folder that the value of an option names as weights, or None."""
    if not value:
        return None
    if value in files.names():
        return files.find(value)
    path = Path(value).expanduser()
    if option in PLACES and path.exists() and (option != "cost" or path.suffix):
        return path
    if option == "weights" and hasattr(method, "index"):
        cached = importlib.import_module("geomvision.depth._hub").cached
        hit: Path | None = cached(value, method.index)
        return hit
    return None


def _content(place: Path) -> tuple[str, int | None]:
    """Twelve digits of the content and the number of parameters by the card; of a folder's files but hidden ones."""
    card = place.with_suffix(".json")
    if place.suffix == files.SUFFIX and card.is_file():
        known = files.Card.read(card)  # loading compares the checksum
        return known.sha256[:12], known.parameters
    digest = hashlib.sha256()
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        inside = path.relative_to(place)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in inside.parts):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{inside.as_posix()} {content}\n".encode())
    return digest.hexdigest()[:12], None


def sample_digest(sample: Any) -> str:
    """32 digits of all that a sample holds, bit for bit: the same data has the same, however it is stored."""
    digest = hashlib.sha256()
    for part in _parts(sample):
        digest.update(part)
    return digest.hexdigest()[:32]


def _parts(value: Any) -> Iterator[Any]:
    """The bytes of a value, so that different values have different ones."""
    if isinstance(value, np.ndarray):
        yield f"array {value.dtype.str} {value.shape};".encode()
        yield np.ascontiguousarray(value).view(np.uint8).reshape(-1).data if value.size else b""
    elif dataclasses.is_dataclass(value):
        yield f"{type(value).__name__}(".encode()
        for each in dataclasses.fields(value):
            yield f"{each.name}=".encode()
            yield from _parts(getattr(value, each.name))
        yield b")"
    elif isinstance(value, Mapping):
        yield b"{"
        for key in sorted(value, key=repr):
            yield f"{key!r}:".encode()
            yield from _parts(value[key])
        yield b"}"
    elif isinstance(value, list | tuple):
        yield b"["
        for each in value:
            yield from _parts(each)
        yield b"]"
    elif value is None or isinstance(value, bool | int | float | str | np.generic):
        yield f"{type(value).__name__} {value!r};".encode()
    else:
        raise TypeError(f"a sample holds a {type(value).__name__}, of which no digest is known")


@cache
def code_beside(method: type[Method]) -> str:
    """Twelve digits of the file of a method that another package brings; "" for those of geomvision."""
    source = inspect.getsourcefile(method)
    if source is None or Path(source).is_relative_to(PACKAGE):
        return ""
    return hashlib.sha256(Path(source).read_bytes()).hexdigest()[:12]
