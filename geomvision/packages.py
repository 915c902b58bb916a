"""Packages that are imported when something needs them: missing, they are named, with the way to get them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

#: Extras by the package that they bring; names on the index of those that always come along.
EXTRAS = {
    "dask": "dask",
    "diffusers": "hub",
    "distributed": "dask",
    "fsspec": "dask",
    "h5py": "data",
    "huggingface_hub": "hub",
    "numba": "reference",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "onnxscript": "onnx",
    "open3d": "viewer",
    "poselib": "pose",
    "orjson": "tables",
    "ptlflow": "ptlflow",
    "pyarrow": "tables",
    "safetensors": "learned",
    "torch": "learned",
    "torchvision": "torchvision",
    "transformers": "hub",
}
ALWAYS = {"cv2": "opencv-contrib-python", "yaml": "pyyaml", "scipy": "scipy"}


@contextmanager
def needed_by(what: str) -> Iterator[None]:
    """Imports in this block are needed by `what`. Raises ImportError naming the package, its extra and pip's command.

    >>> with needed_by("fuse"):
    ...     import open3d_of_tomorrow
    Traceback (most recent call last):
    ModuleNotFoundError: fuse needs open3d_of_tomorrow: pip install open3d_of_tomorrow
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise ModuleNotFoundError(f"{what} needs {package}: {how_to_get(package)}", name=error.name) from None
    except (ImportError, OSError) as error:  # OSError: a library of the system is missing
        raise ImportError(f"{what} needs a package that cannot be loaded here: {error}") from error


def how_to_get(package: str) -> str:
    """The command that installs a package."""
    if package in EXTRAS:
        return f"it comes with the extra {EXTRAS[package]!r}: pip install 'geomvision[{EXTRAS[package]}]'"
    if package in ALWAYS:
        return f"it comes with geomvision and was removed: pip install {ALWAYS[package]}"
    return f"pip install {package}"


@cache
def importable(module: str) -> bool:
    """Whether a module is there, which is not imported for that."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def has_core() -> bool:
    """Whether the C++ core is there."""
    return importable("geomvision._core")


@cache
def core() -> Any:
    """The C++ core, where it is there. An import in a function takes longer than a small kernel."""
    from . import _core

    return _core
