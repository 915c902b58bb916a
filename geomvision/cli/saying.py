"""What verbs tell on standard output, a line at a time."""

from __future__ import annotations

from rich.console import Console


def say(text: str) -> None:
    """Print a text as it is: nothing in it is markup, and no line of it is broken."""
    Console().print(text, highlight=False, markup=False, soft_wrap=True)
