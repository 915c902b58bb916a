"""What every stereo method shares: checked images in, a `Disparity` with its `Run` out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..images import as_pair
from ..method import Method
from ..results import Disparity

if TYPE_CHECKING:
    from ..samples import StereoSample


@dataclass(frozen=True, kw_only=True)
class StereoMethod(Method):
    """A matcher of rectified pairs. Its backends take two checked images and return a `Disparity`."""

    task: ClassVar[str] = "stereo"

    def __call__(self, left: Any, right: Any) -> Disparity:
        """Disparity of the left image.

        Args:
            left: rectified image, (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
            right: image of the same size and dtype.

        Raises:
            ImageError: when an image is none, or the two differ in size or dtype.
            BackendError: when no backend of this method can run here.
        """
        result: Disparity = self.execute(*as_pair(left, right))
        return result

    def on(self, sample: StereoSample) -> Disparity:
        """Disparity of the sample's left image: what runs alike over every task."""
        return self(sample.left, sample.right)
