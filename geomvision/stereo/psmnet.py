"""PSMNet: features of pooled regions, a volume of both views' features, stacked hourglasses."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._volume import VolumeStereo


@dataclass(frozen=True, kw_only=True)
class PSMNet(VolumeStereo):
    """PSMNet with stacked hourglasses, 5.2 million parameters (Chang & Chen, CVPR 2018).

    Weights of the authors are taken by path. The result is dense; `confidence` is the probability, by the softmax that
    the estimate is the mean of, of disparities no farther than 4 pixels from it. The number of disparities is rounded
    up to a multiple of 16.
    """

    net = Net(
        "psmnet",
        "PSMNet",
        1,
        1,
        public="public_psmnet.psmnet",
        origin="JiaRenChang/PSMNet (stackhourglass: pretrained_model_KITTI2015.tar …)",
    )

    weights: str = option(
        "psmnet", "name of shipped weights, or path of a .safetensors file with its card or of a public .tar"
    )
