"""GwcNet: a volume of group-wise correlations, and stacked hourglasses."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._volume import VolumeStereo


@dataclass(frozen=True, kw_only=True)
class GwcNet(VolumeStereo):
    """GwcNet-GC, 6.9 million parameters, or GwcNet-G, 6.5 million (Guo et al., CVPR 2019); the weights tell which.

    Weights of the authors are taken by path. The result is dense; `confidence` is the probability, by the softmax that
    the estimate is the mean of, of disparities no farther than 4 pixels from it. The number of disparities is rounded
    up to a multiple of 16. The authors' weights learnt with 192, which their figures are of: ``max_disparity=192``.
    """

    net = Net(
        "gwcnet",
        "GwcNet",
        1,
        1,
        public="public_psmnet.gwcnet",
        origin="xy-guo/GwcNet (GwcNet-G or GwcNet-GC: checkpoint_000015.ckpt …)",
    )

    weights: str = option(
        "gwcnet", "name of shipped weights, or path of a .safetensors file with its card or of a public .ckpt"
    )
