"""What adapters of other packages' flow nets share: whose weights they take, images at any size, one estimate."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..images import Image, as_pair, levels
from ..learned import padded, threads
from ..method import option
from ..results import Flow
from ..trace import NoTrace, Trace
from ._base import FlowMethod
from ._learned import pixels

if TYPE_CHECKING:
    from torch import Tensor

#: Sides that every net of these packages takes.
LEAST = 128


@dataclass(frozen=True, kw_only=True)
class AdaptedFlow(FlowMethod):
    """A net of another package. Threads change its results by rounding errors."""

    package: ClassVar[str]
    #: Sides are padded to multiples of this.
    stride: ClassVar[int] = 1

    weights: str = option("", "name of weights as the package knows them, which it fetches when first used, or a path")

    def refusal(self, name: str) -> str | None:  # noqa: ARG002
        """No weights are fetched that nobody named."""
        if self.weights:
            return None
        return f"has no weights: give weights= a name that {self.package} knows and fetches once, or the path of a file"

    def trace(self, frame0: Any, frame1: Any) -> Trace:
        """The stages by name: what the net is given, its estimates at full size, and the flow."""
        self.chosen_backend()
        trace = Trace()
        trace.result = self._estimated(self._given(*as_pair(frame0, frame1, ("frame0", "frame1"))), trace)
        return trace

    def _given(self, frame0: Image, frame1: Image) -> tuple[Image, ...]:
        """What the net sees of a pair; the flow is that of the frame in the middle, rounded down, to the next."""
        return frame0, frame1

    def _call(self, *frames: Image) -> Flow:
        return self._estimated(frames, NoTrace())

    def _estimated(self, frames: tuple[Image, ...], trace: Trace) -> Flow:
        import torch

        seen = levels(*frames)
        (top, left), inputs = padded(seen, self.stride, LEAST)
        doc = "what the net is given of frame 0, before its border is repeated"
        trace.record("frame 0", seen[(len(seen) - 1) // 2], "grey levels", doc)
        height, width = frames[0].shape[:2]
        rows, columns = slice(top, top + height), slice(left, left + width)
        small = inputs[0].shape[2] * inputs[0].shape[3] < 1 << 16
        with torch.inference_mode(), threads(1 if small else self.num_threads):
            for k, estimate in enumerate(self._estimates(*inputs), start=1):
                px = np.ascontiguousarray(pixels(estimate)[rows, columns], np.float32)
                trace.record(f"estimate {k}", px, "px", "the net's estimate, without what was added around")
        trace.record("flow", px, "px", "the last estimate")
        return Flow(px=px)

    def _named(self) -> tuple[str, int]:
        """The weights' name or path, and when that file was written, in ns; 0 for a name."""
        path = Path(self.weights).expanduser()
        return (str(path), path.stat().st_mtime_ns) if path.is_file() else (self.weights, 0)

    @abstractmethod
    def _estimates(self, *images: Tensor) -> list[Tensor]:
        """Estimates (1, 2, H, W) in pixels, at least one, of images (1, 3, H, W) RGB, 0 … 255."""
