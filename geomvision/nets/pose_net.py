"""Monodepth2's pose net: how the camera moved between two images, up to the scale of depth (Godard et al., ICCV 2019).

Features of ResNet-18, of both images joined or of each, then four convolutions, whose answers are averaged.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ._estimates import require_pair
from .blocks import Convolution, Pointwise
from .resnet import ResNet18, normalised

#: What answers are multiplied by: training begins where the camera hardly moves.
SMALL = 0.01


class PoseNet(nn.Module):
    """The pose net, 12.5 million parameters at full width, 13.1 where it is shared. Images are of any size.

    The encoder of a depth net can serve both: `pose = PoseNet(shared=True)`, then `pose.encoder = depth.encoder`.
    """

    def __init__(self, *, width: int = 64, shared: bool = False, poses: int = 1) -> None:
        """The net.

        Args:
            width: channels of the encoder's finest features; those of the convolutions after it are four times as many.
            shared: whether the encoder sees one image at a time, as that of a depth net does; otherwise both joined.
            poses: poses that the last layer gives, of which the first is the answer; two in public checkpoints.
        """
        super().__init__()
        if poses < 1:
            raise ValueError(f"poses is {poses}; it must be at least 1")
        self.shared = shared
        self.encoder = ResNet18(width=width, images=1 if shared else 2)
        between = 4 * width
        self.squeeze = Pointwise(self.encoder.widths[-1], between)
        self.layers = nn.ModuleList(Convolution(a, between) for a in ((2 if shared else 1) * between, between))
        self.leave = Pointwise(between, 6 * poses)

    def forward(self, image0: Tensor, image1: Tensor) -> tuple[Tensor, Tensor]:
        """How points move from the frame of the camera that took image 0 to that of image 1: X₁ = R X₀ + t.

        Args:
            image0, image1: (B, 3, H, W) RGB, 0 … 255. The net is taught pairs in the order of time; a pair backwards
                is best answered by the inverse of the pair forwards.

        Returns:
            Axis times angle of R, (B, 3), radians, and t, (B, 3), in the unit of the depth that it is taught beside.
        """
        require_pair(image0, image1)
        pair = [normalised(image) for image in (image0, image1)]
        seen = [self.encoder(image)[-1] for image in (pair if self.shared else [torch.cat(pair, dim=1)])]
        x = torch.cat([self.squeeze(features, relu=True) for features in seen], dim=1)
        for layer in self.layers:
            x = layer(x, relu=True)
        answer = SMALL * self.leave(x).float().mean(dim=(2, 3))
        return answer[:, :3], answer[:, 3:6]
