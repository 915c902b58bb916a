"""What a method is: a frozen dataclass of options that can be called.

A method's options are at once its configuration, its documentation, its command-line flags, its TOML and
JSON form and its cache key. One file is one method: `geomvision/stereo/sgm.py` defines the class `SGM`, is
known as ``"sgm"``, and nothing has to be registered (see `geomvision.registry`).

    @dataclass(frozen=True, kw_only=True)
    class Threshold(StereoMethod):
        '''One line that says what it does (Author, Venue year).'''

        level: int = option(3, "grey levels below which a pixel has no texture", minimum=0, unit="levels")

        @backend("reference", requires="numba")
        def _reference(self, left: Image, right: Image) -> Estimate: ...
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import importlib
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from .licences import Licence, forbidden, licence_of
from .packages import importable
from .results import Run
from .timing import timed

Value = bool | int | float | str | None
Function = TypeVar("Function", bound=Callable[..., Any])

#: Options that choose how a result is obtained and never what it is.
EXECUTION_OPTIONS = ("backend", "num_threads")
#: The module of the CUDA twins.
CUDA = "geomvision._cuda"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an option may be: a range (inclusive) or a list of choices, and its unit."""

    doc: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Value, ...] = ()
    odd: bool = False

    def __str__(self) -> str:
        if self.choices:
            return "one of " + ", ".join(repr(choice) for choice in self.choices)
        odd = "odd and " if self.odd else ""
        unit = f" {self.unit}" if self.unit else ""
        if self.minimum is not None and self.maximum is not None:
            return f"{odd}between {self.minimum} and {self.maximum}{unit}"
        if self.minimum is not None:
            return f"{odd}at least {self.minimum}{unit}"
        return f"{odd}at most {self.maximum}{unit}" if self.maximum is not None else f"{odd}any{unit}"

    def admit(self, value: Any) -> bool:
        """Whether `value` lies within these limits (its type has been checked before)."""
        if self.choices:
            return value in self.choices
        if value is None or isinstance(value, str | bool):
            return True
        if isinstance(value, float) and not math.isfinite(value):
            return False
        below = self.minimum is not None and value < self.minimum
        above = self.maximum is not None and value > self.maximum
        return not (below or above or (self.odd and value % 2 == 0))


def option(
    default: Any,
    doc: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[Value, ...] = (),
    odd: bool = False,
) -> Any:
    """Declare an option of a method: its default, what it means, its unit and what it may be."""
    limits = Limits(doc=doc, unit=unit, minimum=minimum, maximum=maximum, choices=choices, odd=odd)
    return dataclasses.field(default=default, metadata={"limits": limits})


class OptionError(ValueError):
    """An option has a value that is not allowed; the message says what was given and what is allowed."""


class BackendError(RuntimeError):
    """A backend cannot run here; the message says what is missing and how to get it."""


@dataclass(frozen=True)
class Backend:
    """One way to run a method: its name, the module it needs, and the function that does it."""

    name: str
    requires: str | None
    extra: str | None
    function: str

    def missing(self) -> str | None:
        """Why this backend cannot run here, or None when it can."""
        if self.requires is None or importable(self.requires):
            return _without_gpu() if self.requires == CUDA else None
        if self.requires == CUDA:
            return "needs geomvision built with CUDA: install the CUDA toolkit (nvcc), then pip install . again"
        if self.extra is not None:
            return f"needs {self.requires}: pip install 'geomvision[{self.extra}]'"
        if self.requires.startswith("geomvision."):
            return f"needs {self.requires}, which this installation of geomvision lacks: build it again"
        return f"needs {self.requires}, which comes with geomvision: pip install --force-reinstall geomvision"


class Copied(NamedTuple):
    """What a backend returns that copies its inputs to a device and its result back, and the seconds that took."""

    result: Any
    seconds: float


@cache
def _gpus() -> tuple[int, int]:
    """How many there are, and which process asked the driver."""
    return importlib.import_module(CUDA).device_count(), os.getpid()


def _without_gpu() -> str | None:
    count, process = _gpus()
    if count == 0:
        return "finds no GPU, or no driver for it: nvidia-smi lists what there is"
    forked = "was begun in the process this one was forked from, and does not survive that: spawn processes instead"
    return None if process == os.getpid() else forked


def backend(name: str, *, requires: str | None = None, extra: str | None = None) -> Callable[[Function], Function]:
    """Mark a method's function as its backend `name`. Order in the class is order of preference."""

    def mark(function: Function) -> Function:
        function.__backend__ = Backend(name, requires, extra, function.__name__)  # type: ignore[attr-defined]
        return function

    return mark


