"""What tables call methods."""

from __future__ import annotations

from collections.abc import Sequence

from ..method import Method


def labelled(methods: Sequence[Method]) -> dict[str, Method]:
    """Methods by the shortest label that tells them apart: the name, what differs within a name, the backend."""
    labels = []
    for method in methods:
        same = [other for other in methods if type(other) is type(method)]
        differ = [n for n, value in method.options().items() if any(other.options()[n] != value for other in same)]
        told = ", ".join(f"{name}={getattr(method, name)}" for name in differ)
        labels.append(method.name() + (f"({told})" if told else ""))
    labels = [
        label if labels.count(label) == 1 else f"{label} [{method.chosen_backend().name}]"
        for label, method in zip(labels, methods, strict=True)
    ]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ValueError(f"{twice} is given twice with the same options")
    return dict(zip(labels, methods, strict=True))
