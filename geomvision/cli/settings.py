"""Method names and ``--set`` values from words to checked method objects."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from typing import Any

from ..method import Method, OptionError
from ..registry import Registry

TASKS = ("stereo", "flow", "depth", "pose", "scene_flow")


def registry(task: str) -> Registry:
    """The methods of a task. ValueError names the tasks when there is no such task."""
    if task not in TASKS:
        raise ValueError(f"there is no task {task!r}{nearest(task, TASKS)}; tasks are {', '.join(TASKS)}")
    found: Registry = importlib.import_module(f"geomvision.{task}").METHODS
    return found


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint on what was meant, or nothing."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def method_class(task: str, name: str) -> type[Method]:
    """A method by name. ValueError suggests the nearest name."""
    methods = registry(task)
    if name not in methods:
        raise ValueError(
            f"there is no {task} method {name!r}{nearest(name, methods)}; methods are {', '.join(methods)}"
        )
    return methods[name]


def named(task: str, names: str) -> list[type[Method]]:
    """The methods whose names stand between commas, each once. ValueError where there is none."""
    words = dict.fromkeys(word.strip() for word in names.split(",") if word.strip())
    if not words:
        raise ValueError(f"no {task} method was named; methods are {', '.join(registry(task))}")
    return [method_class(task, word) for word in words]


def build(task: str, names: str | None, settings: Iterable[str]) -> list[Method]:
    """Methods with their options; without names, all that can run here.

    Raises:
        ValueError: on an unknown method or option, or a setting that fits none of the methods.
        OptionError: on a value that is not allowed.
    """
    if names is None:
        every = (registry(task)[name] for name in registry(task))
        chosen = [method for method in every if method.available_backends()]
    else:
        chosen = named(task, names)
    options: dict[str, dict[str, Any]] = {method.name(): {} for method in chosen}
    for setting in settings:
        _apply(setting, chosen, options)
    built = [method.from_options(options[method.name()]) for method in chosen]
    return [method for method in built if names is not None or _runs(method)]


def _runs(method: Method) -> bool:
    """Whether a backend is there that has all it needs, as weights."""
    return any(each.missing() is None and method.refusal(each.name) is None for each in method.backends())


def chosen_option(settings: Iterable[str], option: str, methods: Iterable[Method]) -> set[str]:
    """Names of the methods for which a setting chooses `option`."""
    chosen: set[str] = set()
    for setting in settings:
        target, _, name = setting.partition("=")[0].strip().rpartition(".")
        if name == option:
            chosen |= {target} if target else {method.name() for method in methods}
    return chosen


def _apply(setting: str, methods: list[type[Method]], options: dict[str, dict[str, Any]]) -> None:
    """Enter one ``method.option=value`` or ``option=value`` into `options`."""
    left, separator, text = setting.partition("=")
    target, _, name = left.strip().rpartition(".")
    if not separator or not name:
        raise ValueError(f"--set {setting}: it must be METHOD.OPTION=VALUE or OPTION=VALUE")
    if target:
        if target not in options:
            raise ValueError(f"--set {setting}: {target!r} is not among the methods {', '.join(options)}")
        methods = [method for method in methods if method.name() == target]
    takers = [method for method in methods if name in method.option_limits()]
    if not takers:
        known = sorted({option for method in methods for option in method.option_limits()})
        hint = nearest(name, known)
        raise ValueError(f"--set {setting}: there is no option {name!r}{hint}; options are {', '.join(known)}")
    for method in takers:
        options[method.name()][name] = parse(method, name, text.strip())


def parse(method: type[Method], option: str, text: str) -> Any:
    """`text` as the type of the option's default. OptionError says what is allowed."""
    kind: Any = type(method.__dataclass_fields__[option].default)
    meanings = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    try:
        if kind is bool:
            return meanings[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        limits = method.option_limits()[option]
        allowed = "true or false" if kind is bool else f"{kind.__name__}, {limits}"
        raise OptionError(f"{method.name()}.{option} is {text!r}; it must be {allowed} ({limits.doc})") from None
