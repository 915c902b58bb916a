"""What every flow method shares: checked images in, a `Flow` with its `Run` out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from ..images import as_pair
from ..method import Method
from ..results import Flow

if TYPE_CHECKING:
    from ..samples import FlowSample


@dataclass(frozen=True, kw_only=True)
class FlowMethod(Method):
    """An estimator of motion between two frames. Its backends take two checked images and return a `Flow`."""

    task: ClassVar[str] = "flow"

    def __call__(self, frame0: Any, frame1: Any) -> Flow:
        """Flow from frame 0 to frame 1.

        Args:
            frame0: image, (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
            frame1: image of the same size and dtype.

        Raises:
            ImageError: when an image is none, or the two differ in size or dtype.
            BackendError: when no backend of this method can run here.
        """
        result: Flow = self.execute(*as_pair(frame0, frame1, ("frame0", "frame1")))
        return result

    def along(self, frames: Iterable[Any]) -> Iterator[Flow]:
        """Flow of each frame of a clip to the next. Methods that can begin each estimate from the one before do so.

        Raises:
            What a call raises, when the frame that it is about is reached.
        """
        for frame0, frame1 in pairwise(frames):
            yield self(frame0, frame1)

    def on(self, sample: FlowSample) -> Flow:
        """Flow of the sample's frame 0 to its frame 1: what runs alike over every task."""
        return self(sample.frame0, sample.frame1)
