"""Public PyTorch checkpoints of MC-CNN's fast architecture: conv_blocks.{0, 2, 4, 6, 8}; ReLUs hold the odd places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .public import Form


def mc_cnn(_checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """Five layers of 64 channels."""
    return (Form(_layout),)


def _layout(ours: str) -> tuple[str, ...]:
    _, layer, part = ours.split(".")
    return (f"conv_blocks.{2 * int(layer)}.{part}",)
