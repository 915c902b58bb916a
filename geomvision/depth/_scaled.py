"""What methods share whose net says depth up to a scale, or metres where it was taught them; and mirrored images."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import weights as files
from ..images import Float32, Image
from ..learned import loaded
from ..method import option
from ..results import Depth, RelativeDepth
from ..trace import NoTrace, Trace
from ._answers import Kind
from ._learned import METRIC, LearnedDepth

#: Shares of the width: nearer to a border, one of both estimates counts alone; farther than this, both alike.
ALONE, BOTH = 0.05, 0.1


@dataclass(frozen=True, kw_only=True)
class ScaledDepth(LearnedDepth):
    """Depth up to one scale. Of a net whose `metric` is true, and with a camera, metres."""

    kind = "depth_scale"

    mirrored: bool = option(
        False, "the net sees the mirrored image, too, and both answers are blended: twice the time, better borders"
    )

    def _loaded(self) -> Any:
        """The net with its weights."""
        return loaded(self.net, *files.version(self.weights))

    def _said(self) -> Kind:
        return METRIC if self._loaded().metric else self.kind

    def _estimated(
        self, images: tuple[Image, ...], trace: Trace, memory: dict[str, Any] | None = None
    ) -> Depth | RelativeDepth:
        asked = dict(memory or {})
        result: Depth | RelativeDepth = super()._estimated(images, trace, memory)
        if not self.mirrored:
            return result
        turned = tuple(np.ascontiguousarray(image[:, ::-1]) for image in images)
        other: Depth | RelativeDepth = super()._estimated(turned, NoTrace(), asked)
        blended = blend(self._map(result), self._map(other)[:, ::-1])
        doc = "both answers' inverse depths blended, that of the mirrored image mirrored back"
        trace.record("blended", blended, self.unit, doc)
        name = "m" if isinstance(result, Depth) else "values"
        return dataclasses.replace(result, **{name: blended})  # type: ignore[arg-type]


def blend(depth: Float32, other: Float32) -> Float32:
    """The blend of Godard et al. (CVPR 2017, section 3.3) of an image's depth and its mirrored twin's, mirrored back.

    What a view shows at its left border, the other of the pair does not see: there, nets that learnt from pairs err.
    So the leftmost 5 % of the columns are those of the twin, the rightmost 5 % those of the image, and beyond 10 % the
    inverse of depth is the mean of both; in between, weights change linearly.
    """
    place = np.linspace(0, 1, depth.shape[1], dtype=np.float32)
    left, right = (np.clip((BOTH - side) / (BOTH - ALONE), 0, 1) for side in (place, 1 - place))
    share = (1 - left + right) / 2
    with np.errstate(divide="ignore"):
        blended: Float32 = (1 / (share / depth + (1 - share) / other)).astype(np.float32)
    return blended
