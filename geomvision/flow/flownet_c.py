"""FlowNetC: features of two images, compared far and wide."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._learned import LearnedFlow


@dataclass(frozen=True, kw_only=True)
class FlowNetC(LearnedFlow):
    """FlowNetC, 39.2 million parameters (Dosovitskiy et al., ICCV 2015).

    Images of any size are taken as they are. Weights of others are taken by path; what their authors take off images,
    and the scale of their flow, is read from the checkpoint. The result is dense, without confidence.
    """

    net = Net(
        "flownet",
        "FlowNetC",
        1,
        1,
        public="public_flownet.flownet",
        origin="ClementPinard/FlowNetPytorch (flownetc_….pth.tar) or NVIDIA/flownet2-pytorch (FlowNet2-C_….pth.tar)",
    )

    weights: str = option(
        "flownet_c", "name of shipped weights, or path of a .safetensors file with its card or of a public .pth"
    )
