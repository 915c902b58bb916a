"""RAFT: all pairs of features compared, looked up again and again by a recurrent unit."""

from __future__ import annotations

from dataclasses import dataclass

from ..learned import Net
from ..method import option
from ._recurrent import RecurrentFlow


@dataclass(frozen=True, kw_only=True)
class RAFT(RecurrentFlow):
    """RAFT, 5.3 million parameters (Teed & Deng, ECCV 2020).

    Correlations are computed where they are looked up; no volume is held. Weights of the authors (keys
    ``module.fnet.conv1.weight`` …) are taken by path; their figures are of 32 iterations on Sintel, 24 on KITTI. The
    result is dense, without confidence.
    """

    net = Net("raft", "RAFT", 8, 64, public="public_raft.raft", origin="princeton-vl/RAFT (raft-things.pth …)")

    weights: str = option("raft", "name of shipped weights, or path of a .safetensors file with its card or of a .pth")
