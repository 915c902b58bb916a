"""Public checkpoints of FlowNetS and FlowNetC, as two repositories name and use them.

github.com/ClementPinard/FlowNetPytorch takes the mean of Flying Chairs off images and saves the architecture's name
("flownets_bn" …) and the scale of flow beside the tensors. github.com/NVIDIA/flownet2-pytorch takes the pair's own mean
off, and its nets have biases where the other's, in their last version, have none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .public import Form, renamed, tensors

_FIRST, _NORM = "conv1.0.weight", "conv1.1.running_mean"
_BIASES = {"predict": "predict_flow2.bias", "features": "deconv2.0.bias", "upsample": "upsampled_flow3_to_2.bias"}


def flownet(checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """The one form that the tensors have that are there, and the entries beside them."""
    names = tensors(checkpoint)
    biases = [part for part, name in _BIASES.items() if name in names]
    chairs = str(checkpoint.get("arch", "")).startswith("flownet") or not biases
    arguments = {
        "width": len(names[_FIRST]) if _FIRST in names else 64,
        "batch_norm": _NORM in names,
        "biases": biases,
        "mean": "chairs" if chairs else "pair",
        "scale": float(checkpoint.get("div_flow", 20.0)),
    }
    return (Form(_layout, arguments),)


def _layout(ours: str) -> tuple[str, ...]:
    if unit := re.match(r"(down|same)\.(\d)\.(.*)", ours):
        stage = f"conv{int(unit[2]) + 1}" if unit[1] == "down" else f"conv{int(unit[2]) + 3}_1"
        ours = f"{stage}.{unit[3]}"
    if part := re.match(r"(predict|features|upsample)\.(\d)\.(.*)", ours):
        level = 6 - int(part[2])
        stages = {
            "predict": f"predict_flow{level}",
            "features": f"deconv{level - 1}.0",
            "upsample": f"upsampled_flow{level}_to_{level - 1}",
        }
        return (f"{stages[part[1]]}.{part[3]}",)
    return (renamed(ours, ((r"^redirect\.", "conv_redir."), (r"\.convolution\.", ".0."), (r"\.norm\.", ".1."))),)
