"""What every depth method shares: it runs on a `DepthSample`, which holds whatever a method may need to know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..cameras import Camera
from ..images import Image, ImageError, as_image
from ..method import Method
from ..results import Depth, RelativeDepth

if TYPE_CHECKING:
    from ..samples import DepthSample


@dataclass(frozen=True, kw_only=True)
class DepthMethod(Method, ABC):
    """An estimator of depth.

    What depth is computed from differs (one image, an image and the height of its camera, a pair and its rig),
    so each method has a call of its own that names its inputs; `on` takes them from a sample.
    """

    task: ClassVar[str] = "depth"

    @abstractmethod
    def on(self, sample: DepthSample) -> Depth | RelativeDepth:
        """Depth of the sample's image. Raises ValueError when the sample lacks what this method needs."""


def checked(image: Any, camera: Any) -> tuple[Image, Camera | None]:
    """An image and its camera, where one is given.

    Raises ImageError for what is no image or of another size than the camera, TypeError for what is no camera.
    """
    found = as_image(image)
    height, width = found.shape[:2]
    if camera is None:
        return found, None
    if not isinstance(camera, Camera):
        raise TypeError(f"camera is a {type(camera).__name__}; it must be a geomvision.Camera, with a focal length")
    if (camera.height, camera.width) != (height, width):
        raise ImageError(f"the image is {width}x{height} but the camera is {camera.width}x{camera.height} pixels")
    return found, camera
