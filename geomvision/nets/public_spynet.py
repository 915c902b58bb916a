"""Public checkpoints of SPyNet, as three repositories name them.

github.com/sniklaus/pytorch-spynet halves images while a side is longer than 32 pixels; github.com/open-mmlab/mmagic
(spynet_20210409-….pth) and github.com/XPixelGroup/BasicSR always five times.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from .public import Form
from .spynet import DEVIATION, MEAN


def spynet(_checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """All forms."""
    always = {"coarsest": 0}
    constants = {"mean": torch.tensor(MEAN), "std": torch.tensor(DEVIATION)}
    return (
        Form(lambda ours: _layout(ours, "moduleBasic", 2)),
        Form(lambda ours: _layout(ours, "netBasic", 2)),
        Form(lambda ours: _layout(ours, "basic_module", 1, "conv."), always, beside=constants),
        Form(lambda ours: _layout(ours, "basic_module", 2), always, beside=constants),
    )


def _layout(ours: str, word: str, step: int, inside: str = "") -> tuple[str, ...]:
    """`step` is from one convolution to the next among the layers of a level."""
    _, level, layer, part = ours.split(".")
    return (f"{word}.{level}.{word}.{step * int(layer)}.{inside}{part}",)
