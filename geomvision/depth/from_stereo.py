"""Depth from a stereo method and a rig."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from ..cameras import StereoRig
from ..images import Image, as_pair
from ..method import backend, option
from ..results import Depth
from ..stereo import METHODS
from ..stereo._base import StereoMethod
from ._base import DepthMethod

if TYPE_CHECKING:
    from ..samples import DepthSample


@dataclass(frozen=True, kw_only=True)
class FromStereo(DepthMethod):
    """Metric depth Z = f·B / (d + doffs) from any stereo method; its confidence and occlusions come along.

    >>> FromStereo(stereo="sgm", stereo_options="max_disparity=96, paths=4")  # doctest: +SKIP
    """

    stereo: str = option("sgm", "name of the stereo method")
    stereo_options: str = option("", "its options where they differ from the defaults: 'name=value, name=value'")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.matcher()

    @classmethod
    def of(cls, matcher: StereoMethod, **options: Any) -> Self:
        """Depth from this very stereo method."""
        return cls(stereo=matcher.name(), stereo_options=matcher.changed(), **options)

    def asked(self) -> tuple[StereoMethod]:
        """The stereo method."""
        return (self.matcher(),)

    def matcher(self) -> StereoMethod:
        """The stereo method this depth comes from."""
        return cast(
            "StereoMethod", METHODS.parsed(self.stereo, self.stereo_options, "FromStereo: stereo", self.num_threads)
        )

    def __call__(self, left: Any, right: Any, rig: StereoRig) -> Depth:
        """Depth of the left image.

        Args:
            left: rectified image, (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
            right: image of the same size and dtype.
            rig: the rectified rig that took them, of the images' size.

        Raises:
            ImageError: when an image is none, or the two differ in size or dtype.
            ValueError: when the rig is not rectified or of another size.
            BackendError: when the stereo method cannot run here.
        """
        left, right = as_pair(left, right)
        rig.require_rectified()
        height, width = left.shape[:2]
        if (rig.left.height, rig.left.width) != (height, width):
            raise ValueError(
                f"the images are {width}x{height} but the rig is {rig.left.width}x{rig.left.height}: "
                "resize the rig with rig.resize(…)"
            )
        result: Depth = self.execute(left, right, rig)
        return result

    def on(self, sample: DepthSample) -> Depth:
        """Depth of the sample's image from the pair it belongs to. ValueError when it has no pair or no rig."""
        if sample.stereo is None or sample.stereo.rig is None:
            raise ValueError(f"from_stereo needs a pair and its rig; sample {sample.name!r} has none")
        return self(sample.stereo.left, sample.stereo.right, sample.stereo.rig)

    @backend("stereo")
    def _stereo(self, left: Image, right: Image, rig: StereoRig) -> Depth:
        return self.matcher()(left, right).to_depth(rig)
