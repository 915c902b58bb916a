"""The nets that learn depth from rendered single images, each by the loss of its paper: one task teaches them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..losses.affine_invariant import midas
from ..losses.depth_gradients import gradient_matching
from ..losses.depth_ordinal import ordinal
from ..losses.depth_supervised import HALF, berhu, scale_invariant, silog
from ..losses.disparity_supervised import regression, within
from ..losses.flow_supervised import sequence_weights
from ._mono import MonoBatch, MonoLoss
from .rendered_recipes import MonoRecipe

#: Weight of an estimate against the next finer one; of gradients.
FINER, GRADIENTS = 0.5, 0.2
#: Weight of an estimate that is only there to help the next finer one.
COARSER = 0.1
#: Depth from here on, metres, counts as unknown where errors are in metres: all of them would be far away.
FARTHEST = 80.0


def _up_to_scale(net: nn.Module, batch: MonoBatch, recipe: MonoRecipe) -> Tensor:  # noqa: ARG001
    """The spread of the logarithms' errors (Eigen et al., NeurIPS 2014), and their gradients, at each size."""
    truth, told = batch.canonical, [] if batch.told is None else [batch.told]
    losses = [
        silog(depth, truth, forgiven=1.0, factor=1.0)
        + GRADIENTS * gradient_matching(depth, truth, scales=4, logarithm=True)
        for depth in net(batch.image, *told).estimates
    ]
    weights = sequence_weights(len(losses), FINER)
    return sum((w * loss for w, loss in zip(weights, losses, strict=True)), batch.inverse.new_zeros(()))


def _eigen(net: nn.Module, batch: MonoBatch, recipe: MonoRecipe) -> Tensor:  # noqa: ARG001
    """Of logarithms, half of the common error forgiven; of both stacks, where the paper teaches one after the other."""
    steps = net(batch.image).steps
    return torch.stack([scale_invariant(step, batch.canonical, forgiven=HALF) for step in steps]).sum()


def _berhu(net: nn.Module, batch: MonoBatch, recipe: MonoRecipe) -> Tensor:  # noqa: ARG001
    return berhu(net(batch.image).last, within(batch.canonical, max_disparity=FARTHEST))


def _l1(net: nn.Module, batch: MonoBatch, recipe: MonoRecipe) -> Tensor:  # noqa: ARG001
    return regression(net(batch.image).last, within(batch.canonical, max_disparity=FARTHEST), norm="l1")


def _ordinal(net: nn.Module, batch: MonoBatch, recipe: MonoRecipe) -> Tensor:  # noqa: ARG001
    """Of every other row and column: neighbours, interpolated from an eighth of the size, say nearly the same."""
    taught: Any = net
    some = (slice(None), slice(None), slice(None, None, 2), slice(None, None, 2))
    return ordinal(taught(batch.image).logits[some], batch.canonical[some], taught.edges)


def _midas(net: nn.Module, batch: MonoBatch, recipe: MonoRecipe) -> Tensor:  # noqa: ARG001
    return midas(net(batch.image).last, batch.inverse, trim=0.0)


def _silog(net: nn.Module, batch: MonoBatch, recipe: MonoRecipe) -> Tensor:  # noqa: ARG001
    return silog(net(batch.image).last, batch.canonical)


def _sizes(net: nn.Module, batch: MonoBatch, recipe: MonoRecipe) -> Tensor:  # noqa: ARG001
    """SILog of each size, raised to the images'. These nets' papers learn without truth: the choice is our own."""
    taught: Any = net
    losses = [silog(taught.raised(*each)[:, :1], batch.canonical) for each in taught.estimates(batch.image)]
    weights = sequence_weights(len(losses), COARSER)
    return sum((w * loss for w, loss in zip(weights, losses, strict=True)), batch.inverse.new_zeros(()))


LOSSES: Mapping[str, MonoLoss] = {
    "mono_small": _up_to_scale,
    "eigen": _eigen,
    "fcrn": _berhu,
    "dorn": _ordinal,
    "fast_depth": _l1,
    "monodepth": _sizes,
    "monodepth2": _sizes,
    "packnet": _sizes,
    "dpt_small": _midas,
    "metric_bins": _silog,
}
