"""U-Net: the naive net from two images to disparity."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._learned import LearnedStereo


@dataclass(frozen=True, kw_only=True)
class UNet(LearnedStereo):
    """A U-Net of 31 million parameters on both images at once (after Ronneberger, Fischer & Brox, MICCAI 2015).

    The naive baseline: it compares nothing. It regresses disparities of the range that it was trained with, and learns
    how scenes look at such disparities rather than to match: on other scenes, other cameras or another range it fails
    where a matcher does not. No disparity above 107 pixels can rest on the match. The result is dense, without
    confidence.
    """

    net = Net("unet_stereo", "UNetStereo", 16, 16)

    weights: str = option("unet", "name of shipped weights, or path of a .safetensors file with its card")
