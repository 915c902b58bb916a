"""What every depth method shares: it runs on a `DepthSample`, which holds whatever a method may need to know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

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
