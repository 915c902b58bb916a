"""Relative depth before protocols in metres: aligned to the truth where that is asked for, as papers do."""

from __future__ import annotations

from typing import Any

from ..metrics._base import Protocol
from ..metrics._metric_depth import MetricDepth
from ..results import AlignedHow, RelativeDepth


def as_scored(estimate: Any, protocol: Protocol, sample: Any, align: AlignedHow | None) -> Any:
    """What the protocol is given: relative depth in metres if `align` says how, else the estimate itself.

    It is aligned to the truth that the protocol counts, crop and cap included (Zhou et al., CVPR 2017), by plain least
    squares or medians. ValueError where it cannot be.
    """
    if align is None or not isinstance(estimate, RelativeDepth) or not isinstance(protocol, MetricDepth):
        return estimate
    return estimate.align_to(protocol.counted(sample), align, robust=False)
