"""DispNetC: features of two images compared along rows."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._learned import LearnedStereo


@dataclass(frozen=True, kw_only=True)
class DispNetC(LearnedStereo):
    """DispNet with a correlation along rows, 42 million parameters (Mayer et al., CVPR 2016).

    Features are compared for disparities up to 160 pixels; larger ones it can but guess from context. The result is
    dense, without confidence.
    """

    net = Net("dispnet", "DispNetC", 64, 64)

    weights: str = option("dispnet_c", "name of shipped weights, or path of a .safetensors file with its card")
