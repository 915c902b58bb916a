"""What moves by itself in a clip: flow competes with depth and motion for pixels, and a mask net says whose they are.

Competitive collaboration (Ranjan et al., CVPR 2019): both players explain a frame by another one, depth and motion what
stands still, flow the rest; the moderator learns from who explains a pixel better. Where nothing moves by itself, flow
is to be that of depth and motion (Hariat et al.: CoopNet, WACV 2023).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import ops
from ..cameras import CameraModel
from ..losses import monocular, moving, photometric
from ..losses._maps import filled, known
from ..losses.rigid import reproject, seen
from ..nets.blocks import Convolution, Down, Pointwise, Up
from ._start import Start
from .depth_adaptation_recipe import DepthAdaptationRecipe
from .flow_nets import NETS

#: Grey levels that count as one for the mask net.
GREY = 64.0


class Movers(nn.Module):
    """A flow net, which begins with its shipped weights, and a mask net, which begins in doubt everywhere.

    Other than the paper's, the mask net is shown what the players make of the other frame: how it looks, seen by
    either of them, less the frame that they explain.
    """

    def __init__(self, flow: str, width: int) -> None:
        """`flow`: a net of `NETS`; ValueError for any other. `width`: channels of the mask net."""
        super().__init__()
        if flow not in NETS:
            raise ValueError(f"flow is {flow!r}; it must be one of {', '.join(map(repr, NETS))}")
        start = Start.read(f"flow/{flow}", None)
        self.taught = NETS[flow]
        self.flow = self.taught.make(**start.arguments)
        self.flow.load_state_dict(start.state)
        self.enter = Convolution(9, width, stride=2)
        self.down, self.up = Down(width, 2 * width), Up(2 * width, width)
        self.leave = Pointwise(width, 1)
        assert self.leave.bias is not None
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def between(self, image0: Tensor, image1: Tensor) -> Tensor:
        """Flow (B, 2, H, W), pixels, from images 0 to images 1, (B, 3, H, W), 0 … 255."""
        height, width = image0.shape[2:]
        found: Tensor = self.flow(self.taught.fitted(image0), self.taught.fitted(image1)).flow
        return found[:, :, :height, :width]

    def logits(self, image: Tensor, rigidly: Tensor, freely: Tensor) -> Tensor:
        """Logits (B, 1, H, W), large where a pixel stands still.

        `rigidly`, `freely`: the other image (B, 3, H, W) as either player sees it from here; NaN where it does not.
        """
        height, width = image.shape[2:]
        missed = [filled(other - image, known(image, other)) / GREY for other in (rigidly, freely)]
        padded = functional.pad(torch.cat([image / 255 - 0.5, *missed], dim=1), (0, -width % 4, 0, -height % 4))
        fine = self.enter(padded, relu=True)
        coarse: Tensor = self.leave(self.up(self.down(fine), fine))
        raised = functional.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        return raised[:, :, :height, :width].float()


def contested(
    movers: Movers,
    recipe: DepthAdaptationRecipe,
    image: Tensor,
    inverse: Tensor,
    view: monocular.View,
    camera: CameraModel,
    parameters: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """What flow and masks learn from one of the other frames, and how much pixels stand still, 0 … 1, (B, 1, H, W).

    Depth and motion learn here from agreement with flow alone; otherwise they are judged as ever, where things stand
    still. The players' masks and the moderator's costs are held fast: the paper's cycle, both at once.

    Args:
        movers, recipe: the nets, and the weights of what they learn.
        image: the frame that is explained, (B, 3, H, W).
        inverse: its 1 / depth, (B, 1, H, W).
        view: the other frame.
        camera, parameters: of the frame, as for `losses.monocular.self_supervised`.
    """
    found = reproject(
        1 / inverse.clamp(min=1e-6),
        view.T,
        camera,
        view.camera,
        parameters0=parameters,
        parameters1=view.parameters,
    )
    flow = movers.between(image, view.image)
    rigidly, freely = seen(view.image, found), ops.warp(view.image, flow)
    rigid_cost = photometric.appearance(image, rigidly, reduction="none").detach()
    flow_cost = photometric.appearance(image, freely, reduction="none")
    logits = movers.logits(image, rigidly.detach(), freely.detach())
    standing = moving.still(found.flow, flow, rigid_cost, flow_cost, tolerance=recipe.tolerance_px)
    held = logits.detach()
    total = moving.collaboration(rigid_cost, flow_cost, held, standing, prior=0.0, consensus=0.0)
    total = total + moving.collaboration(
        rigid_cost, flow_cost.detach(), logits, standing, prior=recipe.prior, consensus=recipe.consensus
    )
    if recipe.agree:
        total = total + recipe.agree * moving.flow_agreement(found.flow, flow, weight=held > 0)
    return total, torch.sigmoid(held)
