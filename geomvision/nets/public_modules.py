"""Checkpoints that hold whole modules as their authors pickled them, read without any of their code.

What a pickle names, it would call. Here, all but what makes tensors becomes a `Part`, which keeps what is put into it
and does nothing.
"""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from .. import weights


class Part:
    """What stands for an object of unknown class, or for that class."""

    #: Asked for by torch, where a file holds the source of a module.
    dump_patches = False

    def __init__(self, *_: Any, **__: Any) -> None:
        self.attributes: dict[str, Any] = {}

    def __new__(cls, *_: Any, **__: Any) -> Part:
        """Takes anything, as other classes do."""
        part = object.__new__(cls)
        part.attributes = {}
        return part

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.attributes.update(state)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Entries of mappings of unknown classes are left out."""

    def append(self, value: Any) -> None:
        """Entries of lists of unknown classes are left out."""

    def extend(self, values: Any) -> None:
        """Entries of lists of unknown classes are left out."""


#: What is kept beside tensors where it is asked for.
PLAIN = (bool, int, float, str)
#: All that a pickle may call, by the names that versions of torch have written since 0.4.
CALLED = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "Size"): torch.Size,
    ("torch._utils", "_rebuild_tensor"): torch._utils._rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): lambda data, *_: data,
    ("torch.nn.parameter", "Parameter"): lambda data, *_: data,
}


class _Unpickler(pickle.Unpickler):
    """Knows nothing but `CALLED`, and the types of torch's storages, which torch itself puts before it."""

    def find_class(self, module: str, name: str) -> Any:
        return CALLED.get((module, name), Part)


def read(path: Path) -> dict[str, Any]:
    """Tensors by name, or mappings of them, and what is plain beside: of a file that holds other things, too.

    Training loops save their arguments, NumPy's numbers and optimisers, which torch refuses to read: they are left out.

    Raises WeightsError where there is no such file, or no tensors are in it.
    """
    path = weights.find(path)
    try:
        return weights.load_torch(path)
    except weights.WeightsError as refused:
        try:
            return load_modules(path, plain=True)
        except weights.WeightsError:
            raise refused from None


def load_modules(path: Path, *, plain: bool = False) -> dict[str, Any]:
    """Tensors by name, or mappings of them; those of a module by the names that its `state_dict` has.

    With `plain` also numbers, texts and truth values. Raises WeightsError where there are no tensors.
    """
    if _holds_code(path):
        raise weights.WeightsError(f"{path} holds TorchScript, which is code; save the tensors: net.state_dict()")
    reader = ModuleType("reader")  # which torch takes in place of pickle
    vars(reader).update(Unpickler=_Unpickler, load=lambda file, **options: _Unpickler(file, **options).load())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sources that are another version's
            found = torch.load(path, map_location="cpu", weights_only=False, pickle_module=reader)
    except Exception as error:  # a file of something else fails in many ways
        told = f"{type(error).__name__} {str(error).partition('.')[0]}".strip()
        raise weights.WeightsError(f"{path} is no file of modules or tensors: {told}") from error
    tensors = _tensors(found, PLAIN if plain else ())
    if not _tensors(found, ()):
        raise weights.WeightsError(f"{path} holds no tensors by name, but something of type {type(found).__name__}")
    return tensors


def _holds_code(path: Path) -> bool:
    """Whether torch would hand the file to the interpreter of TorchScript."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.rpartition("/")[2] == "constants.pkl" for name in archive.namelist())


def _tensors(found: Any, beside: tuple[type, ...]) -> dict[str, Any]:
    """What holds tensors, of a mapping or a module; and what is of the types `beside`, of a mapping."""
    if isinstance(found, Part):
        return dict(_named(found, ""))
    if not isinstance(found, Mapping):
        return {}
    kept = (Tensor, *beside)
    inner = {str(name): value if isinstance(value, kept) else _tensors(value, beside) for name, value in found.items()}
    return {name: value for name, value in inner.items() if isinstance(value, kept) or value}


def _named(module: Part, prefix: str) -> Iterator[tuple[str, Tensor]]:
    for kind in ("_parameters", "_buffers"):
        for name, value in _entries(module, kind):
            if isinstance(value, Tensor):
                yield prefix + name, value
    for name, child in _entries(module, "_modules"):
        if isinstance(child, Part):
            yield from _named(child, f"{prefix}{name}.")


def _entries(module: Part, kind: str) -> list[tuple[str, Any]]:
    entries = module.attributes.get(kind)
    return list(entries.items()) if isinstance(entries, Mapping) else []
