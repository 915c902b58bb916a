"""What `raft_s` learns: flow by RAFT's small net (Teed & Deng, ECCV 2020)."""

from __future__ import annotations

from torch import Tensor, nn

from ..nets import raft
from ..nets.raft import Flows, RAFTSmall
from ._flow import FlowTask


class Task(FlowTask):
    """Net and call of one training."""

    name = "raft_s"
    method = "flow/raft_s"
    network = "geomvision.nets.raft.RAFTSmall"
    stride, least = raft.STRIDE, raft.LEAST

    def net(self) -> nn.Module:
        """The net with its first weights."""
        return RAFTSmall(**self.recipe.network)

    def estimates(self, net: nn.Module, images0: Tensor, images1: Tensor) -> Flows:
        """What the net makes of images (B, 3, H, W): the recipe's iterations to learn, 12 and more to be judged."""
        iterations = self.recipe.iterations if net.training else max(12, self.recipe.iterations)
        found: Flows = net(images0, images1, iterations=iterations)
        return found
