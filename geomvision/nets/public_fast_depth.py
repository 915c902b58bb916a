"""Public checkpoints of FastDepth (github.com/dwofk/fast-depth): with skips or without, pruned or not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from .. import weights
from .fast_depth import DECODER, ENCODER
from .public import Form, tensors
from .public_modules import load_modules

#: Metres for an output of one, by a camera of 256 pixels' focal length, as methods of depth take it. The authors learnt
#: from NYU Depth V2, whose 519 pixels become 270 by halving to 250 rows; 228 x 304 of them were stretched to 224 x 224.
SCALE = 256 / (518.86 * 250 / 480 * 224 / (228 * 304) ** 0.5)


def read(path: Path) -> dict[str, Any]:
    """A file of tensors, or of the whole net, which is what the authors saved."""
    try:
        return weights.load_torch(path)
    except weights.WeightsError:
        return load_modules(path)


def fast_depth(checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """Both forms, with the numbers of channels that the checkpoint has."""
    state = tensors(checkpoint)
    forms = []
    for skips, enter, leave in ((True, "conv", "decode_conv"), (False, "mobilenet.", "decoder.conv")):
        inner = [_outputs(state, f"{enter}{k}.{3 if k else 0}.weight", usual) for k, usual in enumerate(ENCODER)]
        outer = [_outputs(state, f"{leave}{k}.1.0.weight", usual) for k, usual in enumerate(DECODER, start=1)]
        arguments = {"skips": skips, "encoder": inner, "decoder": outer, "scale": SCALE}
        forms.append(Form(partial(_layout, enter=enter, leave=leave), arguments))
    return tuple(forms)


def _outputs(state: Mapping[str, Any], name: str, usual: int) -> int:
    return int(state[name].shape[0]) if name in state else usual


def _layout(ours: str, enter: str, leave: str) -> tuple[str, ...]:
    """Ours are "enter", "down.0 … 12", "up.0 … 4", "predict"; those numbered have a depthwise and a pointwise part."""
    *where, part, tensor = ours.split(".")
    second = int(part == "norm")
    if where[0] == "enter":
        return (f"{enter}0.{second}.{tensor}",)
    if where[0] == "predict":
        return (f"{leave}6.{second}.{tensor}",)
    number, pointwise = int(where[1]) + 1, int(where[2] == "pointwise")
    if where[0] == "down":
        return (f"{enter}{number}.{3 * pointwise + second}.{tensor}",)
    return (f"{leave}{number}.{pointwise}.{second}.{tensor}",)
