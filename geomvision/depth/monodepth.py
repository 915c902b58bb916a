"""Monodepth: depth from the left view alone, learnt from pairs."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._scaled import ScaledDepth


@dataclass(frozen=True, kw_only=True)
class Monodepth(ScaledDepth):
    """An encoder and decoder like VGG, 31.6 million parameters at full width (Godard et al., CVPR 2017).

    The net says which disparity a pixel would have in the rig whose pairs it learnt from (`losses.left_right`). If its
    card names that rig's baseline (`baseline_m` among its arguments), depth is f B / d, in metres where the camera is
    known; otherwise it is up to scale. The paper's post-processing is `mirrored=True`. Weights are taken by path.
    """

    net = Net("monodepth", "Monodepth", 32, 32)

    weights: str = option("monodepth", "name of shipped weights, or path of a .safetensors file with its card")
