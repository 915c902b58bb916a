"""What every stereo method shares: checked images in, a `Disparity` with its `Run` out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..images import Image, ImageError, as_pair, to_grey
from ..method import Method, OptionError, option
from ..ops._dispatch import cuda_kernel
from ..results import Disparity

if TYPE_CHECKING:
    from ..samples import StereoSample

RANGE = ("max_disparity", "min_disparity")


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

    def along(self, pairs: Iterable[tuple[Any, Any]]) -> Iterator[Disparity]:
        """Disparities of a clip's pairs (left, right): a warm start, where a range of disparities is searched.

        Each pair is searched where the one before and a look at this one, small and over the whole range, say that its
        disparities lie; over the whole range where the result does not bear that out, and every 16th time. `run` tells
        the range of each. What is tiny and comes into view beyond that range may be missed until then.

        Raises:
            ImageError: when images are none, or differ in size or dtype, within a pair or from the pair before.
        """
        if set(RANGE) <= set(self.option_limits()):
            from ._clips import along

            yield from along(self, pairs)
            return
        yield from (self(left, right) for left, right in pairs)

    def on(self, sample: StereoSample) -> Disparity:
        """Disparity of the sample's left image: what runs alike over every task."""
        return self(sample.left, sample.right)


@dataclass(frozen=True, kw_only=True)
class RangeSearch(StereoMethod):
    """A matcher that searches the whole disparities min_disparity … max_disparity − 1."""

    max_disparity: int = option(
        128, "search min_disparity … max_disparity − 1; depends on the scene", unit="px", minimum=-8191, maximum=8192
    )
    min_disparity: int = option(0, "may be negative", unit="px", minimum=-8192, maximum=8191)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_disparity >= self.max_disparity:
            given = f"min_disparity is {self.min_disparity} and max_disparity {self.max_disparity}"
            raise OptionError(f"{type(self).__name__}: {given}; max_disparity must be larger")

    def searched(self, width: int) -> range:
        """The disparities searched in images `width` pixels wide; no pixel can have one of |d| ≥ width.

        Raises ImageError when no pixel can have a match in the range.
        """
        disparities = range(max(self.min_disparity, 1 - width), min(self.max_disparity, width))
        if len(disparities) == 0:
            given = f"between min_disparity {self.min_disparity} and max_disparity {self.max_disparity} − 1"
            raise ImageError(
                f"no pixel of an image {width} pixels wide has a match {given}; choose a range nearer to 0"
            )
        return disparities

    def on_gpu(self, left: Image, right: Image) -> tuple[Any, ...]:
        """Disparity, confidence and occluded pixels by the method's CUDA twin, and the seconds that copying took."""
        self.searched(left.shape[1])
        options = {**self.options(), "num_threads": self.num_threads}
        found: tuple[Any, ...] = cuda_kernel(f"{self.name()}_arrays")(to_grey(left), to_grey(right), options)
        return found
