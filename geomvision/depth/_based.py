"""What methods of one image share that ask another one: which, with which options, and what it is told."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from ..cameras import Camera
from ..method import OptionError, backend, option
from ..results import Depth, RelativeDepth
from ..trace import NoTrace, Trace
from . import METHODS
from ._base import DepthMethod
from ._views import View

if TYPE_CHECKING:
    from ..samples import DepthSample


@dataclass(frozen=True, kw_only=True)
class OfOneImage(DepthMethod):
    """Is told of an image what there is to know, and shows its stages."""

    def __call__(
        self,
        image: Any,
        camera: Camera | None = None,
        *,
        camera_height_m: float | None = None,
        horizon_px: float | None = None,
    ) -> Depth | RelativeDepth:
        """Depth of an image, of the kind that the methods which are asked give.

        Args:
            image: (H, W) or (H, W, 3) RGB; uint8, uint16, float32 or float64.
            camera: the camera that took it, of the image's size, where they need it.
            camera_height_m, horizon_px: as for `ground_plane`, where they need them.

        Raises:
            ImageError: when the image is none, or of another size than the camera.
            TypeError: when the camera is none.
            ValueError: when a method that is asked needs more than is given.
            BackendError: when none of its backends can run here.
        """
        result: Depth | RelativeDepth = self.execute(View.checked(image, camera, camera_height_m, horizon_px))
        return result

    def on(self, sample: DepthSample) -> Depth | RelativeDepth:
        """Depth of the sample's image. ValueError when a method that is asked needs more than one image."""
        result: Depth | RelativeDepth = self.execute(View.of(sample))
        return result

    def trace(self, image: Any, camera: Camera | None = None, **known: Any) -> Trace:
        """The stages by name, of what a call is given."""
        trace = Trace()
        trace.result = self._run(View.checked(image, camera, **known), trace)
        return trace

    @backend("base")
    def _base(self, view: View) -> Depth | RelativeDepth:
        return self._run(view, NoTrace())

    @abstractmethod
    def _run(self, view: View, trace: Trace) -> Depth | RelativeDepth:
        """The result, with its stages."""


@dataclass(frozen=True, kw_only=True)
class Based(OfOneImage):
    """Asks one other method."""

    base: str = option("mono_small", "name of the depth method that is asked, of one image")
    base_options: str = option("", "its options where they differ from the defaults: 'name=value, name=value'")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.method()

    @classmethod
    def of(cls, method: DepthMethod, **options: Any) -> Self:
        """Around this very depth method."""
        return cls(base=method.name(), base_options=method.changed(), **options)

    def asked(self) -> tuple[DepthMethod]:
        """The one that is asked."""
        return (self.method(),)

    def method(self) -> DepthMethod:
        """The base, with its options."""
        this = type(self).__name__
        if self.base == self.name():
            raise OptionError(f"{this}: base is {self.base!r}; allowed is any other depth method")
        return cast("DepthMethod", METHODS.parsed(self.base, self.base_options, f"{this}: base", self.num_threads))
