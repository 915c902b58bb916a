"""The stereo nets that learn from rendered pairs alone, each by the loss of its paper: one task teaches them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from ..losses.disparity_supervised import (
    ANYNET_WEIGHTS,
    GWCNET_WEIGHTS,
    HOURGLASS_WEIGHTS,
    multi_output,
    regression,
    scheduled_weights,
    within,
)
from ..losses.edges import balanced_cross_entropy, guided_smoothness, jumps
from ..losses.flow_supervised import sequence_weights
from ._stereo import Batch, Loss
from .rendered_recipes import StereoNetRecipe

#: By this share of the training, DispNet's weights have moved to its finest estimate.
ARRIVED = 0.6
#: RAFT-Stereo's decay of weights, and the disparity in pixels up to which it is taught (Lipson et al., 3DV 2021).
DECAY, FARTHEST = 0.9, 700.0
#: EdgeStereo's weight and β of the smoothness (Song et al., ACCV 2018); that of the edges, and the decay of the
#: weights from fine to coarse, are our own.
SMOOTH, BETA, EDGES, FINER = 0.1, 2.0, 1.0, 0.8


def _plain(net: nn.Module, batch: Batch, recipe: StereoNetRecipe) -> Tensor:  # noqa: ARG001
    return regression(net(batch.left, batch.right).disparity, batch.truth, norm="l1")


def _pyramid(net: nn.Module, batch: Batch, recipe: StereoNetRecipe) -> Tensor:  # noqa: ARG001
    """Each estimate at its own size by L1, first the coarsest, at last the finest alone (Mayer et al., CVPR 2016)."""
    found = [2.0**level * disparity for disparity, level in net.estimates(batch.left, batch.right)]  # type: ignore[operator]
    weights = scheduled_weights(len(found), min(1.0, batch.progress / ARRIVED))
    return multi_output(found, batch.truth, weights=weights, norm="l1")


def _heads(weights: Sequence[float], *, half: bool = True) -> Loss:
    """Smooth L1 of each head or stage, of truth that the volume holds; in half precision, if `half`, on a GPU.

    On a CPU torch makes NaN of small volumes in bfloat16.
    """

    def loss(net: nn.Module, batch: Batch, recipe: StereoNetRecipe) -> Tensor:
        kind = batch.left.device.type
        with nullcontext() if half and kind != "cpu" else torch.autocast(kind, enabled=False):
            steps = net(batch.left, batch.right, recipe.disparities).steps
        truth = within(batch.truth, min_disparity=0, max_disparity=recipe.disparities)
        return multi_output(steps, truth, weights=weights[: len(steps)])

    return loss


def _recurrent(net: nn.Module, batch: Batch, recipe: StereoNetRecipe) -> Tensor:
    """L1 of each update, later ones more. Statistics of batches stay as they began, as in the code of the authors."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    steps = net(batch.left, batch.right, iterations=recipe.iterations).steps
    truth = within(batch.truth, min_disparity=-FARTHEST, max_disparity=FARTHEST)
    return multi_output(steps, truth, weights=sequence_weights(len(steps), DECAY), norm="l1")


def _edged(net: nn.Module, batch: Batch, recipe: StereoNetRecipe) -> Tensor:  # noqa: ARG001
    """L1 of each size, smoothness but at the edges that the net sees, and these against jumps of the truth."""
    found = list(net.estimates(batch.left, batch.right))  # type: ignore[operator]
    disparities, logits = [2.0**level * disparity for disparity, level, _ in found], found[-1][2]
    weights = sequence_weights(len(disparities), FINER)
    return (
        multi_output(disparities, batch.truth, weights=weights, norm="l1")
        + SMOOTH * guided_smoothness(disparities[-1], torch.sigmoid(logits[:, :1]), beta=BETA)
        + EDGES * balanced_cross_entropy(logits, jumps(batch.truth))
    )


LOSSES: Mapping[str, Loss] = {
    "unet": _plain,
    "dispnet": _pyramid,
    "dispnet_c": _pyramid,
    "edge_stereo": _edged,
    "psmnet": _heads(HOURGLASS_WEIGHTS),
    "gwcnet": _heads(GWCNET_WEIGHTS),
    "anynet": _heads(ANYNET_WEIGHTS, half=False),
    "raft_stereo": _recurrent,
}
