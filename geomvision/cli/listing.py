"""``geomvision methods``: what there is, what runs it here, and its options."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..method import EXECUTION_OPTIONS, Method
from .settings import TASKS, method_class, registry


def run(task: str | None, name: str | None) -> None:
    """List every task's methods, one task's with their options, or one method in full."""
    console = Console()
    if name is not None:
        assert task is not None
        _options(console, method_class(task, name))
        return
    for one in (task,) if task is not None else TASKS:
        classes = [registry(one)[method] for method in registry(one)]
        if not classes:
            continue
        _methods(console, one, classes)
        if task is not None:
            for method in classes:
                _options(console, method)


def _methods(console: Console, task: str, classes: list[type[Method]]) -> None:
    table = Table(title=task, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("method", no_wrap=True)
    table.add_column("backends here", no_wrap=True)
    table.add_column("what it does")
    for method in classes:
        here = Text(", ".join(method.available_backends()) or "none")
        for backend in method.backends():
            if backend.missing() is not None:
                here.append(f" ({backend.name} missing)", style="dim")
        table.add_row(method.name(), here, _summary(method))
    console.print(table)


def _options(console: Console, method: type[Method]) -> None:
    title = f"{method.task}/{method.name()}: {_summary(method)}"
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("option", no_wrap=True)
    table.add_column("default", no_wrap=True)
    table.add_column("allowed")
    table.add_column("meaning")
    for name, limits in method.option_limits().items():
        if name not in EXECUTION_OPTIONS:
            default = method.__dataclass_fields__[name].default
            table.add_row(name, str(default), Text(str(limits)), Text(limits.doc))
    console.print(table)
    for name, known in getattr(method, "checkpoints", {}).items():
        use = "commercial use allowed" if known.commercial_use else "no commercial use"
        told = f"  weights {name}: {known.kind}, licence {known.licence or 'unknown'}, {use}"
        console.print(told, style="dim", markup=False, soft_wrap=True)
    for backend in method.backends():
        if (reason := backend.missing()) is not None:
            console.print(f"  backend {backend.name} {reason}", style="dim", markup=False)


def _summary(method: type[Method]) -> str:
    return (method.__doc__ or "").strip().partition("\n")[0]
