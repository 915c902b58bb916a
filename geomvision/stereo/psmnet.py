"""PSMNet: features of pooled regions, a volume of both views' features, stacked hourglasses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..learned import Net
from ..method import option
from ._volume import VolumeStereo


@dataclass(frozen=True, kw_only=True)
class PSMNet(VolumeStereo):
    """PSMNet with stacked hourglasses, 5.2 million parameters (Chang & Chen, CVPR 2018).

    Weights of the authors are taken by path. The result is dense; `confidence` is the probability, by the softmax that
    the estimate is the mean of, of disparities no farther than 4 pixels from it. The number of disparities is rounded
    up to a multiple of 16. The authors' weights learnt with 192, which their figures are of: ``max_disparity=192``.

    Torch once raised maps so that their corners fall together, and the authors' checkpoints of 2018 learnt with that.
    That of 2021 (Scene Flow, torch 1.8.1) did not, as they say in issue 224: it needs ``corners=False``, and so do
    weights that were trained by their code under a newer torch. Nothing in the tensors tells which it was.
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
    corners: bool = option(True, "maps are raised so that corners fall together; False: outer faces, as torch does now")

    def _arguments(self, memory: dict[str, Any]) -> dict[str, Any]:
        return {**super()._arguments(memory), "corners": self.corners}