@dataclass(frozen=True, kw_only=True)
class Method:
    """Base of every method: checked options, backends, and a form that survives TOML and JSON."""

    task: ClassVar[str] = ""
    #: Name in the registry; None takes the file's name.
    registered_as: ClassVar[str | None] = None

    backend: str = option("auto", "which implementation runs; 'auto' takes the fastest that is available")
    num_threads: int = option(0, "threads; 0 takes every core; results do not depend on it", minimum=0, maximum=1024)

    def __post_init__(self) -> None:
        for name, limits in self.option_limits().items():
            object.__setattr__(self, name, self._checked(name, getattr(self, name), limits))
        names = ["auto", *(b.name for b in self.backends())]
        if self.backend not in names:
            allowed = ", ".join(map(repr, names))
            raise OptionError(f"{type(self).__name__}: backend is {self.backend!r}; allowed are {allowed}")

    @classmethod
    def _checked(cls, name: str, value: Any, limits: Limits) -> Any:
        kind = type(next(f.default for f in dataclasses.fields(cls) if f.name == name))
        if kind is float and type(value) is int:
            value = float(value)
        if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # numpy scalars
            value = value.item()
        if kind is not type(None) and type(value) is not kind:
            given = f"{value!r} ({type(value).__name__})"
            raise OptionError(f"{cls.__name__}: {name} is {given}; it must be {kind.__name__}, {limits}")
        if not limits.admit(value):
            raise OptionError(f"{cls.__name__}: {name} is {value!r}; allowed is {limits} ({limits.doc})")
        return value

    @classmethod
    def name(cls) -> str:
        """The method's name in its registry: its file's name."""
        return cls.registered_as or cls.__module__.rpartition(".")[2]

    @classmethod
    def option_limits(cls) -> dict[str, Limits]:
        """The options by name, each with its documentation, unit and range."""
        return {f.name: f.metadata["limits"] for f in dataclasses.fields(cls) if "limits" in f.metadata}

    @classmethod
    def backends(cls) -> list[Backend]:
        """All backends this method has, fastest first."""
        found: dict[str, Backend] = {}
        for base in cls.__mro__:
            for member in vars(base).values():
                mark = getattr(member, "__backend__", None)
                if isinstance(mark, Backend):
                    found.setdefault(mark.name, mark)
        return list(found.values())

    @classmethod
    def available_backends(cls) -> list[str]:
        """Names of the backends that can run here, fastest first."""
        return [b.name for b in cls.backends() if b.missing() is None]

    def chosen_backend(self) -> Backend:
        """The backend a call will use. Raises `BackendError` when it cannot run here."""
        candidates = [b for b in self.backends() if self.backend in ("auto", b.name)]
        barred = forbidden(self.licences)
        reasons = {b.name: barred or b.missing() or self.refusal(b.name) for b in candidates}
        for candidate in candidates:
            if reasons[candidate.name] is None:
                return candidate
        told = "; ".join(f"{name} {reason}" for name, reason in reasons.items())
        raise BackendError(f"{type(self).__name__} cannot run here: {told}")

    def asked(self) -> Sequence[Method]:
        """The methods that this one runs."""
        return ()

    def prepared(self) -> Backend:
        """The backend a call will use, with what it and those it asks need imported: no part of what a call takes."""
        chosen = self.chosen_backend()
        if chosen.requires is not None:
            importlib.import_module(chosen.requires)
        for each in self.asked():
            each.prepared()
        return chosen

    def refusal(self, name: str) -> str | None:  # noqa: ARG002
        """Why the backend `name`, which is there, cannot run these options, or None when it can."""
        return None

    def licences(self) -> tuple[Licence, ...]:
        """Of its own weights; a method that it runs answers for itself."""
        given = getattr(self, "weights", "")
        return (licence_of(given),) if given else ()

    def execute(self, *inputs: Any) -> Any:
        """Run the chosen backend on checked inputs and attach the `Run`: the one way every call goes."""
        chosen = self.prepared()
        result, seconds, peak = timed(lambda: getattr(self, chosen.function)(*inputs), from_scratch=False)
        result, copying = result if isinstance(result, Copied) else (result, None)
        run = Run(
            method=f"{self.task}/{self.name()}",
            options=self.options(),
            backend=chosen.name,
            seconds=seconds,
            peak_memory_bytes=peak,
            copy_seconds=copying,
        )
        result = copy.copy(result)  # but not its arrays, which replace() would check and copy again
        object.__setattr__(result, "run", run)
        return result

    def options(self) -> dict[str, Value]:
        """The options that decide the result, by name (not backend nor threads)."""
        names = (f.name for f in dataclasses.fields(self) if f.name not in EXECUTION_OPTIONS)
        return {name: getattr(self, name) for name in names}

    def with_options(self, **changes: Any) -> Self:
        """A copy with some options changed."""
        return dataclasses.replace(self, **changes)

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Make a method from a mapping (TOML, JSON, command line). An unknown name is a TypeError."""
        known = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(options) - known)
        if unknown:
            raise TypeError(f"{cls.__name__} has no option {', '.join(unknown)}; it has {', '.join(sorted(known))}")
        return cls(**options)

    def key(self) -> str:
        """A short hash of name and options: equal keys mean equal results."""
        text = json.dumps([self.task, self.name(), self.options()], sort_keys=True, default=repr)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def changed(self, *without: str) -> str:
        """Options that differ from their defaults, as ``"name=value, name=value"``, without those named."""
        fields = (f for f in dataclasses.fields(self) if f.name not in without)
        every = ((f.name, getattr(self, f.name), f.default) for f in fields)
        return ", ".join(f"{name}={value}" for name, value, default in every if value != default)

    def label(self) -> str:
        """Name with the options that differ from their defaults: ``sgm(max_disparity=128)``."""
        changed = self.changed(*EXECUTION_OPTIONS)
        return self.name() + (f"({changed})" if changed else "")
