"""Public checkpoints of flow nets: their names for our tensors, all of them or none.

Each ``public_….py`` knows the forms in which checkpoints of one net come; names in them are their authors'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

#: From our name to theirs; several where they hold a tensor more than once.
Layout = Callable[[str], tuple[str, ...]]
#: Counts the steps of a training. Older versions of torch did not, and nothing here reads it.
COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class Form:
    """One form in which checkpoints of a net come."""

    layout: Layout
    #: Of the net that they fit.
    arguments: Mapping[str, Any] = field(default_factory=dict)
    #: Names that may be there beside: what they must hold then, or None where nothing reads it.
    beside: Mapping[str, Tensor | None] = field(default_factory=dict)


def from_public(net: type[nn.Module], forms: Iterable[Form], checkpoint: Mapping[str, Any]) -> nn.Module:
    """The net of the first form that the checkpoint has, tensor for tensor.

    Raises KeyError, naming what is missing and what is unknown, where it has none; ValueError where tensors differ
    that should be one, or are not what they must be.
    """
    forms = tuple(forms)
    state = tensors(checkpoint, {name for form in forms for name, value in form.beside.items() if value is None})
    closest: tuple[set[str], set[str]] | None = None
    for form in forms:
        with torch.device("meta"):
            made = net(**form.arguments)
        names = {ours: form.layout(ours) for ours in made.state_dict()}
        wanted = {theirs for several in names.values() for theirs in several}
        missing = {name for name in wanted - set(state) if not name.endswith(COUNTER)}
        unknown = set(state) - wanted - set(form.beside)
        if not missing and not unknown:
            _require_beside(state, form.beside)
            chosen = {ours: _one(state, several) for ours, several in names.items()}
            made.load_state_dict(chosen, strict=True, assign=True)
            return made
        if closest is None or len(missing) + len(unknown) < sum(map(len, closest)):
            closest = missing, unknown
    missing, unknown = closest or (set(), set())
    raise KeyError(f"no checkpoint of {net.__name__}: it lacks {_some(missing)}, and has {_some(unknown)}")


def tensors(checkpoint: Mapping[str, Any], beside: Collection[str] = ()) -> dict[str, Tensor]:
    """The tensors by name, out of the entries and prefixes that training loops put around them.

    Raises KeyError where it holds something else under other names than those `beside`.
    """
    for entry in ("state_dict", "model", "params"):
        if isinstance(checkpoint.get(entry), Mapping):
            checkpoint = checkpoint[entry]
    checkpoint = {name: each for name, each in checkpoint.items() if isinstance(each, Tensor) or name not in beside}
    wrong = [str(name) for name, tensor in checkpoint.items() if not isinstance(tensor, Tensor)]
    if wrong:
        raise KeyError(f"no checkpoint of tensors by name: {_some(wrong)}")
    return {name.removeprefix("module."): tensor for name, tensor in checkpoint.items()}


def renamed(name: str, rules: Iterable[tuple[str, str]]) -> str:
    """A name after all rules, each a pattern and its replacement."""
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def _require_beside(state: Mapping[str, Tensor], beside: Mapping[str, Tensor | None]) -> None:
    for name, value in beside.items():
        if value is None or name not in state:
            continue
        found = state[name].flatten().float()
        if found.shape != value.shape or not torch.allclose(found, value):
            raise ValueError(f"the checkpoint's {name} is {found.tolist()[:9]}; it must be {value.tolist()}")


def _one(state: Mapping[str, Tensor], names: tuple[str, ...]) -> Tensor:
    if names[0] not in state:
        return torch.tensor(0)  # a counter
    first = state[names[0]]
    for name in names[1:]:
        if name in state and not torch.equal(state[name], first):
            raise ValueError(f"the checkpoint's {names[0]} and {name} differ; they must be one")
    return first


def _some(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:3]) + (f" and {len(ordered) - 3} more" if len(ordered) > 3 else "") or "nothing"
