"""Public checkpoints of RAFT-Stereo: names of their authors (github.com/princeton-vl/RAFT-Stereo)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .public import Form, renamed, tensors
from .public_raft import GATES, RAFT, block

_RULES = (
    (r"^recurrent\.(\d)\.told\.", r"context_zqr_convs.\1."),
    (r"^features\.([01])\.", r"conv2.\1."),
    (r"^context\.deeper\.0\.", "cnet.layer4."),
    (r"^context\.deeper\.1\.", "cnet.layer5."),
    (r"^context\.ends\.0\.", "cnet.outputs08."),
    (r"^context\.ends\.1\.", "cnet.outputs16."),
    (r"^context\.ends\.2\.(\d)\.0\.", r"cnet.outputs32.\1."),
    *RAFT,
)
#: Their names of our levels, from fine to coarse.
SIZES = ("08", "16", "32")
#: Outputs of the layer that weighs neighbours, and how often the image is halved then.
HALVINGS = {9 * 4**halvings: halvings for halvings in (2, 3)}


def raft_stereo(checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """RAFT-Stereo as its tensors say: levels, size, trunk and normalisation.

    That coarse levels go on alone leaves no trace in tensors: their one net with a shared trunk is run so.
    """
    found = tensors(checkpoint)
    levels = sum(name.startswith("context_zqr_convs.") and name.endswith(".bias") for name in found)
    sums = found.get("update_block.mask.2.bias")
    shared = "conv2.1.weight" in found
    arguments: dict[str, Any] = {
        "levels": min(max(levels, 1), 3),
        "halvings": HALVINGS.get(0 if sums is None else len(sums), 2),
        "shared": shared,
        "slow_fast": shared,
        "context_norm": "batch" if "cnet.norm1.weight" in found else "instance",
    }
    beside = {name: None for name in found if name.startswith(tuple(_unused(arguments["levels"])))}
    return (Form(_named, arguments, beside),)


def _unused(levels: int) -> Iterator[str]:
    """Beginnings of what they save of the levels that a net has not."""
    for level in range(levels, len(SIZES)):
        yield from (f"cnet.layer{level + 3}.", f"cnet.outputs{SIZES[level]}.", f"update_block.gru{SIZES[level]}.")


def _named(ours: str) -> tuple[str, ...]:
    name = renamed(ours, _RULES)
    if level := re.match(r"recurrent\.(\d)\.(\w+)\.0\.(.*)", name):
        return (f"update_block.gru{SIZES[int(level[1])]}.{GATES[level[2]]}.{level[3]}",)
    if trunk := re.match(r"(fnet|cnet)\.blocks\.(\d)\.(.*)", name):
        return block(f"{trunk[1]}.layer{int(trunk[2]) // 2 + 1}.{int(trunk[2]) % 2}", trunk[3])
    if inside := re.match(r"(.*?)\.((convolutions|norms|skip)\..*)", name):
        return block(inside[1], inside[2])
    return (name,)
