"""DispNet: one net from two images to disparity."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._learned import LearnedStereo


@dataclass(frozen=True, kw_only=True)
class DispNet(LearnedStereo):
    """DispNet, a plain encoder and decoder of 42 million parameters (Mayer et al., CVPR 2016).

    It compares nothing: disparities are regressed, and have the range that it was trained with. The result is dense,
    without confidence.
    """

    net = Net("dispnet", "DispNet", 64, 64)

    weights: str = option("dispnet", "name of shipped weights, or path of a .safetensors file with its card")
