"""A small net of pyramid, warping and cost volume."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._learned import LearnedFlow


@dataclass(frozen=True, kw_only=True)
class PWCSmall(LearnedFlow):
    """Flow coarse to fine by one decoder for all levels (`geomvision.nets.pwc_small`; after Sun et al., CVPR 2018).

    0.7 million parameters. The result is dense, without confidence.
    """

    net = Net("pwc_small", "PWCSmall", 32, 32)

    weights: str = option("pwc_small", "name of shipped weights, or path of a .safetensors file with its card")
