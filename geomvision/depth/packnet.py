"""PackNet: depth from one image by a net that packs detail into channels."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._scaled import ScaledDepth


@dataclass(frozen=True, kw_only=True)
class PackNet(ScaledDepth):
    """A small net of packing and unpacking blocks (Guizilini et al., CVPR 2020).

    Learnt from video alone, depth is up to scale; with the camera's velocity, which tells the scale, it is metres (the
    card's arguments say `metric`). Weights are taken by path.
    """

    net = Net("packnet", "PackNet", 32, 32)

    weights: str = option("packnet", "name of shipped weights, or path of a .safetensors file with its card")
