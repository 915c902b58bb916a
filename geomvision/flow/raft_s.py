"""RAFT-S: RAFT with a fifth of its parameters."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._recurrent import RecurrentFlow


@dataclass(frozen=True, kw_only=True)
class RAFTS(RecurrentFlow):
    """RAFT-S, 1.0 million parameters (Teed & Deng, ECCV 2020): narrower, with a bilinear end.

    Correlations are computed where they are looked up; no volume is held. Weights of the authors (keys
    ``module.fnet.conv1.weight`` …) are taken by path. The result is dense, without confidence.
    """

    net = Net("raft", "RAFTSmall", 8, 64, public="public_raft.raft_small", origin="princeton-vl/RAFT (raft-small.pth)")

    weights: str = option(
        "raft_s", "name of shipped weights, or path of a .safetensors file with its card or of a .pth"
    )
