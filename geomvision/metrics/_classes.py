"""The classes of surfaces or objects that a sample's masks tell, as regions to score apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..images import Mask
from ._base import Ratio

#: Masks of single things are no classes, nor are those that a sample says are `things`.
_SINGLE = re.compile(r"object \d+")
#: Where depth jumps is no class of surfaces.
_NONE = ("edges",)


def classes(sample: Any) -> dict[str, Mask]:
    """The masks of a sample that are classes, by label."""
    single = getattr(sample, "things", ())
    return {
        label: mask
        for label, mask in getattr(sample, "masks", {}).items()
        if label not in (*single, *_NONE) and not _SINGLE.fullmatch(label)
    }


def with_other(sample: Any, everywhere: Mask) -> dict[str, Mask]:
    """The classes within the region that has truth, and "other", which is what none of them covers; {} without any.

    Raises ValueError for a mask of another size.
    """
    found = classes(sample)
    other = everywhere.copy()
    for label, mask in found.items():
        if mask.shape != everywhere.shape:
            raise ValueError(f"the mask {label!r} has shape {mask.shape}; the truth has {everywhere.shape}")
        other &= ~mask
    return {label: everywhere & mask for label, mask in {**found, "other": other}.items()} if found else {}


def of_classes(figures: Mapping[str, Ratio], name: str) -> Ratio:
    """The mean over the classes, "other" included, of their figures of this name: a small class counts as a large one.

    Classes without a pixel that was counted are left out.
    """
    every = [ratio for label, ratio in figures.items() if label.startswith(f"{name} ") and label != f"{name} all"]
    counted = [ratio.value for ratio in every if ratio.count > 0]
    return Ratio(float(sum(counted)), float(len(counted)))
