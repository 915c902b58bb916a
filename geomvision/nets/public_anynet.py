"""Public checkpoints of AnyNet (github.com/mileyan/AnyNet), with its fourth stage or without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .public import Form, renamed

_NAMES = (
    (r"\.norm\.", ".0."),
    (r"\.convolution\.", ".2."),
    (r"^features\.enter\.", "feature_extraction.block0.0.0."),
    (r"^features\.halve\.", "feature_extraction.block0.0.1."),
    (r"^features\.down\.0\.0\.", "feature_extraction.block0.1.1."),
    (r"^features\.down\.0\.1\.", "feature_extraction.block0.1.2."),
    (r"^features\.down\.1\.0\.", "feature_extraction.blocks.0.1."),
    (r"^features\.down\.1\.1\.", "feature_extraction.blocks.0.2."),
    (r"^features\.down\.2\.0\.", "feature_extraction.blocks.1.1."),
    (r"^features\.down\.2\.1\.", "feature_extraction.blocks.1.2."),
    (r"^features\.up\.(\d)\.", r"feature_extraction.upblocks.\1.conv."),
    (r"^volumes\.", "volume_postprocess."),
    (r"^spread\.enter\.", "refine_spn.1."),
    (r"^spread\.leave\.", "refine_spn.2."),
    (r"^spread\.affinities\.1\.", "refine_spn.0.2."),
    (r"^spread\.affinities\.2\.", "refine_spn.0.4."),
    (r"^spread\.affinities\.3\.", "refine_spn.0.6."),
    (r"^spread\.affinities\.0\.", "refine_spn.0.0."),
)


def anynet(_checkpoint: Mapping[str, Any]) -> tuple[Form, ...]:
    """All forms."""
    return Form(_layout), Form(_layout, {"spread": 0})


def _layout(ours: str) -> tuple[str, ...]:
    return (renamed(ours, _NAMES),)
