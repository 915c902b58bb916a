"""Public checkpoints of flow nets: their names for our tensors, all of them or none.

Names of RAFT are its authors'. What a checkpoint holds says which variant of a net it fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

#: From our name to theirs; several where they hold a tensor more than once.
Layout = Callable[[str], tuple[str, ...]]


def from_public(
    net: type[nn.Module],
    variants: Iterable[Mapping[str, Any]],
    layouts: Iterable[Layout],
    checkpoint: Mapping[str, Any],
) -> nn.Module:
    """The net of the first variant that the checkpoint fills, tensor for tensor.

    Raises KeyError, naming what is missing and what is unknown, where it fills none; ValueError where tensors differ
    that should be one.
    """
    state = _tensors(checkpoint)
    closest: tuple[set[str], set[str]] | None = None
    for variant in variants:
        with torch.device("meta"):
            made = net(**variant)
        for layout in layouts:
            names = {ours: layout(ours) for ours in made.state_dict()}
            wanted = {theirs for several in names.values() for theirs in several}
            missing, unknown = wanted - set(state), set(state) - wanted
            if not missing and not unknown:
                chosen = {ours: _one(state, several) for ours, several in names.items()}
                made.load_state_dict(chosen, strict=True, assign=True)
                return made
            if closest is None or len(missing) + len(unknown) < sum(map(len, closest)):
                closest = missing, unknown
    missing, unknown = closest or (set(), set())
    raise KeyError(f"no checkpoint of {net.__name__}: it lacks {_some(missing)}, and has {_some(unknown)}")


def _tensors(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors by name, out of the entries and prefixes that training loops put around them."""
    for entry in ("state_dict", "model"):
        if isinstance(checkpoint.get(entry), Mapping):
            checkpoint = checkpoint[entry]
    wrong = [name for name, tensor in checkpoint.items() if not isinstance(tensor, Tensor)]
    if wrong:
        raise KeyError(f"no checkpoint of tensors by name: {_some(wrong)}")
    return {name.removeprefix("module."): tensor for name, tensor in checkpoint.items()}


def _one(state: Mapping[str, Tensor], names: tuple[str, ...]) -> Tensor:
    first = state[names[0]]
    for name in names[1:]:
        if not torch.equal(state[name], first):
            raise ValueError(f"the checkpoint's {names[0]} and {name} differ; they must be one")
    return first


def _some(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:3]) + (f" and {len(ordered) - 3} more" if len(ordered) > 3 else "") or "nothing"


def _renamed(name: str, rules: Iterable[tuple[str, str]]) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


_RAFT = (
    (r"^features\.", "fnet."),
    (r"^context\.", "cnet."),
    (r"^(fnet|cnet)\.enter\.", r"\1.conv1."),
    (r"^(fnet|cnet)\.leave\.", r"\1.conv2."),
    (r"^(fnet|cnet)\.norm\.", r"\1.norm1."),
    (r"\.skip\.", ".downsample."),
    (r"^motion\.seen\.0\.", "update_block.encoder.convc1."),
    (r"^motion\.seen\.1\.", "update_block.encoder.convc2."),
    (r"^motion\.moved\.0\.", "update_block.encoder.convf1."),
    (r"^motion\.moved\.1\.", "update_block.encoder.convf2."),
    (r"^motion\.join\.", "update_block.encoder.conv."),
    (r"^head\.0\.", "update_block.flow_head.conv1."),
    (r"^head\.2\.", "update_block.flow_head.conv2."),
    (r"^mask\.", "update_block.mask."),
)
_GATES = {"update": "convz", "reset": "convr", "candidate": "convq"}


def raft(ours: str) -> tuple[str, ...]:
    """RAFT as its authors name it."""
    return _raft(ours, "{}")


def raft_small(ours: str) -> tuple[str, ...]:
    """RAFT-S, whose recurrent unit has one step, without a number."""
    return _raft(ours, "")


def _raft(ours: str, number: str) -> tuple[str, ...]:
    name = _renamed(ours, _RAFT)
    if gate := re.match(r"recurrent\.(\w+)\.(\d)\.(.*)", name):
        return (f"update_block.gru.{_GATES[gate[1]]}{number.format(int(gate[2]) + 1)}.{gate[3]}",)
    if block := re.match(r"(\w+)\.blocks\.(\d)\.(\w+)\.(\d)\.(.*)", name):
        where = f"{block[1]}.layer{int(block[2]) // 2 + 1}.{int(block[2]) % 2}"
        if block[3] == "downsample":
            there = (f"{where}.downsample.{block[4]}.{block[5]}",)
            return there if block[4] == "0" else (*there, f"{where}.norm3.{block[5]}")
        kind = {"convolutions": "conv", "norms": "norm"}[block[3]]
        return (f"{where}.{kind}{int(block[4]) + 1}.{block[5]}",)
    return (name,)
