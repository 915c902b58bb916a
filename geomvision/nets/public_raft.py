"""Public checkpoints of RAFT and RAFT-S: names of their authors (github.com/princeton-vl/RAFT)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .public import Form, renamed

#: Of both encoders and the motion encoder.
RAFT = (
    (r"^features\.", "fnet."),
    (r"^context\.", "cnet."),
    (r"^(fnet|cnet)\.enter\.", r"\1.conv1."),
    (r"^(fnet|cnet)\.leave\.", r"\1.conv2."),
    (r"^(fnet|cnet)\.norm\.", r"\1.norm1."),
    (r"^motion\.seen\.0\.", "update_block.encoder.convc1."),
    (r"^motion\.seen\.1\.", "update_block.encoder.convc2."),
    (r"^motion\.moved\.0\.", "update_block.encoder.convf1."),
    (r"^motion\.moved\.1\.", "update_block.encoder.convf2."),
    (r"^motion\.join\.", "update_block.encoder.conv."),
    (r"^head\.0\.", "update_block.flow_head.conv1."),
    (r"^head\.2\.", "update_block.flow_head.conv2."),
    (r"^mask\.", "update_block.mask."),
)
GATES = {"update": "convz", "reset": "convr", "candidate": "convq"}


def raft(_checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """RAFT."""
    return (Form(lambda ours: _raft(ours, "{}")),)


def raft_small(_checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """RAFT-S, whose recurrent unit has one step, without a number."""
    return (Form(lambda ours: _raft(ours, "")),)


def _raft(ours: str, number: str) -> tuple[str, ...]:
    name = renamed(ours, RAFT)
    if gate := re.match(r"recurrent\.(\w+)\.(\d)\.(.*)", name):
        return (f"update_block.gru.{GATES[gate[1]]}{number.format(int(gate[2]) + 1)}.{gate[3]}",)
    if found := re.match(r"(\w+)\.blocks\.(\d)\.(.*)", name):
        return block(f"{found[1]}.layer{int(found[2]) // 2 + 1}.{int(found[2]) % 2}", found[3])
    return (name,)


def block(theirs: str, ours: str) -> tuple[str, ...]:
    """Names of the block that is called `theirs`; what normalises its other way round is saved twice."""
    part, number, rest = ours.split(".", 2)
    if part == "skip":
        there = (f"{theirs}.downsample.{number}.{rest}",)
        return there if number == "0" else (*there, f"{theirs}.norm3.{rest}")
    kind = {"convolutions": "conv", "norms": "norm"}[part]
    return (f"{theirs}.{kind}{int(number) + 1}.{rest}",)
