"""What protocols that take depth of every kind share."""

from __future__ import annotations

from typing import Any, ClassVar

from ..results import Depth, RelativeDepth
from ._base import Protocol


class AnyDepth(Protocol):
    """A protocol of metric and relative depth, image by image."""

    task: ClassVar[str] = "depth"
    aggregation: ClassVar = "mean"

    def takes(self, estimate: Any) -> bool:
        """Depth of any kind."""
        return isinstance(estimate, Depth | RelativeDepth)

    def require(self, estimate: Any, sample: Any, truth: str) -> None:
        """TypeError for what is no depth, ValueError where the sample lacks the truth so called."""
        if not self.takes(estimate):
            raise TypeError(f"the estimate is a {type(estimate).__name__}; it must be a RelativeDepth or Depth")
        if getattr(sample, truth, None) is None:
            raise ValueError(f"the sample {getattr(sample, 'name', '')!r} has no {truth} to compare with")
