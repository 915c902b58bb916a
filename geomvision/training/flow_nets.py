"""The flow nets that can be trained: one task teaches them all, each by its own name."""

from __future__ import annotations

from ..nets import pwc_small, raft
from ._flow import FlowNet

NETS = {
    # After PWC-Net (Sun et al., CVPR 2018), from coarse to fine.
    "pwc_small": FlowNet(make=pwc_small.PWCSmall, stride=pwc_small.STRIDE, least=pwc_small.STRIDE),
    # RAFT's small net (Teed & Deng, ECCV 2020): 12 updates and more to be judged.
    "raft_s": FlowNet(
        make=raft.RAFTSmall, stride=raft.STRIDE, least=raft.LEAST, least_updates=12, halved=("recurrent.",)
    ),
}
