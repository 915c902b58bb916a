"""What `pwc_small` learns: flow from coarse to fine by a small net after PWC-Net (Sun et al., CVPR 2018)."""

from __future__ import annotations

from torch import Tensor, nn

from ..nets import pwc_small
from ..nets.pwc_small import PWCSmall
from ..nets.raft import Flows
from ._flow import FlowTask


class Task(FlowTask):
    """Net and call of one training."""

    name = "pwc_small"
    method = "flow/pwc_small"
    network = "geomvision.nets.pwc_small.PWCSmall"
    stride = least = pwc_small.STRIDE

    def net(self) -> nn.Module:
        """The net with its first weights."""
        return PWCSmall(**self.recipe.network)

    def estimates(self, net: nn.Module, images0: Tensor, images1: Tensor) -> Flows:
        """What the net makes of images (B, 3, H, W)."""
        found: Flows = net(images0, images1)
        return found
