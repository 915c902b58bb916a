"""SPyNet: flow mended level by level of an image pyramid."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._learned import LearnedFlow


@dataclass(frozen=True, kw_only=True)
class SPyNet(LearnedFlow):
    """SPyNet, 1.44 million parameters (Ranjan & Black, CVPR 2017).

    Images are stretched to sides that are multiples of 32, as those do who publish its weights, and the flow back.
    Weights are taken by path. The result is dense, without confidence.
    """

    net = Net(
        "spynet",
        "SPyNet",
        1,
        1,
        public="public_spynet.spynet",
        origin="sniklaus/pytorch-spynet, open-mmlab/mmagic or XPixelGroup/BasicSR",
    )

    weights: str = option(
        "spynet", "name of shipped weights, or path of a .safetensors file with its card or of a public .pth"
    )
