"""PWC-Net: pyramid, warping and cost volume."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._learned import LearnedFlow


@dataclass(frozen=True, kw_only=True)
class PWCNet(LearnedFlow):
    """PWC-Net, 9.4 million parameters, or 8.7 as in the paper (Sun et al., CVPR 2018).

    Images are stretched to sides that are multiples of 64, as the authors do, and the flow back. Weights of others are
    taken by path. The result is dense, without confidence.
    """

    net = Net(
        "pwc_net",
        "PWCNet",
        1,
        1,
        public="public_pwc_net.pwc_net",
        origin="NVlabs/PWC-Net (pwc_net.pth.tar …) or sniklaus/pytorch-pwc",
    )

    weights: str = option(
        "pwc_net", "name of shipped weights, or path of a .safetensors file with its card or of a public .pth"
    )
